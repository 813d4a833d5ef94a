from tones import decoded_aac, error, level, tone

from edge.ingest.aac_encoder import AacEncoder
from edge.media.sample import Sample

SILENT = bytes(4096)


def encoded(loud) -> "tuple[list[Sample], list[int]]":
    """All packets for frames that are loud or not, and how many frames each call was behind."""
    encoder = AacEncoder(128_000)
    samples, behind = [], []
    for number, is_loud in enumerate(loud):
        plane = tone(number * 1024, 1024).tobytes() if is_loud else SILENT
        samples += [Sample("audio", 0, 1024, True, data) for data in encoder.push(plane, plane)]
        behind.append(number + 1 - len(samples))
    return samples, behind


def original(loud) -> "list[float]":
    return [
        value
        for number, is_loud in enumerate(loud)
        for value in (tone(number * 1024, 1024) if is_loud else [0.0] * 1024)
    ]


def test_each_packet_decodes_to_its_own_frame():
    loud = [True] * 40
    samples, behind = encoded(loud)
    heard = decoded_aac(samples)
    assert max(behind) == 2
    first = 1024  # a decoder that begins here has nothing to overlap with
    assert error(heard[first:], original(loud)[first : len(heard)]) < level(tone(0, 4800)) - 30


def test_silence_is_the_same_packet_and_a_frame_sooner():
    samples, behind = encoded([False] * 20)
    assert len({sample.data for sample in samples}) == 1
    assert set(behind) == {1}
    assert set(decoded_aac(samples)) == {0.0}


def test_sound_and_silence_join_without_a_click():
    loud = [
        8 <= number < 30 or number in {50, 52} or (number >= 70 and number % 12 < 4) for number in range(120)
    ]
    samples, behind = encoded(loud)
    assert max(behind) == 2
    heard, expected = decoded_aac(samples), original(loud)
    worst = max(error(heard[at : at + 1024], expected[at : at + 1024]) for at in range(0, len(heard), 1024))
    assert worst < -45


def test_the_encoder_rests_in_silence(monkeypatch):
    encoder = AacEncoder(128_000)
    fed = []
    feed = encoder._feed
    monkeypatch.setattr(encoder, "_feed", lambda left, right: fed.append(1) or feed(left, right))
    for _ in range(500):
        encoder.push(SILENT, SILENT)
    assert fed == []
