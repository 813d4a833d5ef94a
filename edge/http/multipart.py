"""Several ranges in one body: multipart/byteranges (RFC 9110, 14.6)."""

from collections.abc import Sequence

from edge.http.byte_range import ByteRange


def content_type(boundary: str) -> str:
    """The value of the field."""
    return f"multipart/byteranges; boundary={boundary}"


def heads(ranges: Sequence[ByteRange], size: int, media_type: str, boundary: str) -> list[bytes]:
    """What stands before each range, and after the last: one more than there are ranges."""
    kind = f"Content-Type: {media_type}\r\n" if media_type else ""
    before = [f"\r\n--{boundary}\r\n{kind}Content-Range: {span.within(size)}\r\n\r\n" for span in ranges]
    return [text.encode() for text in (*before, f"\r\n--{boundary}--\r\n")]
