"""What a visualization is, shared by both sides: spec, key, catalog, status, queue, results. No torch, no HTTP."""
