"""Trickle fragments and If-Match: any bytes give a fragment and a judgement, or our own error."""

import contextlib

from edge.errors import PublishError
from edge.ingest.fragment import parse_fragment
from edge.ingest.preconditions import judge

CREDENTIALS = b"a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
HOST = b"a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0\r\n"
SERVER_REFLEXIVE = (
    b"a=candidate:842163049 0 udp 1677729535 203.0.113.5 3478 typ srflx raddr 0.0.0.0 rport 0\r\n"
)
END = b"a=end-of-candidates\r\n"
SEEDS = [
    b'"xyzzy"\n' + CREDENTIALS + b"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" + HOST + END,
    b'W/"a", "xyzzy"\n' + CREDENTIALS + b"m=audio 9 RTP/AVP 0\r\na=mid:1\r\n" + SERVER_REFLEXIVE,
    b"*\n" + END,
]


def target(data: bytes) -> None:
    """The first line is If-Match, the rest the fragment."""
    if_match, _, body = data.partition(b"\n")
    with contextlib.suppress(PublishError):
        fragment = parse_fragment(body)
        assert len(fragment.candidates) <= 256
        judged = judge(
            fragment,
            if_match=if_match.decode("latin-1"),
            entity_tag='"xyzzy"',
            ufrag="EsAw",
            password="P2uYro0UCOQ4zxjKXaWCBui1",
        )
        assert judged in {"trickle", "restart"}
