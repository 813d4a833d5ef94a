import pytest
from scripted_origin import ScriptedOrigin

from edge.errors import NotFound
from edge.http.byte_range import ByteRange
from edge.vod.mounts import Mount, Mounts, NotListed


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


class Shelf(ScriptedOrigin):
    def __init__(self, *names):
        super().__init__()
        self.there, self.starts = names, []

    async def names(self, start):
        self.starts.append(start)
        for name in self.there:
            yield name


async def listed(mounts, pattern):
    return [name async for name in mounts.names(pattern)]


async def test_names_are_those_that_can_be_asked_for_and_match():
    films, rest = (
        Shelf("a.mp4", "b.txt", "a//b.mp4", "folder/", "x\x00.mp4"),
        Shelf("films/hidden.mp4", "c.mp4"),
    )
    mounts = Mounts(
        [Mount("/films", films), Mount("/", rest), Mount("/raw", ScriptedOrigin(), is_cached=False)]
    )
    assert await listed(mounts, "*.mp4") == ["films/a.mp4", "c.mp4"], "who has the longer prefix has the name"
    assert await listed(mounts, "films/a*") == ["films/a.mp4"]
    assert (films.starts, rest.starts) == (["", "a"], [""]), "no more is asked for than may match"
    assert await listed(mounts, "c*") == ["c.mp4"]
    assert len(films.starts) == 2


async def test_who_has_no_list_is_told_after_all_that_is_listed():
    mounts = Mounts([Mount("/a", ScriptedOrigin()), Mount("/b", Shelf("1"))])
    names = mounts.names("*")
    assert await anext(names) == "b/1"
    with pytest.raises(NotListed, match="--from FILE"):
        await anext(names)
    assert await listed(Mounts([Mount("/", ScriptedOrigin()), Mount("/b", Shelf("1"))]), "b/*") == ["b/1"]
    for mounts, pattern in (
        ([Mount("/b", Shelf("1"))], "x*"),
        ([Mount("/b", Shelf("1"), is_cached=False)], "*"),
    ):
        with pytest.raises(NotListed, match="cached"):
            await listed(Mounts(mounts), pattern)


async def test_an_asset_of_another_origin_or_of_one_that_is_cached_no_more_is_not_ours():
    origin = ScriptedOrigin({"a": (b"octets", '"1"')})
    mounts = Mounts([Mount("/clips", origin)])
    asset = await mounts.stat("clips/a")
    assert mounts.has(asset)
    assert not Mounts([Mount("/clips", origin, is_cached=False)]).has(asset)
    assert not Mounts([Mount("/films", origin)]).has(asset)
    origin.name = "another"
    assert not mounts.has(asset)
