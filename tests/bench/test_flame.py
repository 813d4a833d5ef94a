"""Boxes of a flame picture, out of folded stacks."""

import re

from bench.flame import WIDTH, frames_of, svg, tree

STACKS = [
    "main (edge/server.py:1);uv_run (core.c:464);uv__io_poll (linux.c:1);data_received (edge/web/express.py:9);write (libc.so.6) 30",
    "main (edge/server.py:1);uv_run (core.c:464);uv__io_poll (linux.c:1);data_received (edge/web/express.py:12);data_received (edge/web/express.py:14) 10",
    "main (edge/server.py:1);uv_run (core.c:464);uv__run_timers (timer.c:1);tick (edge/web/lane.py:3) 60",
    "start (threading.py:1);Thread._bootstrap (threading.py:2);wait (libc.so.6) 900",
]


def test_lines_of_one_function_are_one_box_and_the_loops_turn_is_the_lowest():
    assert frames_of(STACKS[1].rpartition(" ")[0]) == ["uv__io_poll", "data_received (express.py)"]


def test_boxes_are_as_wide_as_the_time_and_threads_that_wait_are_left_out():
    root = tree(STACKS)
    assert root.count == 100
    assert {name: call.count for name, call in root.calls.items()} == {
        "uv__io_poll": 40,
        "uv__run_timers": 60,
    }
    picture = svg(root, "a <title>")
    assert "a &lt;title&gt;" in picture
    assert "_bootstrap" not in picture
    width = re.search(
        r"<title>data_received \(express.py\) 40.0%</title><rect [^>]*width=\"([0-9.]+)\"", picture
    )
    assert abs(float(width[1]) - 0.4 * WIDTH) < 1
