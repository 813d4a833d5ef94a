"""What cannot be seen in a query: that panels lie beside each other, have a unit, and name their curves."""

import json
import re
from itertools import combinations

import pytest

from tests.dashboard import DASHBOARD, panels

WIDTH = 24
UNITS = {"none", "short", "s", "bps", "reqps", "bytes", "percentunit", "suffix: /s", "suffix: /min"}


def corners(panel) -> tuple[int, int, int, int]:
    grid = panel["gridPos"]
    return grid["x"], grid["y"], grid["x"] + grid["w"], grid["y"] + grid["h"]


def test_panels_lie_beside_each_other():
    every = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    for one, other in combinations(map(corners, every), 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    assert max(right for _, _, right, _ in map(corners, every)) == WIDTH


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_has_a_unit_and_a_name_for_each_curve(panel):
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    for target in panel["targets"]:
        grouped = re.search(r"^[^(]*\(?.*?\bby \(([a-z, ]+)\)", target["expr"])
        named = set(re.findall(r"{{([a-z]+)}}", target["legendFormat"]))
        kept = set() if grouped is None else set(grouped[1].split(", ")) - {"le"}
        alone = {"instance"} if "by (" not in target["expr"] and named else set()
        assert named == kept | alone, "curves that have the same name, or a name with nothing in it"
        assert target["legendFormat"]
