"""Sound to test with, and what became of it."""

import math
from array import array
from collections.abc import Sequence

import av

from edge.media.aac import audio_specific_config
from edge.media.sample import Sample


def tone(begin: int, size: int, *, hertz: float = 700.0, level: float = 0.3) -> "array[float]":
    """A sine that depends on the absolute sample only, so that pieces of it join."""
    step = 2 * math.pi * hertz / 48_000
    return array("f", [level * math.sin(step * at) for at in range(begin, begin + size)])


def opus_packets(count: int, *, stereo: bool = True, hertz: float = 700.0) -> list[bytes]:
    """Packets of 20 ms, the first one of which begins at sample 0."""
    codec = av.CodecContext.create("libopus", "w")
    codec.options = {"application": "lowdelay"}
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo" if stereo else "mono", "flt"
    codec.bit_rate = 128_000
    packets = []
    for number in range(count):
        samples = tone(number * 960, 960, hertz=hertz)
        frame = av.AudioFrame(format="flt", layout=codec.layout.name, samples=960)
        frame.sample_rate, frame.pts = 48_000, number * 960
        values = array("f", [each for sample in samples for each in (sample, sample)]) if stereo else samples
        frame.planes[0].update(values.tobytes())
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets


def decoded_aac(samples: Sequence[Sample]) -> "array[float]":
    """The left channel, from the beginning of the first sample on."""
    codec = av.CodecContext.create("aac", "r")
    codec.extradata, codec.sample_rate, codec.layout = audio_specific_config(), 48_000, "stereo"
    left = array("f")
    for sample in samples:
        for frame in codec.decode(av.Packet(sample.data)):
            left.frombytes(memoryview(frame.planes[0])[: frame.samples * 4])
    return left


def level(samples: Sequence[float]) -> float:
    """Root mean square, in decibels of full scale."""
    return 10 * math.log10(sum(value * value for value in samples) / len(samples) + 1e-12)


def error(heard: Sequence[float], expected: Sequence[float]) -> float:
    """The difference, in decibels of full scale."""
    return level([one - other for one, other in zip(heard, expected, strict=True)])


def best_shift(heard: "array[float]", expected: "array[float]", furthest: int) -> int:
    """By how many samples `heard` is late against `expected`: where they fit best."""
    middle = expected[furthest : len(expected) - furthest]
    scores = {
        shift: sum(one * other for one, other in zip(middle, heard[furthest + shift :], strict=False))
        for shift in range(-furthest, furthest + 1)
    }
    return max(scores, key=lambda shift: scores[shift])
