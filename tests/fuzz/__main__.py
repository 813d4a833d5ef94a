"""`python -m tests.fuzz [--seconds S] [NAME ...]`: every target, seeds mutated until the time is up.

The invariant of every target: any bytes give a value or our own error, in bounded time. A failing input is
written to `tests/fuzz/crashes/` and its name printed; the exit code is then 1.
"""

import argparse
import importlib
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
SLOW_S = 2.0
"""All times are processor time: a machine with other work, or a run that was paused, finds no false faults."""


def mutate(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randint(0, len(changed))
        match rng.randint(0, 5):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randint(0, 7)
            case 1 if at < len(changed):
                changed[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                changed[at:at] = rng.randbytes(rng.randint(1, 8))
            case 3:
                del changed[at : at + rng.randint(1, 16)]
            case 4:
                changed[at:at] = changed[at : at + rng.randint(1, 64)]
            case _:
                del changed[at:]
    return bytes(changed)


def run(name: str, seconds: float, seed: int) -> int:
    """Fuzz one target; the number of failures."""
    module = importlib.import_module(f"tests.fuzz.{name}")
    target: Callable[[bytes], None] = module.target
    corpus: list[bytes] = [*module.SEEDS, b""]
    rng = random.Random(seed)
    end = time.process_time() + seconds
    runs = failures = 0
    slowest = 0.0
    while time.process_time() < end and failures < 5:
        if runs < len(module.SEEDS):
            data = module.SEEDS[runs]
        else:
            data = (
                rng.randbytes(rng.randint(0, 256)) if rng.random() < 0.05 else mutate(rng.choice(corpus), rng)
            )
        started = time.process_time()
        try:
            target(data)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            failures += 1
            keep(name, data, repr(error))
        took = time.process_time() - started
        slowest = max(slowest, took)
        if took > SLOW_S:
            failures += 1
            keep(name, data, f"took {took:.1f} s")
        if len(corpus) < 2000 and rng.random() < 0.01:
            corpus.append(data)
        runs += 1
    print(f"{name:<24} {runs:>9} runs  slowest {slowest * 1e3:6.1f} ms  {failures} failures", flush=True)
    return failures


def keep(name: str, data: bytes, why: str) -> None:
    folder = HERE / "crashes"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{abs(hash(data)):016x}"
    path.write_bytes(data)
    print(f"{name}: {why}: {path.name}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help="targets (all)")
    parser.add_argument("--seconds", type=float, default=600, help="of processor time, for each target")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    known = sorted(path.stem for path in HERE.glob("fuzz_*.py"))
    if unknown := [name for name in arguments.names if name not in known]:
        parser.error(f"no target is named {unknown[0]}; there are {', '.join(known)}")
    names = arguments.names or known
    sys.exit(sum(run(name, arguments.seconds, arguments.seed) for name in names) > 0)


if __name__ == "__main__":
    main()
