"""As many requests a second as a server answers on some keep-alive connections: by wrk, or by our own protocol."""

import asyncio
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass

from bench.answer_reader import AnswerReader
from bench.server_process import GENERATOR_CORE, pin

_BUFFER = bytearray(256 * 1024)
_VIEW = memoryview(_BUFFER)
_SCRIPT = """
local target, head, first = {target}, {head}, {first}
local asked = 0
request = function()
  asked = asked + 1
  if first and asked <= {connections} then return "GET " .. first .. head end
  return "GET " .. target .. head
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Outcome:
    requests_per_s: float
    errors: int
    generator_cpu_percent: float


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


async def wrk(
    base: str, target: str, rest_of_head: bytes, *, connections: int, seconds: float, first: str | None = None
) -> Outcome:
    """`first`: what each connection asks for before anything else."""
    script = _SCRIPT.format(
        target=_lua(target),
        head=_lua(rest_of_head.decode()),
        first=_lua(first) if first else "nil",
        connections=connections,
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", file.name, base]
        before = _children_cpu()
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, preexec_fn=lambda: pin(GENERATOR_CORE)
        )
        output = (await process.communicate())[0].decode()
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", output)
    if found is None:
        raise RuntimeError(f"wrk said: {output}")
    requests, microseconds, status, broken, _ = map(int, found.groups())
    took = microseconds / 1e6
    return Outcome(requests / took, status + broken, (_children_cpu() - before) / took * 100)


def _lua(text: str) -> str:
    """A string literal of Lua."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\r", "\\r"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


class Asking(asyncio.BufferedProtocol):
    """Asks again as soon as it is answered."""

    def __init__(self, request: bytes, first: bytes | None) -> None:
        self.answers = self.errors = 0
        self._request = request
        self._first = first or request
        self._reader = AnswerReader()
        self._reader.keeps_body = False

    def connection_made(self, transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=0)  # uvloop then writes at once, not at the end of its turn
        transport.write(self._first)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        if self._reader.feed(_VIEW[:nbytes]):
            self.answers += 1
            self.errors += self._reader.status != 200
            self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.errors += 1


async def own(
    base: str, target: str, rest_of_head: bytes, *, connections: int, seconds: float, first: str | None = None
) -> Outcome:
    """As `wrk`, in this process."""
    host, _, port = base.removeprefix("http://").partition(":")
    request = b"GET " + target.encode() + rest_of_head
    before = b"GET " + first.encode() + rest_of_head if first else None
    loop = asyncio.get_running_loop()
    asking = [
        (await loop.create_connection(lambda: Asking(request, before), host, int(port)))[1]
        for _ in range(connections)
    ]
    cpu, since, mark = time.process_time(), time.monotonic(), sum(one.answers for one in asking)
    await asyncio.sleep(seconds)
    took, cpu = time.monotonic() - since, time.process_time() - cpu
    answers, errors = sum(one.answers for one in asking) - mark, sum(one.errors for one in asking)
    for one in asking:
        one._transport.abort()
    await asyncio.sleep(0)
    return Outcome(answers / took, errors, cpu / took * 100)
