from bench.plain_lru import PlainLru


def test_the_least_recently_used_goes_whoever_reads_and_however():
    order = PlainLru(30)
    for name in "abc":
        order.add(name, 10, readers=2)
    assert order.get("a", is_going_on=True) == 10
    assert order.evict({"b"}) == ("c", 10)
    assert order.remove("b") == 10
    assert [*order] == [("a", 10)]
    assert (order.used, len(order), "a" in order) == (10, 1, True)
