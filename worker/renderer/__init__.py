"""The renderer: one process per device that keeps networks in memory and does many jobs at once."""
