"""What a watch found, as one JSON object and as text for people."""

from edge.watch.findings import Entry, Level
from edge.watch.player import Measures, Player
from edge.watch.rulebook import cite
from edge.watch.watching import Watching

_LEVELS: tuple[Level, ...] = ("breach", "advice", "note")
_SHARES = (("p50", 0.5), ("p95", 0.95), ("max", 1.0))


def as_json(watching: Watching) -> dict[str, object]:
    """One object: units in the names, null for what was not measured."""
    main = watching.followers[0] if watching.followers else None
    player = main.player if main else Player(0, 0)
    return {
        "url": watching.url,
        "watched_s": round(watching.elapsed_s, 3),
        "ok": not watching.ledger.of("breach"),
        "playlists": [follower.judge.name for follower in watching.followers],
        "reloads": sum(follower.judge.reloads for follower in watching.followers),
        "parts": sum(follower.feed.parts for follower in watching.followers),
        "segments": sum(follower.feed.segments for follower in watching.followers),
        "bytes": watching.fetcher.octets,
        "latency_s": _quantiles(player.latency),
        "edge_latency_s": _quantiles(player.edge_latency),
        "part_jitter_s": _quantiles(player.jitter),
        "stalls": sum(follower.player.stalls for follower in watching.followers),
        "stalled_s": round(sum(follower.player.stalled_s for follower in watching.followers), 3),
        "ended": bool(main and main.judge.current and main.judge.current.ended),
        "breaches": _entries(watching, "breach"),
        "advice": _entries(watching, "advice"),
        "notes": _entries(watching, "note"),
    }


def _entries(watching: Watching, level: Level) -> list[dict[str, object]]:
    return [entry.as_json() for entry in watching.ledger.of(level)]


def _quantiles(measures: Measures) -> dict[str, float | None]:
    found = {name: measures.quantile(share) for name, share in _SHARES}
    return {name: None if value is None else round(value, 4) for name, value in found.items()}


def sentence(entry: Entry) -> str:
    """Such as: LL 19 (draft 4.4.4.9): part 7.2 lasts 0.3 s, ...  [12 times, first at 1.2 s]."""
    times = "once" if entry.count == 1 else f"{entry.count} times"
    return f"{cite(entry.finding.rule)}: {entry.finding.detail}  [{times}, first at {entry.first_at:.1f} s]"


def summary(watching: Watching) -> str:
    """Some lines of text."""
    report = as_json(watching)
    main = watching.followers[0].player if watching.followers else Player(0, 0)
    counts = f"{report['reloads']} playlists, {report['parts']} parts, {report['segments']} segments"
    octets = f"{watching.fetcher.octets / 1e6:.1f} MB"
    figures = f"live latency {_range(main.latency)}, part jitter {_range(main.jitter)}"
    lines = [
        f"watched {watching.elapsed_s:.1f} s of {watching.url}: {counts}",
        f"{figures}, {report['stalls']} stalls ({report['stalled_s']} s), {octets}",
    ]
    for level in _LEVELS:
        lines += [f"{level:<6}  {sentence(entry)}" for entry in watching.ledger.of(level)]
    broken = len(watching.ledger.of("breach"))
    lines.append(
        f"{broken} rules are broken"
        if broken > 1
        else ("1 rule is broken" if broken else "no rule is broken")
    )
    return "\n".join(lines)


def _range(measures: Measures) -> str:
    middle, high = measures.quantile(0.5), measures.quantile(0.95)
    if middle is None or high is None:
        return "not known"
    return f"{middle:.2f} s (95 % under {high:.2f} s)"
