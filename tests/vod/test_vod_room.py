import pytest

from edge.vod.room import Room

UNIT = 1_000


@pytest.mark.parametrize(
    ("used", "left"), [(100_000, 97_000), (1_000_000, 988_000), (3_500, 1_465), (2_000, 1_000), (0, 1_000)]
)
def test_a_full_disk_leaves_some_blocks_of_slack_and_room_for_one(used, left):
    room = Room(10_000_000, UNIT)
    assert not room.is_short
    assert room.full(used, asked_at=5.0, now=5.1)
    assert (room.capacity, room.is_short) == (left, True)


def test_what_was_asked_for_before_there_was_room_does_not_shrink_it_again():
    room = Room(10_000_000, UNIT)
    assert room.full(100_000, asked_at=5.0, now=5.1)
    assert not room.full(97_000, asked_at=6.0, now=9.0)
    assert room.full(97_000, asked_at=6.2, now=9.0)
    assert room.capacity == 94_030


def test_it_is_halved_at_most_once_it_is_known():
    room = Room(10_000_000, UNIT)
    room.full(100_000, asked_at=0.0, now=0.0)
    assert room.full(0, asked_at=2.0, now=2.0)
    assert room.capacity == 48_500


def test_more_than_was_in_use_is_no_less():
    room = Room(50_000, UNIT)
    assert not room.full(100_000, asked_at=0.0, now=0.0)
    assert (room.capacity, room.is_short) == (50_000, False)


def test_it_grows_a_block_at_a_time_when_the_disk_has_had_room_for_a_minute():
    room = Room(100_000, UNIT)
    assert not room.written(10**9, now=0.0)
    room.full(100_000, asked_at=0.0, now=0.0)
    assert room.capacity == 97_000
    assert not room.written(10**9, now=59.0)
    assert not room.written(2 * (2_000 + 970), now=61.0)
    assert [room.written(10**9, now=61.0 + at) for at in range(4)] == [True, True, True, False]
    assert (room.capacity, room.is_short) == (100_000, False)
