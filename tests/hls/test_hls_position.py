from edge.hls.position import Position


def test_positions_are_ordered_by_segment_then_part():
    assert Position(3, 7) < Position(4, 0) < Position(4, 1)
