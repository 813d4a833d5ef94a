from edge.web.readiness import Readiness


def test_draining_is_told_once_and_for_ever():
    ready, told = Readiness(), []
    ready.on_drain.append(lambda: told.append(ready.is_draining))
    ready.set(True)
    assert ready
    ready.drain()
    ready.drain()
    assert not ready
    assert ready.is_draining
    assert told == [True]
