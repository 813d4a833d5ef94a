import os
import struct

import pytest

from edge.errors import ConfigError
from edge.vod.asset import BlockKey
from edge.vod.block_file import StoredBlock, file_name
from edge.vod.block_store import BlockStore

KEY = BlockKey("clip.mp4", '"v1"', 3)
OCTETS = bytes(range(256)) * 40


@pytest.fixture
def store(tmp_path):
    made = BlockStore(tmp_path)
    made.take()
    made.load()
    yield made
    made.close()


def put(store, key=KEY, octets=OCTETS):
    return store.write(StoredBlock(key, len(octets), False), [octets[:100], octets[100:]])


def path_of(root, key=KEY):
    return root / "blocks" / file_name(key)


def test_what_was_written_is_read(store):
    assert put(store)
    assert store.read_now(KEY, 5, 300) is None, "nobody verified it yet"
    assert store.read(KEY, 5, 300) == OCTETS[5:300]
    assert store.read_now(KEY, 5, 300) == OCTETS[5:300]
    assert store.read_now(KEY, 0, len(OCTETS) + 1) is None


NESTED = b"[" * 60_000
NESTED += struct.pack(">32sI8s", bytes(32), len(NESTED), b"edgeblk2")
"""What would be a label, had it an end."""


@pytest.mark.parametrize(
    "harm",
    ["flip", "cut", "grow", "endless", "empty", "nested", "folder", "gone", "pipe", "link", "other block"],
)
def test_a_bad_block_is_not_there(store, tmp_path, harm):
    put(store)
    store.read(KEY, 0, 1)
    path = path_of(tmp_path)
    times = path.stat()
    octets = bytearray(path.read_bytes())
    octets[9] ^= 4
    if harm in {"folder", "gone", "pipe", "link"}:
        path.rename(tmp_path / "other")
        if harm == "folder":
            path.mkdir()
        elif harm == "pipe":
            os.mkfifo(path)
        elif harm == "link":
            path.symlink_to(tmp_path / "other")
        store._open.clear()
    elif harm == "endless":
        os.truncate(path, 1 << 40)
    elif harm == "other block":
        put(store, KEY._replace(number=4), OCTETS[::-1])
        path.write_bytes(path_of(tmp_path, KEY._replace(number=4)).read_bytes())
    else:
        path.write_bytes(
            {"flip": octets, "cut": octets[:50], "grow": octets + b"x", "empty": b"", "nested": NESTED}[harm]
        )
    while path.exists() and path.stat().st_ctime_ns == times.st_ctime_ns:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # ctime has ticks
    assert store.read_now(KEY, 0, 64) is None
    assert store.read(KEY, 0, 64) is None
    assert harm == "folder" or not os.path.lexists(path)


def test_a_removed_block_is_gone(store, tmp_path):
    put(store)
    store.remove(KEY)
    assert store.read(KEY, 0, 1) is None
    assert not path_of(tmp_path).exists()


@pytest.mark.parametrize("log", ["whole", "torn", "lost", "nonsense"])
def test_a_new_start_finds_all_blocks(tmp_path, log):
    first = BlockStore(tmp_path)
    first.take()
    first.load()
    keys = [BlockKey(f"a{number}", '"x"', number) for number in range(20)]
    for key in keys:
        put(first, key)
    first.remove(keys[7])
    first.close()
    (tmp_path / "fresh" / "99").write_bytes(b"torn")
    (tmp_path / "blocks" / "00").mkdir(exist_ok=True)
    (tmp_path / "blocks" / "00" / ("0" * 32)).write_bytes(b"not a block")
    path = tmp_path / "index.log"
    text = path.read_text()
    if log == "lost":
        path.unlink()
    elif log != "whole":
        path.write_text({"torn": text[:-30], "nonsense": '[1]\n{"a":\n\x00'}[log])
    second = BlockStore(tmp_path)
    second.take()
    found = second.load()
    assert {block.key for block in found} == {*keys} - {keys[7]}
    assert {block.size for block in found} == {len(OCTETS)}
    assert not list((tmp_path / "fresh").iterdir())
    assert all(second.read(block.key, 0, 10) == OCTETS[:10] for block in found)
    second.close()


@pytest.mark.parametrize("harm", ["renamed", "longer", "unreadable", "long name"])
def test_without_a_log_a_file_is_believed_where_name_and_length_say_the_same(tmp_path, harm):
    first = BlockStore(tmp_path)
    first.take()
    first.load()
    keys = [
        BlockKey("ä\n" * 600 if harm == "long name" else f"a{number}", '"x"', number) for number in (1, 2)
    ]
    for key in keys:
        put(first, key)
    first.close()
    (tmp_path / "index.log").unlink()
    path = path_of(tmp_path, keys[0])
    if harm == "renamed":
        path.rename(path.with_name(path.name[:2] + "0" * 30))
    elif harm == "longer":
        path.write_bytes(b"x" + path.read_bytes())
    elif harm == "unreadable":
        path.unlink()
        path.mkdir()
    for _ in range(2):
        second = BlockStore(tmp_path)
        second.take()
        assert {block.key for block in second.load()} == {*keys[harm != "long name" :]}
        second.close()
    assert (harm in {"unreadable", "long name"}) == path.exists()


def test_the_order_is_remembered(tmp_path):
    first = BlockStore(tmp_path)
    first.take()
    first.load()
    blocks = [StoredBlock(BlockKey("a", '"x"', number), len(OCTETS), number == 2) for number in (3, 1, 2)]
    for block in reversed(blocks):
        first.write(block, [OCTETS])
    first.remember(blocks)
    first.close()
    second = BlockStore(tmp_path)
    second.take()
    assert second.load() == blocks
    second.close()


def test_a_folder_has_one_owner(store, tmp_path):
    other = BlockStore(tmp_path)
    with pytest.raises(ConfigError, match="another server"):
        other.take()
    other.close()


def test_a_folder_that_is_none_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"vod\.cache_dir"):
        BlockStore(tmp_path / "file").take()


def test_a_folder_that_cannot_be_read_is_as_an_empty_one(store, tmp_path):
    (tmp_path / "blocks").rmdir()
    assert store.load() == []


def test_one_folder_that_cannot_be_read_hides_its_own_blocks_only(store, tmp_path, monkeypatch):
    keys = [KEY._replace(number=number) for number in range(9)]
    for key in keys:
        put(store, key)
    closed = str(path_of(tmp_path).parent)
    there = os.listdir

    def listed(folder):
        if folder == closed:
            raise PermissionError(13, "Permission denied", folder)
        return there(folder)

    monkeypatch.setattr(os, "listdir", listed)
    assert {block.key for block in store.load()} == {
        key for key in keys if str(path_of(tmp_path, key).parent) != closed
    }


def test_files_that_are_not_ours_stay(tmp_path):
    names = ("fresh/clip.mp4", "blocks/ab/clip.mp4", "blocks/clip.mp4", "clip.mp4")
    for name in (*names, "fresh/0", "fresh/index.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    store = BlockStore(tmp_path)
    store.take()
    store.load()
    store.close()
    assert all((tmp_path / name).exists() for name in names)
    assert len(list((tmp_path / "fresh").iterdir())) == 1, "what was not finished is gone"


def test_folders_that_lie_among_the_files_are_left_alone(tmp_path):
    for name in ("fresh/0", "fresh/x", "blocks/ab/ab" + "0" * 30):
        (tmp_path / name).mkdir(parents=True)
    store = BlockStore(tmp_path)
    store.take()
    assert store.load() == []
    assert not put(store), "its place has a folder"
    assert put(store)
    store.close()


@pytest.mark.parametrize(
    "row",
    ["[" * 100_000, '["a"', "null", "[1]", '["{}", "a", "b", 1, "", -5, false]', '["{}", "a", "b", -1, "", 5, false]',
     '["{}", "a", "b", 1, "", 99999999999, false]', '["{}", "a", "b", 1, "", ' + "9" * 5_000 + ", false]"],
)  # fmt: skip
def test_a_log_that_was_altered_costs_a_look_at_the_file(tmp_path, row):
    first = BlockStore(tmp_path)
    first.take()
    first.load()
    put(first)
    first.close()
    (tmp_path / "index.log").write_text(row.replace("{}", path_of(tmp_path).name))
    second = BlockStore(tmp_path)
    second.take()
    assert second.load() == [StoredBlock(KEY, len(OCTETS), False)]
    second.close()
