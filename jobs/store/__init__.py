"""What is kept: results under their keys for ever, photographs under their digests."""
