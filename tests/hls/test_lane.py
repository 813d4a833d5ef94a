from hls_material import AAC, SMALL, VIDEO, audio, ms, video

from edge.hls.audio_lane import AudioLane
from edge.hls.video_lane import VideoLane


def test_a_jump_of_the_sources_clock_is_no_pause():
    lane = AudioLane(AAC, 2)
    lane.place(lane.due(0, 0), audio(0))
    assert lane.due(90 * 48_000, 1920) == 1024
    assert lane.due(90 * 48_000 + 1024, 1920) == 2048


def test_what_is_late_moves_no_track_against_the_others():
    """Until the timeline has found out that a clock stood still, stills or silence are in its place."""
    lane = AudioLane(AAC, 2)
    lane.place(lane.due(20 * 48_000, 20 * 90_000), audio(0))
    assert lane.due(12 * 48_000, 20 * 90_000) == 12 * 48_000
    assert lane.due(21 * 48_000, 20 * 90_000) == 21 * 48_000


def test_nothing_begins_before_all_time():
    lane = AudioLane(AAC, 2)
    assert lane.due(-48_000, 10 * 90_000) == 10 * 48_000


def test_only_what_starts_before_the_cut_is_taken():
    lane = AudioLane(AAC, 2)
    for index in range(4):
        lane.place(index * 1024, audio(0))
    assert len(lane.take(2048)) == 2
    assert len(lane.take(2049)) == 1
    assert lane.pending


def test_ticks_of_both_clocks():
    lane = AudioLane(AAC, 2)
    assert lane.ticks(1024) == 1920
    assert lane.units(1920) == 1024
    assert lane.units(1921) == 1025


def test_what_is_forgotten_leaves_no_hole():
    lane = AudioLane(AAC, 2)
    for dts in (0, 1024, 2048):
        lane.place(dts, audio(dts))
    lane.forget(1024)
    assert lane.end == 1024
    lane.forget()
    assert lane.end == 0
    assert not lane.pending


def test_what_is_of_another_track_begins_with_its_segment():
    lane = VideoLane(VIDEO, 1)
    lane.place(0, video(0))
    lane.change_track(SMALL, ms(900), at=ms(900))
    assert (lane.track, lane.end) == (SMALL, ms(900))
    lane.change_track(VIDEO, ms(800), at=ms(900))
    assert lane.end == ms(900), "never over what is out"


def test_what_is_of_another_track_and_very_late_keeps_its_clock():
    lane = VideoLane(VIDEO, 1)
    lane.place(0, video(0))
    lane.change_track(SMALL, ms(6000), at=3000)
    assert lane.due(6000, ms(6000)) == 6000
