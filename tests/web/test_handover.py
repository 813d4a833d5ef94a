import asyncio

from edge.web.handover import hand_over
from tests.web.both_lanes import MemoryTransport


class Strict(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard: list[object] = []

    def connection_made(self, transport):
        self.heard.append("made")

    def data_received(self, data):
        self.heard.append(data)

    def eof_received(self):
        self.heard.append("eof")
        return True

    def pause_writing(self):
        self.heard.append("pause")

    def resume_writing(self):
        self.heard.append("resume")

    def connection_lost(self, exc):
        self.heard.append(exc)


async def test_it_hears_everything_from_the_first_octet_on():
    transport, strict, gone = MemoryTransport(), Strict(), []
    hand_over(transport, strict, b"first", lambda: gone.append(True))
    transport.receive(b"second")
    protocol = transport.get_protocol()
    protocol.pause_writing()
    protocol.resume_writing()
    assert protocol.eof_received() is True
    assert gone == []
    protocol.connection_lost(None)
    assert strict.heard == ["made", b"first", b"second", "pause", "resume", "eof", None]
    assert gone == [True]
