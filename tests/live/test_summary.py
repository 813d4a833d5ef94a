from edge.live.summary import summarise


def test_a_live_stream_in_numbers(live) -> None:
    summary = summarise(live.publication)
    assert (summary.name, summary.state) == ("cam", "live")
    assert 4.9 < summary.age_s < 5.1
    (track,) = summary.tracks
    assert (track.kind, track.codec_string, track.width, track.height) == ("video", "avc1.64001f", 1280, 720)
    assert track.sample_rate == 0
    assert (summary.segment, summary.part) == live.publication.rendition.window.last_part
    assert summary.listed_segments == len(live.publication.rendition.window.segments)
    assert (summary.target_duration_s, summary.part_target_s) == (2, 0.25)
    assert 29.9 < summary.frame_rate < 30.1
    payload = 250 * 30 * 8
    assert payload < summary.bitrate < 2 * payload
    assert summary.peak_bitrate >= summary.bitrate * 0.9
    assert 0 <= summary.latency_s < 0.3


def test_a_stream_that_has_not_begun_has_no_numbers(stage, tracks) -> None:
    stage.go_live(tracks["video"], tracks["audio"])
    summary = summarise(stage.publication)
    assert summary.state == "waiting"
    assert (summary.segment, summary.part, summary.latency_s) == (None, None, None)
    assert (summary.bitrate, summary.peak_bitrate, summary.frame_rate) == (0, 0, 0.0)
    assert [track.sample_rate for track in summary.tracks] == [0, 48_000]


def test_a_publisher_that_is_gone_has_no_latency(live) -> None:
    """What he left unfinished is listed when that is known, seconds later."""
    live.publication.detach(live.publication._source, live.now + 11)
    summary = summarise(live.publication)
    assert (summary.state, summary.latency_s) == ("reconnecting", None)
    assert summary.part is not None


def test_held_requests_are_counted(live) -> None:
    live.ask_next()
    assert summarise(live.publication).waiting == 1
