"""What edge/ingest/dtls.py believes of the privates of aiortc, pyOpenSSL and pylibsrtp."""

import inspect
from importlib.metadata import version

import pylibsrtp
import pytest
from aiortc import RTCCertificate, RTCDtlsTransport
from OpenSSL import SSL
from pylibsrtp._binding import ffi, lib

from edge.ingest import dtls


class Ice:
    role = "controlled"
    state = "completed"


@pytest.fixture
def transport():
    return RTCDtlsTransport(Ice(), [RTCCertificate.generateCertificate()])


def test_the_versions_that_this_was_read_in():
    assert version("aiortc").startswith("1.16.")
    assert version("pylibsrtp").startswith("1.")


async def test_the_names_are_there(transport):
    assert transport.state == "new"
    assert (transport._ssl, transport._rx_srtp, transport._tx_srtp) == (None, None, None)
    for role in ("server", "client"):
        transport._set_role(role)
        assert transport._role == role


def test_the_handshake_drives_ssl_and_the_transport_below():
    source = inspect.getsource(RTCDtlsTransport._do_handshake)
    assert "self._ssl.do_handshake()" in source
    assert "self._set_state(State.FAILED)" in source
    source = inspect.getsource(RTCDtlsTransport._recv_next)
    assert "self.transport._recv()" in source
    assert "self._ssl.recv(1500)" in source
    assert "except SSL.Error:" in source, "which is why the fault is recorded below it"
    assert "self.transport._send(data)" in inspect.getsource(RTCDtlsTransport._write_ssl)
    assert "self._do_handshake()" in inspect.getsource(RTCDtlsTransport.start)


def test_a_context_of_ours_is_aiortcs_but_for_the_callback():
    """dtls.py makes the same: who changes aiortc's, looks at it again."""
    source = inspect.getsource(RTCCertificate._create_ssl_context)
    steps = [line.strip().partition("(")[0] for line in source.splitlines() if "ctx." in line]
    assert steps == [
        "ctx.set_options", "ctx.set_verify", "ctx.use_certificate", "ctx.use_privatekey", "ctx.set_cipher_list",
        "ctx.set_tlsext_use_srtp",
    ]  # fmt: skip
    assert "SSL.DTLS_METHOD" in source
    assert "SSL.OP_NO_TICKET" in source
    assert dtls._CIPHERS.decode() in source
    assert "self.__local_certificate._create_ssl_context(" in inspect.getsource(RTCDtlsTransport.start)


def test_errors_of_openssl_hold_the_reason_last():
    connection = SSL.Connection(SSL.Context(SSL.DTLS_METHOD))
    connection.set_accept_state()
    with pytest.raises(SSL.WantReadError):
        connection.do_handshake()
    connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
    connection.set_accept_state()
    connection.bio_write(b"this is no TLS record at all")
    with pytest.raises(SSL.Error) as caught:
        connection.do_handshake()
    assert all(isinstance(reason, str) for *_, reason in caught.value.args[0])


def test_a_libsrtp_context_can_be_called_with_a_buffer_of_ours():
    key = bytes(range(30))
    directions = (pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND)
    ends = [pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=direction)) for direction in directions]
    packet = bytes.fromhex("806000010000000100000001") + b"payload"
    protected = ends[0].protect(packet)
    cells, length = ffi.new("char[]", 2048), ffi.new("int *")
    statuses = []
    for _ in range(2):
        length[0] = len(protected)
        ffi.buffer(cells)[0 : len(protected)] = protected
        statuses.append(lib.srtp_unprotect(ends[1]._srtp[0], cells, length))
        if statuses[-1] == lib.srtp_err_status_ok:
            assert ffi.buffer(cells)[0 : length[0]] == packet
    assert statuses == [0, 9], "the second is a replay"
    assert pylibsrtp.ERRORS[9].startswith("replay")
    assert pylibsrtp.ERRORS[10].startswith("replay")
    assert pylibsrtp.ERRORS[7] == "authentication failure"
