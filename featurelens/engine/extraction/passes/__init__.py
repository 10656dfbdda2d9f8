"""Rewrites of a traced network that keep its answers and make them cheaper."""
