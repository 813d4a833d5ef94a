import asyncio
import contextlib

import pytest

from edge.cache import warming
from edge.cache.client import ApiError, Unreachable, connected
from edge.cache.warming import Outcome, expanded, warm_all


class Silent:
    def __init__(self):
        self.finished_ones = []

    def moved(self, asset, done, of):
        assert 0 <= done <= of

    def finished(self, asset, fault):
        self.finished_ones.append((asset, fault))

    def close(self): ...


class Scripted:
    """Assets by what becomes of them."""

    def __init__(self, fates):
        self.fates = fates
        self.rates = []
        self.now = self.most = 0

    async def names(self, pattern):
        for name in ("b", "c", "d") if pattern == "*" else ():
            yield name
        if pattern == "away/*":
            raise ApiError("The origin is not available")

    async def warm(self, asset, rate):
        self.rates.append(rate)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            yield {"done_bytes": 0, "size_bytes": 100}
            await asyncio.sleep(0)
            fate = self.fates.get(asset, 100)
            if fate == "hangs":
                await asyncio.get_running_loop().create_future()
            if isinstance(fate, Exception):
                raise fate
            yield {"done_bytes": 100, "size_bytes": 100, "held_bytes": fate}
        finally:
            self.now -= 1


async def test_one_that_fails_does_not_end_the_others():
    client, shown, outcome = Scripted({"b": ApiError("There is no 'b'"), "c": 60}), Silent(), Outcome(4)
    await warm_all(client, ["a", "b", "c", "d"], jobs=2, rate=100.0, shown=shown, outcome=outcome)
    assert outcome.warm == {"a": 100, "c": 60, "d": 100}
    assert outcome.faults == {
        "b": "There is no 'b'",
        "c": "only 60 B of 100 B stayed: the cache is too small for all of it",
    }
    assert dict(shown.finished_ones).keys() == set("abcd")
    assert client.most == 2
    assert client.rates == [50.0] * 4, "all together keep to the rate"


async def test_a_server_that_is_gone_ends_all_with_one_sentence():
    client, outcome = Scripted({"b": Unreachable("nobody answers"), "a": "hangs"}), Outcome(3)
    with pytest.raises(Unreachable, match="nobody answers"):
        await warm_all(client, ["a", "b", "c"], jobs=2, rate=None, shown=Silent(), outcome=outcome)
    assert client.now == 0, "and what was on its way"
    assert not outcome.faults


async def test_cancelled_it_ends_what_is_on_its_way_and_knows_what_is_done():
    client, outcome = Scripted({"b": "hangs"}), Outcome(3)
    work = asyncio.create_task(
        warm_all(client, ["a", "b", "c"], jobs=1, rate=None, shown=Silent(), outcome=outcome)
    )
    for _ in range(50):
        await asyncio.sleep(0)
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    assert client.now == 0
    assert (outcome.warm, outcome.faults) == ({"a": 100}, {})


async def test_nothing_to_do_is_done():
    await warm_all(Scripted({}), [], jobs=4, rate=1.0, shown=Silent(), outcome=Outcome(0))


async def test_with_a_real_server(server, cache):
    outcome, names = Outcome(5), [f"clips/{number}.mp4" for number in range(5)]
    async with connected(server) as client:
        await warm_all(client, names, jobs=3, rate=None, shown=Silent(), outcome=outcome)
    assert outcome.warm == {f"clips/{number}.mp4": 25_000 + number for number in range(5)}
    assert cache.stats()["used_bytes"] == 125_010


async def test_patterns_become_names_and_one_that_fails_does_not_end_the_others(monkeypatch):
    outcome = Outcome(1)
    found = await expanded(Scripted({}), ["a", "c"], ["away/*", "*", "none*"], outcome)
    assert (found, outcome.asked) == (["a", "c", "b", "d"], 4)
    assert outcome.faults["away/*"] == "The origin is not available"
    assert "nothing by this pattern" in outcome.faults["none*"]
    monkeypatch.setattr(warming, "MOST_NAMES", 2)
    await expanded(Scripted({}), [], ["*"], outcome)
    assert outcome.faults["*"].endswith("narrow the pattern"), "memory is bounded"
