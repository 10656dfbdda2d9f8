"""The mathematics of feature visualization in pure PyTorch. Knows no Redis, no HTTP, no sockets."""

VERSION = "1"
"""Part of every key: raise it when the same spec would give another picture."""
