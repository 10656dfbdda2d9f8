"""One file for each group of addresses; none imports another."""
