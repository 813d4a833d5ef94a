import argparse
import asyncio
import ipaddress
import json
import os
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from plants import PLANTS
from scripted_server import ScriptedServer

from edge.watch.command import add_arguments


def parse(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def test_arguments():
    args = parse("https://edge.example/live/a/index.m3u8", "--duration", "1.5m", "--json")
    assert (args.url, args.duration, args.json) == ("https://edge.example/live/a/index.m3u8", 90.0, True)
    assert parse("http://[::1]:8080/x.m3u8").duration is None


@pytest.mark.parametrize(
    "arguments",
    [[], ["edge.example/x.m3u8"], ["ftp://a/b"], ["http://a:99999/x"], ["http://a/b", "--duration", "soon"]]
    + [["http://a/b", "--duration", each] for each in ("0", "-1", "5y")],
)
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


async def edge_watch(*arguments, interrupt_when=None, **environment):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import argparse, sys; from edge.watch import command; p = argparse.ArgumentParser();"
        "command.add_arguments(p); sys.exit(command.run(p.parse_args()))",
        *arguments,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    if interrupt_when:
        await asyncio.wait_for(interrupt_when.wait(), 20)
        process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, out.decode(), err.decode()


class Busy(ScriptedServer):
    """Says when somebody is well under way."""

    def __init__(self):
        super().__init__()
        self.wanted = asyncio.Event()

    async def get_segment(self, request, msn):
        self.wanted.set()
        return await super().get_segment(request, msn)


async def test_exit_codes_and_output():
    busy, planted = Busy(), PLANTS["PartTooLong"][0]()
    async with ScriptedServer().running() as right, planted.running() as wrong, busy.running() as other:
        good, bad, stopped, nothing = await asyncio.gather(
            edge_watch(f"{right}/index.m3u8", "--duration", "1.5", "--json"),
            edge_watch(f"{wrong}/index.m3u8", "--duration", "1"),
            edge_watch(f"{other}/index.m3u8", interrupt_when=busy.wanted),
            edge_watch(f"{right}/nothing.m3u8"),
        )
    status, out, err = good
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    report = json.loads(out)
    assert report["ok"]
    assert report["parts"] > 5
    status, out, err = bad
    assert (status, err) == (1, "")
    assert "LL 19 (draft 4.4.4.9)" in out
    status, out, err = stopped
    assert (status, err) == (0, "")
    assert "no rule is broken" in out
    status, out, err = nothing
    assert (status, out) == (2, "")
    assert err.startswith("edge watch: ")
    assert "Traceback" not in err


def certificate(folder):
    """A self-signed one for 127.0.0.1, and the server's context."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    path.write_bytes(signed.public_bytes(pem) + key.private_bytes(pem, *plain))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return str(path), context


async def test_tls_with_a_trusted_and_with_an_unknown_certificate(tmp_path):
    path, context = certificate(tmp_path)
    async with ScriptedServer().running(context) as base:
        (status, out, _), (refused, _, err) = await asyncio.gather(
            edge_watch(f"{base}/index.m3u8", "--duration", "1", SSL_CERT_FILE=path),
            edge_watch(f"{base}/index.m3u8", "--duration", "1"),
        )
    assert (status, out.split("\n")[-2]) == (0, "no rule is broken")
    assert refused == 2
    assert "certificate" in err
