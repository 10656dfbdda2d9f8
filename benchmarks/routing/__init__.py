"""A fleet of renderers on a virtual clock: what the real routing code (`jobs/queue/routing.py`) makes of a load."""
