from edge.http.cmcd import PlayerReport
from edge.web.viewing import BUFFER_BOUNDS_S, Viewing


def test_reports_add_up():
    viewing = Viewing()
    viewing.note("cam", PlayerReport(bitrate=2_000_000, buffer_s=0.6, starved=True))
    viewing.note("cam", PlayerReport(bitrate=4_000_000, buffer_s=100.0, started_after_s=0.3))
    felt = viewing.streams["cam"]
    assert (felt.reports, felt.stalls, felt.bits / felt.bit_reports) == (2, 1, 3_000_000)
    assert dict(zip(BUFFER_BOUNDS_S, felt.buffers, strict=True)) == {
        0.25: 0,
        0.5: 0,
        1.0: 1,
        2.0: 1,
        4.0: 1,
        8.0: 1,
        float("inf"): 2,
    }
    assert felt.starts[-1] == 1


def test_bounded_and_forgotten():
    viewing = Viewing(capacity=2)
    for name in ("a", "b", "c"):
        viewing.note(name, PlayerReport())
    assert set(viewing.streams) == {"a", "b"}
    viewing.keep_only({"b"})
    assert set(viewing.streams) == {"b"}
