import random

from edge.http.message import Response
from edge.live.waiters import Places, Wait, Waiters, wake

OK = Response(200)


def test_only_those_who_are_due_are_taken() -> None:
    places = Places(10)
    waiters: Waiters[int] = Waiters(places)
    got: list[str] = []
    waiters.add(1, lambda _: got.append("one"), 0.0)
    waiters.add(2, lambda _: got.append("two"), 0.0)
    waiters.add(1, lambda _: got.append("also one"), 0.0)
    ((key, due),) = waiters.take(lambda key: key <= 1)
    assert key == 1
    assert wake(due, OK) == 2
    assert got == ["one", "also one"]
    assert len(waiters) == places.taken == 1


def test_a_viewer_who_left_is_not_answered_and_leaves_nothing_behind() -> None:
    places = Places(10)
    waiters: Waiters[str] = Waiters(places)
    got: list[Response] = []
    cancel = waiters.add("k", got.append, 0.0)
    cancel()
    cancel()
    assert places.taken == len(waiters) == 0
    assert [wake(each, OK) for _, each in waiters.take(lambda _: True)] in ([], [0])
    assert got == []


def test_a_viewer_who_leaves_while_others_are_answered_is_not_answered() -> None:
    places = Places(10)
    waiters: Waiters[str] = Waiters(places)
    got: list[str] = []
    cancels = []
    waiters.add("k", lambda _: cancels[0](), 0.0)
    cancels.append(waiters.add("k", lambda _: got.append("second"), 0.0))
    ((_, due),) = waiters.take(lambda _: True)
    assert wake(due, OK) == 1
    assert got == []
    assert places.taken == 0


def test_one_answer_object_for_all() -> None:
    waiters: Waiters[str] = Waiters(Places(10))
    got: list[Response] = []
    for _ in range(3):
        waiters.add("k", got.append, 0.0)
    ((_, due),) = waiters.take(lambda _: True)
    wake(due, OK)
    assert [response is OK for response in got] == [True] * 3


def test_a_viewer_who_asks_again_while_woken_waits_anew() -> None:
    places = Places(10)
    waiters: Waiters[str] = Waiters(places)
    waiters.add("k", lambda _: waiters.add("k", lambda _: None, 1.0) and None, 0.0)
    ((_, due),) = waiters.take(lambda _: True)
    assert wake(due, OK) == 1
    assert len(waiters) == places.taken == 1


def test_the_oldest_are_taken_and_nobody_else() -> None:
    waiters: Waiters[str] = Waiters(Places(10))
    got: list[float] = []
    for since in (1.0, 2.0, 3.0):
        waiters.add("k", lambda _, since=since: got.append(since), since)
    for _, due in waiters.take_older(2.0):
        wake(due, OK)
    assert got == [1.0, 2.0]
    assert len(waiters) == 1
    assert waiters.take_older(2.9) == []


def test_a_place_is_given_back_however_the_waiting_ends() -> None:
    dice = random.Random(7)
    places = Places(1000)
    waiters: Waiters[int] = Waiters(places)
    cancels = []
    expected = 0
    for turn in range(500):
        cancels.append(waiters.add(dice.randrange(5), lambda _: None, float(turn)))
        if dice.random() < 0.3:
            dice.choice(cancels)()
        if dice.random() < 0.1:
            wanted = dice.randrange(5)
            for _, due in waiters.take(lambda key, wanted=wanted: key == wanted):
                wake(due, OK)
        if dice.random() < 0.1:
            for _, due in waiters.take_older(turn - 20.0):
                wake(due, OK)
        expected = len(waiters)
        assert places.taken == expected
    assert expected > 0


def test_places_are_full_at_their_limit() -> None:
    places = Places(1)
    waiters: Waiters[str] = Waiters(places)
    assert not places.are_full
    cancel = waiters.add("k", lambda _: None, 0.0)
    assert places.are_full
    cancel()
    assert not places.are_full


def test_waiting_begins_with_the_subscription() -> None:
    waiters: Waiters[str] = Waiters(Places(10))
    got: list[Response] = []
    wait = Wait(lambda deliver, now: waiters.add("k", deliver, now))
    assert len(waiters) == 0
    wait.subscribe(got.append, 0.0)
    assert len(waiters) == 1
