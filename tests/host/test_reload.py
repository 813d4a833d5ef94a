from edge.config import Config
from edge.host.reload import changed_keys, in_force

OLD = Config()
NEW = Config.model_validate(
    {
        "server": {"drain": "3s", "listen": "127.0.0.1:1"},
        "hls": {"window": "10s"},
        "auth": {"play": ["key-of-play"]},
    }
)


def test_what_is_taken_and_what_asks_for_a_restart():
    assert changed_keys(OLD, OLD) == ([], [])
    assert changed_keys(OLD, NEW) == (["server.drain", "auth.play"], ["server.listen", "hls.window"])


def test_in_force_is_what_was_taken():
    mixed = in_force(OLD, NEW)
    assert (mixed.server.drain, mixed.auth.play) == (3.0, ("key-of-play",))
    assert (mixed.server.listen, mixed.hls.window) == (OLD.server.listen, OLD.hls.window)
