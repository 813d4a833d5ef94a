"""`python -m bench`: every benchmark in turn, each in a process of its own."""

import subprocess
import sys

NAMES = (
    "live_requests",
    "viewers",
    "hostile",
    "held_path",
    "tokens",
    "reports",
    "ingest",
    "ingest_path",
    "vod_ranges",
    "cache_policies",
    "start",
    "glass",
)

if __name__ == "__main__":
    sys.exit(max([subprocess.call([sys.executable, "-m", f"bench.{name}", *sys.argv[1:]]) for name in NAMES]))
