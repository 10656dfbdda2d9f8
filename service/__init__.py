"""The HTTP front end. Thin endpoints over `jobs`; never imports torch or `worker`."""
