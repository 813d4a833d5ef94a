"""Any octets are a plain head or none; and what is plain means the same to a parser that knows nothing."""

from edge.http.plain_request import END, is_odd, read_fields, read_line

SEEDS = [
    b"GET /live/cam/main.m3u8?_HLS_msn=3&_HLS_part=1 HTTP/1.1\r\nHost: edge.example\r\nAccept-Encoding: gzip, br\r\n\r\n",
    b"HEAD /live/~a.b/cam/x.m4s HTTP/1.1\r\nhost: [::1]:80\r\nConnection: close\r\nX-Forwarded-For: 1.2.3.4, 5\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\nX : 1\nY:\r2\r\n\r\n",
]
_WANTED = frozenset({"accept-encoding", "if-none-match", "range"})


def target(data: bytes) -> None:
    line, end, rest = data.partition(b"\r\n")
    read, fields = read_line(line), read_fields(end + rest, _WANTED)
    if read is not None:
        query = f"?{read.query}" if b"?" in line else ""
        assert f"{read.method} {read.path}{query} HTTP/1.1".encode() == line
    if fields is None:
        return
    assert not is_odd(fields.raw)
    assert fields.raw.endswith(END)
    assert fields.raw.count(END) == 1
    names = [each.split(b":")[0].lower() for each in fields.raw[2:-4].split(b"\r\n")]
    assert names.count(b"host") == 1
    assert not {b"content-length", b"transfer-encoding", b"upgrade", b"expect"} & set(names)
    assert set(fields.values) <= _WANTED
