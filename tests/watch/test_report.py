import json

from edge.watch.findings import Finding, note
from edge.watch.report import as_json, sentence, summary
from edge.watch.watching import Watching


def watching():
    watched = Watching("http://edge.example/live/a/index.m3u8")
    watched.tell([Finding("LL 19", "part-too-long", "part 7.2 lasts 0.3 s")] * 2, "main.m3u8")
    watched.tell([note("LL 22", "stall", "no new part for 8.0 s")], "main.m3u8")
    return watched


def test_json_is_one_object_of_plain_values():
    report = json.loads(json.dumps(as_json(watching())))
    assert report["ok"] is False
    assert [(each["rule"], each["count"]) for each in report["breaches"]] == [("LL 19", 2)]
    assert report["advice"] == []
    assert report["latency_s"] == {"p50": None, "p95": None, "max": None}
    assert as_json(Watching("http://a/b"))["ok"] is True


def test_text_names_rule_and_source():
    text = summary(watching())
    assert "breach  LL 19 (draft 4.4.4.9): part 7.2 lasts 0.3 s  [2 times, first at 0.0 s]" in text
    assert text.endswith("1 rule is broken")
    assert summary(Watching("http://a/b")).endswith("no rule is broken")


def test_an_entry_seen_once():
    (entry,) = watching().ledger.of("note")
    assert sentence(entry).endswith("[once, first at 0.0 s]")
