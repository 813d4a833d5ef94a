"""A web server with several assets that change, lie or are not there on demand."""

import copy
import random
import re

from lying_origin import LyingOrigin

QUICK_LIES = (
    "short body", "short length", "long length", "long chunked", "short chunked", "shifted range", "other total",
    "no range told", "whole for a range", "changed validator", "weak validator", "coded", "endless headers",
    "redirect for ever", "failure", "no HTTP", "closed", "precondition", "not satisfiable", "multipart",
)  # fmt: skip
SIZES = (400_000, 290_000, 131_072, 65_537, 1, 0)


class ChangingOrigin(LyingOrigin):
    """`versions` of each asset, the last is the one there is. "b" does not look at If-Match: its 206 and its 416
    have to be enough.
    """

    def __init__(self, names: str):
        super().__init__(b"")
        self.versions: dict[str, list[tuple[bytes, str]]] = {name: [] for name in names}
        self.is_down = False
        for name in names:
            self.change(name, 0)

    def change(self, name: str, size: int) -> None:
        """No octet of it is where the one before had the same, but for one in 256."""
        known = self.versions[name]
        seed = f"{name}{len(known)}"
        known.append((random.Random(seed).randbytes(SIZES[size % len(SIZES)]), f'"{seed}"'))

    async def _answer(self, head, writer):
        if self.is_down:
            return False
        one = copy.copy(self)
        name = head.split()[1].rpartition("/")[2]
        one.content, one.etag = self.versions[name][-1]
        one.lie, one.times = None, 0
        if head.startswith("HEAD"):
            return await LyingOrigin._answer(one, head, writer)
        if self.times > 0:
            self.times -= 1
            one.lie, one.times = self.lie, 1
        matches = re.search(r"(?i)if-match: (\S+)", head)
        first = int(re.search(r"(?i)range: bytes=(\d+)-", head)[1])
        if (matches and matches[1] != one.etag and name != "b") or first >= len(one.content):
            status = 416 if first >= len(one.content) else 412
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nETag: {one.etag}\r\n\r\n".encode())
            return True
        return await LyingOrigin._answer(one, head, writer)
