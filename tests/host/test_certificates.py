import os
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from tls_material import write_pair

from edge.errors import ConfigError
from edge.host.certificates import Certificates


def shown(certificates: Certificates, **client) -> tuple[str, str]:
    """Whose certificate a client sees, and by which version of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            accepted, _ = listener.accept()
            try:
                certificates.context.wrap_socket(accepted, server_side=True).close()
            except (ssl.SSLError, OSError):
                accepted.close()

        server = threading.Thread(target=serve)
        server.start()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for name, value in client.items():
            setattr(context, name, value)
        try:
            with (
                socket.create_connection(listener.getsockname(), 5) as plain,
                context.wrap_socket(plain) as secure,
            ):
                subject = x509.load_der_x509_certificate(secure.getpeercert(True)).subject
                return subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value, secure.version()
        finally:
            server.join()


def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path):
    certificates = Certificates(*write_pair(tmp_path, "old"))
    assert shown(certificates) == ("old", "TLSv1.3")
    assert not certificates.reload_if_changed()
    pair = write_pair(tmp_path, "new")
    os.utime(pair[0], ns=(1, 1))
    assert certificates.reload_if_changed()
    assert shown(certificates)[0] == "new"


def test_a_pair_that_does_not_fit_leaves_the_old_one(tmp_path):
    certificates = Certificates(*write_pair(tmp_path, "old"))
    chain = (tmp_path / "chain.pem").read_bytes()
    write_pair(tmp_path, "new")
    (tmp_path / "chain.pem").write_bytes(chain)
    with pytest.raises(ConfigError, match="tls_key"):
        certificates.reload()
    assert shown(certificates)[0] == "old"


def test_old_versions_are_not_spoken(tmp_path):
    certificates = Certificates(*write_pair(tmp_path))
    assert shown(certificates, maximum_version=ssl.TLSVersion.TLSv1_2)[1] == "TLSv1.2"
    with pytest.warns(DeprecationWarning, match="TLSVersion"), pytest.raises((ssl.SSLError, OSError)):
        shown(certificates, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_what_cannot_be_used_is_told(tmp_path):
    with pytest.raises(ConfigError, match="readable PEM"):
        Certificates(tmp_path / "none", tmp_path / "none")
    with pytest.raises(ConfigError, match="password"):
        Certificates(*write_pair(tmp_path, password=b"secret"))
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(ConfigError):
        Certificates(tmp_path / "chain.pem", tmp_path / "key.pem")
