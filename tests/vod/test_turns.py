import asyncio

from edge.vod.turns import Turns, in_order


async def test_others_have_the_loop_as_often_as_was_said():
    passed = 0

    async def passer_by():
        nonlocal passed
        while True:
            passed += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(passer_by())
    turns = Turns(10)
    for _ in range(95):
        await turns.did()
    assert passed == 9
    await turns.did(1_000)
    assert passed == 10, "once, however much was done"
    task.cancel()


async def test_names_in_their_order():
    names = [f"{(number * 7_919) % 1_000:03}" for number in range(1_000)]
    assert [name async for name in in_order(names)] == sorted(names)
    assert [name async for name in in_order([])] == []
