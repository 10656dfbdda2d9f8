"""What a scan is made of: batches that are decoded ahead, checkpoints, thumbnails of the images it names, tables."""
