"""Assets by byte range: origins, and the disk cache in front of them."""
