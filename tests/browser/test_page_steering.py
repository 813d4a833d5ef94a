"""The steering of the watch page, in virtual time: playlists come with jitter, publishers pause, buffers run dry."""

from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser

SIMULATE = """async ({ behind, parts, seconds, jitter = [0], pause = null }) => {
  const { Steering } = await import('/pages/steering.js');
  const [part, step] = [0.25, 0.1];
  const steering = new Steering();
  let position = 100 - behind;
  let edge = 100;
  let next = 0;
  let away = 0;
  const told = [];
  for (let tick = 0; tick * step < seconds; tick += 1) {
    const now = 1000 + tick * step;
    const isAway = pause && now - 1000 >= pause[0] && now - 1000 < pause[1];
    if (isAway) away += step;
    while (!isAway && next * part + away + jitter[next % jitter.length] <= now - 1000) {
      edge = 100 + next * part;
      steering.playlist(edge, { partTarget: part, holdBack: 3 * part }, now);
      next += 1;
    }
    const { rate, seek, latency } = steering.steer(position, edge, now);
    if (seek !== null) position = seek;
    told.push({ at: now - 1000, rate, seek, latency, buffer: edge - position });
    position = Math.min(edge, position + rate * step);
  }
  return told;
}"""


@pytest.fixture
def simulate(page, players):
    page.goto(f"{players.base}/players/player.css")
    return lambda **how: page.evaluate(SIMULATE, {"parts": 0.25, **how})


def test_a_start_that_is_a_little_late_is_made_up_gently(simulate):
    told = simulate(behind=1.0, seconds=20)
    assert all(0.9 <= moment["rate"] <= 1.1 for moment in told)
    assert all(moment["seek"] is None for moment in told)
    settled = [moment["latency"] for moment in told if moment["at"] > 12]
    assert max(settled) - min(settled) < 0.15
    assert 0.70 < sum(settled) / len(settled) < 0.80


def test_a_late_start_jumps_once_and_at_once(simulate):
    told = simulate(behind=1.7, seconds=20)
    assert [moment["at"] for moment in told if moment["seek"] is not None] == [0]
    assert all(0.6 < moment["latency"] < 0.95 for moment in told[2:])


def test_later_the_same_distance_is_made_up_gently(simulate):
    """The publisher pauses after seconds of playing, and the player has stood still for as long."""
    told = simulate(behind=0.75, seconds=20, pause=(8, 10))
    assert all(moment["seek"] is None for moment in told)


def test_too_near_the_edge_falls_back_to_the_safe_distance(simulate):
    told = simulate(behind=0.35, seconds=20)
    assert min(moment["rate"] for moment in told) < 1
    assert told[-1]["latency"] > 0.68


def test_jitter_of_playlists_does_not_make_it_hunt(simulate):
    told = simulate(behind=0.75, seconds=20, jitter=[0, 0.08, 0.02, 0.12, 0.01])
    changes = sum(a["rate"] != b["rate"] for a, b in pairwise(told[20:]))
    assert changes < 20
    assert all(0.95 <= moment["rate"] <= 1.05 for moment in told[20:])


def test_far_behind_it_jumps_and_lands_safely(simulate):
    told = simulate(behind=5, seconds=5)
    jumps = [moment for moment in told if moment["seek"] is not None]
    assert len(jumps) == 1
    assert 0.5 < told[-1]["buffer"] < 0.95


def test_while_the_publisher_is_away_it_never_jumps_past_the_media(simulate):
    told = simulate(behind=0.75, seconds=30, pause=(10, 18))
    assert all(moment["seek"] is None for moment in told)
    assert all(moment["rate"] <= 1 for moment in told if 10.5 < moment["at"] < 18)
    assert all(0.9 <= moment["rate"] <= 1.1 for moment in told)
    assert 0.65 < told[-1]["latency"] < 0.85


def test_a_stall_asks_for_more_distance_and_is_forgiven(page, players):
    page.goto(f"{players.base}/players/player.css")
    targets = page.evaluate("""async () => {
      const { Steering } = await import('/pages/steering.js');
      const steering = new Steering();
      steering.playlist(10, { partTarget: 0.25, holdBack: 0.75 }, 0);
      steering.steer(9, 10, 0);
      const targets = [steering.target];
      steering.stalled();
      targets.push(steering.target);
      for (let i = 0; i < 50; i += 1) steering.stalled();
      targets.push(steering.target);
      for (let now = 0; now < 400; now += 0.1) steering.steer(9, 10, now);
      targets.push(steering.target);
      return targets;
    }""")
    assert targets == [0.75, pytest.approx(0.9), pytest.approx(2.25), 0.75]


def test_without_a_playlist_it_leaves_the_player_alone(page, players):
    page.goto(f"{players.base}/players/player.css")
    advice = "async () => new (await import('/pages/steering.js')).Steering().steer(5, 6, 1)"
    assert page.evaluate(advice) == {"rate": 1, "seek": None, "latency": None}
