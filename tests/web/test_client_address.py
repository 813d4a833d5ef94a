import pytest

from edge.web.client_address import client_address, trusted_networks

TRUSTED = trusted_networks(["127.0.0.1", "::1", "10.0.0.0/8"])


@pytest.mark.parametrize(
    ("peer", "fields", "client"),
    [
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),  # no proxy of ours: what it says is its own idea
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.1, 192.0.2.7"], "192.0.2.7"),  # the left was there before our proxy
        ("127.0.0.1", ["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7, 10.1.2.3"], "192.0.2.7"),
        ("127.0.0.1", ["10.0.0.1, 10.1.2.3"], "10.0.0.1"),
        ("127.0.0.1", ["127.0.0.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7, nonsense, 10.1.2.3"], "10.1.2.3"),
        ("::ffff:127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("127.0.0.1", ["fe80::1%eth0"], "fe80::1%eth0"),
        ("127.0.0.1", ["fe80::1%<script>"], "127.0.0.1"),
        ("127.0.0.1", [",,,"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7," + "10.0.0.1," * 5000 + "10.0.0.2"], "10.0.0.1"),
        ("", ["192.0.2.7"], ""),
    ],
)
def test_whom_we_believe(peer, fields, client):
    assert client_address(peer, fields, TRUSTED) == client


@pytest.mark.parametrize(("named", "client"), [(["unix:"], "192.0.2.7"), (["10.0.0.0/8"], "")])
def test_a_proxy_on_a_unix_socket(named, client):
    assert client_address("", ["192.0.2.7"], trusted_networks(named)) == client
    assert client_address("192.0.2.1", ["192.0.2.7"], trusted_networks(named)) == "192.0.2.1"


def test_nobody_is_trusted_unless_it_is_said():
    assert client_address("127.0.0.1", ["192.0.2.7"], ()) == "127.0.0.1"
