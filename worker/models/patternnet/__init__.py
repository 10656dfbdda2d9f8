"""The bundled network: a small classifier of procedural patterns, where the right picture of a class is known."""
