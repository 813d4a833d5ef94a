from edge.watch.findings import Finding, Ledger, advice, note


def test_equal_findings_are_counted_under_the_first():
    ledger = Ledger()
    ledger.add([Finding("LL 19", "part-too-long", "part 1.0")], 1.25, "main.m3u8")
    ledger.add(
        [Finding("LL 19", "part-too-long", "part 1.1"), advice("LL 23", "old-parts", "x")], 2.0, "main.m3u8"
    )
    (entry,) = ledger.of("breach")
    assert entry.as_json() == {
        "rule": "LL 19",
        "source": "draft 4.4.4.9",
        "check": "part-too-long",
        "detail": "part 1.0",
        "count": 2,
        "first_at_s": 1.25,
        "where": "main.m3u8",
    }
    assert ledger.count("breach") == 2
    assert ledger.count("advice") == 1
    assert ledger.count("note") == 0


def test_levels_are_kept_apart():
    ledger = Ledger()
    ledger.add([Finding("LL 44", "hint-broken", "a"), note("LL 44", "hint-broken", "b")], 0.0, "")
    assert [len(ledger.of(level)) for level in ("breach", "advice", "note")] == [1, 0, 1]


def test_the_ledger_is_bounded():
    ledger = Ledger()
    ledger.add((Finding("LL 2", str(number), "") for number in range(10_000)), 0.0, "")
    assert len(ledger.entries) == 300
