from datetime import UTC, datetime

import pytest

from edge.hls.position import Position
from edge.hls.segment import TICKS, Part, Segment, SegmentHead, rounded_seconds


@pytest.mark.parametrize(
    ("seconds", "rounded"), [(0.1, 0), (0.5, 1), (1.999, 2), (2.0, 2), (2.4999, 2), (2.5, 3)]
)
def test_seconds_round_to_the_nearest(seconds, rounded):
    assert rounded_seconds(round(seconds * TICKS)) == rounded


def segment_of(*parts):
    head = SegmentHead(4, 1, True, datetime(2026, 1, 1, tzinfo=UTC))
    return Segment(head, parts, sum(part.duration_ticks for part in parts))


def test_a_segment_is_its_parts():
    first = Part(Position(4, 0), 22_500, True, b"first", frames=6)
    hole = Part(Position(4, 1), 22_500, False, b"", gap=True)
    last = Part(Position(4, 2), 9_000, False, b"last", frames=3)
    segment = segment_of(first, hole, last)
    assert segment.body == (b"first", b"last")
    assert segment.body[0] is first.body
    assert segment.size == 9
    assert segment.independent
    assert not segment.gap
    assert (segment.msn, segment.init_index, segment.discontinuity) == (4, 1, True)
    assert segment.program_date_time.year == 2026


def test_a_segment_of_gaps_is_a_gap():
    assert segment_of(Part(Position(4, 0), 22_500, False, b"", gap=True)).gap
