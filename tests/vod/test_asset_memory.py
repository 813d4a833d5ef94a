from edge.vod.asset import Asset
from edge.vod.asset_log import AssetLog
from edge.vod.asset_memory import AssetMemory
from edge.vod.asset_row import Moment

ASSET = Asset("a", 100, '"1"', None, "video/mp4", "far")


class Clock:
    now = Moment(1_000.0, 50.0, "boot")

    def __call__(self):
        return self.now

    def pass_by(self, seconds, *, set_by=0.0):
        self.now = Moment(self.now.wall_s + seconds + set_by, self.now.up_s + seconds, self.now.boot)


async def begun(tmp_path, clock):
    memory = AssetMemory(AssetLog(tmp_path / "assets.log", 10_000), clock=clock)
    memory.begin()
    await memory.loaded()
    return memory


async def test_it_is_recalled_once_with_its_age(tmp_path):
    clock = Clock()
    memory = await begun(tmp_path, clock)
    memory.remember(ASSET, ago_s=5)
    assert memory.recall("a") is None, "who told it knows it"
    await memory.close()
    clock.pass_by(10, set_by=-500)
    memory = await begun(tmp_path, clock)
    assert memory.recall("b") is None
    assert memory.recall("a") == (ASSET, 15)
    assert memory.recall("a") is None
    await memory.close()


async def test_after_another_boot_a_clock_that_was_set_back_recalls_nothing(tmp_path):
    clock = Clock()
    memory = await begun(tmp_path, clock)
    memory.remember(ASSET)
    await memory.close()
    clock.now = Moment(999.0, 3.0, "another boot")
    memory = await begun(tmp_path, clock)
    assert memory.recall("a") is None
    await memory.close()


async def test_what_is_forgotten_is_so_after_a_crash_once_it_is_settled(tmp_path):
    memory = await begun(tmp_path, Clock())
    for key in "abc":
        memory.remember(Asset(key, 1, '"1"', None, "video/mp4", "far"))
    memory.forget("a")
    await memory.forget_matching("[c]")
    await memory.settled()
    crashed = await begun(tmp_path, Clock())
    assert [crashed.recall(key) is not None for key in "abc"] == [False, True, False]
    await crashed.close()
    again = await begun(tmp_path, Clock())
    again.forget("b")
    assert again.recall("b") is None
    await again.close()
    await memory.close()


async def test_what_was_not_begun_touches_no_disk(tmp_path):
    memory = AssetMemory(AssetLog(tmp_path / "assets.log", 10_000))
    memory.remember(ASSET)
    memory.forget("a")
    await memory.close()
    assert not list(tmp_path.iterdir())
