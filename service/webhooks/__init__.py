"""Telling who has asked for a job, by a POST to an address of theirs, how it has ended."""
