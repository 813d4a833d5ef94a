from answers import PLAYLIST, answer
from listings import listing
from test_delta import delta_of

from edge.watch.exchange import Asked
from edge.watch.findings import Ledger
from edge.watch.judge import PlaylistJudge

BLOCKING = PLAYLIST | {"cache-control": "max-age=12"}


class Heard:
    """A judge, and what it said."""

    def __init__(self):
        self.ledger = Ledger()
        self.judge = PlaylistJudge(
            "http://edge.example/live/a/main.m3u8",
            {},
            lambda findings, where: self.ledger.add(findings, 0.0, where),
        )

    def take(self, text, at, asked=Asked(), *, kept=True):
        headers = (
            PLAYLIST if asked.msn is None else BLOCKING if kept else PLAYLIST | {"cache-control": "no-cache"}
        )
        return self.judge.take(answer(body=text.encode(), at=at, asked=asked, headers=headers))

    def found(self):
        return [(key[0], key[1], key[2]) for key in self.ledger.entries]


def test_a_stream_as_it_should_be():
    heard = Heard()
    assert heard.take(listing(4, 11, 2), 100.0).segment(4)
    assert heard.take(listing(4, 11, 3), 100.5, Asked(12, 2))
    assert heard.take(listing(5, 12, 0), 101.0, Asked(12, 3))
    merged = heard.take(delta_of(listing(5, 12, 1), 2), 101.5, Asked(13, 0, skip=True))
    assert merged.segments[0].uri == "5.m4s"
    assert heard.judge.current is merged
    assert heard.found() == []
    assert heard.judge.reloads == 4


def test_an_early_answer_and_the_same_in_a_stall():
    heard = Heard()
    heard.take(listing(4, 11, 2), 100.0)
    heard.take(listing(4, 11, 2), 101.0, Asked(12, 2), kept=False)
    assert heard.found() == [("LL 33", "early-answer", "breach")]
    heard.take(listing(4, 11, 2), 102.0, Asked(12, 2), kept=False)
    assert heard.found()[1:] == [("LL 33", "unchanged-in-stall", "note")]
    assert heard.judge.stalled(102.0)
    heard.take(listing(4, 11, 3), 109.0, Asked(12, 2))
    assert heard.found()[2:] == [("LL 39", "blocked-long", "advice")] or heard.found()[2:] == [
        ("LL 22", "stall", "note")
    ]
    assert not heard.judge.stalled(109.1)


def test_segments_that_do_not_come():
    heard = Heard()
    heard.take(listing(4, 11, 0), 100.0)
    for step in range(1, 9):
        heard.take(listing(4, 11, step), 100.0 + step / 2, Asked(12, step - 1))
    assert ("LL 11", "segment-late", "breach") in heard.found()


def test_what_cannot_be_read_is_named():
    heard = Heard()
    assert heard.take("<html>", 100.0) is None
    assert heard.found() == [("LL 2", "unreadable", "breach")]


def test_a_delta_before_anything_else_cannot_be_used():
    assert Heard().take(delta_of(listing(4, 12), 2), 100.0, Asked(skip=True)) is None


def test_a_delta_that_skips_what_was_never_there():
    heard = Heard()
    heard.take(listing(9, 16, 2), 100.0)
    assert heard.take(delta_of(listing(4, 16, 3), 6), 100.5, Asked(17, 2, skip=True)) is None
    assert ("LL 42", "delta-unknown-segments", "breach") in heard.found()
    assert ("LL 15", "media-sequence-back", "breach") in heard.found()


def test_refusals():
    heard = Heard()
    heard.take(listing(4, 11, 2), 100.0)
    heard.judge.refused(answer(status=503, at=109.0, asked=Asked(12, 2), headers={}))
    heard.judge.refused(answer(status=500, at=109.0, asked=Asked(12, 2), headers={}))
    assert heard.found() == [("LL 39", "blocked-503", "note"), ("LL 33", "blocked-refused", "breach")]
