from hypothesis import given
from hypothesis import strategies as st

from edge.vod.asset import BlockKey
from edge.vod.block_file import LONGEST_TAIL, StoredBlock, file_name, label_of, parse_label, trailer, verify

KEYS = st.builds(BlockKey, st.text(max_size=60), st.text(max_size=20), st.integers(0, 2**40))


@given(KEYS, st.lists(st.binary(max_size=50), max_size=4), st.booleans(), st.data())
def test_a_file_is_its_block_until_a_bit_changes(key, pieces, is_head, data):
    octets = b"".join(pieces)
    block = StoredBlock(key, len(octets), is_head)
    file = octets + trailer(block, pieces)
    label = label_of(file[-LONGEST_TAIL:])
    assert parse_label(label.text) == block
    assert file[: -label.with_tail] == octets
    assert verify(memoryview(file), key) == len(octets)
    assert verify(memoryview(file), key._replace(number=key.number + 1)) is None
    bit = data.draw(st.integers(0, len(file) * 8 - 1))
    altered = bytearray(file)
    altered[bit // 8] ^= 1 << bit % 8
    assert verify(memoryview(bytes(altered)), key) is None
    cut = data.draw(st.integers(0, len(file) - 1))
    assert verify(memoryview(file[:cut]), key) is None


@given(st.binary(max_size=200))
def test_any_octets_are_a_label_or_none(octets):
    label_of(octets)
    assert parse_label(octets.decode("latin-1")) is None
    assert verify(memoryview(octets), BlockKey("a", '"b"', 0)) is None


def test_names_are_of_one_length_and_tell_versions_apart():
    names = {file_name(BlockKey(asset, etag, number)) for asset in "ab" for etag in "cd" for number in (1, 2)}
    assert len(names) == 8
    assert {len(name) for name in names} == {35}
