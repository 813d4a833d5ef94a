"""Any text of a player gives a report with sane numbers, and the rest of the query has nothing of it. What the fast lane
takes off a line or a head makes no plain one of what was none.
"""

from edge.http.cmcd import parse_cmcd, parse_encoded, split_cmcd, split_fields, split_line
from edge.http.plain_request import MOST_HEAD_BYTES, read_fields, read_line

SEEDS = [
    b"_HLS_msn=5&CMCD=bl%3D2100%2Cbr%3D3200%2Cbs%2Cmtp%3D25400%2Csu&x=1",
    b"CMCD=msd%3D480&CMCD=bs",
    b"br=1,bl=2,bs",
    b"GET /live/cam/main.m3u8?_HLS_msn=5&CMCD=bl%3D2100%2Cbs&x=1 HTTP/1.1",
    b"\r\nHost: a\r\nCMCD-Status: bs\r\ncmcd-request:bl=100\r\n\r\n",
]


def target(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    told, rest = split_cmcd(text)
    assert told is None or not any(field.startswith("CMCD=") for field in rest.split("&"))
    report = parse_cmcd(told if told is not None else text)
    assert report.buffer_s is None or 0 <= report.buffer_s <= 1e6
    assert report.bitrate is None or 0 <= report.bitrate <= 1e12
    assert parse_encoded(text).bitrate is None or parse_encoded(text).bitrate <= 1e12
    if len(data) > MOST_HEAD_BYTES:
        return
    _, line = split_line(data)
    assert (read_line(line) is None) == (read_line(data) is None)
    _, fields = split_fields(data)
    if read_fields(data, frozenset()) is not None:
        assert read_fields(fields, frozenset()) is not None
    elif read_fields(fields, frozenset()) is not None:  # a field of the four twice: its values are one list
        assert data.lower().count(b"\r\ncmcd-") > 1
