from edge.check import look
from edge.config import Config, ServerConfig
from tests.host.tls_material import write_pair


def config(tmp_path, **auth) -> Config:
    (tmp_path / "media").mkdir(exist_ok=True)
    chain, key = write_pair(tmp_path)
    return Config.model_validate(
        {
            "server": {"tls_certificate": chain, "tls_key": key},
            "auth": auth,
            "vod": {"origins": [{"root": str(tmp_path / "media")}]},
        }
    )


def test_what_is_there_is_no_fault(tmp_path):
    assert look(config(tmp_path)) == ([], [])


def test_every_file_that_the_start_would_fail_on_is_told(tmp_path):
    keys = [tmp_path / "none.pem", tmp_path / "chain.pem"]
    checked = config(tmp_path, token_public_keys=keys)
    (tmp_path / "key.pem").write_text("no key")
    (tmp_path / "media").rmdir()
    notes, (media, tls, *tokens) = look(checked)
    assert notes == []
    assert "media" in media
    assert tls.startswith("server.tls_certificate ")
    assert [str(path) in told for path, told in zip(keys, tokens, strict=True)] == [True, True]


def test_what_others_could_do_is_noted(tmp_path):
    plain = {
        "jwks_url": "http://id.example/keys",
        "webhook_url": "http://192.0.2.7/",
        "publish": ["first-key"],
    }
    (keys, hook), faults = look(config(tmp_path, **plain))
    assert faults == []
    assert keys.startswith("auth.jwks_url: ")
    assert hook.startswith("auth.webhook_url: ")
    here = {"jwks_url": "http://127.0.0.1/keys", "webhook_url": "http://localhost:8/"}
    assert look(config(tmp_path, **here)) == ([], [])
    behind = config(tmp_path).model_copy(update={"server": ServerConfig(trusted_proxies=("127.0.0.1",))})
    ((note,), _) = look(behind)
    assert note.startswith("auth.publish: left out")


def test_an_address_that_publishers_are_told_and_nobody_hears_at_is_noted():
    told = ["198.51.100.1", "[2001:db8::1]:4000", "edge.example.net"]

    def notes(listen):
        webrtc = {"listen": listen, "advertise": told}
        return [one for one in look(Config.model_validate({"webrtc": webrtc}))[0] if "advertise" in one]

    assert [note.split("'")[1] for note in notes("127.0.0.1:8080")] == ["[2001:db8::1]:4000"]
    assert [note.split("'")[1] for note in notes("[::1]:8080")] == ["198.51.100.1"]
    assert notes("[::]:8080") == []
