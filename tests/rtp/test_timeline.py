"""Source time from RTP time, arrival and sender reports; every publisher here is a loop in virtual time."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.media.timebase import NTP_TO_UNIX_S
from edge.rtp.timeline import Timeline

UNIX = 1_700_000_000.0
MONOTONIC = 5_000.0
OFFSET = UNIX - MONOTONIC
RATES = {"video": 90_000, "audio": 48_000}


def ntp(unix: float) -> int:
    return int((unix + NTP_TO_UNIX_S) * 2**32)


class Publisher:
    """Captures audio and video on one wall clock; `capture` is seconds since it began."""

    def __init__(self, seed: int = 1, *, clock_error_s: float = 0.0) -> None:
        self.rng = random.Random(seed)
        self.timeline = Timeline(OFFSET)
        self.rtp_zero = {"video": 4_000_000_000, "audio": 123_456}
        self.drift = {"video": 0.0, "audio": 0.0}
        self.way_s = {"video": 0.08, "audio": 0.03}
        self.jitter_s = 0.0
        self.report_jitter_s = 0.0
        self.clock_error_s = clock_error_s
        self.ssrc = {"video": 1, "audio": 2}
        self.reporting = True
        self.report_every_s = 1.0
        self.kinds = ("audio", "video")
        self.frame_s = {"video": 1 / 30, "audio": 0.02}
        self.next_frame = {"video": 0.0, "audio": 0.0}
        self.next_report = {"video": 0.3, "audio": 0.5}
        self.out: dict[str, list[tuple[float, float]]] = {"video": [], "audio": []}

    def rtp_time(self, kind: str, capture: float) -> int:
        return self.rtp_zero[kind] + round(capture * (1 + self.drift[kind]) * RATES[kind])

    def run(self, until: float) -> None:
        """Units as (capture, source time in seconds)."""
        while True:
            kind = min(self.kinds, key=lambda one: self.next_frame[one] + self.way_s[one])
            capture = self.next_frame[kind]
            if capture >= until:
                return
            self.next_frame[kind] = capture + self.frame_s[kind]
            self.report(kind, capture)
            arrival = MONOTONIC + capture + self.way_s[kind] + self.rng.random() * self.jitter_s
            ticks = self.timeline.place(kind, self.rtp_time(kind, capture), arrival, self.ssrc[kind])
            self.out[kind].append((capture, ticks / RATES[kind]))

    def report(self, kind: str, capture: float) -> None:
        if self.reporting and capture >= self.next_report[kind]:
            self.next_report[kind] += self.report_every_s
            when = capture + self.rng.random() * self.report_jitter_s
            self.timeline.on_sender_report(
                kind,
                ntp(UNIX + when + self.clock_error_s),
                self.rtp_time(kind, capture) & 0xFFFF_FFFF,
                MONOTONIC + when,
                self.ssrc[kind],
            )

    def lag(self, kind: str) -> float:
        """Source time less capture time of the last unit."""
        capture, out = self.out[kind][-1]
        return out - capture

    def apart(self) -> float:
        """Seconds by which pictures are shown too late against the sound."""
        return self.lag("video") - self.lag("audio")

    def steps(self, kind: str) -> list[float]:
        times = [out for _, out in self.out[kind]]
        return [after - before for before, after in itertools.pairwise(times)]


def test_it_begins_at_zero_and_counts_in_the_tracks_own_ticks() -> None:
    timeline = Timeline()
    assert timeline.wall_clock_zero is None
    assert timeline.place("video", 4_000_000_000, 7.0) == 0
    assert timeline.place("video", 4_000_003_000, 7.033) == 3000
    # The second picture came a third of a millisecond earlier than the first let expect: 16 ticks of sound.
    assert timeline.place("audio", 500, 7.040) == 40 * 48 + 16
    assert timeline.place("audio", 1460, 7.060) == 40 * 48 + 16 + 960


def test_by_arrival_until_there_are_reports() -> None:
    publisher = Publisher()
    publisher.reporting = False
    publisher.run(3.0)
    assert publisher.apart() == pytest.approx(0.05, abs=0.002), "the ways differ, and nobody tells"
    assert publisher.timeline.skew is None


def test_reports_put_pictures_where_they_belong_a_millisecond_a_time() -> None:
    publisher = Publisher()
    publisher.run(0.4)
    assert publisher.apart() == pytest.approx(0.05, abs=0.002)
    publisher.run(6.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.001)
    assert max(abs(step - 0.02) for step in publisher.steps("audio")) < 1e-9
    assert max(abs(step - 1 / 30) for step in publisher.steps("video")) < 0.00102


def test_ffmpeg_reports_at_once_and_then_after_five_seconds() -> None:
    publisher = Publisher()
    publisher.next_report = {"video": 0.0, "audio": 0.0}
    publisher.report_every_s = 5.0
    publisher.run(4.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.001)


def test_obs_reports_jitter_and_do_not_shake_the_pictures() -> None:
    publisher = Publisher()
    publisher.report_jitter_s = 0.03
    publisher.jitter_s = 0.02
    publisher.run(20.0)
    publisher.out["video"].clear()
    publisher.run(60.0)
    assert abs(publisher.apart()) < 0.012
    assert max(abs(step - 1 / 30) for step in publisher.steps("video")) < 0.000_6


@pytest.mark.parametrize(("frame_s", "drift"), [(1001 / 60_000, -111e-6), (1001 / 24_000, 67e-6)])
def test_frame_rates_that_drift_are_followed_for_an_hour(frame_s: float, drift: float) -> None:
    publisher = Publisher()
    publisher.drift["video"] = drift
    publisher.drift["audio"] = 30e-6
    publisher.frame_s = {
        "video": frame_s * 10,
        "audio": 0.2,
    }  # every tenth frame: quicker to run, harder to follow
    publisher.run(3600.0)
    assert abs(publisher.apart()) < 0.004
    assert max(abs(step - 0.2) for step in publisher.steps("audio")) < 0.0001, "sound is not touched"
    assert all(step > 0 for step in publisher.steps("video"))


def test_audio_that_joins_later_is_put_beside_the_pictures() -> None:
    publisher = Publisher()
    publisher.kinds = ("video",)
    publisher.run(5.0)
    publisher.kinds = ("audio", "video")
    publisher.next_frame["audio"] = 5.0
    publisher.next_report["audio"] = 5.5
    publisher.run(10.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.001)
    assert publisher.out["audio"][0][1] == pytest.approx(5.0, abs=0.06)


def test_audio_from_before_the_first_picture_is_negative() -> None:
    timeline = Timeline()
    timeline.on_sender_report("audio", ntp(UNIX), 0, 9.9)
    timeline.on_sender_report("video", ntp(UNIX), 0, 9.9)
    assert timeline.place("video", 9000, 10.0) == 0
    assert timeline.place("audio", 0, 10.001) == -4800
    assert timeline.place("audio", 960, 10.002) == -3840


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_another_ssrc_goes_on_without_a_break(kind: str) -> None:
    publisher = Publisher()
    publisher.run(10.0)
    publisher.ssrc[kind] = 99
    publisher.rtp_zero[kind] = 77
    before = publisher.lag(kind)
    publisher.run(10.2)
    assert publisher.lag(kind) == pytest.approx(before, abs=0.06), "by arrival at first"
    publisher.run(20.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.002)
    assert all(0 < step < 0.1 for step in publisher.steps(kind))


def test_reports_of_a_replaced_ssrc_are_ignored() -> None:
    publisher = Publisher()
    publisher.run(5.0)
    for _ in range(3):
        publisher.timeline.on_sender_report("video", ntp(UNIX - 1), 0, 0.0, ssrc=55)
    publisher.run(10.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.001)


def test_a_time_stamp_that_begins_anew_without_a_new_ssrc() -> None:
    publisher = Publisher()
    publisher.run(5.0)
    publisher.rtp_zero["video"] += 1_000_000_000
    publisher.run(10.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.002)
    assert all(0 < step < 0.1 for step in publisher.steps("video"))


def test_sound_that_stood_still_jumps_ahead() -> None:
    """A microphone was changed: no sound for a second, and its RTP time knows nothing of it."""
    publisher = Publisher()
    publisher.run(5.0)
    publisher.next_frame["audio"] += 1.0
    publisher.rtp_zero["audio"] -= 48_000
    publisher.run(12.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.002)
    assert sum(step > 0.5 for step in publisher.steps("audio")) == 1
    assert max(publisher.steps("video")) < 0.04


@pytest.mark.parametrize("pictures_after_s", [0.0, 12.0])
@pytest.mark.parametrize("asleep_s", [3.0, 7.0])
@pytest.mark.parametrize("reporting", [True, False])
def test_clocks_that_stood_still_together_move_nothing(pictures_after_s, asleep_s, reporting) -> None:
    """A machine slept with all of its clocks: source time goes on with what comes, and so does `now`."""
    publisher = Publisher()
    publisher.reporting = reporting
    publisher.run(6.3)
    asleep = MONOTONIC + 6.3
    publisher.timeline.now(asleep + asleep_s)
    publisher.way_s = {kind: way + asleep_s for kind, way in publisher.way_s.items()}
    publisher.next_frame["video"] += pictures_after_s
    steps = []
    for tenth in range(64, 250):
        publisher.run(tenth / 10)
        reached = publisher.timeline.now(MONOTONIC + tenth / 10 + asleep_s)
        steps += [publisher.apart()] if tenth / 10 > 7 + pictures_after_s else []
        assert reached < publisher.out["audio"][-1][1] + 0.1
        assert tenth < 80 or reached > publisher.out["audio"][-1][1] - 0.1
    assert steps == pytest.approx([0.0 if reporting else 0.05] * len(steps), abs=0.06)
    assert max(publisher.steps("audio")) < 0.021


@pytest.mark.parametrize("kinds", [("audio",), ("video",), ("audio", "video")])
@pytest.mark.parametrize("jump_s", [0.4, 1.9, 4.9, 6.0])
def test_times_that_jump_with_every_unit_make_no_day(kinds, jump_s) -> None:
    publisher = Publisher()
    publisher.run(4.0)
    for frame in range(600):
        for kind in kinds:
            publisher.rtp_zero[kind] += round(jump_s * RATES[kind])
        publisher.run(4.0 + (frame + 1) / 30)
    for kind in ("audio", "video"):
        assert publisher.lag(kind) < 5 * (24 / 5 + 1)


@pytest.mark.parametrize("kinds", [("audio",), ("video",), ("audio", "video")])
@pytest.mark.parametrize("still_s", [4.0, 6.8, 9.0])
@pytest.mark.parametrize("first_report_s", [0.5, 3.0])
def test_clocks_that_stood_still_are_mended_once(kinds, still_s, first_report_s) -> None:
    """By arrivals when a window ends, or by reports that come later: source time does not run ahead."""
    publisher = Publisher()
    publisher.report_every_s = 5.0
    publisher.next_report["audio"] = first_report_s
    publisher.run(18.0)
    for kind in kinds:
        publisher.next_frame[kind] += still_s
        publisher.rtp_zero[kind] -= round(still_s * RATES[kind])
    publisher.run(60.0)
    assert publisher.lag("audio") < 0.1
    assert abs(publisher.apart()) < 0.06


def test_pictures_that_are_far_ahead_make_the_sound_jump() -> None:
    publisher = Publisher()
    publisher.way_s = {"video": 1.0, "audio": 0.02}
    publisher.run(10.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.002)
    assert all(step > 0 for kind in ("audio", "video") for step in publisher.steps(kind))
    assert max(publisher.steps("audio")) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("step", [-3.0, 0.9, 7200.0])
def test_a_publishers_wall_clock_that_is_set_moves_nothing(step: float) -> None:
    publisher = Publisher()
    publisher.run(8.0)
    publisher.clock_error_s = step
    publisher.run(20.0)
    assert publisher.apart() == pytest.approx(0.0, abs=0.002)
    assert max(publisher.steps("audio")) < 0.021
    assert max(publisher.steps("video")) < 0.036
    assert publisher.timeline.skew == pytest.approx(step, abs=0.1)


def test_reports_that_cannot_be_are_not_believed() -> None:
    timeline = Timeline()
    for number in range(100):
        now = number / 50
        timeline.on_sender_report("audio", ntp(UNIX), number * 960, now)
        timeline.on_sender_report("video", ntp(5.0), number * 1800, now)
        audio = timeline.place("audio", number * 960, now) / 48_000
        video = timeline.place("video", number * 1800, now) / 90_000
    assert audio == pytest.approx(video, abs=0.002)
    assert audio == pytest.approx(99 / 50)


def test_pictures_shown_out_of_order_never_make_it_go_back() -> None:
    timeline = Timeline()
    out = [
        timeline.place("video", rtp_time, 1.0 + rtp_time / 90_000)
        for rtp_time in (0, 9000, 3000, 6000, 18_000)
    ]
    assert out == [0, 9000, 9001, 9002, 18_000]


def test_the_wall_clock_of_time_zero_is_the_publishers_when_it_is_near() -> None:
    publisher = Publisher(clock_error_s=-0.3)
    publisher.run(5.0)
    assert publisher.timeline.wall_clock_zero == pytest.approx(UNIX - 0.3, abs=0.06)
    assert publisher.timeline.skew == pytest.approx(-0.3 - 0.03, abs=0.01)
    wrong = Publisher(clock_error_s=86_400.0)
    wrong.run(5.0)
    assert wrong.timeline.wall_clock_zero == pytest.approx(UNIX + 0.03, abs=0.06)
    assert wrong.timeline.skew == pytest.approx(86_400, abs=1.0)


def test_nothing_was_captured_after_it_came() -> None:
    ahead = Publisher(clock_error_s=0.8)
    ahead.run(5.0)
    assert ahead.timeline.skew == pytest.approx(0.8 - 0.03, abs=0.01)
    assert ahead.timeline.wall_clock_zero == pytest.approx(UNIX + 0.03, abs=0.06)
    assert ahead.timeline.arrival_latency("video") == pytest.approx(0.0, abs=0.001)


def test_latency_from_capture() -> None:
    publisher = Publisher()
    publisher.jitter_s = 0.01
    assert publisher.timeline.latency("video", 0, UNIX) is None
    assert publisher.timeline.arrival_latency("video") is None
    publisher.run(10.0)
    capture, _ = publisher.out["video"][-1]
    latency = publisher.timeline.latency("video", publisher.rtp_time("video", capture), UNIX + capture + 0.25)
    assert latency == pytest.approx(0.25, abs=0.005)
    assert publisher.timeline.arrival_latency("video") == pytest.approx(0.085, abs=0.004)
    wrong = Publisher(clock_error_s=-900.0)
    wrong.run(10.0)
    latency = wrong.timeline.latency("video", wrong.rtp_time("video", capture), UNIX + capture + 0.25)
    assert latency == pytest.approx(0.25 - 0.08, abs=0.005), "from the earliest it could have come"
    assert wrong.timeline.arrival_latency("video") == pytest.approx(0.0, abs=0.001)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    jitter_s=st.sampled_from((0.0, 0.02, 0.2)),
    frame_s=st.sampled_from((1 / 30, 1.0)),
)
def test_now_is_reached_by_everything_and_goes_on_in_silence(seed, jitter_s, frame_s) -> None:
    publisher = Publisher(seed)
    publisher.jitter_s = jitter_s
    publisher.frame_s["video"] = frame_s
    publisher.run(10.0)
    arrival = MONOTONIC + 10.0
    reached = publisher.timeline.now(arrival)
    assert 10.0 - 0.2 - jitter_s * 1.5 < reached < 10.0 + 0.02
    assert reached <= 10.0 - 0.03 + publisher.lag("audio") + 0.001
    assert publisher.timeline.now(arrival + 5.0) == pytest.approx(reached + 5.0)


def test_now_before_anything_came() -> None:
    assert Timeline().now(123.0) == 0.0


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("audio", "video")),
            st.booleans(),
            st.integers(-(2**33), 2**33),
            st.floats(0, 1e5),
            st.integers(0, 2**64 - 1),
            st.integers(0, 2),
        ),
        max_size=60,
    )
)
def test_whatever_a_publisher_sends_each_kind_grows(events) -> None:
    timeline = Timeline(OFFSET)
    last: dict[str, int] = {}
    for kind, is_report, rtp_time, when, ntp64, ssrc in events:
        if is_report:
            timeline.on_sender_report(kind, ntp64, rtp_time & 0xFFFF_FFFF, when, ssrc)
        else:
            ticks = timeline.place(kind, rtp_time, when, ssrc)
            assert ticks > last.get(kind, ticks - 1)
            last[kind] = ticks
            timeline.now(when)
            timeline.latency(kind, rtp_time, when)
            assert timeline.wall_clock_zero is not None


def test_a_camera_that_is_off_since_the_network_was_slow_holds_no_sound_up() -> None:
    timeline = Timeline(OFFSET)
    at = 0
    for number in range(50 * 60):
        capture = number / 50
        arrival = MONOTONIC + capture + (1.5 if capture < 12 else 0.0)
        at = timeline.place("audio", number * 960, arrival)
        if capture < 10:
            timeline.place("video", number * 1800, arrival)
        reached = timeline.now(arrival)
        assert capture < 14 or reached > at / 48_000 - 0.4
