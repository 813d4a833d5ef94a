import pytest
from answers import answer
from listings import checks, listing, read
from test_delta import delta_of

from edge.watch.exchange import Asked
from edge.watch.rules_reload import (
    answered,
    held_too_long,
    refused,
    segment_due,
    skip_honoured,
    skip_respects_boundary,
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Asked(), []),
        (Asked(12, 1), []),
        (Asked(3, 0), []),
        (Asked(11, 4), []),  # rolled over to 12.0, which is there
        (Asked(12, 2), [("LL 33", "early-answer")]),
        (Asked(13, 0), [("LL 33", "early-answer")]),
        (Asked(11), []),
        (Asked(12), [("LL 32", "early-answer")]),
    ],
)
def test_answers_to_blocked_requests(asked, found):
    assert checks(answered(answer(asked=asked), read(listing(4, 11, 2)), quiet_s=0.4)) == found


@pytest.mark.parametrize(("quiet", "level"), [(1.4, "breach"), (1.6, "note")])
def test_an_unchanged_answer_in_a_stall_of_three_parts_is_a_note(quiet, level):
    (finding,) = answered(answer(asked=Asked(12, 2)), read(listing(4, 11, 2)), quiet_s=quiet)
    assert (finding.rule, finding.level) == ("LL 33", level)


def test_after_the_end_everything_is_answered_at_once():
    ended = read(listing(tail="#EXT-X-ENDLIST\n"))
    assert list(answered(answer(asked=Asked(99, 0)), ended, quiet_s=0.0)) == []


@pytest.mark.parametrize(
    ("status", "quiet", "found"),
    [
        (200, 0.1, []),
        (503, 9.0, [("LL 39", "blocked-503", "note")]),
        (503, 0.1, [("LL 39", "blocked-503", "breach")]),
        (404, 9.0, [("LL 33", "blocked-refused", "breach")]),
    ],
)
def test_refusals(status, quiet, found):
    exchange = answer(status=status, asked=Asked(12, 2))
    findings = refused(exchange, 2, quiet_s=quiet, part_target=0.5)
    assert [(each.rule, each.check, each.level) for each in findings] == found


def test_holding_longer_than_three_targets_is_advised_against():
    assert checks(held_too_long(answer(asked=Asked(12, 2), took=6.5), 2)) == []
    assert checks(held_too_long(answer(asked=Asked(12, 2), took=7.5), 2)) == [("LL 39", "blocked-long")]
    assert checks(held_too_long(answer(took=7.5), 2)) == []


def test_deltas_come_when_asked_and_offered():
    whole, delta = read(listing(4, 12)), read(delta_of(listing(4, 12), 2))
    skipping, plain = answer(asked=Asked(12, 2, skip=True)), answer(asked=Asked(12, 2))
    assert list(skip_honoured(skipping, delta)) == []
    assert list(skip_honoured(plain, whole)) == []
    assert checks(skip_honoured(skipping, whole)) == [("LL 41", "delta-missing")]
    assert checks(skip_honoured(plain, delta)) == [("LL 41", "delta-unasked")]
    unoffered = read(delta_of(listing(4, 12), 2).replace("CAN-SKIP-UNTIL=12.0,", ""))
    assert checks(skip_honoured(skipping, unoffered)) == [("LL 41", "delta-not-offered")]
    # Nothing is old enough to be skipped: a whole playlist is right.
    assert list(skip_honoured(skipping, read(listing(7, 12)))) == []


def test_the_skip_boundary_is_respected():
    assert list(skip_respects_boundary(read(delta_of(listing(4, 11), 2)))) == []
    assert checks(skip_respects_boundary(read(delta_of(listing(4, 11), 3)))) == [("LL 42", "skip-too-much")]


def test_segments_are_due_after_one_and_a_half_targets():
    playlist = read(listing())
    assert list(segment_due(playlist, 3.0, 0.1)) == []
    assert checks(segment_due(playlist, 3.5, 0.1)) == [("LL 11", "segment-late")]
    assert list(segment_due(playlist, 3.5, 1.6)) == []  # a stall
