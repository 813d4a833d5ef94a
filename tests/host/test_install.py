import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from edge.config import load
from edge.errors import ConfigError
from edge.host.install import CONFIGURATION, EXAMPLES, UNITS, install, uninstall


@pytest.fixture
def installed(tmp_path):
    install(tmp_path, command="/opt/edge/bin/edge")
    return tmp_path


def test_everything_has_its_place(installed):
    service = (installed / "etc/systemd/system/edge.service").read_text()
    assert "ExecStart=/opt/edge/bin/edge serve -c /etc/edge/edge.toml\n" in service
    assert (installed / "etc/systemd/system/edge.socket").exists()
    assert (installed / "etc/sysusers.d/edge.conf").exists()
    assert (installed / "etc/tmpfiles.d/edge.conf").exists()


def test_who_has_no_checkout_finds_fronts_drop_ins_and_every_key(installed):
    examples = {path.relative_to(installed / EXAMPLES) for path in (installed / EXAMPLES).rglob("*.*")}
    assert {Path("nginx.conf"), Path("edge.toml"), Path("edge.service.d/memory.conf")} <= examples
    assert (installed / EXAMPLES / "Caddyfile").read_text() == (
        UNITS / "../config/Caddyfile"
    ).resolve().read_text()
    uninstall(installed)
    assert not (installed / EXAMPLES).parent.exists()


def test_the_first_configuration_is_good_and_has_keys_of_its_own(installed, tmp_path_factory):
    path = installed / CONFIGURATION
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    config = load(path, environment={})
    keys = {*config.auth.publish, *config.auth.admin, *config.auth.token_secrets}
    assert len(keys) == 3
    assert all(len(key) == 48 for key in keys)
    other = tmp_path_factory.mktemp("other")
    install(other, command="/opt/edge/bin/edge")
    assert load(other / CONFIGURATION, environment={}).auth.publish != config.auth.publish


def test_a_configuration_that_is_there_stays(installed):
    (installed / CONFIGURATION).write_text("# mine\n")
    install(installed, command="/opt/edge/bin/edge")
    assert (installed / CONFIGURATION).read_text() == "# mine\n"


def test_uninstall_keeps_the_keys(installed):
    uninstall(installed)
    assert [path.name for path in installed.rglob("*") if path.is_file()] == ["edge.toml"]
    uninstall(installed)


def test_what_is_in_the_way_is_told(tmp_path):
    (tmp_path / "etc").write_text("a file")
    with pytest.raises(ConfigError, match="--root"):
        install(tmp_path, command="/usr/bin/edge")


def test_systemd_finds_no_fault(tmp_path):
    for unit in UNITS.glob("edge.s*"):
        if unit.is_file():
            text = unit.read_text().replace("/usr/bin/edge", shutil.which("true"))
            (tmp_path / unit.name).write_text(text)
    units = [str(tmp_path / "edge.service"), str(tmp_path / "edge.socket")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "edge." in line]
    assert (done.returncode, ours) == (0, [])
    for drop_in in (UNITS / "edge.service.d.examples").iterdir():
        folder = tmp_path / "edge.service.d"
        folder.mkdir(exist_ok=True)
        shutil.copy(drop_in, folder)
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert "edge.service.d" not in done.stderr


def test_the_sandbox_is_tight():
    security = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=20",
        str(UNITS / "edge.service"),
    ]
    done = subprocess.run(security, capture_output=True, text=True, check=False)
    exposure = float(re.search(r"exposure level for edge\.service: ([0-9.]+)", done.stdout)[1])
    assert exposure <= 2.0
    assert done.returncode == 0
