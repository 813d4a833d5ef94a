import itertools
import random

import pytest

from edge.rtp.key_frames import KeyFrameRequests


def ask_for(
    requests: KeyFrameRequests, start: float, seconds: float, *, key_after: float | None = None
) -> list[float]:
    """Pictures come, and a key frame is wanted, on every tick of 20 ms; when a request went out, a key frame
    comes `key_after` it.
    """
    sent = []
    coming: list[float] = []
    for tick in range(int(seconds * 50)):
        now = start + tick / 50
        requests.on_picture(now)
        if coming and now >= coming[0]:
            requests.on_key_frame(coming.pop(0))
        requests.want()
        if requests.due(now):
            sent.append(now)
            if key_after is not None:
                coming.append(now + key_after)
    return sent


def gaps(times: list[float]) -> list[float]:
    return [round(b - a, 2) for a, b in itertools.pairwise(times)]


def test_never_more_than_one_in_half_a_second() -> None:
    requests = KeyFrameRequests()
    sent = ask_for(requests, 100.0, 20.0, key_after=0.1)
    assert sent[0] == 100.0
    assert set(gaps(sent)) == {0.5}
    assert requests.sent == len(sent)


def test_the_rate_is_halved_when_five_had_no_effect() -> None:
    sent = ask_for(KeyFrameRequests(), 0.0, 60.0)
    distances = gaps(sent)
    assert distances[:6] == [0.5] * 6  # the fifth is given its second before it is judged
    assert distances == sorted(distances)
    assert distances[8] == 1.0
    assert 2.0 in distances
    assert max(distances) <= 8.0
    assert len(sent) < 30


def test_an_effect_brings_the_full_rate_back() -> None:
    requests = KeyFrameRequests()
    last = ask_for(requests, 0.0, 30.0)[-1]
    requests.on_key_frame(last + 0.9)
    sent = ask_for(requests, last + 0.92, 3.0, key_after=0.1)
    assert sent[0] < last + 1.5
    assert set(gaps(sent)) <= {0.5, 0.52}  # ticks do not fall on it exactly


def test_a_key_frame_long_after_is_not_an_effect() -> None:
    requests = KeyFrameRequests()
    last = ask_for(requests, 0.0, 30.0)[-1]
    requests.on_key_frame(last + 1.1)
    requests.want()
    assert not requests.due(last + 1.7)


def test_nothing_is_due_unless_wanted_and_a_key_frame_ends_the_want() -> None:
    requests = KeyFrameRequests()
    assert not requests.due(1.0)
    requests.want()
    requests.on_key_frame(1.0)
    assert not requests.due(2.0)
    requests.want()
    assert requests.due(2.0)
    assert not requests.due(3.0)


def test_a_publisher_without_an_ear_is_known_after_three_requests() -> None:
    requests = KeyFrameRequests()
    ask_for(requests, 0.0, 1.9)
    assert not requests.deaf
    ask_for(requests, 1.9, 0.7)
    assert requests.deaf


def test_key_frames_by_the_publishers_own_clock_are_no_answer() -> None:
    """Every 4 s; asked for 0.3 s before, and in vain after a loss."""
    requests = KeyFrameRequests()
    for gop in range(2):
        ask_for(requests, 4.0 * gop, 1.8)
        requests.want()
        assert requests.due(4.0 * gop + 3.7)
        requests.on_key_frame(4.0 * gop + 4)
    assert requests.deaf


def test_a_camera_that_is_off_answers_nothing_and_is_not_deaf() -> None:
    requests = KeyFrameRequests()
    for off in range(20):
        begin = 30.0 * off
        ask_for(requests, begin, 5.0, key_after=0.1)
        for asked in (5.1, 5.6, 6.1):
            requests.want()
            assert requests.due(begin + asked)
        requests.on_picture(begin + 20)
    assert not requests.deaf


def test_who_answers_in_need_has_an_ear_whatever_got_lost() -> None:
    requests = KeyFrameRequests()
    for episode in range(20):
        begin = 10.0 * episode
        for lost in (0.0, 0.5, 1.2):
            requests.want()
            requests.due(begin + lost)
        requests.on_key_frame(begin + 1.3)
        requests.want()
        assert requests.due(begin + 5, in_need=True)
        requests.on_key_frame_begun(begin + 5.1)
        requests.on_key_frame(begin + 5.1)
    assert not requests.deaf


def test_a_key_frame_that_breaks_on_the_way_is_an_answer_too() -> None:
    requests = KeyFrameRequests()
    for attempt in range(20):
        requests.want()
        assert requests.due(10.0 * attempt, in_need=True)
        requests.on_key_frame_begun(10.0 * attempt + 0.1)
    assert not requests.deaf


def deafened() -> KeyFrameRequests:
    """At 3.0, after three requests in vain."""
    requests = KeyFrameRequests()
    ask_for(requests, 0.0, 3.0)
    assert requests.deaf
    return requests


def key_frame(requests: KeyFrameRequests, now: float) -> None:
    requests.on_key_frame_begun(now)
    requests.on_key_frame(now)


def lose(requests: KeyFrameRequests, now: float, key_at: float) -> None:
    """Nothing can be shown from now to the key frame, which is asked for."""
    for tick in range(int((key_at - now) * 40)):
        requests.on_picture(now + tick / 40)
        requests.want()
        requests.due(now + tick / 40, in_need=True)
    key_frame(requests, key_at)


def test_who_answered_late_for_a_while_is_deaf_no_more_after_three_prompt_answers() -> None:
    requests = deafened()
    for episode in range(3):
        assert requests.deaf
        begin = 10.0 * (episode + 1)
        for regular in range(4):
            key_frame(requests, begin + 1.9 * regular)
        lose(requests, begin + 6.6, begin + 6.7)
    assert not requests.deaf
    lose(requests, 50.0, 54.0)
    assert requests.deaf


def test_prompt_answers_with_one_in_vain_between_are_no_ear() -> None:
    requests = deafened()
    for episode in range(8):
        begin = 10.0 * (episode + 1)
        for regular in range(4):
            key_frame(requests, begin + 1.9 * regular)
        lose(requests, begin + 6.6, begin + (7.7 if episode % 3 == 2 else 6.7))
    assert requests.deaf


@pytest.mark.parametrize("gop_s", [1, 2, 4, 10])
@pytest.mark.parametrize("shortly_before_s", [0.0, 0.45])
def test_a_fixed_gop_stays_deaf_though_key_frames_come_soon_after_requests(
    gop_s: int, shortly_before_s: float
) -> None:
    """Losses come anywhere, or so that each key frame looks like an answer; these come up to 0.1 s late."""
    for seed in range(20):
        rng = random.Random(seed)
        requests = deafened()
        before = 3.0
        for number in range(1, 60):
            key_at = 3.0 + rng.random() * 0.1 + gop_s * (number + seed / 20)
            span = shortly_before_s or key_at - before
            lose(requests, key_at - span * rng.random(), key_at)
            assert requests.deaf
            before = key_at
