"""Small networks of the kinds that people bring: a file each, with a function `build`; weights come from a seed.

`SIZE` (pixels, 32 where left out) and `CHANNELS` (3) say what a network takes, `INPUTS` (nothing) what beside the
picture.
"""
