"""The renderer: one process per device that keeps networks warm and advances many pictures at once."""
