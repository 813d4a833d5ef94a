import pytest

from edge.ingest.candidates import Candidate, candidate_lines, parse_candidate


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1",
            Candidate(1, "udp", 2122260223, "192.0.2.1", 61764, "host"),
        ),
        (
            "473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
            Candidate(1, "tcp", 1518280447, "192.0.2.1", 9, "host"),
        ),
        (
            "0 1 UDP 2122252543 65f3253a-de86-44d6-aaa7-5f63d65e1029.local 60257 typ host",
            Candidate(1, "udp", 2122252543, "65f3253a-de86-44d6-aaa7-5f63d65e1029.local", 60257, "host"),
        ),
        (
            "842163049 0 udp 1677729535 203.0.113.5 3478 typ srflx raddr 0.0.0.0 rport 0",
            Candidate(0, "udp", 1677729535, "203.0.113.5", 3478, "srflx"),
        ),
        ("1 1 udp 1 2001:db8::1 9 typ host", Candidate(1, "udp", 1, "2001:db8::1", 9, "host")),
    ],
)
def test_candidates_of_all_clients_are_read(line, expected):
    assert parse_candidate(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1 1 udp 1 192.0.2.1 9",
        "1 x udp 1 192.0.2.1 9 typ host",
        "1 1 udp 1 192.0.2.1 65536 typ host",
        "? 1 udp 1 h 9 typ host",
    ],
)
def test_malformed_ones_are_not(line):
    assert parse_candidate(line) is None


def test_ours_are_host_candidates_with_ipv4_first():
    addresses = [("2001:db8::7", 8080), ("edge.example", 8080), ("198.51.100.7", 8080), ("203.0.113.9", 8080)]
    assert candidate_lines(addresses) == [
        "a=candidate:1 1 udp 2130706431 198.51.100.7 8080 typ host",
        "a=candidate:2 1 udp 2130706175 203.0.113.9 8080 typ host",
        "a=candidate:3 1 udp 2130705919 edge.example 8080 typ host",
        "a=candidate:4 1 udp 2130705663 2001:db8::7 8080 typ host",
    ]


def test_an_address_is_said_once():
    assert len(candidate_lines([("198.51.100.7", 1), ("198.51.100.7", 1), ("198.51.100.7", 2)])) == 2


def test_what_we_write_we_can_read():
    (line,) = candidate_lines([("198.51.100.7", 8080)])
    assert parse_candidate(line.removeprefix("a=candidate:")) == Candidate(
        1, "udp", 2130706431, "198.51.100.7", 8080, "host"
    )
