from email.parser import BytesParser

from edge.http.byte_range import ByteRange
from edge.http.multipart import content_type, heads


def test_an_independent_parser_reads_the_ranges():
    body = bytes(range(65, 91))
    ranges = [ByteRange(0, 3), ByteRange(10, 14)]
    *before, after = heads(ranges, len(body), "video/mp4", "frontier")
    text = b"".join(head + body[slice(*span)] for head, span in zip(before, ranges, strict=True)) + after

    read = BytesParser().parsebytes(
        b"Content-Type: " + content_type("frontier").encode() + b"\r\n\r\n" + text
    )

    assert [
        (part["Content-Range"], part["Content-Type"], part.get_payload()) for part in read.get_payload()
    ] == [
        ("bytes 0-2/26", "video/mp4", "ABC"),
        ("bytes 10-13/26", "video/mp4", "KLMN"),
    ]
