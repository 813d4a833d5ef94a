"""`edge cache`: the VOD cache of a running server, from a terminal."""
