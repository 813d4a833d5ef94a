from edge.live.audience import Audience


def test_viewers_are_counted_in_periods_of_a_target_duration() -> None:
    audience = Audience(2.0)
    audience.tick(100.0)
    audience.seen_together(3)
    audience.seen_together(5)
    audience.seen_together(4)
    audience.asked_without_directives()
    audience.tick(101.9)
    assert audience.viewers == 0
    audience.tick(102.0)
    assert audience.viewers == 6
    audience.tick(104.0)
    assert audience.viewers == 0
