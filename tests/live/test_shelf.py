import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.live.shelf import InitName, PartName, SegmentName, parse_name


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("init0.mp4", InitName(0)),
        ("init12.mp4", InitName(12)),
        ("7.m4s", SegmentName(7)),
        ("part0.m4s", PartName(0)),
        ("part1234567.m4s", PartName(1234567)),
    ],
)
def test_names_of_the_playlist_mean_something(name: str, meaning: object) -> None:
    assert parse_name(name) == meaning
    assert type(parse_name(name)) is type(meaning)


@pytest.mark.parametrize(
    "name",
    ["", ".", "7", "7.mp4", "init.mp4", "init-1.mp4", "inito0.mp4", "07.m4s", "7.0.m4s", "part.m4s", "part07.m4s", "part7.mp4",
     ".m4s", "-7.m4s", "+7.m4s", "٧.m4s", "²..m4s", "1_0.m4s", "9" * 16 + ".m4s", "a/7.m4s", "7.m4s/", "7.M4S"],
)  # fmt: skip
def test_other_names_mean_nothing(name: str) -> None:
    assert parse_name(name) is None


@given(st.text(alphabet="0123456789.m4spinitar-²٣", max_size=30))
def test_a_name_has_one_spelling(name: str) -> None:
    match parse_name(name):
        case InitName(number):
            assert name == f"init{number}.mp4"
        case SegmentName(msn):
            assert name == f"{msn}.m4s"
        case PartName(number):
            assert name == f"part{number}.m4s"


def test_media_are_the_buffers_of_the_window(live) -> None:
    window = live.publication.rendition.window
    prefix = live.publication.rendition.prefix
    segment = window.segments[-1]
    whole = live.ask(f"{prefix}/{segment.msn}.m4s").response
    assert whole.status == 200
    assert [a is b.body for a, b in zip(whole.body, segment.parts, strict=True)] == [True] * len(
        segment.parts
    )
    part = live.ask(f"{prefix}/part{window.number_of(segment.parts[1].position)}.m4s").response
    assert part.body[0] is segment.parts[1].body
    assert dict(part.fields)["ETag"] == f'"{prefix}-{segment.msn}.1"'
    init = live.ask(f"{prefix}/init0.mp4").response
    assert init.body == (window.init.body,)
    assert dict(init.fields)["Content-Type"] == "video/mp4"


def test_what_is_gone_or_never_was_is_missing(live) -> None:
    prefix = live.publication.rendition.prefix
    for name in ("999.m4s", "part999.m4s", "init7.mp4", "nonsense"):
        viewer = live.ask(f"{prefix}/{name}")
        assert viewer.status == 404, name
        assert viewer.cache_control == "max-age=2"


def test_sound_alone_is_audio(stage, tracks) -> None:
    stage.go_live(tracks["audio"])
    prefix = stage.publication.rendition.prefix
    assert dict(stage.ask(f"{prefix}/init0.mp4").response.fields)["Content-Type"] == "audio/mp4"
