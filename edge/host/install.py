"""Puts the units, the user, the folders and a first configuration in place, and takes them away again."""

import contextlib
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from edge.errors import ConfigError

UNITS = Path(__file__).with_name("units")
_PLACES = {
    "edge.service": "etc/systemd/system/edge.service",
    "edge.socket": "etc/systemd/system/edge.socket",
    "sysusers.conf": "etc/sysusers.d/edge.conf",
    "tmpfiles.conf": "etc/tmpfiles.d/edge.conf",
}
EXAMPLES = "usr/share/doc/edge/examples"
"""Who installed a wheel has no checkout: drop-ins, fronts, alert rules and every key of the configuration."""
CONFIGURATION = "etc/edge/edge.toml"
_HIDDEN_FROM_UNITS = ("/home", "/root", "/run/user", "/tmp")  # noqa: S108  ProtectHome, PrivateTmp
_MANAGER = Path("/run/systemd/system")


def install(root: Path, *, command: str | None = None) -> list[str]:
    """Write below `root`; what was done, one line each. A configuration that is there stays as it is.

    `command` starts the server (found by itself). ConfigError names what is in the way.
    """
    start = command or _command()
    if start.startswith(_HIDDEN_FROM_UNITS) and root == Path("/"):
        raise ConfigError(
            f"{start} is out of the unit's sight (ProtectHome): install edge for all, "
            "with PIPX_HOME=/opt/pipx PIPX_BIN_DIR=/usr/local/bin, or in a venv below /opt"
        )
    done = []
    try:
        for name, place in _places().items():
            text = (
                (UNITS / name).read_text("utf-8").replace("ExecStart=/usr/bin/edge ", f"ExecStart={start} ")
            )
            done.append(_write(root / place, text, 0o644))
        if not (root / CONFIGURATION).exists():
            done.append(_write(root / CONFIGURATION, _first_configuration(), 0o640))
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}: run this as root, or give --root") from error
    if root == Path("/") and _MANAGER.is_dir():
        done += _told("systemd-sysusers", "systemd-tmpfiles --create edge.conf", "systemctl daemon-reload")
    return [*done, "next: edit /etc/edge/edge.toml, then `systemctl enable --now edge.socket edge.service`"]


def uninstall(root: Path) -> list[str]:
    """Remove what `install` wrote; configuration, state and cache stay. What was done, one line each."""
    done = []
    if root == Path("/") and _MANAGER.is_dir():
        done += _told("systemctl disable --now edge.socket edge.service")
    for place in _places().values():
        try:
            (root / place).unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(
                f"{root / place}: {error.strerror}: run this as root, or give --root"
            ) from error
        done.append(f"removed {root / place}")
    for folder in (f"{EXAMPLES}/edge.service.d", EXAMPLES, str(Path(EXAMPLES).parent)):
        with contextlib.suppress(OSError):  # something of somebody else's is in it
            (root / folder).rmdir()
    if root == Path("/") and _MANAGER.is_dir():
        done += _told("systemctl daemon-reload")
    return [*done, f"kept {root / CONFIGURATION}: it holds your keys; remove it yourself"]


def _places() -> dict[str, str]:
    """Where each file below UNITS belongs."""
    places = dict(_PLACES)
    for folder, place in ("edge.service.d.examples", f"{EXAMPLES}/edge.service.d"), ("examples", EXAMPLES):
        for one in sorted((UNITS / folder).iterdir()):
            places[f"{folder}/{one.name}"] = f"{place}/{one.name}"
    return places


def _write(path: Path, text: str, mode: int) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode)
    path.chmod(mode)
    path.write_text(text, "utf-8")
    return f"wrote {path}"


def _first_configuration() -> str:
    """The production example with keys of its own."""
    text = (UNITS / "production.toml").read_text("utf-8")
    while "CHANGE-ME" in text:
        text = text.replace("CHANGE-ME", secrets.token_hex(24), 1)
    return text


def _command() -> str:
    found = shutil.which("edge") or str(Path(sys.executable).with_name("edge"))
    return str(Path(found).absolute())


def _told(*commands: str) -> list[str]:
    done = []
    for command in commands:
        words = command.split()
        path = shutil.which(words[0])
        if path is None:
            done.append(f"not found, run it yourself: {command}")
            continue
        status = subprocess.run([path, *words[1:]], check=False).returncode  # noqa: S603
        done.append(f"ran {command}" if status == 0 else f"failed ({status}): {command}")
    return done
