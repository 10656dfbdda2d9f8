"""What Redis holds: queued jobs, their records and index, sweeps, statistics, and heartbeats."""
