"""What is found out about a network by running it once."""
