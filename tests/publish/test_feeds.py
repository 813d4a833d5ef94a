from edge.publish.feeds import Pace


class Time:
    """Time that passes only when somebody sleeps."""

    def __init__(self):
        self.now = 50.0

    async def sleep(self, seconds):
        self.now += seconds


async def test_media_time_is_wall_time_from_the_first_call():
    time = Time()
    pace = Pace(lambda: time.now, time.sleep)
    assert await pace.until(0.0) == 0.0
    assert await pace.until(0.5) == 0.0
    assert time.now == 50.5


async def test_who_is_late_hears_by_how_much():
    time = Time()
    pace = Pace(lambda: time.now, time.sleep)
    await pace.until(0.0)
    time.now += 1.25
    assert await pace.until(1.0) == 0.25
    assert time.now == 51.25


async def test_feeds_that_share_it_start_together():
    time = Time()
    pace = Pace(lambda: time.now, time.sleep)
    await pace.until(0.0)
    time.now += 0.1
    assert await pace.until(0.02) > 0
    assert await pace.until(0.2) == 0.0
    assert time.now == 50.2
