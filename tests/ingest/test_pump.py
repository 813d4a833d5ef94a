"""Virtual time: monotonic seconds begin at 100, the first unit is at source time 0."""

import logging
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from units import B_SLICE, IDR, OPUS, PPS, SLICE, SPS, WIDE_SPS, FakePublication, picture, sound

from edge.errors import NameTaken
from edge.fmp4.inspect import parse_fragment
from edge.hls.segment import InitChanged, PartReady, SegmentSealed
from edge.hls.segmenter import Segmenter
from edge.ingest.opus_path import OpusPath
from edge.ingest.pump import CLOCK_STOPS_AFTER_S, LEAD_S, PATIENCE_S, WITHOUT_VIDEO_S, Pump
from edge.media.opus import SILENCE
from edge.media.timebase import NTP_TO_UNIX_S
from edge.rtp.access_unit import AccessUnit
from edge.rtp.timeline import Timeline


def ntp(unix: float) -> int:
    return int((unix + NTP_TO_UNIX_S) * 2**32)


class Rig:
    def __init__(self, *, has_video: bool = True, has_audio: bool = True) -> None:
        self.publication = FakePublication()
        self.timeline = Timeline(1_700_000_000.0)
        self.pump = Pump(
            self,
            self.publication,
            self.timeline,
            OpusPath,
            has_video=has_video,
            has_audio=has_audio,
        )

    def run(
        self, begin: float, end: float, *, video=True, audio=True, heard=True, first=0, still=(0, 0)
    ) -> None:
        """Pictures (a key frame a second), sound and ticks from second to second. `still`: for so many seconds
        the clocks of both have stood still.
        """
        events = []
        if video:
            numbers = range(round(begin * 30), round(end * 30))
            events += [(100 + n / 30, partial(self._picture, n, still[0], first)) for n in numbers]
        if audio:
            numbers = range(round(begin * 50), round(end * 50))
            events += [(100 + n / 50, partial(self._sound, n, still[1])) for n in numbers]
        ticks = [100 + n / 50 + 0.001 for n in range(round(begin * 50), round(end * 50))]
        events += [(now, lambda now: self.tick(now, now if heard else 100 + begin)) for now in ticks]
        for now, event in sorted(events, key=lambda one: one[0]):
            event(now)

    def _picture(self, number, still_s, first, now):
        unit = picture(number - round(still_s * 30), key=number % 30 == first, arrival=now)
        self.pump.video(unit, now)

    def _sound(self, number, still_s, now):
        self.pump.audio(sound(number - round(still_s * 50), arrival=now), now)

    def report(self, now, still=(0, 0)):
        """Sender reports of both."""
        for kind, ssrc, rate, still_s in (("video", 1, 90_000, still[0]), ("audio", 2, 48_000, still[1])):
            at = round((now - 100 - still_s) * rate)
            self.timeline.on_sender_report(kind, ntp(1_700_000_000.0 + now), at, now, ssrc)

    def tick(self, now, heard_at):
        self.pump.tick(now, self.timeline.now(now), heard_at)

    @property
    def heard_s(self):
        """How long what was made of the publisher's sound lasts, silence not counted."""
        runs = [event.part.body for event in self.publication.events if isinstance(event, PartReady)]
        return sum(bytes(body).count(OPUS) for body in runs) / 50

    @property
    def attached(self):
        return next((call[1] for call in self.publication.calls if call[0] == "attach"), None)


class Segmented:
    """A publication that is a segmenter: what its parts declare, and what they hold."""

    name = "cam"

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter
        self.events = []

    def attach(self, source, tracks, wall_clock_zero, now):
        self.events += self.segmenter.start(tracks, wall_clock_zero)

    def write(self, sample, now):
        self.events += self.segmenter.write(sample)

    def advance(self, source_time_s, now):
        self.events += self.segmenter.advance(source_time_s)

    def correct_clock(self, wall_clock_zero):
        self.segmenter.correct_clock(wall_clock_zero)

    def change_track(self, track, now):
        self.events += self.segmenter.change_track(track)

    def key_frame_due(self, source_time_s):
        return self.segmenter.key_frame_due(source_time_s)

    @property
    def no_part_due_before(self):
        return self.segmenter.no_part_due_before

    @property
    def no_key_frame_before(self):
        return self.segmenter.no_key_frame_before

    def end(self):
        """The parts; and how long each track lasts in them, in seconds, by its number."""
        self.events += self.segmenter.seal()
        parts = [event.part for event in self.events if isinstance(event, PartReady)]
        lasts = {}
        for part in parts:
            for run in parse_fragment(bytes(part.body)) if part.body else ():
                lasts[run.track_id] = lasts.get(run.track_id, 0) + sum(run.durations)
        rates = {track_id: 90_000 if len(lasts) == 2 and track_id == 1 else 48_000 for track_id in lasts}
        return parts, {track_id: ticks / rates[track_id] for track_id, ticks in lasts.items()}


def chained(samples):
    return all(other.dts == one.dts + one.duration for one, other in pairwise(samples))


def test_it_attaches_with_the_first_key_frame_and_writes_from_there():
    rig = Rig()
    rig.run(0, 1, first=10)
    tracks = rig.attached
    assert [(track.kind, track.codec) for track in tracks] == [("video", "h264"), ("audio", "opus")]
    assert (tracks[0].width, tracks[0].height) == (640, 360)
    video = rig.publication.of("video")
    assert [sample.is_sync for sample in video] == [True] + [False] * 19
    assert video[0].dts == 30_000
    assert b"".join(video[0].data) == len(IDR).to_bytes(4) + IDR, "parameter sets stand in the track"
    assert b"".join(video[1].data) == len(SLICE).to_bytes(4) + SLICE
    assert {sample.duration for sample in video} == {3000}


def test_sound_that_came_before_its_picture_is_kept():
    rig = Rig()
    rig.run(0, 1, first=10)
    audio = rig.publication.of("audio")
    assert 16_000 <= audio[0].dts < 16_000 + 960
    assert chained(audio)
    assert SILENCE not in {sample.data for sample in audio}


def test_without_parameter_sets_a_key_frame_is_asked_for():
    rig = Rig()
    rig.pump.video(picture(0, key=True, nals=(IDR,)), 100.0)
    rig.pump.video(picture(1), 100.04)
    assert rig.attached is None
    assert rig.pump.wants_key_frame(rig.timeline.now(100.1))
    rig.pump.video(picture(2, key=True), 100.07)
    assert rig.attached is not None
    assert not rig.pump.wants_key_frame(rig.timeline.now(100.1))
    rig.publication.due = True
    assert rig.pump.wants_key_frame(rig.timeline.now(100.1))


def test_after_a_stall_key_frames_are_due_by_the_newest_picture_though_the_clock_allows_for_lateness():
    rig = Rig()
    rig.run(0, 2)
    for number in range(60, 90):
        rig.pump.video(picture(number), 103.0)
    asked = []
    rig.publication.key_frame_due = lambda source_time_s: asked.append(source_time_s) or True
    assert rig.pump.wants_key_frame(rig.timeline.now(103.0))
    assert asked == [pytest.approx(89 / 30, abs=0.05)], "the clock alone would say 2.0"


def test_a_changed_track_is_told_before_its_key_frame_and_repetition_is_no_change():
    rig = Rig()
    rig.run(0, 2)
    assert [call[0] for call in rig.publication.calls] == ["attach"]
    before = len(rig.publication.samples)
    rig.pump.video(picture(60, key=True, nals=(WIDE_SPS, PPS, IDR)), 102.0)
    name, track, position = rig.publication.calls[-1]
    assert (name, position) == ("change_track", before)
    assert (track.width, track.height) == (1280, 720)
    assert rig.pump.tracks[0] == track


def test_broken_parameter_sets_cost_their_picture_only():
    rig = Rig()
    rig.run(0, 1)
    rig.pump.video(picture(30, key=True, nals=(SPS[:5], PPS, IDR)), 101.0)
    assert rig.pump.malformed == {"video": 1, "audio": 0}
    rig.run(2, 3)
    assert [call[0] for call in rig.publication.calls] == ["attach"]


def test_what_is_no_opus_costs_itself_only():
    rig = Rig()
    rig.run(0, 1)
    rig.pump.audio(sound(50)._replace(nals=(b"\x7b\x82" + b"\xff" * 40,)), 101.0)
    assert rig.pump.malformed == {"video": 0, "audio": 1}
    rig.run(1, 2)
    assert rig.pump.malformed == {"video": 0, "audio": 1}


def test_who_publishes_no_sound_gets_silence_ahead_of_the_pictures():
    rig = Rig(has_audio=False)
    rig.run(0, 2, audio=False)
    audio = rig.publication.of("audio")
    assert {sample.data for sample in audio} == {SILENCE}
    assert chained(audio)
    end = (audio[-1].dts + 960) / 48_000
    assert 2 + LEAD_S - 0.06 <= end <= 2 + 2 * LEAD_S + 0.02


def test_who_falls_silent_gets_silence_when_nothing_can_come_any_more():
    rig = Rig()
    rig.run(0, 2)
    rig.run(2, 2 + PATIENCE_S - 0.04, audio=False)
    assert SILENCE not in {sample.data for sample in rig.publication.of("audio")}
    rig.run(2 + PATIENCE_S - 0.04, 4, audio=False)
    audio = rig.publication.of("audio")
    assert chained(audio)
    assert audio[-1].data == SILENCE
    assert audio[-1].dts / 48_000 > 4 - 0.08, "who is silent for long is not waited for"
    rig.run(4, 5)
    assert chained(rig.publication.of("audio"))
    assert rig.publication.of("audio")[-1].data != SILENCE


def test_lost_sound_is_filled_when_the_next_comes():
    rig = Rig()
    rig.run(0, 1)
    rig.pump.audio(sound(53), 101.06)
    data = [sample.data == SILENCE for sample in rig.publication.of("audio")]
    assert data[-4:] == [True, True, True, False]


def test_sound_alone_is_a_publication_too():
    rig = Rig(has_video=False)
    rig.run(0, 1, video=False)
    assert [track.kind for track in rig.attached] == ["audio"]
    assert len(rig.publication.of("audio")) == 50
    assert not rig.pump.wants_key_frame(rig.timeline.now(101.0))


def test_pictures_that_were_promised_and_do_not_come_are_not_waited_for_for_ever():
    rig = Rig()
    rig.run(0, WITHOUT_VIDEO_S - 0.1, video=False)
    assert rig.attached is None
    rig.run(WITHOUT_VIDEO_S - 0.1, WITHOUT_VIDEO_S + 1, video=False)
    assert [track.kind for track in rig.attached] == ["audio"]
    rig.run(WITHOUT_VIDEO_S + 1, WITHOUT_VIDEO_S + 3)
    assert [len(call[1]) for call in rig.publication.calls] == [1, 2]
    assert chained(rig.publication.of("audio"))
    assert rig.publication.of("video")[0].is_sync


def test_the_publication_is_told_of_time_only_when_a_part_may_be_due():
    rig = Rig()
    rig.publication.no_part_due_before = 0.5
    rig.run(0, 0.9)
    assert rig.publication.advanced[0] < 0.1
    assert rig.publication.advanced[1] == pytest.approx(0.5, abs=0.03)
    told = len(rig.publication.advanced)
    rig.publication.no_part_due_before = 99.0
    rig.run(0.9, 1.5)
    assert len(rig.publication.advanced) == told + 1


def test_time_stops_when_nothing_is_heard():
    rig = Rig()
    rig.run(0, 4)
    rig.run(4, 7, video=False, audio=False, heard=False)
    shortest, longest = CLOCK_STOPS_AFTER_S
    assert 4 + shortest - 0.1 <= rig.publication.advanced[-1] <= 4 + shortest + 0.1
    assert rig.publication.of("audio")[-1].dts / 48_000 < 4 + longest


@pytest.mark.parametrize("has_video", [True, False])
@pytest.mark.parametrize("end", [4 + step / 50 for step in range(14)])
def test_of_who_vanishes_no_part_declares_more_than_it_holds(has_video, end):
    """The parts that were closed on the clock waited for sound; what did not come in time is silence."""
    rig = Rig(has_video=has_video)
    segmenter = Segmenter(22_500, 180_000)
    rig.publication = rig.pump._publication = Segmented(segmenter)
    rig.run(0, end, video=has_video)
    rig.run(end, end + 2, video=False, audio=False, heard=False)
    parts, lasts = rig.publication.end()
    declared = sum(part.duration_ticks for part in parts) / 90_000
    sound_lasts = list(lasts.values())[-1]
    assert sound_lasts == pytest.approx(declared, abs=0.021)


@pytest.mark.parametrize("away_s", [2.5, 6])
@pytest.mark.parametrize("kinds", ["both", "picture", "sound"])
def test_who_was_cut_off_and_is_heard_again_goes_on_without_a_hole(kinds, away_s, caplog):
    """The network was away: what was sent meanwhile is lost, and players do not pass a hole."""
    video, audio = kinds != "sound", kinds != "picture"
    rig = Rig(has_video=video, has_audio=audio)
    segmenter = Segmenter(22_500, 180_000)
    rig.publication = rig.pump._publication = Segmented(segmenter)
    rig.run(0, 4, video=video, audio=audio)
    rig.run(4, 4 + away_s, video=False, audio=False, heard=False)
    with caplog.at_level(logging.INFO, "edge"):
        rig.run(4 + away_s, 4.1 + away_s, video=False, audio=False)  # checks and reports come before media
        rig.run(4.1 + away_s, 8 + away_s, video=video, audio=audio)
    parts, lasts = rig.publication.end()
    assert all(part.body for part in parts), "no gap"
    assert sum(part.duration_ticks for part in parts) / 90_000 < 8.5
    for seconds in lasts.values():
        assert seconds == pytest.approx(sum(part.duration_ticks for part in parts) / 90_000, abs=0.06)
    assert [(line.message, line.away_s) for line in caplog.records] == [
        ("publisher.returned", pytest.approx(away_s, abs=0.2))
    ]


@pytest.mark.parametrize("off_at", [4.05, 4.5, 4.9])
def test_while_a_camera_is_off_its_last_key_frame_stands_still(off_at):
    """Sound goes on, and no player plays it without a picture."""
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, off_at)
    rig.run(off_at, 20, video=False)
    rig.run(20, 22)
    parts, lasts = rig.publication.end()
    assert lasts[1] == pytest.approx(22, abs=0.05)
    assert lasts[2] == pytest.approx(22, abs=0.05)
    tracks = [[run.track_id for run in parse_fragment(bytes(part.body))] for part in parts]
    assert tracks.count([2]) <= 6, "until it is clear that no picture comes"
    segments = [event.segment for event in rig.publication.events if isinstance(event, SegmentSealed)]
    assert sum(not segment.parts[0].independent for segment in segments) <= 1, "it was to begin meanwhile"
    assert max(segment.duration_ticks for segment in segments[3:]) < 2.5 * 90_000


def test_pictures_after_a_pause_wait_for_a_key_frame_that_is_asked_for():
    rig = Rig()
    rig.run(0, 4)
    rig.run(4, 7, video=False)
    assert not rig.pump.wants_key_frame(7.0), "whose camera is off has none"
    before = len(rig.publication.of("video"))
    rig.pump.video(picture(211), 107.03)
    assert rig.pump.wants_key_frame(7.03)
    rig.pump.video(picture(212), 107.07)
    assert len(rig.publication.of("video")) == before
    rig.pump.video(picture(213, key=True), 107.1)
    rig.pump.video(picture(214), 107.13)
    assert [sample.is_sync for sample in rig.publication.of("video")[before:]] == [True, False]
    assert not rig.pump.wants_key_frame(7.13)


@pytest.mark.parametrize("late_s", [0.5, 0.9, 2.0])
def test_a_picture_that_comes_late_after_stills_is_with_its_sound_again(late_s):
    """A large key frame on a thin line; the stills have its time already."""
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, 4)
    rig.run(4, 8, video=False)
    rig.run(8, 8 + late_s, video=False)
    for number in range(240, round((8 + late_s) * 30)):
        rig.pump.video(picture(number, key=number == 240, arrival=108 + late_s), 108 + late_s)
    rig.run(8 + late_s, 20, first=15)
    rig.publication.end()
    _, (video, audio) = rig.publication.segmenter.reach
    assert video / 90_000 == pytest.approx(audio / 48_000, abs=0.1)


@pytest.mark.parametrize("pause_s", [1.7, 2.0, 2.3])
def test_three_pictures_a_second_do_not_stay_early_after_stills(pause_s):
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    numbers = [n for n in range(0, 600, 10) if not 240 < n < 240 + pause_s * 30]
    first = next(n for n in numbers if n > 240)
    events = [
        (100 + n / 30, lambda now, n=n: rig.pump.video(picture(n, key=n % 60 == 0 or n == first), now))
        for n in numbers
    ]
    events += [(100 + n / 50, lambda now, n=n: rig.pump.audio(sound(n), now)) for n in range(1000)]
    events += [(100 + n / 50 + 0.001, lambda now: rig.tick(now, now)) for n in range(1000)]
    for now, event in sorted(events, key=lambda one: one[0]):
        event(now)
    parts, _ = rig.publication.end()
    runs = [run for part in parts[-20:] for run in parse_fragment(bytes(part.body)) if run.track_id == 1]
    thirds = [run.base_decode_time / 30_000 for run in runs]
    assert thirds == pytest.approx([round(third) for third in thirds], abs=0.1)


def test_a_camera_that_is_off_while_the_network_is_away_too_stays_on_the_screen():
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, 4)
    rig.run(4, 8, video=False)
    rig.run(8, 10.5, video=False, audio=False, heard=False)
    rig.run(10.5, 20, video=False)
    rig.run(20, 22)
    parts, lasts = rig.publication.end()
    assert all(part.body for part in parts), "no gap"
    assert sum(isinstance(event, InitChanged) for event in rig.publication.events) == 1
    assert lasts[1] == pytest.approx(20, abs=0.2)
    assert lasts[2] == pytest.approx(lasts[1], abs=0.05)


@pytest.mark.parametrize(("every_s", "after_s"), [(0.5, 2.0), (1.0, 2.5), (1.5, 2.5)])
def test_without_sound_a_report_a_second_says_that_the_publisher_is_there(every_s, after_s):
    rig = Rig(has_audio=False)
    rig.run(0, 4, audio=False)
    for tick in range(round(12 / 0.025)):
        at_s = tick * 0.025
        rig.tick(104 + at_s, 104 + at_s // every_s * every_s)
    stills = [now for sample, now in rig.publication.samples if sample.kind == "video" and now > 104]
    assert stills[0] < 104 + after_s
    assert rig.publication.advanced[-1] > 15, "one that is late is no end"
    rig.tick(116 + 0.9 * every_s, 116 - every_s)
    rig.tick(116 + every_s, 116 + every_s)
    assert rig.pump._away_since is None


def test_a_machine_that_slept_while_a_camera_was_off_keeps_sound_and_picture_together():
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, 4)
    rig.run(4, 8, video=False)
    rig.pump.audio(sound(20 * 50), 120.0)
    rig.run(20, 24, video=False)
    rig.run(24, 26)
    _, lasts = rig.publication.end()
    assert lasts[1] == pytest.approx(lasts[2], abs=0.05)


@pytest.mark.parametrize("asleep_s", [3.0, 6.0, 9.0])
@pytest.mark.parametrize("camera_off_at", [6, 12])
def test_a_machine_asleep_with_its_clocks_keeps_sound_and_picture_together(asleep_s, camera_off_at):
    """Its RTP times go on as if nothing had been, and time with them, not seconds ahead."""
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, camera_off_at)
    rig.run(camera_off_at, 12, video=False)
    wakes = 12 + asleep_s
    rig.run(12, wakes, video=False, audio=False, heard=False)
    rig.run(wakes, wakes + 20, still=(asleep_s, asleep_s))
    _, (video, audio) = rig.publication.segmenter.reach
    parts, lasts = rig.publication.end()
    assert video / 90_000 == pytest.approx(audio / 48_000, abs=0.1)
    assert all(part.body for part in parts), "no gap"
    assert all({run.track_id for run in parse_fragment(bytes(part.body))} == {1, 2} for part in parts[-70:])
    assert lasts[1] == pytest.approx(32, abs=0.3)
    assert rig.heard_s == pytest.approx(32, abs=1.1)


def assert_picture_and_sound_are_together(rig):
    _, (video, audio) = rig.publication.segmenter.reach
    parts, _ = rig.publication.end()
    assert video / 90_000 == pytest.approx(audio / 48_000, abs=0.1)
    assert all(part.body for part in parts), "no gap"


@pytest.mark.parametrize("still_s", [4.0, 6.0, 9.0])
@pytest.mark.parametrize("reports", [True, False])
def test_a_camera_whose_clock_stood_still_is_with_its_sound_again(still_s, reports):
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, 4)
    rig.report(104.0)
    rig.run(4, 4 + still_s, video=False)
    for second in range(20):
        begin = 4 + still_s + second
        if reports:
            rig.report(100 + begin, (still_s, 0))
        rig.run(begin, begin + 1, still=(still_s, 0), first=round(still_s * 30) % 30)
    assert_picture_and_sound_are_together(rig)


def test_clocks_that_jump_ahead_leave_no_hole():
    """Reports tell that both stood still while their publisher slept: by then its media are here again."""
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    for second in range(4):
        rig.report(100.0 + second)
        rig.run(second, second + 1)
    rig.run(4, 11, video=False, audio=False, heard=False)
    for second in range(11, 25):
        rig.run(second, second + 1, still=(7, 7))
        rig.report(101.0 + second, (7, 7))
    parts, lasts = rig.publication.end()
    assert all(part.body for part in parts), "no gap"
    assert lasts[1] == pytest.approx(lasts[2], abs=0.06)
    assert lasts[1] == pytest.approx(18, abs=1.1)


def test_time_that_went_on_by_reports_goes_back_with_the_media():
    """Camera and microphone are off, their clocks stand still, and then nothing is reported."""
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, 4)
    rig.run(4, 12, video=False, audio=False)
    rig.run(12, 30, still=(8, 8))
    assert_picture_and_sound_are_together(rig)
    assert rig.heard_s == pytest.approx(22, abs=2.1)


def test_a_key_frame_far_behind_does_not_begin_the_stream_anew():
    """The network was away, and only the clock of the pictures stood still: sound would leave a hole."""
    rig = Rig()
    rig.publication = rig.pump._publication = Segmented(Segmenter(22_500, 180_000))
    rig.run(0, 4)
    rig.run(4, 12, video=False, audio=False, heard=False)
    rig.run(12, 30, still=(8, 0))
    assert_picture_and_sound_are_together(rig)


def test_pictures_that_wait_for_a_key_frame_beside_sound_alone_are_asked_for_one():
    rig = Rig()
    rig.run(0, 8, video=False)
    assert rig.attached is not None
    assert not rig.pump.wants_key_frame(8.0)
    rig.pump.video(picture(240), 108.0)
    assert rig.pump.wants_key_frame(8.0)
    assert not rig.pump.wants_key_frame(11.0)
    rig.pump.video(picture(241, key=True), 108.03)
    assert not rig.pump.wants_key_frame(8.1)


def test_stills_are_no_sign_of_life():
    rig = Rig()
    rig.run(0, 4)
    rig.run(4, 7, video=False)
    rig.run(7, 8, video=False, audio=False, heard=False)
    assert max(now for _, now in rig.publication.samples) <= 107.0


def test_a_damaged_key_frame_does_not_stand_still():
    rig = Rig()
    rig.run(0, 4)
    damaged = picture(120, key=True)._replace(damaged=True)
    rig.pump.video(damaged, 104.0)
    before = len(rig.publication.of("video"))
    rig.run(4, 8, video=False)
    assert len(rig.publication.of("video")) == before


def test_a_still_screen_is_no_camera_that_is_off():
    rig = Rig()
    events = [
        (100.0 + n, lambda now, n=n: rig.pump.video(picture(30 * n, key=n % 2 == 0), now)) for n in range(10)
    ]
    events += [(100 + n / 50, lambda now, n=n: rig.pump.audio(sound(n), now)) for n in range(500)]
    events += [(100 + n / 50 + 0.001, lambda now: rig.tick(now, now)) for n in range(500)]
    for now, event in sorted(events, key=lambda one: one[0]):
        event(now)
    assert len(rig.publication.of("video")) == 10


def test_a_short_pause_of_pictures_is_no_camera_that_is_off():
    """What comes then is not thrown away: publishers that do not hear send no key frame for it."""
    rig = Rig()
    rig.run(0, 4)
    rig.run(4, 5.4, video=False)
    rig.run(5.4, 6, first=1)
    assert len(rig.publication.of("video")) == 4 * 30 + 18


def test_a_machine_that_slept_shows_no_hour_of_stills():
    rig = Rig()
    rig.run(0, 4)
    rig.run(4, 7, video=False)
    before = len(rig.publication.of("video"))
    rig.pump.audio(sound(3600 * 50), 3700.0)
    rig.tick(3700.0, 3700.0)
    assert len(rig.publication.of("video")) - before <= 21


def test_what_comes_late_but_whole_goes_on_as_it_is():
    rig = Rig()
    rig.run(0, 4)
    rig.run(4, 7, video=False, audio=False, heard=False)
    late = [
        (4 + n / 30, lambda now, n=n: rig.pump.video(picture(120 + n, key=n % 30 == 0), now))
        for n in range(90)
    ]
    late += [(4 + n / 50, lambda now, n=n: rig.pump.audio(sound(200 + n), now)) for n in range(150)]
    for _, event in sorted(late, key=lambda one: one[0]):
        event(107.0)
    rig.run(7, 9)
    assert len([call for call in rig.publication.calls if call[0] == "attach"]) == 1
    assert len(rig.publication.of("video")) == 9 * 30


def test_what_was_queued_before_the_hole_does_not_hide_it():
    rig = Rig()
    rig.run(0, 4)
    rig.run(4, 8, video=False, audio=False, heard=False)
    for number in range(6):
        rig.pump.audio(sound(200 + number), 108.0)
    rig.run(8, 9)
    assert len([call for call in rig.publication.calls if call[0] == "attach"]) == 2


def test_a_still_screen_keeps_time_going_with_a_packet_a_second():
    rig = Rig(has_audio=False)
    for second in range(4):
        rig.pump.video(picture(30 * second, key=second == 0), 100.0 + second)
        rig.run(second, second + 1, video=False, audio=False, heard=False)
    assert rig.publication.advanced[-1] == pytest.approx(3.98, abs=0.1)
    assert rig.publication.of("audio")[-1].dts / 48_000 > 3.9


def test_silence_of_ours_is_no_sign_of_life():
    rig = Rig()
    rig.run(0, 2)
    rig.run(2, 4, video=False, audio=False, heard=False)
    filled = [
        now for sample, now in rig.publication.samples if sample.kind == "audio" and sample.data == SILENCE
    ]
    assert filled
    assert max(filled) <= 102.0


def test_what_the_publication_refuses_is_told():
    rig = Rig()
    rig.publication.refusal = NameTaken("someone else")
    with pytest.raises(NameTaken):
        rig.pump.video(picture(0, key=True), 100.0)


def test_b_frames_are_told_once(caplog):
    rig = Rig()
    rig.run(0, 1)
    with caplog.at_level(logging.WARNING):
        for number in range(30, 40):
            rig.pump.video(picture(number, nals=(B_SLICE,)), 101.0)
    assert [record.message for record in caplog.records] == ["publisher.sends_b_frames"]
    assert caplog.records[0].stream == "cam"


def test_an_empty_picture_is_no_sample():
    rig = Rig()
    rig.run(0, 1)
    before = len(rig.publication.samples)
    rig.pump.video(picture(30, nals=(SPS, PPS)), 101.0)
    assert len(rig.publication.samples) == before


def test_after_close_no_sound_comes():
    rig = Rig()
    rig.run(0, 1)
    rig.pump.close()
    before = len(rig.publication.samples)
    rig.run(1, 2, video=False)
    assert len(rig.publication.samples) == before


def test_a_sound_card_that_runs_slow_does_not_take_the_dates_along():
    """An hour at 100 ppm is a third of a second; the first report comes after the first picture."""
    rig = Rig(has_audio=False)
    for number in range(3600):
        now = 100 + number * 1.0001
        report = ntp(1_700_000_000.0 + now - 0.04)
        rig.pump.video(AccessUnit("video", 1, number * 90_000, now, (SPS, PPS, IDR), key=True), now)
        rig.pump._timeline.on_sender_report("video", report, number * 90_000, now, 1)
        rig.pump.tick(now, rig.timeline.now(now), now)
    assert rig.publication.clocks[0] == pytest.approx(1_700_000_100 - 0.04)
    assert rig.publication.clocks[-1] == pytest.approx(1_700_000_100 + 0.36 - 0.04, abs=0.002)


def asked(gaps_ms, part_ticks, *, forgetful):
    """When a publisher that has a key frame whenever it is asked for one is asked, with these pauses between
    its pictures; `forgetful` asks the segmenter every time.
    """
    segmented = Segmented(Segmenter(part_ticks, 180_000))
    timeline = Timeline()
    pump = Pump(segmented, segmented, timeline, OpusPath, has_video=True, has_audio=False)
    times, now, at, is_key = [], 100.0, 100.0, True
    for number, gap_ms in enumerate(gaps_ms):
        at += gap_ms / 1000
        while now + 0.025 < at:
            now += 0.025
            source_now = timeline.now(now)
            if forgetful:
                pump._no_key_frame_before = 0.0
            if pump.wants_key_frame(source_now):
                times.append(now)
                is_key = True
            pump.tick(now, source_now, at)
        nals = ((SPS if number < 150 else WIDE_SPS), PPS, IDR) if is_key else (SLICE,)
        pump.video(AccessUnit("video", 1, round((at - 100) * 90_000), at, nals, key=is_key), at)
        is_key = False
    return times


@given(
    st.lists(
        st.one_of(st.lists(st.just(gap), min_size=5, max_size=60) for gap in (16, 33, 60, 100, 300, 1000))
        | st.lists(st.sampled_from([1, 20, 33, 50, 67, 250, 500, 2500]), max_size=9),
        max_size=6,
    ),
    st.sampled_from([9_000, 22_500, 45_000]),
)
@settings(max_examples=60, deadline=None)
def test_key_frames_are_asked_for_as_if_the_segmenter_were_asked_every_time(stretches, part_ticks):
    gaps_ms = [33] * 120 + [gap for stretch in stretches for gap in stretch]
    assert asked(gaps_ms, part_ticks, forgetful=False) == asked(gaps_ms, part_ticks, forgetful=True)
