import pytest

from edge.ingest.reach import Reach


def test_a_clock_has_jumped_where_media_are_ahead_of_time_and_of_each_other():
    reach = Reach()
    reach.begin(10.0)
    assert not reach.has_jumped(11.9)
    assert reach.has_jumped(12.1)
    reach.newest_s = 11.9
    assert not reach.has_jumped(13.8), "no tick since: a loop that stood still"
    reach.now_s = 15.0
    assert not reach.has_jumped(16.9), "nothing came since: a still screen"


def test_pictures_far_behind_sound_or_time():
    reach = Reach()
    reach.begin(10.0)
    assert not reach.is_far_behind(7.1)
    assert reach.is_far_behind(6.9)
    reach.newest_s = 15.0
    assert reach.is_far_behind(11.9)


@pytest.mark.parametrize("pause_s", [0.025, 5.0])
def test_media_are_behind_only_after_a_second_of_it(pause_s):
    reach = Reach()
    reach.begin(10.0)
    assert not any(reach.fell_behind(6.0, 0.025) for _ in range(30))
    assert not reach.fell_behind(7.1, 0.025), "they catch up"
    assert not reach.fell_behind(6.0, pause_s)
    assert not any(reach.fell_behind(6.0, 0.025) for _ in range(30))
    assert any(reach.fell_behind(6.0, 0.025) for _ in range(12))
    reach.begin(6.0)
    assert not reach.fell_behind(6.0, 0.025)
