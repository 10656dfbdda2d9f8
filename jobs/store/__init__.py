"""What is stored: results under their keys, photographs under their digests."""
