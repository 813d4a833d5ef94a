import os
import resource
import socket
import time

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from edge.host import process_metrics
from edge.host.process_metrics import ProcessCollector as OurCollector

FILES = 3_000


@pytest.fixture
def thousands_of_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    opened = socket.socket()
    copies = [os.dup(opened.fileno()) for _ in range(FILES)]
    yield
    for each in copies:
        os.close(each)
    opened.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def written(collector) -> dict[str, str]:
    registry = CollectorRegistry()
    registry.register(collector)
    lines = generate_latest(registry).decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)


async def test_it_tells_what_the_library_would_tell():
    ours = OurCollector()
    await ours.look()
    told, theirs = written(ours), written(ProcessCollector(registry=None))
    assert told.keys() == theirs.keys()
    assert len([name for name in told if name.startswith("process_")]) == 6
    for name in (
        "process_virtual_memory_bytes",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
    ):
        assert float(told[name]) == pytest.approx(float(theirs[name]), rel=0.05, abs=0.05)
    assert float(told["process_start_time_seconds"]) == pytest.approx(
        float(theirs["process_start_time_seconds"]), abs=1.5
    )
    assert told["process_max_fds"] == theirs["process_max_fds"]


@pytest.mark.alone
@pytest.mark.parametrize("kernel", ["6.2", "6.1"])
async def test_thousands_of_open_files_are_counted_and_hold_the_loop_for_nothing(
    kernel, thousands_of_open_files, monkeypatch
):
    """The library takes 2 ms for them."""
    if kernel == "6.1":
        monkeypatch.setattr(process_metrics, "_told", lambda: 0)
    ours, spent = OurCollector(), []
    for _ in range(5):
        began = time.thread_time()
        await ours.look()
        told = written(ours)
        spent.append(time.thread_time() - began)
    assert float(told["process_open_fds"]) == pytest.approx(len(os.listdir("/proc/self/fd")), abs=3)
    assert float(told["process_open_fds"]) > FILES
    assert min(spent) < 0.001


async def test_where_there_is_no_proc_nothing_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(process_metrics, "_STAT", tmp_path / "stat")
    ours = OurCollector()
    await ours.look()
    assert list(ours.collect()) == []


async def test_when_no_file_can_be_opened_any_more_the_rest_is_told(monkeypatch):
    monkeypatch.setattr(process_metrics, "_told", lambda: 0)
    ours = OurCollector()
    await ours.look()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        await ours.look()
        told = written(ours)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not {"process_resident_memory_bytes", "process_open_fds"} & told.keys()
    assert told["process_max_fds"] == "0.0"
    assert float(told["process_cpu_seconds_total"]) > 0
