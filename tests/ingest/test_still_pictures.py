import pytest
from units import IDR, PPS, SLICE, SPS

from edge.ingest.still_pictures import AFTER_S, IS_BACK_S, LONGEST_S, StillPictures
from edge.media.h264 import nal_type


def stills(*, others=3, every_s=0.033):
    """After a key frame and so many other pictures of the publisher's."""
    stills = StillPictures()
    stills.see_key_frame(0, (SPS, PPS), (SPS, PPS, IDR))
    for number in range(1, 1 + others):
        assert stills.see_other(number * every_s)
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


@pytest.mark.parametrize(("every_s", "after_s"), [(0.033, AFTER_S), (1.0, 2.0), (3.0, 6.0), (9.0, LONGEST_S)])
def test_it_begins_when_a_picture_is_long_overdue(every_s, after_s):
    assert not stills(every_s=every_s).due(after_s - 0.01)
    assert stills(every_s=every_s).due(after_s)


def test_it_does_not_begin_before_it_is_known_how_many_pictures_there_are():
    assert not stills(others=1).due(AFTER_S)
    assert stills(others=2).due(AFTER_S)


def test_the_key_frame_again_and_then_nothing_changes():
    one = stills()
    assert one.due(AFTER_S)
    assert shown(one, False, False, False, True, False) == [0, 1, 2, 0, 1]


def test_a_key_frame_never_follows_itself():
    one = stills()
    one.see_key_frame(0.2, (SPS, PPS), (IDR,))
    assert one.due(AFTER_S)
    assert shown(one, True, True, True) == [1, 0, 1]


def test_pictures_are_of_use_again_from_a_key_frame_on():
    one = stills()
    assert one.due(AFTER_S)
    assert shown(one, False, False) == [0, 1]
    assert one.are_shown
    assert not one.wants_key_frame(0.1 + IS_BACK_S), "whose camera is off has none"
    assert not one.see_other(6)
    assert one.wants_key_frame(6)
    assert not one.wants_key_frame(6 + IS_BACK_S), "it was off again"
    assert [nal_type(nal) for nal in one.show(key=False)] == [1]
    assert one._number == 2, "what is not in the stream has no number in it"
    one.see_key_frame(7, (SPS, PPS), (IDR,))
    assert one.see_other(7.1)
    assert not one.are_shown


def test_pictures_that_cannot_be_continued_are_left_as_they_are():
    one = StillPictures()
    assert not one.due(AFTER_S), "nothing came"
    for at_s in (0, 0.1, 0.2):
        one.see_key_frame(at_s, (SPS, PPS), (SLICE,))  # a recovery point
    assert not one.due(AFTER_S)
    assert not one.are_shown
    assert one.see_other(0.3)
