from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.http.storing import Storing, storing
from edge.vod.asset import Asset
from edge.vod.asset_row import Moment, _boot, forgotten, moment, parsed, row

ASSET = Asset(
    'clips/\t"ä"\n.mp4',
    300_000,
    '"v1"',
    datetime(2026, 4, 1, 12, 30, 15, 250_000, UTC),
    "video/mp4",
    "http:far",
    storing({"cache-control": "max-age=1000, stale-if-error=60", "age": "90"}),
)
THEN = Moment(1_700_000_000.5, 1_000.25, "this-boot")


def test_what_was_said_is_read_as_it_was_said():
    for asset in (
        ASSET,
        replace(ASSET, modified=None, storing=Storing()),
        replace(ASSET, key="\udcff", size=0),
    ):
        line = row(asset, THEN)
        assert line.isascii()
        assert "\n" not in line
        assert parsed(line + "\n") == (asset, THEN)


@given(st.integers(0, len(row(ASSET, THEN)) - 1), st.integers(0, 127))
def test_one_altered_octet_and_it_says_nothing(at, octet):
    line = row(ASSET, THEN)
    altered = line[:at] + chr(octet) + line[at + 1 :]
    assert parsed(altered) == ((ASSET, THEN) if altered == line else None)


@given(st.integers(0, len(row(ASSET, THEN)) - 1))
def test_a_torn_one_says_nothing(size):
    assert parsed(row(ASSET, THEN)[:size]) is None


@given(st.text())
def test_any_text_is_a_value_or_nothing(text):
    assert parsed(text) is None


def test_what_is_forgotten_is_no_asset():
    assert parsed(forgotten("a")) is None


@pytest.mark.parametrize(
    ("wall_s", "up_s", "boot", "since"),
    [
        (10, 10, "this-boot", 10),
        (-500, 10, "this-boot", 10),  # set back: the other clock knows
        (900, 10, "this-boot", 900),  # set forward, or the machine slept: rather too old
        (10, -900, "next-boot", 10),
        (-1, -900, "next-boot", None),
        (10, 0, "", 10),
    ],
)
def test_a_clock_that_is_set_back_makes_nothing_younger(wall_s, up_s, boot, since):
    now = Moment(THEN.wall_s + wall_s, THEN.up_s + up_s, boot)
    assert now.since(THEN) == since


def test_now_is_after_a_moment_ago():
    then = moment()
    assert 0 <= moment().since(then) < 5


@pytest.fixture
def no_boot_is_remembered():
    _boot.cache_clear()
    yield
    _boot.cache_clear()


def test_under_a_unit_that_hides_the_files_of_the_kernel_the_unit_tells_the_boot(
    tmp_path, monkeypatch, no_boot_is_remembered
):
    monkeypatch.setattr("edge.vod.asset_row._BOOT_ID", tmp_path / "hidden")
    monkeypatch.setenv("BOOT_ID", "9d5f")
    assert moment().boot == "9d5f"


def test_of_a_boot_that_nobody_tells_only_the_wall_clock_is_known(
    tmp_path, monkeypatch, no_boot_is_remembered
):
    monkeypatch.setattr("edge.vod.asset_row._BOOT_ID", tmp_path / "hidden")
    monkeypatch.delenv("BOOT_ID", raising=False)
    assert moment().boot == ""
