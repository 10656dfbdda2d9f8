"""What the renderer does for each kind of job: a module of the kind's name with a function `workshop`."""
