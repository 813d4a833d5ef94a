from hls_material import VIDEO, video

from edge.hls.video_lane import VideoLane


def times(samples):
    return [(sample.dts, sample.duration) for sample in samples]


def test_a_picture_lasts_until_the_next_one():
    lane = VideoLane(VIDEO, 1)
    for dts in (0, 3000, 7000):
        lane.place(dts, video(dts, duration=3000))
    assert times(lane.take())[:2] == [(0, 3000), (3000, 4000)]


def test_the_duration_of_the_last_picture_is_guessed_from_those_before():
    lane = VideoLane(VIDEO, 1)
    for dts in (0, 3000, 6000, 9000):
        lane.place(dts, video(dts, duration=1))
    assert lane.end == 12_000


def test_the_first_picture_of_all_believes_its_source():
    lane = VideoLane(VIDEO, 1)
    lane.place(0, video(0, duration=3600))
    assert lane.end == 3600
    assert lane.guess == 3600


def test_an_absurd_guess_of_the_source_is_not_believed():
    for absurd in (0, -5, 10**9):
        lane = VideoLane(VIDEO, 1)
        lane.place(0, video(0, duration=absurd))
        assert lane.end == 3000


def test_one_long_pause_does_not_make_the_guess_long():
    lane = VideoLane(VIDEO, 1)
    for dts in (0, 3000, 6000, 9000, 99_000):
        lane.place(dts, video(dts))
    assert lane.guess <= 4500


def test_after_a_part_the_next_picture_begins_where_the_last_ended():
    lane = VideoLane(VIDEO, 1)
    lane.place(0, video(0, duration=3000))
    lane.take()
    lane.place(4200, video(4200))  # 13 ms late: shown 13 ms early, and then on time
    lane.place(7200, video(7200))
    assert times(lane.take())[0] == (3000, 4200)


def test_a_picture_that_comes_before_the_declared_end_waits_for_it():
    lane = VideoLane(VIDEO, 1)
    lane.place(0, video(0, duration=3000))
    lane.take()
    lane.place(2000, video(2000))
    assert lane.end is not None
    assert times(lane.take())[0][0] == 3000


def test_a_freeze_leaves_no_hole_in_the_file():
    lane = VideoLane(VIDEO, 1)
    lane.place(0, video(0, duration=3000))
    lane.take()
    lane.place(60_000, video(60_000))
    lane.place(63_000, video(63_000))
    assert times(lane.take())[0] == (3000, 60_000)
    assert not lane.broken


def test_after_a_long_freeze_a_key_frame_is_wanted_and_no_hole_is_left():
    lane = VideoLane(VIDEO, 1)
    lane.place(0, video(0, duration=3000))
    lane.take()
    lane.place(300_000, video(300_000))
    assert lane.pending[0].dts == 3000
    assert lane.broken
    lane.place(303_000, video(303_000))
    assert lane.broken
    lane.place(306_000, video(306_000, key=True))
    assert not lane.broken


def test_time_that_runs_back_is_walked_off_and_never_stands_still():
    lane = VideoLane(VIDEO, 1)
    for dts in range(0, 30_000, 3000):
        lane.place(dts, video(dts))
    for dts in range(9_000, 60_000, 3000):
        lane.place(dts, video(dts))
    samples = lane.take()
    assert all(sample.duration >= 1000 for sample in samples)
    assert samples[-1].dts == 57_000
    assert [a.dts + a.duration for a in samples[:-1]] == [b.dts for b in samples[1:]]


def test_what_lasts_when_nothing_follows():
    lane = VideoLane(VIDEO, 1)
    for dts in range(0, 5 * 30_000, 30_000):  # 3 fps, steadily
        lane.place(dts, video(dts))
    assert lane.believed_end(boundary=125_000) == 150_000  # the rate is believed,
    assert lane.believed_end(boundary=160_000) == 160_000  # and it lasts to the boundary at least


def test_a_still_screen_is_not_believed_to_stay_still():
    lane = VideoLane(VIDEO, 1)
    for dts in range(0, 5 * 90_000, 90_000):
        lane.place(dts, video(dts))
    assert lane.believed_end(boundary=382_500) == 391_500  # 100 ms more, not until 450 000


def test_a_late_picture_begins_half_a_picture_after_the_last_one_that_waits_or_where_what_is_out_ends():
    lane = VideoLane(VIDEO, 1)
    assert lane.soonest(0) == 0
    lane.place(9000, video(0))
    assert [lane.soonest(due) for due in (0, 11_000, 13_000)] == [10_500, 11_000, 13_000]
    lane.take()
    assert [lane.soonest(due) for due in (0, 13_000)] == [12_000, 13_000]
