"""Any text of a player gives a report with sane numbers, and the rest of the query has nothing of it."""

from edge.http.cmcd import parse_cmcd, split_cmcd

SEEDS = [
    b"_HLS_msn=5&CMCD=bl%3D2100%2Cbr%3D3200%2Cbs%2Cmtp%3D25400%2Csu&x=1",
    b"CMCD=msd%3D480&CMCD=bs",
    b"br=1,bl=2,bs",
]


def target(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    told, rest = split_cmcd(text)
    assert told is None or not any(field.startswith("CMCD=") for field in rest.split("&"))
    report = parse_cmcd(told if told is not None else text)
    assert report.buffer_s is None or 0 <= report.buffer_s <= 1e6
    assert report.bitrate is None or 0 <= report.bitrate <= 1e12
