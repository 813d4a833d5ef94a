import pytest
from units import IDR, PPS, SLICE, SPS

from edge.ingest.still_pictures import AFTER_S, LONGEST_S, SOON_S, StillPictures
from edge.media.h264 import nal_type


def stills(*, others=1):
    """After a key frame and so many other pictures of the publisher's."""
    stills = StillPictures()
    stills.see_key_frame((SPS, PPS), (SPS, PPS, IDR))
    for _ in range(others):
        assert stills.see_other()
    return stills


def shown(stills, *keys):
    """What is shown: a key frame, or the number of a picture in which nothing has changed."""
    number, found = 0, []
    for key in keys:
        (nal,) = stills.show(key=key)
        number = 0 if nal_type(nal) == 5 else number + 1
        assert stills.is_key == (number == 0)
        assert nal == IDR or nal == stills._still.unchanged(number)
        found.append(number)
    return found


@pytest.mark.parametrize(
    ("last_s", "key", "after_s"),
    [
        (0.033, False, AFTER_S),
        (0.033, True, SOON_S),
        (1.0, True, 2.0),
        (1.0, False, 2.0),
        (5.0, False, LONGEST_S),
    ],
)
def test_it_begins_when_a_picture_is_long_overdue(last_s, key, after_s):
    assert not stills().due(after_s - 0.01, last_s, key=key)
    assert stills().due(after_s, last_s, key=key)


def test_the_key_frame_again_and_then_nothing_changes():
    one = stills()
    assert one.due(AFTER_S, 0, key=False)
    assert shown(one, False, False, False, True, False) == [0, 1, 2, 0, 1]


def test_a_key_frame_never_follows_itself():
    one = stills(others=0)
    assert one.due(AFTER_S, 0, key=False)
    assert shown(one, True, True, True) == [1, 0, 1]


def test_pictures_are_of_use_again_from_a_key_frame_on():
    one = stills()
    assert one.due(AFTER_S, 0, key=False)
    shown(one, False, False)
    assert one.are_shown
    assert not one.wants_key_frame, "whose camera is off has none"
    assert not one.see_other()
    assert one.wants_key_frame
    one.see_key_frame((SPS, PPS), (IDR,))
    assert one.see_other()
    assert (one.are_shown, one.wants_key_frame) == (False, False)


def test_pictures_that_cannot_be_continued_are_left_as_they_are():
    one = StillPictures()
    assert not one.due(AFTER_S, 0, key=False), "nothing came"
    one.see_key_frame((SPS, PPS), (SLICE,))  # a recovery point
    assert not one.due(AFTER_S, 0, key=False)
    assert not one.are_shown
    assert one.see_other()
