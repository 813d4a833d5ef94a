"""Requests on a bare socket, several on one connection, and what came back, cut or whole."""

import asyncio
import contextlib
import socket
from typing import NamedTuple


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    is_cut: bool


NOTHING = Answer(0, {}, b"", is_cut=True)
_SMALL_BUFFER = 8_192


@contextlib.asynccontextmanager
async def connected(port):
    """With little room for what is not read yet; closed at once, whatever is on its way."""
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
    plug.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=plug, limit=_SMALL_BUFFER)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def request(target, method="GET", **fields):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value)
    return f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()


async def answer(reader, *, is_head=False, amid=None, most=None):
    """The next one, `most` octets of its body. `amid` is awaited after the first of them."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return NOTHING
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    status = int(lines[0].split()[1])
    length = 0 if is_head or status in {204, 304} else int(headers["content-length"])
    length = length if most is None else min(most, length)
    body = bytearray()
    try:
        while len(body) < length and (piece := await reader.read(min(4_096, length - len(body)))):
            body += piece
            if amid is not None:
                await amid()
                amid = None
    except ConnectionError:
        pass
    return Answer(status, headers, bytes(body), len(body) < length)
