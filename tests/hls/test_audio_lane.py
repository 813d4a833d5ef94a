from hls_material import AAC, audio

from edge.hls.audio_lane import AudioLane


def test_audio_frames_follow_one_another_exactly_though_their_timestamps_wander():
    lane = AudioLane(AAC, 2)
    for index in range(50):
        lane.place(index * 1024 + (index * 37) % 400, audio(0))
    samples = lane.take()
    assert [sample.dts for sample in samples] == [index * 1024 for index in range(50)]
    assert {sample.duration for sample in samples} == {1024}


def test_audio_is_led_back_by_a_millisecond_a_frame():
    lane = AudioLane(AAC, 2)
    lane.place(0, audio(0))
    for index in range(1, 60):
        lane.place(index * 1024 + 2400, audio(0))  # 50 ms off, from the second frame on
    samples = lane.take()
    assert {sample.duration for sample in samples} == {1024, 1024 + 48}
    assert 2400 - 480 - 48 <= samples[-1].dts - 59 * 1024 <= 2400
    assert [a.dts + a.duration for a in samples[:-1]] == [b.dts for b in samples[1:]]


def test_a_real_pause_of_audio_is_bridged_by_the_frame_before():
    lane = AudioLane(AAC, 2)
    lane.place(0, audio(0))
    lane.place(48_000, audio(0))
    assert [(one.dts, one.duration) for one in lane.take()] == [(0, 48_000), (48_000, 1024)]
