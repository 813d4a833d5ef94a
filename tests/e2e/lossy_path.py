"""A network between a publisher and us: media is lost, late and doubled, by a seed."""

import asyncio
import random
from typing import Self


class LossyPath(asyncio.DatagramProtocol):
    """Takes the publisher's datagrams and hands them on; feedback goes back untouched.

    Only media suffers (RFC 7983): a lost DTLS flight costs a second that has nothing to do with what is tested.
    """

    def __init__(
        self, target: tuple[str, int], *, seed: int, lost: float, late: float, doubled: float
    ) -> None:
        self.dropped = 0
        self.is_cut = False
        """Nothing passes, either way."""
        self._target = target
        self._rng = random.Random(seed)
        self._lost, self._late, self._doubled = lost, late, doubled
        self._publisher: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, target: tuple[str, int], **chances: float) -> Self:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(
            lambda: cls(target, **chances), local_addr=("127.0.0.1", 0)
        )
        return protocol

    @property
    def address(self) -> tuple[str, int]:
        return self._transport.get_extra_info("sockname")

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.is_cut:
            return
        if addr == self._target:
            self._send(data, self._publisher)
            return
        self._publisher = addr
        if data[0] < 128:
            self._send(data, self._target)
            return
        chance = self._rng.random()
        if chance < self._lost:
            self.dropped += 1
        elif chance < self._lost + self._late:
            delay = self._rng.uniform(0.002, 0.02)
            asyncio.get_running_loop().call_later(delay, self._send, data, self._target)
        else:
            self._send(data, self._target)
        if self._rng.random() < self._doubled:
            self._send(data, self._target)

    def _send(self, data: bytes, addr: tuple[str, int] | None) -> None:
        if addr is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr)
