import pytest
from hls_material import AAC, PT, ST, VIDEO, ZERO, Feed, steady
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import BadDirective, TooFarAhead
from edge.hls.directives import NOW, Directives, WaitFor, parse, resolve
from edge.hls.position import Position
from edge.hls.segmenter import Segmenter
from edge.hls.window import WHOLE_SEGMENT, LiveWindow


@pytest.mark.parametrize(
    ("query", "directives"),
    [
        ("", Directives()),
        ("token=abc", Directives()),
        ("_HLS_msn=7", Directives(msn=7)),
        ("_HLS_msn=7&_HLS_part=0", Directives(7, 0)),
        ("_HLS_part=3&token=%26&_HLS_msn=0012", Directives(12, 3)),
        ("_HLS_skip=YES", Directives(skip=True)),
        ("_HLS_msn=1&_HLS_part=2&_HLS_skip=v2", Directives(1, 2, skip=True)),
        ("_HLS_skip=no", Directives()),
        ("_HLS_skip=", Directives()),
        ("_HLS_start_offset=-1&_HLS_primary_id=x&a_HLS_msn=y", Directives()),
        ("a=1&a=2&_HLS_msn=5&&", Directives(msn=5)),
    ],
)
def test_what_a_query_says(query, directives):
    assert parse(query) == directives


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_part=1",
        "_HLS_part=1&_HLS_skip=YES",
        "_HLS_msn=",
        "_HLS_msn",
        "_HLS_msn=-1",
        "_HLS_msn=+1",
        "_HLS_msn=1.0",
        "_HLS_msn=1e3",
        "_HLS_msn= 1",
        "_HLS_msn=%31",
        "_HLS_msn=\u0661",  # an Arabic-Indic digit one
        "_HLS_msn=\u00b2",
        "_HLS_msn=0x10",
        "_HLS_msn=1_000",
        "_HLS_msn=" + "9" * 16,
        "_HLS_msn=" + "9" * 100_000,
        "_HLS_msn=1&_HLS_part=x",
        "_HLS_msn=1&_HLS_msn=1",
        "_HLS_msn=1&_HLS_part=1&_HLS_part=2",
        "_HLS_skip=YES&_HLS_skip=YES",
    ],
)
def test_what_a_query_must_not_say(query):
    with pytest.raises(BadDirective):
        parse(query)


@given(st.text(alphabet="_HLSmsnpartkip=&0123456789%v YES", max_size=60))
def test_any_query_is_understood_or_refused(query):
    try:
        directives = parse(query)
    except BadDirective:
        return
    assert directives.msn is None or directives.msn >= 0
    assert directives.part is None or directives.msn is not None


def live(seconds):
    """30 fps, parts of seven pictures; after 6.5 s segments 0 to 2 are complete and 3.0 and 3.1 are listed."""
    segmenter = Segmenter(PT, ST)
    window = LiveWindow(60, PT)
    times, keys = steady(30, seconds)
    for event in [
        *segmenter.start([VIDEO, AAC], ZERO),
        *Feed().pictures(times, keys=keys).run(segmenter),
    ]:
        window.apply(event)
    return segmenter, window


def end(segmenter, window):
    for event in segmenter.end():
        window.apply(event)


def ask(window, msn=None, part=None):
    answer = resolve(Directives(msn, part), window)
    return answer.position if isinstance(answer, WaitFor) else answer


@pytest.mark.parametrize(
    ("msn", "part", "answer"),
    [
        (None, None, NOW),
        (0, None, NOW),
        (2, None, NOW),
        (3, None, (3, WHOLE_SEGMENT)),
        (4, None, (4, WHOLE_SEGMENT)),
        (5, None, (5, WHOLE_SEGMENT)),
        (0, 0, NOW),
        (0, 10**9, NOW),  # part 0 of segment 1
        (2, 8, NOW),
        (2, 9, NOW),  # it has nine parts: part 0 of segment 3 is listed
        (2, 999, NOW),
        (3, 1, NOW),
        (3, 2, (3, 2)),
        (3, 13, (3, 13)),  # the Advance Part Limit is 3 s / 0.25 s
        (4, 0, (4, 0)),
        (4, 12, (4, 12)),
    ],
)
def test_what_is_answered_and_what_waits(msn, part, answer):
    _, window = live(6.5)
    assert window.last_part == (3, 1)
    assert ask(window, msn, part) == answer


@pytest.mark.parametrize(
    ("msn", "part"), [(6, None), (7, None), (10**15 - 1, None), (3, 14), (4, 13), (6, 0), (99, 0)]
)
def test_what_is_too_far_ahead(msn, part):
    _, window = live(6.5)
    with pytest.raises(TooFarAhead):
        ask(window, msn, part)


def test_a_part_index_that_a_segment_will_not_reach_waits_until_it_is_part_0_of_the_next():
    segmenter, window = live(7.99)
    beyond = ask(window, 3, window.last_part.part + 2)
    assert beyond == (3, 9)
    for event in segmenter.seal():
        window.apply(event)
    assert not window.has(beyond)  # the segment is complete with fewer parts
    assert ask(window, 3, 9) == beyond
    segmenter.start([VIDEO, AAC], ZERO)
    times, keys = steady(30, 0.5)
    for event in Feed().pictures(times, keys=keys).run(segmenter):
        window.apply(event)
    assert window.last_part == (4, 1)
    assert window.has(beyond)
    assert ask(window, 3, 9) == NOW


def test_before_the_first_playlist_everybody_waits_for_it():
    _, window = live(3)
    first = Position(2, WHOLE_SEGMENT)
    assert ask(window) == first
    assert ask(window, 0) == first
    assert ask(window, 1, 0) == first
    assert ask(window, 2, 5) == first
    assert ask(window, 3, 0) == (3, 0)
    with pytest.raises(TooFarAhead):
        ask(window, 4)


def test_after_the_end_directives_are_ignored():
    segmenter, window = live(6.5)
    end(segmenter, window)
    assert ask(window, 10**9, 10**9) == NOW
    assert ask(window, 99) == NOW
    assert ask(window) == NOW


def test_what_waited_is_there_when_it_says_so():
    segmenter, window = live(6.5)
    answer = resolve(Directives(3, 4), window)
    assert isinstance(answer, WaitFor)
    times, keys = steady(30, 2, start_s=6.5)
    seen = []
    for event in Feed().pictures(times, keys=keys - {0}).run(segmenter):
        window.apply(event)
        seen.append((window.has(answer.position), window.last_part >= (3, 4)))
    assert seen[0] == (False, False)
    assert all(there == listed for there, listed in seen)
    assert seen[-1] == (True, True)
