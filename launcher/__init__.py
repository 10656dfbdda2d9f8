"""Starts the processes of Featurelens and keeps them running. Knows them by command line, never by import."""
