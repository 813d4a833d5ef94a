"""The server is restarted as systemd does it, sockets held by another: players go on, publishers come back."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from rig import ROOT, EdgeServer, PublisherProcess, until

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(180)]

ACTIVATED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
sys.argv = ["edge", *sys.argv[2:]]
from edge.cli import main
main()
"""
AWAY_S = 12
"""The longest that a picture may stand still: the end of one process, the start of the next on a small and busy
machine, and the publisher's own return."""

POSITION = "document.querySelector('video').currentTime"
SMALL = {"width": 480, "height": 360}


class RestartedServer(EdgeServer):
    """Its listening socket outlives it."""

    def __init__(self, *settings: str) -> None:
        super().__init__(*settings)
        self.listener = socket.create_server(("127.0.0.1", int(self.base.rpartition(":")[2])), backlog=512)
        self.output = open(os.devnull)  # noqa: SIM115 - a place for the first process's

    def start(self) -> None:
        self.output.close()
        popen, number = subprocess.Popen, self.listener.fileno()

        def activated(command, **options):
            return popen(
                [sys.executable, "-c", ACTIVATED, str(number), *command[3:]], pass_fds=[number], **options
            )

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "Popen", activated)
            super().start()

    def restart(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.log()
        assert "Traceback" not in self.log()
        self.start()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.listener.close()


@pytest.fixture
def server(tmp_path):
    settings = (f"server.state_dir={tmp_path}", "server.drain=5s")
    with RestartedServer(*settings) as running:
        yield running


def test_players_go_on_over_a_restart(server, players, view):
    with PublisherProcess(server, "cam") as publisher:
        publisher.on_air()
        viewers = {
            "watch": view(f"{server.base}/watch/cam?clock=1", viewport=SMALL),
            "hlsjs": view(players.player("hlsjs", server, "cam"), viewport=SMALL),
        }
        for viewer in viewers.values():
            viewer.first_frame(20)
        command = [
            sys.executable,
            "-m",
            "edge",
            "watch",
            f"{server.base}/live/cam/index.m3u8",
            "--duration",
            "16",
        ]
        judge = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        viewers["watch"].wait(4)
        began = time.time()
        server.restart()
        until(lambda: server.state("cam") == "live", 20, "the publisher is back", every=0.1)
        print("live again after", round(time.time() - began, 2))
        for viewer in viewers.values():
            stood = viewer.page.evaluate(POSITION)
            viewer.until(f"{POSITION} > {stood + 3}", AWAY_S)
        said, _ = judge.communicate(timeout=40)
        print(said)
        for kind, viewer in viewers.items():
            report = viewer.report()
            print(kind, report)
            assert report["errors"] == [], (kind, report)
            assert not report["page"], (kind, report)
    assert "breach" not in said, said
    assert judge.returncode == 0, said
