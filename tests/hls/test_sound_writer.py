"""Sound beside pictures, as a segmenter tells it."""

from hls_material import (
    AAC,
    VIDEO,
    audio,
    open_part,
    parts_of,
    runs_of,
    started,
    video,
    write_video,
)

from edge.hls.segmenter import START_TICKS
from edge.hls.sound_writer import SoundWriter


def test_late_audio_is_in_the_next_part_and_nobody_waits_for_it():
    segmenter = started()
    (event,) = write_video(segmenter, 0, 7, keys={0})
    assert sorted(runs_of(event.part)) == [1]
    events = [event for index in range(16) for event in segmenter.write(audio(index * 1024))]
    (event,) = events + write_video(segmenter, 7, 14)
    runs = runs_of(event.part)
    assert runs[2][0] == START_TICKS * 48 // 90
    assert runs[2][1] == 16 * 1024


def test_audio_that_is_early_waits_for_its_part():
    segmenter = started()
    segmenter.write(video(0, key=True))
    for index in range(16):
        segmenter.write(audio(index * 1024))
    (event,) = write_video(segmenter, 1, 7)
    assert runs_of(event.part)[2][1] == 11 * 1024  # what starts within 233 ms


def test_audio_alone_does_not_pile_up_without_a_clock():
    segmenter = started()
    segmenter.write(video(0, key=True))
    events = [event for index in range(500) for event in segmenter.write(audio(index * 1024))]
    assert len(parts_of(events)) > 35


def test_what_comes_before_the_first_key_frame_is_dropped_audio_too():
    segmenter = started()
    assert write_video(segmenter, 0, 5) == []
    for index in range(12):
        segmenter.write(audio(index * 1024))  # 0 to 256 ms
    assert segmenter.advance(5.0) == []
    events = write_video(segmenter, 5, 12, keys={5})  # from 167 ms on
    runs = runs_of(parts_of(events)[0])
    assert runs[1][0] == START_TICKS
    first_audio = runs[2][0] / 48_000 - 10
    assert 0 <= first_audio < 0.022
    assert parts_of(events)[0].independent


def writer():
    part, lanes, segment = open_part(VIDEO, AAC)
    for lane in lanes.all:
        lane.offset = lane.end
    return SoundWriter(lanes, segment, part), lanes


def test_what_was_kept_begins_with_the_first_picture_and_from_then_on_none_is_too_early():
    sound, lanes = writer()
    for index in range(4):
        sound.keep(audio(index * 1024))
    sound.begin(video(3000, key=True))  # 1600 of sound
    assert len(lanes.sound.pending) == 2
    sound.write(lanes.sound, audio(100))
    assert len(lanes.sound.pending) == 3
    sound.begin(video(3000, key=True))
    assert len(lanes.sound.pending) == 3, "it is kept no more"


def test_what_was_kept_of_another_source_is_dropped():
    sound, lanes = writer()
    sound.keep(audio(1024))
    sound.new_source()
    sound.begin(video(0, key=True))
    assert not lanes.sound.pending


def test_what_comes_after_the_first_picture_and_is_from_before_it_is_dropped():
    sound, lanes = writer()
    sound.begin(video(3000, key=True))
    for dts in (0, 1024, 2048):
        sound.write(lanes.sound, audio(dts))
    assert len(lanes.sound.pending) == 1
