import asyncio
import random

import pytest
from tones import best_shift, decoded_aac, level, opus_packets, tone

from edge.errors import MediaError
from edge.ingest import aac, aac_threads
from edge.ingest.aac import AAC_TRACK, AacPath, OpusDecoder
from edge.ingest.aac_threads import AacThreads

OPUS = opus_packets(100)


@pytest.fixture
def threads():
    threads = AacThreads()
    yield threads
    threads.close()


class Listener:
    def __init__(self, threads):
        self.samples = []
        self.crashes = []
        self.dropped = 0
        self.path = AacPath(
            threads, 128_000, self.samples.extend, crashed=self.crashes.append, dropped=self.count_dropped
        )

    def count_dropped(self):
        self.dropped += 1

    async def settled(self):
        async with asyncio.timeout(10):
            while self.path._is_busy or self.path._jobs:
                await asyncio.sleep(0.001)
        assert not self.crashes
        for one, other in zip(self.samples, self.samples[1:]):
            assert other.dts == one.dts + one.duration == one.dts + 1024
        return self.samples


@pytest.fixture
async def listener(threads):
    return Listener(threads)


def test_the_track_is_the_same_for_everybody():
    assert (AAC_TRACK.codec_string, AAC_TRACK.channels, AAC_TRACK.config.hex()) == ("mp4a.40.2", 2, "1190")


async def test_sound_keeps_its_time(listener):
    listener.path.start(5000)
    for number, packet in enumerate(OPUS):
        listener.path.write(5000 + number * 960, packet)
    samples = await listener.settled()
    assert samples[0].dts == 5000
    assert len(samples) >= 100 * 960 // 1024 - 2
    heard = decoded_aac(samples)
    late = best_shift(
        heard[10_000:22_000], tone(10_000, 12_000), 34
    )  # half a period, not to be fooled by another
    assert abs(late) <= 240, "within 5 ms"


async def test_a_mono_publisher_is_heard_on_both_sides(listener):
    decoder = OpusDecoder()
    left, right = [decoder.decode(packet) for packet in opus_packets(5, stereo=False)][-1]
    assert left == right
    assert level(left) > -20


async def test_what_comes_before_the_start_is_cut(listener):
    listener.path.start(960 * 10 + 100)
    for number, packet in enumerate(OPUS[:40]):
        listener.path.write(number * 960, packet)
    samples = await listener.settled()
    assert samples[0].dts == 960 * 10 + 100
    assert level(decoded_aac(samples)[2048:]) > -20


async def test_sound_that_begins_anew_begins_with_none_of_before(listener):
    for begin in (0, 5_000_000):
        listener.path.start(begin)
        for number, packet in enumerate(OPUS[:20]):
            listener.path.write(begin + number * 960, packet)
        samples = await listener.settled()
        assert samples[0].dts == begin
        samples.clear()


async def test_without_any_packet_time_is_filled_with_silence(listener):
    listener.path.start(0)
    for at in range(0, 48_000, 960):
        listener.path.advance(at)
    samples = await listener.settled()
    assert samples[-1].dts + 1024 >= 48_000 - 960 - 2 * 1024
    assert set(decoded_aac(samples)) == {0.0}


async def test_silence_asks_little_of_the_thread(listener, monkeypatch):
    submitted = []
    submit = listener.path._submit
    monkeypatch.setattr(listener.path, "_submit", lambda job: submitted.append(job) or submit(job))
    listener.path.start(0)
    for at in range(0, 48_000, 480):
        listener.path.advance(at)
    assert len(submitted) <= 1 + 48_000 // 1024
    await listener.settled()


async def test_lost_packets_leave_the_rest_in_its_place(listener):
    rng = random.Random(5)
    listener.path.start(0)
    lost = {number for number in range(20, 60) if rng.random() < 0.1} | {70, 71, 72, 73, 74}
    for number, packet in enumerate(OPUS):
        if number not in lost:
            listener.path.write(number * 960, packet)
    heard = decoded_aac(await listener.settled())
    assert level(heard[71 * 960 : 74 * 960]) < -40
    assert abs(best_shift(heard[80 * 960 : 90 * 960], tone(80 * 960, 9600), 34)) <= 240


async def test_garbage_is_a_packet_that_did_not_come(listener):
    listener.path.start(0)
    listener.path.write(0, OPUS[0])
    listener.path.write(960, b"\xfc" + bytes(50))
    with pytest.raises(MediaError):
        listener.path.write(1920, b"\x7b\x82" + b"\xff" * 40)
    for number in range(3, 30):
        listener.path.write(number * 960, OPUS[number])
    assert len(await listener.settled()) >= 24
    with pytest.raises(MediaError):
        OpusDecoder().decode(b"\xff\xff")
    with pytest.raises(MediaError):
        listener.path.write(0, b"")


async def test_a_thread_that_does_not_keep_up_loses_sound_not_time(listener, monkeypatch):
    monkeypatch.setattr(listener.path, "_is_busy", True)
    listener.path.start(0)
    for number in range(aac.MOST_QUEUED + 50):
        listener.path.write(number * 960, OPUS[number % 100])
        listener.path.advance(number * 960)
    assert len(listener.path._jobs) == aac.MOST_QUEUED
    assert listener.dropped == 51
    listener.path._is_busy = False
    listener.path.advance(400 * 960)  # does not fit
    listener.path._work()
    await listener.settled()
    listener.path.advance(400 * 960)
    samples = await listener.settled()
    assert samples[-1].dts >= 400 * 960 - 3 * 1024


async def test_whoever_sends_much_at_once_does_not_keep_the_thread_from_others(monkeypatch):
    monkeypatch.setattr(aac_threads.os, "sched_getaffinity", lambda pid: {0})
    threads = AacThreads()
    greedy, modest = Listener(threads), Listener(threads)
    waiting = []
    modest.path._deliver = lambda samples: waiting.append(len(greedy.path._jobs))
    for listener, packets in ((greedy, 100), (modest, 5)):
        listener.path.start(0)
        for number, packet in enumerate(OPUS[:packets]):
            listener.path.write(number * 960, packet)
    assert len(await greedy.settled()) > 100 * 960 // 1024 - 3
    threads.close()
    assert waiting[0] >= 100 - 2 * aac.MOST_AT_ONCE


async def test_after_close_nothing_comes(listener):
    listener.path.start(0)
    for number, packet in enumerate(OPUS):
        listener.path.write(number * 960, packet)
    listener.path.close()
    await listener.settled()
    listener.path.write(0, OPUS[0])
    listener.path.advance(96_000)
    assert await listener.settled() == []


async def test_a_fault_in_the_thread_is_told(threads, monkeypatch):
    def broken(self, jobs):
        raise RuntimeError("broken")

    monkeypatch.setattr(aac._Transcoder, "run", broken)
    listener = Listener(threads)
    listener.path.start(0)
    async with asyncio.timeout(5):
        while not listener.crashes:
            await asyncio.sleep(0.001)
    listener.path.write(0, OPUS[0])
    assert [str(error) for error in listener.crashes] == ["broken"]
