"""Load tests of the hot path: `make bench`, or one alone as `python -m bench.<name>`."""
