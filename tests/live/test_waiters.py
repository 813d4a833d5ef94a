import random
from collections.abc import Callable

from edge.http.message import Response
from edge.live.waiters import Places, Wait, Waiters, wake

OK = Response(200)


class Viewer:
    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.got: list[Response] = []
        self.then = then

    def answered(self, response: Response) -> None:
        self.got.append(response)
        self.then()


def test_only_those_who_are_due_are_taken() -> None:
    places = Places(10)
    waiters: Waiters[int] = Waiters(places)
    one, two, also_one = Viewer(), Viewer(), Viewer()
    waiters.add(1, one, 0.0)
    waiters.add(2, two, 0.0)
    waiters.add(1, also_one, 0.0)
    ((key, due),) = waiters.take(lambda key: key <= 1)
    assert key == 1
    assert due == [one, also_one]
    assert wake(due, OK) == 2
    assert (one.got, two.got, also_one.got) == ([OK], [], [OK])
    assert len(waiters) == places.taken == 1


def test_a_viewer_who_left_is_not_answered_and_leaves_nothing_behind() -> None:
    places = Places(10)
    waiters: Waiters[str] = Waiters(places)
    viewer = Viewer()
    queue = waiters.add("k", viewer, 0.0)
    queue.leave(viewer)
    queue.leave(viewer)
    assert places.taken == len(waiters) == 0
    assert [each for _, each in waiters.take(lambda _: True)] in ([], [[]])


def test_to_leave_after_the_answer_is_harmless() -> None:
    places = Places(10)
    waiters: Waiters[str] = Waiters(places)
    first, second = Viewer(), Viewer()
    queue = waiters.add("k", first, 0.0)
    waiters.take(lambda _: True)
    waiters.add("k", second, 1.0)
    queue.leave(first)
    queue.leave(second)
    assert len(waiters) == places.taken == 1


def test_one_answer_object_for_all() -> None:
    waiters: Waiters[str] = Waiters(Places(10))
    viewers = [Viewer() for _ in range(3)]
    for viewer in viewers:
        waiters.add("k", viewer, 0.0)
    ((_, due),) = waiters.take(lambda _: True)
    wake(due, OK)
    assert [viewer.got[0] is OK for viewer in viewers] == [True] * 3


def test_a_viewer_who_asks_again_while_woken_waits_anew() -> None:
    places = Places(10)
    waiters: Waiters[str] = Waiters(places)
    viewer = Viewer(lambda: waiters.add("k", viewer, 1.0))
    waiters.add("k", viewer, 0.0)
    ((_, due),) = waiters.take(lambda _: True)
    assert wake(due, OK) == 1
    assert len(waiters) == places.taken == 1


def test_the_oldest_are_taken_and_nobody_else() -> None:
    places = Places(10)
    waiters: Waiters[str] = Waiters(places)
    viewers = [Viewer(), Viewer(), Viewer()]
    for since, viewer in enumerate(viewers, 1):
        waiters.add("k", viewer, float(since))
    assert [due for _, due in waiters.take_older(2.0)] == [viewers[:2]]
    assert len(waiters) == places.taken == 1
    assert waiters.take_older(2.9) == []


def test_nobody_who_has_waited_so_long_is_overlooked() -> None:
    dice = random.Random(11)
    waiters: Waiters[int] = Waiters(Places(1000))
    since: dict[Viewer, float] = {}
    for turn in range(2000):
        now, viewer = float(turn), Viewer()
        queue = waiters.add(dice.randrange(4), viewer, now)
        if dice.random() < 0.3:
            queue.leave(viewer)
        else:
            since[viewer] = now
        if dice.random() < 0.2:
            wanted = dice.randrange(4)
            for _, due in waiters.take(lambda key, wanted=wanted: key == wanted):
                since = {who: when for who, when in since.items() if who not in due}
        before = now - dice.randrange(30)
        taken = {who for _, due in waiters.take_older(before) for who in due}
        assert taken == {who for who, when in since.items() if when <= before}
        since = {who: when for who, when in since.items() if who not in taken}


def test_a_place_is_given_back_however_the_waiting_ends() -> None:
    dice = random.Random(7)
    places = Places(1000)
    waiters: Waiters[int] = Waiters(places)
    ways_out = []
    for turn in range(500):
        viewer = Viewer()
        ways_out.append((waiters.add(dice.randrange(5), viewer, float(turn)), viewer))
        if dice.random() < 0.3:
            queue, who = dice.choice(ways_out)
            queue.leave(who)
        if dice.random() < 0.1:
            wanted = dice.randrange(5)
            for _, due in waiters.take(lambda key, wanted=wanted: key == wanted):
                wake(due, OK)
        if dice.random() < 0.1:
            for _, due in waiters.take_older(turn - 20.0):
                wake(due, OK)
        assert places.taken == len(waiters)
    assert places.taken > 0
    assert all(len(viewer.got) <= 1 for _, viewer in ways_out)


def test_places_are_full_at_their_limit() -> None:
    places = Places(1)
    waiters: Waiters[str] = Waiters(places)
    viewer = Viewer()
    assert not places.are_full
    queue = waiters.add("k", viewer, 0.0)
    assert places.are_full
    queue.leave(viewer)
    assert not places.are_full


def test_waiting_begins_with_the_subscription() -> None:
    waiters: Waiters[str] = Waiters(Places(10))
    wait = Wait(lambda viewer, now: waiters.add("k", viewer, now))
    assert len(waiters) == 0
    wait.subscribe(Viewer(), 0.0)
    assert len(waiters) == 1
