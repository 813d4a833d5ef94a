import os
import socket
import subprocess
import sys

import pytest

from edge.config import Address
from edge.host.sockets import bound, inherited

CHILD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:other"}
from edge.host.sockets import inherited
found = inherited()
print(len(found), found[0].getsockname()[1], os.get_inheritable(3), [k for k in os.environ if k.startswith("LISTEN_")])
"""


def test_listeners_are_taken_over_and_other_things_left_alone():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(type=socket.SOCK_DGRAM) as other:
        numbers = [listener.fileno(), other.fileno()]
        done = subprocess.run(
            [sys.executable, "-c", CHILD, *map(str, numbers)],
            pass_fds=numbers,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == f"1 {listener.getsockname()[1]} False []"


def test_a_unix_listener_too(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other:
        listener.bind(str(tmp_path / "http.sock"))
        listener.listen()
        numbers = [listener.fileno(), other.fileno()]
        program = CHILD.replace("getsockname()[1]", "getsockname()[-9:]")
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, numbers)],
            pass_fds=numbers,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == "1 http.sock False []"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "-1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "9999999"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"},
        {"LISTEN_PID": "", "LISTEN_FDS": "1"},
    ],
)
def test_what_is_not_for_us_is_not_taken(environment):
    assert inherited(environment) == []
    assert environment == {}


def test_our_own():
    with bound(Address("127.0.0.1", 0)) as one, pytest.raises(OSError):
        bound(Address("127.0.0.1", one.getsockname()[1]))


def test_all_addresses_means_both_families():
    with bound(Address("::", 0)) as one, socket.create_connection(("127.0.0.1", one.getsockname()[1])):
        pass
