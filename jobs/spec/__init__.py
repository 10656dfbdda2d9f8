"""What may be asked for: one frozen type for each kind of job, and what they are made of."""
