import asyncio

import pytest

from edge.ingest.supervisor import guarded, supervised


def fail():
    raise ValueError("broken")


async def fail_later():
    fail()


async def test_an_exception_is_told_and_ends_there():
    told = []
    guarded(fail, told.append)
    await supervised(fail_later(), told.append)
    assert [str(error) for error in told] == ["broken", "broken"]


async def test_without_one_nothing_is_told():
    told = []
    guarded(lambda: None, told.append)
    await supervised(asyncio.sleep(0), told.append)
    assert told == []


async def test_cancellation_passes():
    task = asyncio.create_task(supervised(asyncio.sleep(60), pytest.fail))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
