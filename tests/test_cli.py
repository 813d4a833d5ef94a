"""The command line as an operator types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge import cli


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


def test_a_good_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    shipped = Path(__file__).parents[1] / "config" / "edge.toml"
    assert run("check", "-c", str(shipped)) == 0
    assert "no fault found" in capsys.readouterr().out


FAULTS = ("--set: hls.window: write a number", "--set: nothing: is not a key we know")


def test_faults_go_to_standard_error_with_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--set", "hls.window=long", "--set", "nothing.here=1") == 2
    errors = capsys.readouterr().err.splitlines()
    assert [line[: len(start)] for line, start in zip(errors, FAULTS, strict=True)] == list(FAULTS)


WITH_FAULTS_OF_BOTH_KINDS = """\
[server]
tls_certificate = "nowhere/cert.pem"
tls_key = "nowhere/key.pem"
[hls]
window = "long"
[auth]
token_public_keys = ["nowhere/public.pem"]
"""


def test_files_that_are_not_there_are_told_with_all_other_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(WITH_FAULTS_OF_BOTH_KINDS)
    assert run("check", "-c", str(path)) == 2
    places = [line.partition(": ")[0] for line in capsys.readouterr().err.splitlines()]
    assert places == [f"{path}:5", f"{path}:2", f"{path}:7"]


def test_serve_refuses_a_bad_configuration_before_it_opens_anything(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("serve", "--set", "server.listen=0.0.0.0:0") == 2
    assert "auth.publish" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "check", "publish", "watch"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert command in capsys.readouterr().out


def test_ctrl_c_while_the_commands_are_being_loaded_is_no_traceback(monkeypatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_parser", interrupted)
    assert run("publish", "test", "http://127.0.0.1:1/whip/a") == 130


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("edge ")
