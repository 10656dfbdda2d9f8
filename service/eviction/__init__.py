"""Keeps what is kept within a size."""
