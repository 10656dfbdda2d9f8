"""Reads what layers of a network say, and what stood before their rectifiers."""
