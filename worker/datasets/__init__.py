"""Data sets: folders of images, and the patterns that come with Featurelens. Which there are, and their images."""
