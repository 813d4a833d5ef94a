import pytest

from edge.config import LimitsConfig
from edge.errors import Overloaded, TooManyRequests
from edge.web.rate_limit import RateLimit, rate_of


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


def test_in_all_everybody_counts():
    """A second's worth at once, then as they come; this machine too, through which a proxy asks."""
    limit = RateLimit(per_second=0, burst=0, in_all_per_second=2)
    limit.take("192.0.2.1", 100.0)
    limit.take("127.0.0.1", 100.0)
    for address in ("192.0.2.3", "127.0.0.1", ""):
        with pytest.raises(Overloaded, match=r"limits\.requests\)") as caught:
            limit.take(address, 100.0)
        assert (caught.value.status, caught.value.retry_after_s) == (503, 1)
    limit.take("192.0.2.3", 100.5)
    with pytest.raises(Overloaded):
        limit.take("192.0.2.3", 100.6)


def test_who_asks_too_much_for_himself_takes_nothing_from_others():
    limit = RateLimit(per_second=1, burst=1, in_all_per_second=3)
    limit.take("192.0.2.1", 0.0)
    for _ in range(50):
        with pytest.raises(TooManyRequests):
            limit.take("192.0.2.1", 0.0)
    limit.take("192.0.2.2", 0.0)
    limit.take("192.0.2.3", 0.0)
    with pytest.raises(Overloaded):
        limit.take("192.0.2.4", 0.0)


def test_nothing_is_there_to_be_asked_where_nothing_is_limited():
    assert rate_of(LimitsConfig()) is None
    in_all, of_one = rate_of(LimitsConfig(requests=1)), rate_of(LimitsConfig(requests_per_address=1))
    for _ in range(10):
        of_one.take("192.0.2.1", 0.0)
    with pytest.raises(TooManyRequests):
        of_one.take("192.0.2.1", 0.0)
    in_all.take("192.0.2.1", 0.0)
    with pytest.raises(Overloaded):
        in_all.take("192.0.2.2", 0.0)
