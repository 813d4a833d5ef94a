import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ingest.slot import LARGEST, filled


@given(st.lists(st.binary(max_size=60)))
def test_each_holds_its_own_and_nothing_of_what_was_there_before(datagrams):
    slots = filled([bytes(LARGEST)] * len(datagrams))
    for slot, datagram in zip(slots, datagrams, strict=True):
        slot.put(datagram)
    assert [slot.data for slot in slots] == datagrams


def test_as_much_as_fits_and_no_more():
    (slot,) = filled([bytes(LARGEST)])
    assert slot.data == bytes(LARGEST)
    with pytest.raises(ValueError, match="more than a slot"):
        slot.put(bytes(LARGEST + 1))
    with pytest.raises(ValueError, match="more than a slot"):
        filled([bytes(LARGEST + 1)])


def test_a_number_is_read_where_the_datagram_lies():
    _, slot = filled([b"other", bytes.fromhex("80600001 00000000 cafebabe")])
    assert slot.number_at(8) == 0xCAFEBABE


def test_its_memory_lives_as_long_as_it_does():
    (slot,) = filled([b"alone"])
    gc.collect()
    assert slot.data == b"alone"
    assert slot.length[0] == 5
