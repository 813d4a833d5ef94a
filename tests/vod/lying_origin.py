"""A web server on a raw socket that tells the truth, or one scripted lie, in answer to GET."""

import asyncio
import contextlib
import re

ETAG = '"v1"'
LIES = (
    "short body", "short length", "long length", "long chunked", "short chunked", "shifted range",
    "other total", "no range told", "malformed range", "whole for a range", "changed validator",
    "no validator", "weak validator", "coded", "endless headers", "huge header", "silence", "stall",
    "trickle", "redirect away", "redirect for ever", "failure", "no HTTP", "closed", "precondition",
    "not satisfiable", "multipart", "not modified", "two lengths", "two ranges", "two validators",
    "interim for ever",
)  # fmt: skip


class LyingOrigin:
    """`lie` is told to every GET, or to the first `times` of them. `asked` are the ranges of GET."""

    def __init__(self, content: bytes, lie: str | None = None, *, etag: str = ETAG, times: int = 1_000_000):
        self.content, self.lie, self.etag, self.times = content, lie, etag, times
        self.asked: list[tuple[int, int]] = []
        self.heads = 0
        self.delay_s = 0.0
        self.more = ""
        """Further lines of the head of answers to HEAD."""
        self.going_on = asyncio.Event()
        """Ends each "pause", which is no lie: half of a body, and later the rest."""
        self._served: set[asyncio.Task] = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048)
        self.port = self.server.sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/base"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self._served:
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._served.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    if not await self._answer(head, writer):
                        break
        finally:
            self._served.discard(task)
            writer.close()

    async def _answer(self, head, writer):
        if head.startswith("HEAD"):
            self.heads += 1
            missing = "missing" in head.split()[1]
            writer.write(
                f"HTTP/1.1 {404 if missing else 200} X\r\nContent-Length: {len(self.content)}\r\n"
                f"ETag: {self.etag}\r\nContent-Type: video/mp4\r\n{self.more}\r\n".encode()
            )
            await writer.drain()
            return True
        first, last = map(int, re.search(r"(?i)range: bytes=(\d+)-(\d+)", head).groups())
        last = min(last, len(self.content) - 1)
        self.asked.append((first, last + 1))
        await asyncio.sleep(self.delay_s)
        lie, self.times = (self.lie, self.times - 1) if self.times > 0 else (None, 0)
        return await self._body(writer, lie, first, last)

    async def _body(self, writer, lie, first, last):
        body = self.content[first : last + 1]
        status, size, total = 206, len(body), len(self.content)
        fields = {
            "Content-Range": f"bytes {first}-{last}/{total}", "ETag": self.etag, "Content-Length": str(size),
        }  # fmt: skip
        match lie:
            case "silence":
                await asyncio.sleep(60)
            case "interim for ever":
                while True:
                    writer.write(b"HTTP/1.1 103 X\r\nLink: <more>\r\n\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            case "closed":
                return False
            case "no HTTP":
                writer.write(b"\x00\x01 what?\r\n\r\n")
                return False
            case "endless headers":
                writer.write(b"HTTP/1.1 206 X\r\n")
                while True:
                    writer.write(b"X-More: and more\r\n" * 500)
                    await writer.drain()
            case "huge header":
                fields["X-Huge"] = "x" * 100_000
            case "short length":
                body = body[:-1]
                fields["Content-Length"] = str(size - 1)
            case "long length":
                body += b"x"
                fields["Content-Length"] = str(size + 1)
            case "two lengths":
                fields["content-length"] = str(size + 1)
            case "two ranges":
                fields["content-range"] = f"bytes {first + 1}-{last + 1}/{total}"
            case "two validators":
                fields["etag"] = '"v2"'
            case "long chunked" | "short chunked":
                del fields["Content-Length"]
                fields["Transfer-Encoding"] = "chunked"
                sent = body + b"x" if lie == "long chunked" else body[:-1]
                body = f"{len(sent):x}\r\n".encode() + sent + b"\r\n0\r\n\r\n"
            case "shifted range":
                fields["Content-Range"] = f"bytes {first + 1}-{last + 1}/{total + 1}"
            case "other total":
                fields["Content-Range"] = f"bytes {first}-{last}/{total + 7}"
            case "no range told":
                del fields["Content-Range"]
            case "malformed range":
                fields["Content-Range"] = f"bytes {first}-{last}/*"
            case "whole for a range":
                status, body = 200, self.content
                fields = {"ETag": self.etag, "Content-Length": str(total)}
            case "changed validator":
                fields["ETag"] = '"v2"'
            case "no validator":
                del fields["ETag"]
            case "weak validator":
                fields["ETag"] = "W/" + self.etag
            case "coded":
                fields["Content-Encoding"] = "gzip"
            case "redirect away":
                status, fields["Location"] = 302, "http://169.254.169.254/latest/meta-data"
            case "redirect for ever":
                status, fields["Location"] = 302, f"http://127.0.0.1:{self.port}/base/again"
            case "failure" | "precondition" | "not satisfiable" | "not modified":
                status = {"failure": 500, "precondition": 412, "not satisfiable": 416, "not modified": 304}[
                    lie
                ]
                if status == 304:
                    body = b""
            case "multipart":
                del fields["Content-Range"]
                fields["Content-Type"] = "multipart/byteranges; boundary=x"
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode())
        if lie == "trickle":
            for octet in body:
                writer.write(bytes([octet]))
                await asyncio.sleep(0.05)
            return True
        if lie == "pause":
            writer.write(body[: size // 2])
            await self.going_on.wait()
            body = body[size // 2 :]
        if lie in {"short body", "stall"}:
            writer.write(body[: size // 2])
            await writer.drain()
            if lie == "stall":
                await asyncio.sleep(60)
            return False
        writer.write(body)
        await writer.drain()
        return True
