"""Every fuzz target, briefly, with every change; `make fuzz` runs them long."""

from pathlib import Path

import pytest

from tests.fuzz.__main__ import run

TARGETS = sorted(path.stem for path in Path(__file__).parent.glob("fuzz_*.py"))


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_give_a_value_or_our_own_error(name: str) -> None:
    assert run(name, seconds=1.0, seed=1) == 0
