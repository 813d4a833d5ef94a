import pytest
from listings import checks, hint, listing, opened, read, segment

from edge.watch.rules_evolution import CHECKS


def found(old, new):
    return checks(finding for check in CHECKS for finding in check(read(old), read(new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (listing(4, 11, 2), listing(4, 11, 2)),
        (listing(4, 11, 2), listing(4, 11, 3)),
        (listing(4, 11, 3), listing(5, 12, 0)),
        (listing(4, 11, 0), listing(5, 12, 1)),
        (listing(4, 11, 2), listing(4, 11, 2, tail="#EXT-X-ENDLIST\n")),
        (listing(4, 11, 2), listing(9, 16, 2)),  # some reloads were missed
    ],
)
def test_legal_steps(old, new):
    assert found(old, new) == []


@pytest.mark.parametrize(
    ("before", "after", "check"),
    [
        ("DURATION:2", "DURATION:3", ("LL 8", "target-duration-changed")),
        ("PART-TARGET=0.5", "PART-TARGET=0.51", ("LL 17", "part-target-changed")),
        ("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=13.0", ("LL 5", "server-control-changed")),
        ("\n7.m4s", "\n7.mp4", ("LL 5", "uri-rewritten")),
        ("2.00000,\n7.", "1.99000,\n7.", ("LL 5", "duration-rewritten")),
        ("#EXTINF:2.00000,\n7.", "#EXT-X-GAP\n#EXTINF:2.00000,\n7.", ("LL 5", "gap-rewritten")),
        ("00:14.000Z", "00:14.100Z", ("LL 5", "date-rewritten")),
        ('URI="init.mp4"', 'URI="other.mp4"', ("LL 5", "map-rewritten")),
        ('URI="12.0.m4s"', 'URI="x.m4s"', ("LL 5", "parts-rewritten")),
    ],
)
def test_what_was_published_is_rewritten(before, after, check):
    assert before in listing()
    assert check in found(listing(), listing().replace(before, after, 1))


def test_going_back():
    assert ("LL 15", "media-sequence-back") in found(listing(4, 11), listing(3, 11))
    assert ("LL 5", "end-went-back") in found(listing(4, 11, 2), listing(4, 11, 1))


def test_discontinuities_are_counted_as_they_leave():
    mark = "#EXT-X-DISCONTINUITY\n"
    old = listing(4, 11, 2).replace("#EXTINF:2.00000,\n4.", f"{mark}#EXTINF:2.00000,\n4.")
    assert found(old, listing(5, 12, 1, discontinuities=1)) == []
    assert found(old, listing(5, 12, 1)) == [("LL 16", "discontinuity-sequence-wrong")]
    assert found(listing(4, 11, 2), listing(5, 12, 1, discontinuities=1)) == [
        ("LL 16", "discontinuity-sequence-wrong")
    ]


def test_a_removal_leaves_three_targets():
    assert ("LL 13", "window-too-short") in found(listing(4, 11, 2), listing(10, 11, 3))


def test_types_and_ends():
    event = "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MAP"
    assert found(listing(4, 11), listing(5, 12).replace("#EXT-X-MAP", event)) == [
        ("LL 6", "type-and-removal")
    ]
    ended = listing(4, 11, 0, tail="#EXT-X-ENDLIST\n")
    assert found(ended, ended) == []
    assert ("LL 56", "end-taken-back") in found(ended, listing(4, 11, 0))
    assert ("LL 56", "goes-on-after-end") in found(ended, listing(4, 12, 0, tail="#EXT-X-ENDLIST\n"))


def test_hints_come_true():
    wrong = listing(4, 11, 2, tail='#EXT-X-PRELOAD-HINT:TYPE=PART,URI="soon.m4s"\n')
    assert found(wrong, listing(4, 11, 3)) == [("LL 44", "hint-broken")]
    assert found(wrong, listing(4, 11, 2)) == []  # nothing came yet


def test_a_hint_that_the_segments_end_withdrew_is_a_note():
    short = listing(4, 11, 0, tail=segment(12, 2, duration="1.00000") + opened(13, 1) + hint(13, 1))
    findings = [each for check in CHECKS for each in check(read(listing(4, 11, 2)), read(short))]
    assert [(each.check, each.level) for each in findings] == [("hint-withdrawn", "note")]
    assert found(listing(4, 11, 2, tail=hint(13, 0)), short) == []


def test_a_tag_for_the_open_segment_comes_before_its_first_part():
    changed = listing(4, 11, 0, tail=opened(12, 3, tags="#EXT-X-DISCONTINUITY\n") + hint(12, 3))
    assert ("LL 21", "open-segment-changed") in found(listing(4, 11, 2), changed)


def test_parts_that_are_removed_early_are_advised_against():
    early = listing(4, 10, 0, tail=segment(11, 0) + opened(12, 3) + hint(12, 3))
    assert found(listing(4, 11, 2), early) == [("LL 23", "parts-removed-early")]


def test_date_ranges_stay():
    tag = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION={}\n'
    assert found(listing() + tag.format(5), listing() + tag.format(5)) == []
    assert found(listing() + tag.format(5), listing() + tag.format(6)) == [("LL 60", "daterange-changed")]
