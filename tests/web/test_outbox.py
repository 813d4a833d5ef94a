import asyncio

from edge.http.message import Response
from edge.metrics import WEB_SENDING
from edge.web.outbox import SLICE, Outbox

OLD, NEW = Response(200, (), (b"old",)), Response(200, (), (b"new",))
ASKED = "this"


def ready(question: str, response: Response) -> None:
    """Nothing has to be made for these."""


class Viewer:
    def __init__(self, log: list, name: object) -> None:
        self.log, self.name = log, name

    def complete(self, response: Response) -> None:
        self.log.append((response.body[0], self.name))


class Sending:
    def __init__(self) -> None:
        self.told: list[int] = []

    def observe(self, value: float, times: int = 1) -> None:
        assert value >= 0
        self.told.append(times)


async def test_whoever_wakes_writes_nothing_himself():
    log, sending = [], Sending()
    outbox = Outbox(sending, ready)
    for number in range(3):
        outbox.put(Viewer(log, number), OLD, ASKED)
    assert log == []
    await asyncio.sleep(0)
    assert log == [(b"old", 0), (b"old", 1), (b"old", 2)]
    assert sending.told == [3]


async def test_other_work_has_its_turn_between_slices():
    log, turns = [], 0
    outbox = Outbox(Sending(), ready)
    for number in range(4 * SLICE):
        outbox.put(Viewer(log, number), OLD, ASKED)
    while len(log) < 4 * SLICE:
        before = len(log)
        await asyncio.sleep(0)
        turns += 1
        assert len(log) - before <= SLICE
    assert turns >= 4
    assert [name for _, name in log] == list(range(4 * SLICE))


async def test_the_newest_part_goes_first_and_the_oldest_is_not_forgotten():
    log = []
    outbox = Outbox(Sending(), ready)
    for number in range(8 * SLICE):
        outbox.put(Viewer(log, number), OLD, ASKED)
    await asyncio.sleep(0)
    for number in range(8 * SLICE):
        outbox.put(Viewer(log, number), NEW, ASKED)
    while len(log) < 16 * SLICE:
        await asyncio.sleep(0)
    new = [index for index, (body, _) in enumerate(log) if body == b"new"]
    between = log[new[0] : new[-1]]
    assert new[-1] < 12 * SLICE
    assert SLICE <= sum(body == b"old" for body, _ in between) < 4 * SLICE


async def test_parts_that_were_waited_for_go_before_playlists_and_in_one_long_turn():
    log = []
    outbox = Outbox(Sending(), ready)
    for number in range(2 * SLICE):
        outbox.put(Viewer(log, number), OLD, ASKED)
    for number in range(3 * SLICE):
        outbox.put(Viewer(log, number), NEW, ASKED, is_media=True)
    await asyncio.sleep(0)
    assert {body for body, _ in log} == {b"new"}
    assert len(log) == 3 * SLICE
    await asyncio.sleep(0)
    assert len(log) == 4 * SLICE, "and playlists in short turns"


async def test_playlists_are_not_forgotten_behind_parts_without_end():
    log = []
    outbox = Outbox(Sending(), ready)
    outbox.put(Viewer(log, "playlist"), OLD, ASKED)
    turns = 0
    while (b"old", "playlist") not in log:
        outbox.put(Viewer(log, turns), NEW, ASKED, is_media=True)
        await asyncio.sleep(0)
        turns += 1
    assert turns <= 4


async def test_at_the_end_everything_goes_at_once():
    log = []
    outbox = Outbox(WEB_SENDING, ready)
    for number in range(3 * SLICE):
        outbox.put(Viewer(log, number), OLD if number % 2 else NEW, ASKED)
    outbox.flush()
    assert len(log) == 3 * SLICE
    await asyncio.sleep(0)
    outbox.put(Viewer(log, "later"), OLD, ASKED)
    await asyncio.sleep(0)
    assert log[-1] == (b"old", "later")


async def test_what_the_newest_share_is_made_before_anybody_is_written_to():
    log = []
    outbox = Outbox(Sending(), lambda question, response: log.append(question))
    for name in ("one", "two"):
        response = Response(200, (), (name.encode(),))
        for number in range(2):
            outbox.put(Viewer(log, number), response, name)
    await asyncio.sleep(0)
    assert log == ["two", "one", (b"two", 0), (b"two", 1), (b"one", 0), (b"one", 1)]


async def test_of_many_answers_a_few_are_made_ready_at_once_and_each_once():
    log, made = [], []
    outbox = Outbox(Sending(), lambda question, response: made.append(question))
    for name in range(SLICE):
        response = Response(200, (), (b"%d" % name,))
        for number in range(10):
            outbox.put(Viewer(log, number), response, name)
    while len(log) < 10 * SLICE:
        before = len(made)
        await asyncio.sleep(0)
        assert len(made) - before <= 16
    assert sorted(made) == list(range(SLICE))


async def test_a_fault_with_one_of_them_does_not_silence_it():
    class Faulty(Viewer):
        def complete(self, response: Response) -> None:
            raise RuntimeError("a fault of ours")

    log, faults = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
    outbox = Outbox(Sending(), ready)
    outbox.put(Faulty(log, 0), OLD, ASKED)
    outbox.put(Viewer(log, 1), NEW, ASKED)
    await asyncio.sleep(0)
    outbox.put(Viewer(log, 2), OLD, ASKED)
    for _ in range(3):
        await asyncio.sleep(0)
    assert [type(fault) for fault in faults] == [RuntimeError]
    assert sorted(name for _, name in log) == [1, 2]
    assert not outbox.is_running
