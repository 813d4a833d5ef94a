"""Real pictures as samples, samples as parts."""

from edge.fmp4.fragment import Run, fragment
from edge.media.h264 import ParameterSets, length_prefixed
from edge.media.sample import Sample

START = 10 * 90_000


def video_samples(pictures, start):
    """Samples whose decode times begin at `start`: those of B frames were negative."""
    shift = start - pictures[0].dts
    return [
        Sample(
            kind="video",
            dts=picture.dts + shift,
            duration=3_000,
            is_sync=picture.key,
            data=length_prefixed(picture.nals),
            composition_offset=picture.pts - picture.dts,
        )
        for picture in pictures
    ]


def parts(video, audio, pictures_a_part, frames_a_part):
    """The fragments of both tracks, each with this many samples."""
    made = []
    while video or audio:
        due = ((1, video[:pictures_a_part]), (2, audio[:frames_a_part]))
        made.append(fragment(len(made) + 1, [Run(track, run[0].dts, run) for track, run in due if run]))
        video, audio = video[pictures_a_part:], audio[frames_a_part:]
    return made


def track_of(pictures):
    sets = ParameterSets()
    assert sets.update(pictures[0].nals)
    return sets.track()
