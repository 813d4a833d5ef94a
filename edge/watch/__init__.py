"""`edge watch`: a strict LL-HLS client that judges a server."""
