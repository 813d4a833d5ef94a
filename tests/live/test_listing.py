import gzip

from edge.hls.playlist import MediaPlaylist


def test_a_playlist_is_rendered_once_per_change_whoever_asks(live, monkeypatch) -> None:
    rendered = []
    original = MediaPlaylist.render

    def counting(self, *arguments):
        rendered.append(self)
        return original(self, *arguments)

    monkeypatch.setattr(MediaPlaylist, "render", counting)
    live.publication.rendition._listing.changed()
    first = live.ask("main.m3u8").response
    for _ in range(5):
        assert live.ask("main.m3u8").response is first
        live.ask("main.m3u8?_HLS_skip=YES")
        live.ask("main.m3u8", accept_encoding="gzip")
        live.ask("main.m3u8?_HLS_msn=0")
    assert len(rendered) == 1
    live.play(1)
    assert len(rendered) == 1, "nobody asked, nothing was rendered"
    assert live.ask("main.m3u8").response is not first
    assert len(rendered) == 2


def test_forms(stage) -> None:
    stage.go_live(seconds=30)
    plain = stage.ask("main.m3u8")
    packed = stage.ask("main.m3u8", accept_encoding="br, gzip")
    delta = stage.ask("main.m3u8?_HLS_skip=YES")
    packed_delta = stage.ask("main.m3u8?_HLS_skip=v2", accept_encoding="gzip")
    assert plain.text.startswith("#EXTM3U\n")
    assert gzip.decompress(packed.response.body[0]) == plain.response.body[0]
    assert "#EXT-X-SKIP" in delta.text
    assert "#EXT-X-SKIP" not in plain.text
    assert gzip.decompress(packed_delta.response.body[0]) == delta.response.body[0]
    assert packed.response.body[0] is stage.ask("main.m3u8", accept_encoding="gzip").response.body[0]


def test_the_multivariant_playlist_names_the_media_playlist(live) -> None:
    plain = live.ask("index.m3u8")
    assert plain.text.splitlines()[-1] == "main.m3u8"
    assert "RESOLUTION=1280x720" in plain.text
    assert 'CODECS="avc1.64001f"' in plain.text
    packed = live.ask("index.m3u8", accept_encoding="gzip")
    assert gzip.decompress(packed.response.body[0]) == plain.response.body[0]
    assert dict(plain.response.fields)["ETag"] != dict(live.ask("main.m3u8").response.fields)["ETag"]


def test_lifetimes(live) -> None:
    assert live.ask("main.m3u8").cache_control == "max-age=1"
    assert live.ask("index.m3u8").cache_control == "max-age=1"
    assert live.ask("main.m3u8?_HLS_msn=0&_HLS_part=0").cache_control == "max-age=12"
    waiting = live.ask_next()
    live.play(1)
    assert waiting.cache_control == "max-age=12"
    live.publication.end(live.now)
    assert live.ask("main.m3u8?_HLS_msn=99&_HLS_part=0").cache_control == "max-age=1"


def test_the_entity_tag_changes_with_the_bytes_and_only_then(live) -> None:
    tags = {}
    for _ in range(60):
        live.step()
        response = live.ask("main.m3u8").response
        tags.setdefault(dict(response.fields)["ETag"], set()).add(response.body[0])
    assert len(tags) > 5
    assert all(len(bodies) == 1 for bodies in tags.values())
    assert len({next(iter(bodies)) for bodies in tags.values()}) == len(tags)
