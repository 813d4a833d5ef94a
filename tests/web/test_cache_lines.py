import json

import pytest

from edge.errors import NotFound, OriginUnavailable
from edge.web.cache_lines import all_warmed, named


class Empty:
    """Lists some names and then fails, if it is to; has nothing of them."""

    def __init__(self, *names, fails=False):
        self.there, self.fails = names, fails

    async def listed(self, pattern):
        for name in self.there:
            yield name
        if self.fails:
            raise OriginUnavailable("away")

    async def open(self, key):
        raise NotFound(f"There is no {key}")


async def read(lines):
    return [json.loads(line) for piece in [each async for each in lines] for line in piece.splitlines()]


async def test_names_come_many_at_a_time_and_their_number_last():
    pieces = [piece async for piece in named(Empty(*map(str, range(250))).listed("*"))]
    assert [piece.count(b"\n") for piece in pieces] == [100, 100, 51]
    assert json.loads(pieces[-1].splitlines()[-1]) == {"listed": 250}


@pytest.mark.parametrize(
    "lines", [lambda cache: named(cache.listed("*")), lambda cache: all_warmed(cache, "*", None)]
)
async def test_a_list_that_breaks_off_says_so_last_and_one_that_never_began_is_an_error(lines):
    told = await read(lines(Empty("a", fails=True)))
    assert [one["asset"] for one in told[:-1]] == ["a"]
    assert told[-1] == {"fault": "The origin is not available: away"}
    with pytest.raises(OriginUnavailable):
        await read(lines(Empty(fails=True)))
    assert await read(lines(Empty())) == [{"listed": 0}]


async def test_what_is_gone_by_then_is_a_line_of_its_own():
    told = await read(all_warmed(Empty("a", "b"), "*", None))
    assert told == [
        {"asset": "a", "fault": "Not found: There is no a"}, {"asset": "b", "fault": "Not found: There is no b"}, {"listed": 2},
    ]  # fmt: skip
