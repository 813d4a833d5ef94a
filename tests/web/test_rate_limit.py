import pytest

from edge.errors import TooManyRequests
from edge.web.rate_limit import RateLimit


def test_a_burst_passes_and_then_the_rate_holds():
    limit = RateLimit(per_second=0.5, burst=3)
    for _ in range(3):
        limit.take("192.0.2.1", 100.0)
    with pytest.raises(TooManyRequests, match="wait 2 s") as caught:
        limit.take("192.0.2.1", 100.0)
    assert (caught.value.status, caught.value.retry_after_s) == (429, 2)
    with pytest.raises(TooManyRequests):
        limit.take("192.0.2.1", 101.9)
    limit.take("192.0.2.1", 102.0)


def test_waiting_fills_no_more_than_the_burst():
    limit = RateLimit(per_second=1, burst=2)
    limit.take("192.0.2.1", 0.0)
    limit.take("192.0.2.1", 1000.0)
    limit.take("192.0.2.1", 1000.0)
    with pytest.raises(TooManyRequests):
        limit.take("192.0.2.1", 1000.0)


def test_addresses_do_not_share():
    limit = RateLimit(per_second=1, burst=1)
    limit.take("192.0.2.1", 0.0)
    limit.take("192.0.2.2", 0.0)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "", "unix"])
def test_this_machine_is_not_limited(address):
    limit = RateLimit(per_second=1, burst=1)
    for _ in range(5):
        limit.take(address, 0.0)


def test_the_number_of_remembered_addresses_is_bounded():
    limit = RateLimit(per_second=0.001, burst=1, capacity=3)
    for last in (1, 2, 3, 4):
        limit.take(f"192.0.2.{last}", 0.0)
    limit.take("192.0.2.1", 0.0)  # the silent one was forgotten
    with pytest.raises(TooManyRequests):
        limit.take("192.0.2.4", 0.0)
