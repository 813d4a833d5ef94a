"""A benchmark's result: one JSON object (contract: Benchmarks) and the same as a readable table."""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edge.compiled import is_compiled

RESULTS = Path(__file__).parent / "results"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
"""The kernel tells processor time in these."""

LIBRARIES = ("aiohttp", "aiortc", "av", "uvloop")


@dataclass
class Result:
    name: str
    settings: dict[str, Any]
    yardstick: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=lambda: machine())

    def write(self, path: Path | None) -> None:
        """Write the JSON (to `bench/results/<name>.json` unless told) and print the table."""
        path = path or RESULTS / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")
        print(
            f"\n{self.name}: against {self.yardstick.get('name')} {self.yardstick.get('version', '')}  {self.settings}"
        )
        print(table(self.rows))


def machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "compiled": is_compiled(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def table(rows: Sequence[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [columns, *([_cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return "-" if value is None else str(value)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` (0..1) of the values do not exceed; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


@dataclass(frozen=True)
class CoreTimes:
    """Seconds of one core so far. `network`: interrupts, which no process is charged for, loopback's work among them."""

    processes: float
    network: float
    idle: float

    def since(self, before: "CoreTimes") -> "CoreTimes":
        return CoreTimes(
            self.processes - before.processes, self.network - before.network, self.idle - before.idle
        )

    @property
    def busy_percent(self) -> float:
        whole = self.processes + self.network + self.idle
        return (1 - self.idle / whole) * 100 if whole else 0.0


def core_times(core: int) -> CoreTimes:
    """Of a core of this machine; of the whole machine where it has no such core."""
    lines = Path("/proc/stat").read_text().splitlines()
    line = next((line for line in lines if line.startswith(f"cpu{core} ")), lines[0])
    user, nice, system, idle, waiting, hard, soft, stolen = map(int, line.split()[1:9])
    second = os.sysconf("SC_CLK_TCK")
    return CoreTimes(
        (user + nice + system + stolen) / second, (hard + soft) / second, (idle + waiting) / second
    )


def uncharged_percent(cores: Sequence[CoreTimes], own_s: float, took_s: float) -> float:
    """What these cores did beside our processes: other programs, and interrupts that nobody is charged for."""
    busy = sum(core.processes + core.network for core in cores)
    return max(0.0, (busy - own_s) / took_s * 100)


def arguments(name: str, what: str, *, seconds: float = 60) -> argparse.ArgumentParser:
    """The flags that every benchmark takes."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=what)
    parser.add_argument("--seconds", type=float, default=seconds, help="how long to measure")
    parser.add_argument("--json", type=Path, help=f"where the result goes (bench/results/{name}.json)")
    return parser
