import dataclasses

import pytest

from edge.ingest.outcome import Created, Patched


def test_a_patch_without_more_is_candidates_taken():
    assert Patched() == Patched(status=204, body=None, etag=None)


def test_outcomes_do_not_change():
    for outcome in (Created("id", "v=0\r\n", '"tag"'), Patched()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            outcome.etag = '"other"'
