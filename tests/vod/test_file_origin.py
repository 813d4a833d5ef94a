import errno
import os
import stat
import time

import pytest

from edge.errors import NotFound, OriginChanged, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.vod.file_origin import PIECE_BYTES, FileOrigin

BODY = os.urandom(3 * PIECE_BYTES + 17)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "media"
    (root / "a").mkdir(parents=True)
    (root / "a" / "clip.mp4").write_bytes(BODY)
    (tmp_path / "secret").write_text("no")
    return root


async def whole(origin, asset, start=0, stop=None):
    span = ByteRange(start, asset.size if stop is None else stop)
    return b"".join([piece async for piece in origin.read(asset, span)])


def age(monkeypatch, seconds=10.0):
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds)


async def test_a_file_and_its_slices(root, monkeypatch):
    age(monkeypatch)
    origin = FileOrigin("local", root)
    asset = await origin.stat("a/clip.mp4")

    assert (asset.size, asset.content_type, asset.is_strong) == (len(BODY), "video/mp4", True)
    assert await whole(origin, asset) == BODY
    assert await whole(origin, asset, 5, PIECE_BYTES + 5) == BODY[5 : PIECE_BYTES + 5]


async def test_what_was_written_a_moment_ago_has_a_weak_validator(root):
    (root / "a" / "clip.mp4").touch()
    assert not (await FileOrigin("local", root).stat("a/clip.mp4")).is_strong


async def test_an_edit_in_place_is_another_version_even_with_its_old_date(root, monkeypatch):
    age(monkeypatch)
    origin, path = FileOrigin("local", root), root / "a" / "clip.mp4"
    before, status = await origin.stat("a/clip.mp4"), path.stat()
    time.sleep(0.02)  # the clock of the file system steps in milliseconds
    with path.open("r+b") as file:
        file.write(b"x")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert (await origin.stat("a/clip.mp4")).etag != before.etag
    with pytest.raises(OriginChanged):
        await whole(origin, before)


@pytest.mark.parametrize("change", ["truncate", "replace", "remove"])
async def test_a_change_amid_reading_is_never_padded_nor_mixed(root, change):
    origin, path = FileOrigin("local", root), root / "a" / "clip.mp4"
    asset = await origin.stat("a/clip.mp4")
    pieces = origin.read(asset, ByteRange(0, asset.size))
    got = await anext(pieces)
    if change == "truncate":
        os.truncate(path, PIECE_BYTES + 1)
    elif change == "replace":
        (root / "new").write_bytes(b"z" * len(BODY))
        os.replace(root / "new", path)
    else:
        path.unlink()
    try:
        async for piece in pieces:
            got += piece
    except OriginChanged:
        pass
    else:
        assert len(got) == len(BODY)
    assert BODY.startswith(got)


@pytest.mark.parametrize(
    "key",
    ["a", "none.mp4", "a/clip.mp4/x", "out", "outside/secret", "pipe", "a\0b", "n" * 300, "circle", "socket"],
)
async def test_what_is_no_asset(root, key):
    (root / "circle").symlink_to("circle")
    os.mknod(root / "socket", stat.S_IFSOCK | 0o600)
    (root / "out").symlink_to(root.parent / "secret")
    (root / "outside").symlink_to(root.parent)
    os.mkfifo(root / "pipe")
    with pytest.raises(NotFound):
        await FileOrigin("local", root).stat(key)


async def test_links_that_stay_below_the_root_are_followed(root):
    (root / "link.mp4").symlink_to("a/clip.mp4")
    assert (await FileOrigin("local", root).stat("link.mp4")).size == len(BODY)


async def test_names_below_the_root_and_nothing_else(root):
    (root / "b.mp4").touch()
    (root / "a" / "deep").mkdir()
    (root / "a" / "deep" / "ü.mp4").touch()
    (root / "link").symlink_to(root.parent, target_is_directory=True)
    origin = FileOrigin("local", root)

    async def names(start):
        return [name async for name in origin.names(start)]

    assert await names("") == ["b.mp4", "a/clip.mp4", "a/deep/ü.mp4"]
    assert await names("a/de") == ["a/clip.mp4", "a/deep/ü.mp4"]
    for outside in ("../", "link/", "/etc/", "a/../../", "none/", "a\0/", "b.mp4/"):
        assert await names(outside) == []


async def test_what_a_client_is_told_has_no_folder_and_the_log_has_it(tmp_path, monkeypatch, caplog):
    (tmp_path / "a.mp4").write_bytes(b"a")
    origin = FileOrigin(f"file:{tmp_path}", tmp_path)

    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("edge.vod.file_origin.OpenFile", refused)
    with pytest.raises(OriginUnavailable) as caught:
        await origin.stat("a.mp4")
    assert caught.value.detail == "The origin's folder cannot be read"
    (record,) = [record for record in caplog.records if record.getMessage() == "vod.origin_failed"]
    assert record.place == str(tmp_path)
    assert record.what == "Permission denied; look at its rights"
    assert (record.asset, record.fault) == ("a.mp4", "unavailable")
