"""Two machines, as two network namespaces, on one broker and one S3-compatible store."""
