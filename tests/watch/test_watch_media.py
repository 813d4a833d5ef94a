import pytest
from listings import checks
from scripted_server import OPUS, SMALL, VIDEO, ScriptedServer

from edge.fmp4.fragment import Run, fragment
from edge.fmp4.init_segment import init_segment
from edge.watch.media import MediaJudge
from edge.watch.playlist import PartTag, SegmentTag

SERVER = ScriptedServer()
INIT = SERVER.init_body("init0.mp4")


def tag(index, duration=0.2, **more):
    return PartTag(f"7.{index}.m4s", duration, independent=more.pop("independent", index == 0), **more)


def judge():
    media = MediaJudge()
    assert list(media.init(INIT, discontinuity=False)) == []
    return media


def feed(media, bodies, tags=None):
    return checks(
        finding
        for index, body in enumerate(bodies)
        for finding in media.part(body, tags[index] if tags else tag(index), f"7.{index}")
    )


def parts(msn=7):
    return [SERVER.part_body(msn, part) for part in range(5)]


def cut(video, audio):
    return fragment(1, [Run(1, video[0].dts, video), Run(2, audio[0].dts, audio)])


def test_right_media():
    media = judge()
    assert feed(media, parts()) == []
    assert checks(media.segment(SegmentTag(7, "7.m4s", 1.0), SERVER.segment_body(7), parts())) == []
    assert feed(media, parts(8)) == []


def test_a_hole_in_the_timeline():
    media = judge()
    assert feed(media, [parts()[0], parts()[2]], [tag(0), tag(2)]) == [("LL 53", "tfdt")] * 2
    media.restart()
    assert feed(media, [parts()[4]], [tag(4)]) == []


def test_independent_is_what_the_sync_flags_say():
    assert feed(judge(), parts()[1:2], [tag(1, independent=True)]) == [("LL 18", "independent-untrue")]
    assert feed(judge(), parts()[:1], [tag(0, independent=False)]) == [("LL 18", "independent-unsaid")]


@pytest.mark.parametrize(
    ("declared", "wrong"), [(0.2, False), (0.235, False), (0.165, False), (0.26, True), (0.12, True)]
)
def test_durations_agree_within_a_frame(declared, wrong):
    names = feed(judge(), parts()[:1], [tag(0, declared)])
    assert names == ([("LL 12", "part-duration")] if wrong else [])


def test_durations_that_drift_away():
    media = judge()
    findings = []
    for msn in range(7, 17):
        feed(media, parts(msn), [tag(index, 0.205) for index in range(5)])
        findings += media.segment(SegmentTag(msn, "x", 1.025), SERVER.segment_body(msn), parts(msn))
    # Each time it is more than a frame, it is told and measured from there.
    assert [(each.check, each.level) for each in findings] == [("durations-drift", "breach")] * 5


def test_parts_that_are_a_millisecond_longer_than_their_segment():
    """Each segment's parts, a hundred times: by EXTINF nothing is off."""
    media = judge()
    findings = []
    for msn in range(7, 107):
        tags = [tag(index, 0.201 if index == 0 else 0.2) for index in range(5)]
        findings += feed(media, parts(msn), tags)
        listed = SegmentTag(msn, "x", 1.0, tuple(tags))
        findings += media.segment(listed, SERVER.segment_body(msn), parts(msn))
    assert findings == []


def test_parts_cut_on_the_clock():
    """A long picture reaches into the next part, and late sound has a part to itself: durations still add up."""
    video, audio = SERVER.part_samples(7, 0)
    long = [video[0]._replace(duration=5 * 3600)]
    late = SERVER.part_samples(7, 1)
    bodies = [
        fragment(1, [Run(1, video[0].dts, long)]),
        fragment(2, [Run(2, audio[0].dts, audio)]),
        fragment(3, [Run(1, late[0][0].dts, late[0]), Run(2, late[1][0].dts, late[1])]),
    ]
    tags = [tag(0, 0.1), tag(1, 0.1, independent=False), tag(2, 0.2, independent=False)]
    assert feed(judge(), bodies, tags) == []


def test_sound_that_was_behind_the_picture_where_we_joined_may_catch_up():
    """The picture stands still for a part, and its sound is there to the end of it."""
    video, audio = SERVER.part_samples(7, 0)
    behind = [sample._replace(dts=sample.dts - 3840) for sample in audio]
    after = behind[-1].dts + behind[-1].duration
    alone = [audio[0]._replace(dts=after + 1344 * k, duration=1344) for k in range(10)]
    bodies = [cut(video, behind), fragment(2, [Run(2, after, alone)])]
    assert segment_of(judge(), 7, bodies, 0.2) == []
    assert segment_of(judge(), 7, bodies, 0.26) == [("LL 12", "durations-drift")]


def late_part():
    """Of what two declare: it comes after a gap, and lasts over it."""
    (video, audio), (more, sound) = (SERVER.part_samples(7, index) for index in (1, 2))
    return cut([*video, *more], [*audio, *sound])


def after_gap(gap_s, bodies, duration=0.2):
    """A part, a gap, and more parts, which are a segment: what is said of these."""
    media = judge()
    feed(media, parts()[:1])
    media.gap(gap_s)
    return media, segment_of(media, 8, bodies, duration)


def segment_of(media, msn, bodies, duration):
    tags = tuple(tag(index, duration) for index in range(len(bodies)))
    feed(media, bodies, tags)
    listed = SegmentTag(msn, "x", duration * len(bodies), tags)
    return [name for name in checks(media.segment(listed, b"".join(bodies), bodies)) if name[0] != "LL 10"]


@pytest.mark.parametrize("bodies", [parts()[2:], parts()[1:], parts(9), [late_part(), *parts()[3:]]])
def test_a_gap_is_a_hole_or_left_out_or_made_up_for(bodies):
    assert after_gap(0.2, bodies)[1] == []


def test_a_gap_does_not_excuse_more_than_it_lasts():
    late = [late_part(), *parts()[3:]]
    assert after_gap(0.1, late)[1] == [("LL 12", "durations-drift")]
    assert after_gap(0.2, parts()[1:], 0.23)[1] == [("LL 12", "durations-drift")]


def test_a_gap_that_was_made_up_for_excuses_nothing_that_comes_later():
    media, _ = after_gap(0.2, [late_part(), *parts()[3:]])
    assert segment_of(media, 8, parts(8), 0.23) == [("LL 12", "durations-drift")]


def test_a_segment_is_its_parts():
    media = judge()
    whole, seven = SERVER.segment_body(7), SegmentTag(7, "7.m4s", 1.0)
    feed(media, parts())
    # The same samples, cut in another way, are the same segment.
    samples = [SERVER.part_samples(7, part) for part in range(5)]
    other = cut([s for video, _ in samples for s in video], [s for _, audio in samples for s in audio])
    assert other != whole
    assert checks(media.segment(seven, other, parts())) == []
    assert checks(media.segment(seven, whole[:-1] + b"\xff", parts())) == [("LL 20", "segment-differs")]
    assert checks(media.segment(seven, b"".join(parts()[:4]), parts())) == [("LL 20", "segment-differs")]
    assert checks(media.segment(seven, b"junk", None)) == [("CMAF 2", "segment-unreadable")]


def test_segments_have_independent_frames():
    media = judge()
    video, audio = SERVER.part_samples(7, 1)
    body = cut(video, audio)
    assert checks(media.segment(SegmentTag(7, "x", 0.2), body, None)) == [("LL 10", "segment-dependent")]
    late = cut([video[0], video[1]._replace(is_sync=True), *video[2:]], audio)
    assert checks(media.segment(SegmentTag(7, "x", 0.2), late, None)) == [("LL 10", "segment-start")]


def test_parts_of_other_shapes():
    video, audio = SERVER.part_samples(7, 0)
    two = fragment(1, [Run(1, video[0].dts, video)]) + fragment(2, [Run(2, audio[0].dts, audio)])
    assert feed(judge(), [two]) == [("CMAF 2", "fragments-in-part")]
    assert feed(judge(), [parts()[0][:-3]]) == [("CMAF 2", "part-unreadable")]
    stranger = fragment(1, [Run(1, video[0].dts, video), Run(3, audio[0].dts, audio)])
    assert ("CMAF 1", "track-unknown") in feed(judge(), [stranger])


def test_audio_only_parts_of_a_still_screen():
    """At low frame rates a part may hold sound only: it is not independent, and it is right."""
    _, audio = SERVER.part_samples(7, 1)
    body = fragment(1, [Run(2, audio[0].dts, audio)])
    assert feed(judge(), [body], [tag(1, independent=False)]) == []


def test_inits():
    media = judge()
    small = init_segment((SMALL, OPUS)).body
    assert checks(media.init(small, discontinuity=True)) == []
    assert checks(media.init(INIT, discontinuity=False)) == [("LL 53", "tracks-changed")]
    assert checks(media.init(b"junk", discontinuity=True)) == [("CMAF 1", "init-unreadable")]
    assert feed(media, parts()) == []  # without an init nothing can be said
    with_samples = checks(MediaJudge().init(INIT + parts()[0], discontinuity=False))
    assert with_samples == [("LL 54", "init-with-samples")]
    bare = init_segment((VIDEO,)).body
    assert checks(MediaJudge().init(bare[bare.index(b"moov") - 4 :], discontinuity=False)) == [
        ("CMAF 1", "init-without-ftyp")
    ]
