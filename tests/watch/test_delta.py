from dataclasses import replace

from listings import checks, listing, read

from edge.watch.delta import apply_delta, delta_equals_whole


def delta_of(text, skipped):
    """The first `skipped` segments left out, EXT-X-MAP with them."""
    head, _, rest = text.partition('#EXT-X-MAP:URI="init.mp4"\n')
    pieces = rest.split("#EXT-X-PROGRAM-DATE-TIME", skipped + 1)
    return f"{head}#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n#EXT-X-PROGRAM-DATE-TIME{pieces[-1]}"


def test_a_delta_on_what_was_before_is_the_whole():
    before, after = read(listing(4, 11, 2)), listing(5, 12, 1)
    merged = apply_delta(before, read(delta_of(after, 2)))
    assert merged.segments == read(after).segments
    assert list(delta_equals_whole(merged, read(after))) == []


def test_a_whole_playlist_is_its_own_result():
    playlist = read(listing())
    assert apply_delta(read(listing(1, 2)), playlist) is playlist


def test_skipped_segments_that_were_never_listed():
    assert apply_delta(read(listing(9, 11)), read(delta_of(listing(5, 12), 2))) is None
    assert apply_delta(read(listing(4, 5, 2)), read(delta_of(listing(5, 12), 3))) is None


def test_differences_are_found():
    whole = read(listing(5, 12, 1))
    merged = replace(whole, segments=(replace(whole.segments[0], duration=1.9), *whole.segments[1:]))
    assert checks(delta_equals_whole(merged, whole)) == [("LL 42", "delta-differs")]
    other = read(listing(5, 12, 1, discontinuities=1))
    assert checks(delta_equals_whole(whole, other)) == [("LL 42", "delta-discontinuity-sequence")]


def test_a_whole_playlist_that_is_further_on_is_no_difference():
    assert list(delta_equals_whole(read(listing(4, 11, 2)), read(listing(5, 12, 1)))) == []


def test_removed_date_ranges_go():
    tag = '#EXT-X-DATERANGE:ID="{}",START-DATE="2026-01-01T00:00:00Z"\n'
    before = read(listing(4, 11, 2) + tag.format("a") + tag.format("b"))
    text = delta_of(listing(5, 12, 1), 2).replace("S=2", 'S=2,RECENTLY-REMOVED-DATERANGES="a"') + tag.format(
        "c"
    )
    assert list(apply_delta(before, read(text)).date_ranges) == ["b", "c"]
