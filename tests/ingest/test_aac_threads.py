import asyncio
import os
import threading

import pytest

from edge.ingest import aac_threads as module
from edge.ingest.aac_threads import TOGETHER, AacThreads
from edge.media.sample import Sample


def sample(number):
    return Sample("audio", number * 1024, 1024, True, b"aac")


@pytest.fixture
def one_core(monkeypatch):
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda pid: {3})


@pytest.fixture
async def threads(one_core):
    threads = AacThreads()
    yield threads
    threads.close()


@pytest.fixture
def errands(threads, monkeypatch):
    """How much work each errand to a thread had."""
    sizes = []
    submit = threads._threads.submit

    def counted(run, works):
        sizes.append(len(works))
        return submit(run, works)

    monkeypatch.setattr(threads._threads, "submit", counted)
    return sizes


async def outcomes(threads, works):
    """Of work that is asked for in one turn of the loop, as they come."""
    told, all_told = [], asyncio.Event()

    def done(number, outcome):
        told.append((number, outcome))
        if len(told) == len(works):
            all_told.set()

    for number, work in enumerate(works):
        threads.ask(work, lambda outcome, number=number: done(number, outcome))
    async with asyncio.timeout(5):
        await all_told.wait()
    return told


async def test_what_is_asked_in_one_turn_of_the_loop_is_one_errand(threads, errands):
    works = [lambda number=number: [sample(number)] for number in range(3)]
    assert await outcomes(threads, works) == [(number, [sample(number)]) for number in range(3)]
    assert await outcomes(threads, works[:1]) == [(0, [sample(0)])]
    assert errands == [3, 1]


async def test_many_are_several_errands_so_that_other_threads_can_help(threads, errands):
    works = [lambda number=number: [sample(number)] for number in range(2 * TOGETHER + 1)]
    assert sorted(await outcomes(threads, works), key=lambda told: told[0]) == [
        (number, [sample(number)]) for number in range(2 * TOGETHER + 1)
    ]
    assert errands == [TOGETHER, TOGETHER, 1]


async def test_the_fault_of_one_is_told_to_it_and_the_others_have_their_sound(threads):
    def broken():
        raise RuntimeError("broken")

    first, second, third = await outcomes(threads, [lambda: [sample(0)], broken, lambda: [sample(2)]])
    assert (first, third) == ((0, [sample(0)]), (2, [sample(2)]))
    assert str(second[1]) == "broken"


async def test_one_who_cannot_take_its_sound_does_not_keep_others_from_theirs(threads):
    told, faults = [], []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: faults.append(context["exception"]))

    def broken(outcome):
        raise RuntimeError("broken")

    threads.ask(lambda: [sample(0)], broken)
    threads.ask(lambda: [sample(1)], told.append)
    async with asyncio.timeout(5):
        while not (told and faults):
            await asyncio.sleep(0.001)
    assert told == [[sample(1)]]
    assert [str(fault) for fault in faults[0].exceptions] == ["broken"]


async def test_what_had_not_begun_at_the_end_is_not_done(one_core):
    threads = AacThreads()
    began, may_end, told = threading.Event(), threading.Event(), []

    def first():
        began.set()
        may_end.wait(5)
        return []

    threads.ask(first, lambda outcome: told.append("first"))
    await asyncio.to_thread(began.wait, 5)
    threads.ask(list, lambda outcome: told.append("waits for the thread"))
    await asyncio.sleep(0)
    threads.ask(list, lambda outcome: told.append("waits for the end of the turn"))
    threads.close()
    may_end.set()
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.001)
    assert told == ["first"]


async def test_they_stand_back_behind_the_loop(threads):
    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    own = niceness()
    assert await outcomes(threads, [lambda: niceness()]) == [(0, min(19, own + 10))]
    assert niceness() == own


@pytest.mark.parametrize(("cores", "most"), [({3}, 1), ({0, 1}, 2), (set(range(32)), 4)])
def test_there_are_no_more_than_cores_that_we_may_use(monkeypatch, cores, most):
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda pid: cores)
    threads = AacThreads()
    assert threads._threads._max_workers == most
    threads.close()
