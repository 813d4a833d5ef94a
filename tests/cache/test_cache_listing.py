from edge.cache.listing import assets_text, matched_text, size, stats_text

STATS = {
    "capacity_bytes": 10 * 1024**3, "used_bytes": 5 * 1024**3, "blocks": 5_120, "head_blocks": 12, "fills": 2, "hits": 930, "joined": 20, "read_ahead": 7,
    "misses": 50, "passed": 0, "hit_ratio": 0.93, "evicted_blocks": 7, "written_bytes": 6 * 1024**3,
}  # fmt: skip


def test_sizes_are_for_people():
    assert [size(octets) for octets in (0, 999, 1024, 1_500_000, 150 * 1024**2, 3 * 1024**4)] == [
        "0 B", "999 B", "1.0 KiB", "1.4 MiB", "150 MiB", "3.0 TiB",
    ]  # fmt: skip


def test_stats():
    assert stats_text(STATS).splitlines() == [
        "used          5.0 GiB of 10.0 GiB (50%)",
        "blocks        5,120, 12 of them heads (let go last)",
        "on their way  2",
        "hit ratio     93.0% of 1,007 blocks since the server started",
        "misses        50, 7 read ahead, 20 joined one on its way",
        "evicted       7 blocks; 6.0 GiB written",
    ]
    new = stats_text({**STATS, "hit_ratio": None, "hits": 0, "joined": 0, "read_ahead": 0, "misses": 0})
    assert "hit ratio     nothing was asked for yet\n" in new


def held(asset, size_bytes, held_bytes, blocks=1):
    return {"asset": asset, "size_bytes": size_bytes, "held_bytes": held_bytes, "blocks": blocks}


def test_assets_by_how_much_of_them_is_here():
    listed = [
        held("clips/a.mp4", 2_097_152, 2_097_152, 2),
        held("b\x1b[2J", 3_000, 2_999),
        held("c", None, 10),
        held("d", 0, 0),
    ]
    assert assets_text({"assets": listed, "matched": 1_004}).splitlines() == [
        "      size       held        blocks  asset",
        "   2.0 MiB    2.0 MiB 100 %       2  clips/a.mp4",
        "   2.9 KiB    2.9 KiB  99 %       1  'b\\x1b[2J'",
        "         ?       10 B     ?       1  c",
        "       0 B        0 B   0 %       1  d",
        "and 1,000 more: narrow the pattern, or raise --limit",
    ]
    assert assets_text({"assets": [], "matched": 0}) == "nothing that matches is in the cache"


def test_stats_of_what_matches():
    some = {"assets": 1_200, "whole_assets": 7, "held_bytes": 1024**3, "blocks": 1_024, "head_blocks": 3}
    assert matched_text({**STATS, "matched": some}).splitlines() == [
        "assets        1,200, 7 of them whole",
        "held          1.0 GiB (20% of what is used)",
        "blocks        1,024, 3 of them heads (let go last)",
    ]
    nothing = dict.fromkeys(some, 0)
    assert matched_text({"used_bytes": 0, "matched": nothing}).startswith(
        "assets        0, 0 of them whole\nheld          0 B (0%"
    )
