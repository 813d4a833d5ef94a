import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import MediaError
from edge.media.bits import BitReader
from tests.media.bit_writer import BitWriter


def test_exp_golomb_codes_of_table_9_2():
    bits = BitReader(bytes([0b1_010_011_0, 0b0100_0010, 0b1_0011000]))
    assert [bits.ue() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert bits.left == 7


def test_signed_codes_of_table_9_3():
    written = BitWriter().ue(0, 1, 2, 3, 4, 5).rbsp()
    bits = BitReader(written)
    assert [bits.se() for _ in range(6)] == [0, 1, -1, 2, -2, 3]


@given(st.lists(st.tuples(st.sampled_from(["u", "ue", "se"]), st.integers(0, 2**32 - 2)), max_size=30))
def test_what_was_written_is_read(fields):
    writer = BitWriter()
    for how, value in fields:
        if how == "u":
            writer.u(32, value)
        else:
            getattr(writer, how)(value // 2 if how == "se" else value)
    bits = BitReader(writer.rbsp())
    for how, value in fields:
        if how == "u":
            assert bits.u(32) == value
        else:
            assert getattr(bits, how)() == (value // 2 if how == "se" else value)


def test_reading_past_the_end_is_refused():
    bits = BitReader(b"\xff")
    bits.u(7)
    with pytest.raises(MediaError):
        bits.u(2)
    assert bits.flag()  # a refused read takes nothing
    with pytest.raises(MediaError):
        bits.flag()


@pytest.mark.parametrize(
    "data", [b"", b"\x00", bytes(3), bytes(1000), bytes(4) + b"\x40\x00\x00\x00\x00\x00"]
)
def test_a_code_without_end_is_refused(data):
    with pytest.raises(MediaError):
        BitReader(data).ue()


def test_the_longest_legal_code():
    data = BitWriter().ue(2**32 - 2).rbsp()
    assert BitReader(data).ue() == 2**32 - 2


def test_a_bound_is_kept():
    data = BitWriter().ue(31, 32).rbsp()
    bits = BitReader(data)
    assert bits.ue(31) == 31
    with pytest.raises(MediaError, match="is 32, the highest legal value is 31"):
        bits.ue(31)
