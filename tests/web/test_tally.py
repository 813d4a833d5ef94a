from prometheus_client import CollectorRegistry

from edge.metrics import WEB_REQUESTS, WEB_SENT
from edge.web.tally import Tally


def test_counts_become_metrics_when_somebody_looks():
    requests, sent = WEB_REQUESTS.labels("part", 200), WEB_SENT.labels("part")
    before = requests._value.get(), sent._value.get()
    tally, registry = Tally(), CollectorRegistry()
    registry.register(tally)
    count = tally.of("part", 200)
    assert tally.of("part", 200) is count
    for _ in range(3):
        count.requests += 1
        count.octets += 10
    assert (requests._value.get(), sent._value.get()) == before
    assert list(registry.collect()) == []
    assert (requests._value.get(), sent._value.get()) == (before[0] + 3, before[1] + 30)
    tally.flush()
    assert requests._value.get() == before[0] + 3
