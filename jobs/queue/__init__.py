"""What lives in Redis: jobs on their way, their records, their list, and who is there to make them."""
