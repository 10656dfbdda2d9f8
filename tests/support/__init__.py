"""What tests of several rooms share: processes to start, servers to ask, networks to look into."""
