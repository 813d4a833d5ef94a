from hls_material import AAC, OPUS, PT, VIDEO, audio, video

from edge.hls.audio_lane import AudioLane
from edge.hls.lanes import Lanes
from edge.hls.segment import TICKS
from edge.hls.video_lane import VideoLane


def lanes(*tracks, pictures=0, frames=0):
    """Of these tracks, with so many pictures of 30 fps and frames of 1024/48000 s that wait, from 0 on."""
    made = Lanes()
    made.set_tracks(tracks)
    for index in range(pictures):
        made.lead.place(index * 3000, video(index * 3000, key=index == 2, duration=3000))
    for index in range(frames):
        made.sound.place(index * 1024, audio(index * 1024))
    return made


def test_pictures_lead_and_sound_comes_with_them():
    both = lanes(VIDEO, AAC)
    assert isinstance(both.lead, VideoLane)
    assert isinstance(both.sound, AudioLane)
    assert both.by_kind == {"video": both.lead, "audio": both.sound}
    assert [lane.track_id for lane in both.all] == [1, 2]
    assert both.tracks == (VIDEO, AAC)
    assert both.are_two


def test_one_track_is_both():
    for track in (VIDEO, OPUS):
        alone = lanes(track)
        assert alone.lead is alone.sound
        assert not alone.are_two


def test_there_are_none_before_the_first_tracks():
    assert Lanes().tracks == ()
    assert Lanes().by_kind == {}
    assert Lanes().end == 0


def test_the_end_is_that_of_the_longest_to_the_tick_above():
    assert lanes(VIDEO, AAC).end == 0
    assert lanes(VIDEO, AAC, pictures=3, frames=2).end == 9000
    assert lanes(VIDEO, AAC, pictures=1, frames=2).end == 2 * 1920


def test_sound_fills_a_part_but_for_a_frame_or_beside_a_picture_that_does():
    few = lanes(VIDEO, AAC, pictures=3, frames=3)
    assert few.filled(9000), "up to the end of the pictures"
    assert not few.filled(9001)
    assert lanes(VIDEO, AAC, pictures=1, frames=3).filled(3 * 1920 + 1920)
    assert not lanes(VIDEO, AAC, pictures=9).filled(9000), "without any"


def test_a_source_stalls_where_sound_is_promised_and_does_not_come():
    assert lanes(VIDEO, AAC, pictures=3).stalled(PT)
    assert lanes(AAC).stalled(PT)
    assert not lanes(VIDEO, AAC, pictures=1, frames=12).stalled(PT)
    assert not lanes(VIDEO).stalled(PT), "none is promised"


def test_a_part_takes_all_pictures_and_the_sound_that_starts_in_it():
    both = lanes(VIDEO, AAC, pictures=4, frames=10)
    runs, contents = both.take_runs(9000)
    assert [(run.track_id, run.base_decode_time, len(run.samples)) for run in runs] == [(1, 0, 4), (2, 0, 5)]
    assert contents == {"independent": False, "frames": 4, "has_key_frame": True}
    assert not both.lead.pending
    assert len(both.sound.pending) == 5


def test_sound_counts_as_contents_only_where_it_leads():
    nothing = {"independent": False, "frames": 0, "has_key_frame": False}
    assert lanes(VIDEO, AAC).take_runs(PT) == ([], nothing)
    beside, contents = lanes(VIDEO, AAC, frames=2).take_runs(PT)
    assert ([run.track_id for run in beside], contents) == ([2], nothing)
    assert lanes(AAC, frames=2).take_runs(PT)[1] == nothing | {"independent": True}


def test_what_waits_ends_together_the_last_picture_with_the_sound_of_its_part():
    both = lanes(VIDEO, AAC, pictures=3, frames=7)
    assert both.leave_together(0, PT) == 7 * 1920
    assert both.lead.end_ticks == both.sound.end_ticks == 7 * 1920


def test_sound_after_the_part_of_the_last_picture_is_dropped():
    both = lanes(VIDEO, AAC, pictures=3, frames=40)
    assert both.leave_together(0, PT) == PT
    assert both.sound.pending[-1].dts < PT * 48_000 // TICKS
    assert both.lead.end_ticks == PT


def test_sound_that_is_a_little_short_is_made_longer_and_much_is_left_missing():
    little, much = (lanes(VIDEO, AAC, pictures=9, frames=frames) for frames in (13, 5))
    assert little.leave_together(20_000, PT) == 27_000
    assert little.sound.end_ticks == 27_000
    assert much.leave_together(20_000, PT) == 27_000
    assert much.sound.end_ticks == 5 * 1920


def test_nothing_reaches_nowhere():
    assert lanes(VIDEO, AAC).leave_together(PT, PT) == 0
