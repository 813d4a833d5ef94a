import pytest

from edge.publish import clock_strip
from edge.publish.picture import TestPicture

NOW = 1_767_225_600_950


@pytest.mark.parametrize(
    "size", [(1280, 720), (1920, 1080), (640, 360), (320, 240), (96, 54), (360, 640), (98, 4096)]
)
def test_the_clock_can_be_read_at_any_size(size):
    width, height = size
    picture = TestPicture(width, height)
    for frame in range(3):
        picture.draw(NOW + 33 * frame, frame)
        assert len(picture.luma) == width * height
        assert len(picture.blue) == len(picture.red) == width * height // 4
        found = clock_strip.read(lambda x, y: picture.luma[y * width + x], width, height)
        assert found == NOW + 33 * frame


def test_it_moves_and_flashes_on_the_second():
    picture = TestPicture(320, 180)
    drawn = []
    for frame, unix_ms in enumerate((NOW, NOW + 50, NOW + 100)):
        picture.draw(unix_ms, frame)
        drawn.append(bytes(picture.luma))
    assert len(set(drawn)) == 3
    size = picture._mover_size
    band = slice(picture._mover_top * 320, (picture._mover_top + size) * 320)
    assert max(drawn[0][band]) < max(drawn[1][band])  # 00:00:01.000


def test_nothing_of_the_last_picture_stays():
    one, two = TestPicture(320, 180), TestPicture(320, 180)
    for frame in range(200):
        one.draw(NOW + 33 * frame, frame)
    two.draw(NOW + 33 * 199, 199)
    assert one.luma == two.luma


def test_odd_sizes_are_refused():
    with pytest.raises(AssertionError):
        TestPicture(321, 180)
