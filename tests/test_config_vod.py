"""The section `vod`: all keys are in the shipped file, and each fault has its mend."""

import re
import tomllib
from pathlib import Path

import pytest

from edge.config import load
from edge.config_vod import FileOriginConfig, HttpOriginConfig, S3OriginConfig, VodConfig
from edge.errors import ConfigError

SHIPPED = Path(__file__).parents[1] / "config" / "edge.toml"
HTTP = {"kind": "http", "mirrors": ["https://a.example/videos"]}


def faults(*overrides, path=None):
    with pytest.raises(ConfigError) as caught:
        load(path, environment={}, overrides=overrides)
    return caught.value.detail.splitlines()


def test_the_shipped_file_shows_every_key_of_every_kind_of_origin_with_its_default():
    text = re.sub(r"^# (?=\[\[)|^#   (?=[a-z_]+ = )", "", SHIPPED.read_text(), flags=re.MULTILINE)
    shown = {one["kind"]: one for one in tomllib.loads(text)["vod"]["origins"]}
    for kind, model in (("file", FileOriginConfig), ("http", HttpOriginConfig), ("s3", S3OriginConfig)):
        assert set(shown[kind]) == set(model.model_fields) - ({"name"} if kind == "file" else set())
        bare = {key: shown[kind][key] for key in ("kind", "mirrors", "bucket") if key in shown[kind]}
        for key in ("connect_timeout", "timeout", "slowest", "tries", "connections", "cached", "region"):
            if key in shown[kind]:
                told = model.model_validate(shown[kind])
                assert getattr(told, key) == getattr(model.model_validate(bare), key), key


def test_without_a_word_a_folder_is_served_and_nothing_is_cached():
    config = VodConfig()
    assert config.origins == (FileOriginConfig(),)
    assert not config.is_cached
    assert VodConfig(origins=({"root": "/x"},)).origins[0].kind == "file"


def test_far_origins_are_cached_unless_told_otherwise():
    assert VodConfig(origins=(HTTP,)).is_cached
    assert not VodConfig(origins=(HTTP | {"cached": False},)).is_cached


def test_every_fault_of_an_origin_is_told_with_its_line(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(
        '[vod]\nfresh = 3\n[[vod.origins]]\nroot = "a"\n[[vod.origins]]\nprefix = "x"\nkind = "http"\n'
        'mirrors = ["ftp://a", "http://user:word@b/"]\n[[vod.origins]]\nprefix = "/y"\nkind = "tape"\n'
    )
    assert sorted(faults(path=path)) == [
        f'{path}:2: vod.fresh: write a number and a unit (us, ms, s, m, min, h, d), like "250ms"',
        f'{path}:6: vod.origins.1.prefix: write a path, like "/" or "/films": a slash first and none at the end',
        f'{path}:8: vod.origins.1.mirrors: write base addresses, like "https://origin.example.net/videos"',
        f'{path}:9: vod.origins.2: kind: write "file", "http" or "s3"',
    ]


@pytest.mark.parametrize(
    ("override", "mend"),
    [
        ('vod.origins=[{prefix="/"},{prefix="/"}]', "same prefix"),
        ('vod.origins=[{kind="http"}]', "vod.origins.0.mirrors"),
        ('vod.origins=[{kind="http",mirrors=["http://a/?x"]}]', "base addresses"),
        ('vod.origins=[{kind="http",mirrors=["http://a:99999"]}]', "vod.origins.0.mirrors"),
        ('vod.origins=[{kind="http",mirrors=["http://a"],allow=["http://b"]}]', "write hosts"),
        ('vod.origins=[{kind="s3",bucket="b/c"}]', "vod.origins.0.bucket"),
        ('vod.origins=[{kind="s3",bucket="bucket",access_key="a"}]', "belong together"),
        ("vod.block_size=1KiB", "vod.block_size: is to be at least 64KiB"),
        ("vod.block_size=32MiB", "vod.block_size: is to be at most 16MiB"),
        ('vod.cache_dir=""', "a folder of its own"),
        ('vod.cache_dir="~/cache"', "~ means nothing here"),
        (
            'vod.origins=[{root="/srv/media",cached=true}]|vod.cache_dir="/srv/media/cache"',
            "one in the other",
        ),
        ('vod.origins=[{root="/srv/media",cached=true}]|vod.cache_dir="/srv"', "one in the other"),
        ('vod.origins=[{prefix="/a/../b"}]', "dot segments"),
        ('vod.origins=[{prefix="/~a"}]', "no ~ first"),
        ('vod.origins=[{kind="http"}]', "has to be set"),
        ('vod.origins=[{kind="http",mirrors="http://a"}]', "must be a list"),
        ('vod.origins=[{kind="http",mirrors=["http://a b/"]}]', "base addresses"),
        ("vod.capacity=2MiB", "four blocks"),
        ('vod.policy="best"', "vod.policy"),
    ],
)
def test_a_fault_has_its_mend(override, mend):
    assert mend in faults(*override.split("|"))[0]


def test_where_the_cache_is(monkeypatch, tmp_path):
    for name in ("CACHE_DIRECTORY", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert VodConfig().cache_folder == Path("/home/somebody/.cache/edge/vod")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert VodConfig().cache_folder == Path("/caches/edge/vod")
    monkeypatch.setenv("CACHE_DIRECTORY", "/var/cache/edge:/other")
    assert VodConfig().cache_folder == Path("/var/cache/edge/vod")
    assert VodConfig(cache_dir=tmp_path).cache_folder == tmp_path


def test_keys_of_stores_are_never_shown():
    config = VodConfig(origins=({"kind": "s3", "bucket": "films", "access_key": "id", "secret_key": "word"},))
    dumped = config.model_dump(mode="json")
    config.hidden(dumped)
    assert "word" not in str(dumped)
    assert dumped["origins"][0]["secret_key"] == "(hidden)"
