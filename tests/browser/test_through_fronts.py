"""Chromium through nginx and Caddy, as config/ ships them: HTTP/2, and no later than without them."""

import base64
import hashlib
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rig import FLAGS, EdgeServer, PublisherProcess, Spread, Viewer, chromium, free_port, until

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from test_fronts import caddy, nginx

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(180)]

SMALL = {"width": 480, "height": 360}
PROTOCOLS = """[...new Set(performance.getEntriesByType('resource')
  .filter(e => e.name.includes('/live/') && (e.transferSize || e.nextHopProtocol)).map(e => e.nextHopProtocol))]"""
"""Of what came over the network: parts that the page fetched ahead, as it does on a busy machine, come out of the cache."""
ARRIVALS = """async ([address, count]) => {
  const text = async (query) => await (await fetch(address + query)).text();
  const next = (listed) => {
    const msn = +/MEDIA-SEQUENCE:(\\d+)/.exec(listed)[1] + (listed.match(/#EXTINF/g) || []).length;
    const open = listed.slice(listed.lastIndexOf("#EXTINF"));
    return [msn, (open.match(/#EXT-X-PART:/g) || []).length];
  };
  let listed = await text("");
  const found = [];
  while (found.length < count) {
    const [msn, part] = next(listed);
    listed = await text(`?_HLS_msn=${msn}&_HLS_part=${part}`);
    found.push([`${msn}.${part}`, performance.timeOrigin + performance.now()]);
  }
  return found;
}"""
"""When the playlist with each part came: unlike what is seen, this has no player in it that steers."""


@contextmanager
def front(kind, folder, server):
    folder.mkdir()
    port = free_port()
    environment = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/bin"}
    command = kind(folder, port, int(server.base.rpartition(":")[2]))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield f"https://localhost:{port}"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def server():
    with EdgeServer('server.trusted_proxies=["127.0.0.1"]') as running:
        yield running


def test_it_plays_over_http_2_no_later_than_without_a_front(server, view, tmp_path):
    with ExitStack() as stack:
        stack.enter_context(PublisherProcess(server, "cam")).on_air()
        bases = {"direct": server.base}
        for kind in (nginx, caddy):
            bases[kind.__name__] = stack.enter_context(front(kind, tmp_path / kind.__name__, server))
        viewers = {}
        for name, base in bases.items():
            options = {"viewport": SMALL, "ignore_https_errors": True}
            viewers[name] = until(lambda b=base, o=options: opened(view, b, o), 20, f"{name} answers")
            viewers[name].first_frame(20)
        viewers["direct"].wait(3)
        for name, viewer in viewers.items():
            expected = ["http/1.1"] if name == "direct" else ["h2"]
            assert viewer.page.evaluate(PROTOCOLS) == expected, name
            report = viewer.report()
            assert report["errors"] == [], (name, report)
            assert not viewer.failed_requests, name
        rounds = []  # a machine that is busy makes anybody late: one calm round tells what a front costs
        while len(rounds) < 3 and not (rounds and max(rounds[-1].values()) < 0.05):
            rounds.append(lateness(viewers, bases))
        assert max(rounds[-1].values()) < 0.05, rounds


def lateness(viewers, bases):
    """Seconds by which parts are listed later through each front than without one, in the middle."""
    for name, viewer in viewers.items():
        viewer.page.evaluate(f"window.came = ({ARRIVALS})(['{bases[name]}/live/cam/main.m3u8', 16]); 0")
    came = {name: dict(viewer.page.evaluate("window.came")) for name, viewer in viewers.items()}
    late = {}
    for name in ("nginx", "caddy"):
        shared = came[name].keys() & came["direct"].keys()
        spread = Spread.of([(came[name][part] - came["direct"][part]) / 1000 for part in shared])
        print(name, "later than direct:", spread)
        assert spread.count >= 8
        late[name] = spread.p50
    return late


def opened(view, base, options, stream="cam"):
    try:
        return view(f"{base}/watch/{stream}?clock=1", **options)
    except Exception as error:
        if "ERR_CONNECTION_REFUSED" not in str(error) and "ERR_QUIC" not in str(error):
            raise
        return None


def test_it_plays_over_http_3_through_caddy(server, browser, tmp_path):
    """A browser of its own: QUIC takes no certificate on trust, so ours is named."""
    with ExitStack() as stack:
        stack.enter_context(PublisherProcess(server, "quic")).on_air()
        base = stack.enter_context(front(caddy, tmp_path / "caddy", server))
        chain = x509.load_pem_x509_certificate((tmp_path / "caddy" / "chain.pem").read_bytes())
        public = chain.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        named = base64.b64encode(hashlib.sha256(public).digest()).decode()
        flags = [flag for flag in FLAGS if flag != "--disable-quic"]
        flags += ["--enable-quic", f"--origin-to-force-quic-on={base.removeprefix('https://')}"]
        flags.append(f"--ignore-certificate-errors-spki-list={named}")
        own = browser.browser_type.launch(executable_path=chromium(), args=flags)
        stack.callback(own.close)
        page = own.new_context(viewport=SMALL).new_page()
        viewer = until(
            lambda: opened(lambda address: Viewer(page, address), base, {}, "quic"), 20, "Caddy answers"
        )
        viewer.first_frame(20)
        viewer.until("window.edge.frames > 15", 20)
        assert viewer.page.evaluate(PROTOCOLS) == ["h3"]
        assert viewer.report()["errors"] == []
