from xml.etree import ElementTree as ET

from bench.picture import svg


def test_each_behaviour_has_a_line_for_p50_and_p99() -> None:
    rows = [
        {
            "viewers": viewers, "streams": 1, "publishers": 0, "part_target_ms": 200, "behaviour": behaviour,
            "p50_ms": viewers / 50, "p99_ms": viewers / 30,
        }
        for behaviour in ("hls.js", "hinted-part")
        for viewers in (1000, 2500, 4000)
    ]  # fmt: skip
    rows.append({**rows[0], "streams": 200, "viewers": 9})
    picture = ET.fromstring(svg(rows))
    lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert len(points) == 3
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
        assert all(0 <= x <= 720 and 0 <= y <= 400 for x, y in points)
