"""`python -m bench.reports`: what players' reports (CMCD) cost the server, against players that send none.

One server on one core, asked in turns, a second each, by the same number of connections: without reports, with a report
in each address, and with one in header fields. No two reports of a connection are the same. CPU time of the server by
answer; nothing is held.
"""

import itertools
from typing import Any
from urllib.parse import quote

import uvloop

from bench import report
from bench.request_heads import chrome
from bench.requests_load import Asking
from bench.server_process import GENERATOR_CORE, fed_server, pin, raise_file_limit
from bench.tokens import LIVE, Turns, Viewer, against, viewer

ROUND = 500
"""Reports of one connection, before it begins anew."""


class Telling(Asking):
    """Asks each time with the next report."""

    def __init__(self, requests: list[bytes]) -> None:
        super().__init__(requests[0], None)
        self._requests = itertools.cycle(requests)

    def buffer_updated(self, nbytes: int) -> None:
        self._request = next(self._requests)
        super().buffer_updated(nbytes)


def reports(number: int) -> list[tuple[str, str, str, str]]:
    """As hls.js tells them: object, request, session, status."""
    session = f'cid="s0",sf=h,sid="6e2fb550-c457-11e9-bb97-{number:012x}",st=l'
    return [
        ("br=3200,d=200,ot=v,tb=6000", f"bl={at * 100},dl={at * 100},mtp={20_000 + at * 100}", session, "bs" * (at % 50 == 0))
        for at in range(ROUND)
    ]  # fmt: skip


def in_addresses(number: int) -> Viewer:
    def made(target: str, host: str) -> Asking:
        mark = "&" if "?" in target else "?"
        head = chrome(host, number)
        told = (quote(",".join(filter(None, one)), safe="") for one in reports(number))
        return Telling([f"GET {target}{mark}CMCD={text}".encode() + head for text in told])

    return made


def in_fields(number: int) -> Viewer:
    names = ("CMCD-Object", "CMCD-Request", "CMCD-Session", "CMCD-Status")

    def made(target: str, host: str) -> Asking:
        before, user_agent, after = chrome(host, number).partition(b"User-Agent")
        requests = []
        for one in reports(number):
            told = "".join(f"{name}: {text}\r\n" for name, text in zip(names, one, strict=True) if text)
            requests.append(b"GET " + target.encode() + before + told.encode() + user_agent + after)
        return Telling(requests)

    return made


async def run(options: Any) -> list[dict[str, Any]]:
    rows = []
    async with fed_server(
        "hls.segment_target=2s", part_ms=1000, part_bytes=options.part_bytes, history_s=20
    ) as server:
        for kind, (name, made) in itertools.product(
            options.answers, (("address", in_addresses), ("fields", in_fields))
        ):
            without = Turns(server, [viewer(LIVE, at) for at in range(options.connections)])
            telling = Turns(server, [made(at) for at in range(options.connections)])
            for _ in range(options.rounds):
                await without.take(kind, options.seconds)
                await telling.take(kind, options.seconds)
            rows.append({"answer": kind, "reports": name, **against("without", without, "with", telling)})
    return rows


def main(argv: list[str] | None = None) -> None:
    parser = report.arguments("reports", __doc__ or "", seconds=1)
    parser.add_argument("--rounds", type=int, default=5, help="how often they take turns")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--answers", nargs="+", choices=("playlist", "part"), default=["playlist", "part"])
    parser.add_argument("--part-bytes", type=int, default=25_000)
    options = parser.parse_args(argv)
    pin(GENERATOR_CORE)
    raise_file_limit()
    settings = {"seconds": options.seconds, "rounds": options.rounds, "connections": options.connections}
    result = report.Result("reports", settings, {"name": "players without reports"})
    result.rows += uvloop.run(run(options))
    result.write(options.json)


if __name__ == "__main__":
    main()
