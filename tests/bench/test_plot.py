from xml.etree import ElementTree as ET

from bench.plot import Panel, svg


def test_a_line_is_drawn_from_left_to_right_and_names_are_escaped():
    text = svg([Panel("a < b", "GiB", ["1", "2"], {"one & only": [0.0, 1.0]})])
    drawing = ET.fromstring(text)
    (line,) = drawing.iter("{http://www.w3.org/2000/svg}polyline")
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in line.get("points", "").split())
    assert x0 < x1
    assert y0 > y1, "more is higher"
    words = {"".join(element.itertext()) for element in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a < b", "GiB", "one & only", "1", "2"} <= words
