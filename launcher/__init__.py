"""Starts the processes of Featurelens and keeps them running. Knows them by their command lines only."""
