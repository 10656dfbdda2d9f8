"""The machine room: RQ slots (light), the renderer process (torch), its engine and its networks."""
