"""Keeps folders within a size."""
