import pytest
from scripted_origin import ScriptedOrigin

from edge.errors import NotFound
from edge.http.byte_range import ByteRange
from edge.vod.mounts import Mount, Mounts


async def test_the_origin_is_asked_for_the_rest_and_the_asset_has_the_whole_path():
    clips = ScriptedOrigin({"new/a": (b"octets", '"1"')})
    mounts = Mounts([Mount("/", ScriptedOrigin()), Mount("/clips", clips)])
    asset = await mounts.stat("clips/new/a")
    assert (asset.key, asset.origin) == ("clips/new/a", "scripted")
    assert b"".join([piece async for piece in mounts.read(asset, ByteRange(1, 4))]) == b"cte"
    assert clips.open_reads == 0


def test_a_prefix_ends_where_a_segment_does():
    mounts = Mounts([Mount("/clips", ScriptedOrigin(), is_cached=False)])
    assert mounts.find("clips/a")[1] == "a"
    assert not mounts.are_cached
    for key in ("clipsy/a", "clips", "other"):
        with pytest.raises(NotFound):
            mounts.find(key)


async def test_who_leaves_gives_the_connection_back():
    origin = ScriptedOrigin({"a": (bytes(1_000), '"1"')})
    mounts = Mounts([Mount("/", origin)])
    body = mounts.read(await mounts.stat("a"), ByteRange(0, 1_000))
    await anext(body)
    assert origin.open_reads == 1
    await body.aclose()
    assert origin.open_reads == 0


async def test_an_asset_of_another_origin_or_of_one_that_is_cached_no_more_is_not_ours():
    origin = ScriptedOrigin({"a": (b"octets", '"1"')})
    mounts = Mounts([Mount("/clips", origin)])
    asset = await mounts.stat("clips/a")
    assert mounts.has(asset)
    assert not Mounts([Mount("/clips", origin, is_cached=False)]).has(asset)
    assert not Mounts([Mount("/films", origin)]).has(asset)
    origin.name = "another"
    assert not mounts.has(asset)
