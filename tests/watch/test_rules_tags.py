import pytest
from listings import checks, listing, opened, part, read

from edge.watch.rules_tags import CHECKS


def found(text):
    playlist = read(text)
    return checks(finding for check in CHECKS for finding in check(playlist))


def test_a_right_playlist():
    assert found(listing()) == []
    assert found(listing(tail="#EXT-X-ENDLIST\n")) == []


@pytest.mark.parametrize(
    ("old", "new", "rule", "check"),
    [
        ("VERSION:9", "VERSION:5", "LL 4", "version-too-low"),
        ("#EXT-X-VERSION:9\n", "", "LL 4", "version-too-low"),
        ("CAN-BLOCK-RELOAD=YES,", "", "LL 26", "no-blocking-reload"),
        ("UNTIL=12.0", "UNTIL=11.9", "LL 27", "skip-boundary"),
        ("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-DATERANGES=YES", "LL 27", "skip-dateranges"),
        ("CAN-BLOCK", "HOLD-BACK=5.9,CAN-BLOCK", "LL 28", "hold-back"),
        ("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.4", "LL 29", "part-hold-back"),
        (",PART-HOLD-BACK=1.5", "", "LL 29", "part-hold-back-missing"),
        ('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="12.2.m4s"\n', "", "LL 45", "hint-missing"),
        ('URI="12.2.m4s"\n', 'URI="12.1.m4s"\n', "LL 44", "hint-of-listed-part"),
        ('#EXT-X-MAP:URI="init.mp4"\n', "", "LL 54", "map-missing"),
        ("#EXT-X-MAP", "#EXT-X-START:TIME-OFFSET=-5.9\n#EXT-X-MAP", "LL 58", "start-near-end"),
        ("#EXT-X-MAP", "#EXT-X-START:TIME-OFFSET=12\n#EXT-X-MAP", "LL 58", "start-near-end"),
        ("#EXTINF:2.00000,\n7.", '#EXT-X-MAP:URI="b.mp4"\n#EXTINF:2.00000,\n7.', "LL 53", "map-change"),
    ],
)
def test_one_thing_is_wrong(old, new, rule, check):
    assert old in listing()
    assert found(listing().replace(old, new, 1))[:1] == [(rule, check)]


def test_server_control_is_needed_while_live():
    text = "\n".join(line for line in listing().split("\n") if "SERVER-CONTROL" not in line)
    assert ("LL 26", "server-control-missing") in found(text)


def test_hints_after_the_end_and_twice():
    hint = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="12.2.m4s"\n'
    assert found(listing() + "#EXT-X-ENDLIST\n") == [("LL 44", "hint-after-end")]
    assert found(listing() + hint) == [("LL 44", "hint-twice")]


def test_tags_after_parts():
    text = listing(parts=0, tail=opened(12, 0) + part(12, 0) + '#EXT-X-MAP:URI="init.mp4"\n' + part(12, 1))
    assert ("LL 21", "tag-after-part") in found(text)


def test_a_discontinuity_needs_the_sequence_tag_while_live():
    text = listing().replace("#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "")
    assert found(text) == []
    text = text.replace("#EXTINF:2.00000,\n7.", "#EXT-X-DISCONTINUITY\n#EXTINF:2.00000,\n7.")
    assert found(text) == [("LL 16", "discontinuity-sequence-missing")]


def test_parts_far_from_the_end_are_advised_against():
    parts = "".join(part(5, index, ",INDEPENDENT=YES" if index == 0 else "") for index in range(4))
    assert found(listing().replace("#EXTINF:2.00000,\n5.", f"{parts}#EXTINF:2.00000,\n5.")) == [
        ("LL 23", "old-parts")
    ]


def test_date_ranges_need_a_date():
    text = "\n".join(line for line in listing().split("\n") if "DATE-TIME" not in line)
    text += '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z"\n'
    assert ("LL 60", "daterange-without-date") in found(text)
