"""Slots: RQ worker processes without torch that carry a job to the renderer and its result into the store."""
