import os
import socket

import pytest

from edge.host.notify import Notifier


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "notify"))
        one.settimeout(2)
        yield one


def environment(manager, **more):
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def test_one_datagram_for_each_change(manager):
    notifier = Notifier(environment(manager))
    notifier.ready()
    notifier.status("streams 1\nREADY=0")
    notifier.alive()
    notifier.stopping()
    notifier.extend(2)
    said = [manager.recv(4096).decode() for _ in range(5)]
    assert said == [
        "READY=1",
        "STATUS=streams 1 READY=0",
        "WATCHDOG=1",
        "STOPPING=1",
        "EXTEND_TIMEOUT_USEC=2000000",
    ]
    notifier.reloading()
    assert manager.recv(4096).decode().startswith("RELOADING=1\nMONOTONIC_USEC=")


def test_an_abstract_socket():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(f"\0edge-test-{os.getpid()}")
        one.settimeout(2)
        Notifier({"NOTIFY_SOCKET": f"@edge-test-{os.getpid()}"}).ready()
        assert one.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "address", ["", "relative", "vsock:2:1234", "/nowhere/at/all", "@nobody-listens-here"]
)
def test_a_manager_that_does_not_listen_is_no_fault(address):
    Notifier({"NOTIFY_SOCKET": address}).ready()


def test_a_full_socket_does_not_block(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "deaf")})
        for _ in range(2000):
            notifier.alive()


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({}, None), ({"WATCHDOG_USEC": "20000000"}, 20.0), ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None), ({"WATCHDOG_USEC": "0"}, None), ({"WATCHDOG_USEC": "x"}, None),
        ({"WATCHDOG_USEC": "9" * 30}, None), ({"WATCHDOG_USEC": "-5"}, None),
    ],
)  # fmt: skip
def test_the_watchdogs_interval(manager, more, seconds):
    assert Notifier(environment(manager, **more)).watchdog_s == seconds


def test_without_a_manager_there_is_no_watchdog():
    assert Notifier({"WATCHDOG_USEC": "20000000"}).watchdog_s is None
