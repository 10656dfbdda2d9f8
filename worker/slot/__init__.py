"""Slots: RQ worker processes without torch that send jobs to the renderer and store the results."""
