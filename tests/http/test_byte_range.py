from edge.http.byte_range import ByteRange


def test_half_open_inside_and_inclusive_in_the_field():
    first_two = ByteRange(0, 2)

    assert first_two.size == 2
    assert first_two.within(10) == "bytes 0-1/10"
