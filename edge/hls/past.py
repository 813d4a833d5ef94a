"""What a segmenter and its window leave behind when their process ends, so that another goes on with it.

Packed it is one line of JSON and the bodies of all parts, one after the other.
"""

import base64
import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edge.errors import MediaError
from edge.fmp4.init_segment import InitSegment
from edge.hls.position import Position
from edge.hls.segment import (
    Event,
    InitChanged,
    Part,
    PartReady,
    Segment,
    SegmentHead,
    SegmentSealed,
    TargetPromised,
)
from edge.media.track import Track

_FORM = 1
_PREFIX = re.compile(r"[0-9a-f]{8}")
_MOST_HEAD_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Past:
    """Complete segments, listed and kept, the oldest first; no segment is open.

    `inits`: by their numbers; the newest applies to what comes. `first_number`: of the first part.
    `discontinuity_sequence`: before the first segment. `reach`: where our timeline ended (90 kHz), and
    `ends`: each track of the newest init segment, in its own units. `prefix`: the folder of the media, which
    stays, so that no address that viewers have becomes void.
    """

    prefix: str
    part_target: int
    segment_target: int
    target_duration_s: int
    inits: dict[int, InitSegment]
    segments: tuple[Segment, ...]
    first_number: int
    discontinuity_sequence: int
    reach: int
    ends: tuple[int, ...]

    @property
    def first_msn(self) -> int:
        """Of the oldest segment."""
        return self.segments[0].msn

    @property
    def next_msn(self) -> int:
        """Of the segment that comes."""
        return self.segments[-1].msn + 1

    @property
    def next_number(self) -> int:
        """Of the part that comes."""
        return self.first_number + sum(len(segment.parts) for segment in self.segments)

    @property
    def init_index(self) -> int:
        """The newest."""
        return max(self.inits)

    def events(self) -> Iterator[Event]:
        """What a window has to be told to be as that one was."""
        yield TargetPromised(self.target_duration_s)
        known = -1
        for segment in self.segments:
            if segment.init_index != known:
                known = segment.init_index
                yield InitChanged(self.inits[known], known)
            for part in segment.parts:
                yield PartReady(part, segment.head)
            yield SegmentSealed(segment)
        if self.init_index != known:
            yield InitChanged(self.inits[self.init_index], self.init_index)


def pack(past: Past) -> list[bytes]:
    """Buffers to be written one after the other; those of parts are the parts' own."""
    head = {field.name: getattr(past, field.name) for field in dataclasses.fields(past)}
    head["form"] = _FORM
    head["inits"] = [[index, _init(one)] for index, one in past.inits.items()]
    head["segments"] = [_segment(one) for one in past.segments]
    bodies = [part.body for segment in past.segments for part in segment.parts]
    return [json.dumps(head).encode(), b"\n", *bodies]


def unpack(data: bytes) -> Past:
    """The way back. MediaError: these are not the whole octets that `pack` gave."""
    end = data.find(b"\n", 0, _MOST_HEAD_BYTES)
    try:
        head = json.loads(data[: max(end, 0)])
        _judge_form(head.pop("form"))
        head["inits"] = {int(index): _to_init(**one) for index, one in head["inits"]}
        head["segments"] = _segments(head["segments"], data, end + 1)
        head["ends"] = tuple(head["ends"])
        past = Past(**head)
        _judge(past)
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
        OSError,
    ) as error:
        raise MediaError("This is not the past of a stream") from error
    return past


def _judge_form(form: object) -> None:
    if form != _FORM:
        raise ValueError("another form")


def _judge(past: Past) -> None:
    numbers = [past.part_target, past.segment_target, past.target_duration_s, past.reach]
    numbers += [past.first_number, past.discontinuity_sequence, past.first_msn, *past.ends]
    if (
        not all(type(number) is int and 0 <= number < 1 << 53 for number in numbers)
        or not past.target_duration_s
    ):
        raise ValueError("no number")
    if not isinstance(past.prefix, str) or not _PREFIX.fullmatch(past.prefix):
        raise ValueError("no prefix")
    if [each.msn for each in past.segments] != list(range(past.first_msn, past.next_msn)):
        raise ValueError("a segment is missing")
    if not {each.init_index for each in past.segments} <= set(past.inits):
        raise ValueError("an init segment is missing")
    if len(past.ends) != len(past.inits[past.init_index].tracks):
        raise ValueError("a track is missing")


def _init(init: InitSegment) -> dict[str, Any]:
    tracks = [{**dataclasses.asdict(one), "config": _text(one.config)} for one in init.tracks]
    return {"tracks": tracks, "body": _text(init.body), "codecs": init.codecs}


def _to_init(tracks: list[dict[str, Any]], body: str, codecs: str) -> InitSegment:
    made = tuple(Track(**{**one, "config": _octets(one["config"])}) for one in tracks)
    return InitSegment(made, _octets(body), codecs)


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _segment(segment: Segment) -> dict[str, Any]:
    head = segment.head
    parts = [
        [part.duration_ticks, part.independent, part.frames, part.gap, part.has_key_frame, len(part.body)]
        for part in segment.parts
    ]
    return {
        "msn": head.msn,
        "init": head.init_index,
        "discontinuity": head.discontinuity,
        "date": head.program_date_time.timestamp(),
        "parts": parts,
    }


def _segments(listed: Sequence[dict[str, Any]], data: bytes, at: int) -> tuple[Segment, ...]:
    segments = []
    for one in listed:
        date = datetime.fromtimestamp(one["date"], UTC)
        head = SegmentHead(one["msn"], one["init"], bool(one["discontinuity"]), date)
        parts = []
        for index, (ticks, independent, frames, gap, has_key_frame, size) in enumerate(one["parts"]):
            body = data[at : at + size]
            if type(size) is not int or not 0 <= size == len(body) or type(ticks) is not int or ticks <= 0:
                raise ValueError("a part is torn")
            at += size
            position = Position(head.msn, index)
            parts.append(
                Part(position, ticks, bool(independent), body, int(frames), bool(gap), bool(has_key_frame))
            )
        duration = sum(part.duration_ticks for part in parts)
        if not parts:
            raise ValueError("a segment of nothing")
        segments.append(Segment(head, tuple(parts), duration))
    if at != len(data) or not segments:
        raise ValueError("more or less than it says")
    return tuple(segments)
