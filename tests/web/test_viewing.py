from edge.http.cmcd import PlayerReport
from edge.web.viewing import BUFFER_BOUNDS_S, Viewing


def test_reports_add_up():
    viewing = Viewing()
    viewing.note("cam", PlayerReport(bitrate=2_000_000, buffer_s=0.6, starved=True))
    viewing.note("cam", PlayerReport(bitrate=4_000_000, buffer_s=100.0, started_after_s=0.3))
    felt = viewing.streams["cam"]
    assert (felt.reports, felt.stalls, felt.bits / felt.bit_reports) == (2, 1, 3_000_000)
    assert felt.buffers == [0, 0, 1, 0, 0, 0, 1]
    assert felt.starts == [0, 1, 0, 0, 0, 0, 0]


def test_what_is_at_a_bound_is_below_it():
    viewing = Viewing()
    for bound in BUFFER_BOUNDS_S:
        viewing.note("cam", PlayerReport(buffer_s=bound))
    assert viewing.streams["cam"].buffers == [1] * len(BUFFER_BOUNDS_S)


def test_bounded_and_forgotten():
    viewing = Viewing(capacity=2)
    for name in ("a", "b", "c"):
        viewing.note(name, PlayerReport())
    assert set(viewing.streams) == {"a", "b"}
    viewing.keep_only({"b"})
    assert set(viewing.streams) == {"b"}
