import os

from edge.config_vod import VodConfig
from edge.vod.file_origin import FileOrigin
from edge.vod.http_origin import HttpOrigin
from edge.vod.s3_origin import S3Origin
from edge.vod.stock import missing, stocked


async def test_each_kind_of_origin_stands_at_its_prefix(tmp_path):
    config = VodConfig(
        cache_dir=tmp_path / "cache",
        origins=(
            {"prefix": "/", "root": str(tmp_path / "media")},
            {"prefix": "/far", "kind": "http", "mirrors": ["http://127.0.0.1:9/v"], "name": "far"},
            {"prefix": "/s", "kind": "s3", "bucket": "films", "folder": "x/"},
        ),
    )
    cache = stocked(config)
    await cache.start()
    found = {key: cache._mounts.find(key) for key in ("a", "far/a", "s/a")}
    kinds = {
        key: (type(mount.origin), mount.is_cached, mount.origin.name) for key, (mount, _) in found.items()
    }
    assert kinds == {
        "a": (FileOrigin, False, f"file:{tmp_path}/media"),
        "far/a": (HttpOrigin, True, "far"),
        "s/a": (S3Origin, True, "s3:films/x/"),
    }
    assert (tmp_path / "cache" / "lock").exists()
    await cache.close()


async def test_where_nothing_is_cached_no_folder_is_touched(tmp_path):
    cache = stocked(VodConfig(cache_dir=tmp_path / "cache"))
    await cache.start()
    await cache.close()
    assert not (tmp_path / "cache").exists()


def test_what_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ((note, is_fault),) = missing(VodConfig())
    assert "media is no folder" in note
    assert not is_fault, "the server starts without it"
    ((fault, is_fault),) = missing(VodConfig(origins=({"root": "/none"},)))
    assert fault == "vod.origins.0.root: /none is no folder: make it, or name another"
    assert is_fault
    (tmp_path / "media").mkdir()
    (tmp_path / "file").write_text("")
    assert not list(missing(VodConfig()))
    far = {"kind": "http", "mirrors": ["http://a"]}
    ((fault, is_fault),) = missing(VodConfig(origins=(far,), cache_dir=tmp_path / "file" / "x"))
    assert is_fault
    assert "is no folder" in fault
    assert not list(missing(VodConfig(origins=(far,), cache_dir=tmp_path / "new" / "x")))
    (tmp_path / "link").symlink_to("/nonexistent/cache")
    for name, told in (("link", "is no folder"), ("x" * 256, "too long")):
        ((fault, is_fault),) = missing(VodConfig(origins=(far,), cache_dir=tmp_path / name / "x"))
        assert is_fault
        assert told in fault
    ((note, is_fault),) = missing(VodConfig(origins=(far,), cache_dir=tmp_path / "new", capacity="999TiB"))
    assert "lower it" in note
    assert not is_fault, "a disk may grow"


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    far = {"kind": "http", "mirrors": ["http://a"]}
    ((fault, _),) = missing(VodConfig(origins=(far,), cache_dir=tmp_path / "x"))
    assert "cannot be written" in fault
