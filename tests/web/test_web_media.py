import asyncio
import gzip
import logging

import pytest

from edge.metrics import WEB_SENDING


async def test_a_playlist_over_a_socket(client, camera) -> None:
    answer = await client.get("/live/cam/main.m3u8", headers={"Accept-Encoding": "identity"})
    body = await answer.read()
    assert answer.status == 200
    assert body.startswith(b"#EXTM3U\n")
    assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["Cache-Control"] == "max-age=1"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Server"] == "edge"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Length"] == str(len(body))
    assert "Date" in answer.headers
    assert "Age" not in answer.headers


async def test_gzip_where_it_is_accepted(client, camera) -> None:
    plain = await (await client.get("/live/cam/main.m3u8", headers={"Accept-Encoding": "br"})).read()
    answer = await client.get("/live/cam/main.m3u8", headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "gzip"
    packed = await answer.read()
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2


async def test_part_segment_and_init(client, camera) -> None:
    window, prefix = camera.publication.rendition.window, camera.publication.rendition.prefix
    segment = window.segments[-1]
    base = f"/live/cam/{prefix}"
    part = await client.get(f"{base}/part{window.number_of(segment.parts[0].position)}.m4s")
    assert await part.read() == segment.parts[0].body
    whole = await client.get(f"{base}/{segment.msn}.m4s")
    assert await whole.read() == b"".join(segment.body)
    assert whole.headers["Content-Length"] == str(segment.size)
    assert "Transfer-Encoding" not in whole.headers
    init = await client.get(f"{base}/init0.mp4")
    assert await init.read() == window.init.body
    for answer in (part, whole, init):
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Cache-Control"].endswith("immutable")
        assert answer.headers["Server"] == "edge"


@pytest.mark.parametrize(
    "file", ["index.m3u8", "main.m3u8", "{prefix}/part4.m4s", "{prefix}/1.m4s", "{prefix}/init0.mp4"]
)
async def test_head_tells_what_get_would(client, camera, file) -> None:
    path = "/live/cam/" + file.format(prefix=camera.publication.rendition.prefix)
    get = await client.get(path)
    head = await client.head(path)
    assert head.status == 200
    assert await head.read() == b""
    ignored = {"Date"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }


@pytest.mark.parametrize("file", ["main.m3u8", "{prefix}/1.m4s"])
async def test_what_a_client_has_is_not_sent_again(client, camera, file) -> None:
    path = "/live/cam/" + file.format(prefix=camera.publication.rendition.prefix)
    first = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert again.status == 304
    assert await again.read() == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert "Content-Type" not in again.headers


async def test_a_blocked_playlist_comes_with_its_part(client, camera, hub, until) -> None:
    before = WEB_SENDING.total
    window = camera.publication.rendition.window
    msn, part = window.next_position
    request = asyncio.ensure_future(client.get(f"/live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part}"))
    hinted = asyncio.ensure_future(
        client.get(f"/live/cam/{camera.publication.rendition.prefix}/part{window.next_number}.m4s")
    )
    await until(lambda: hub.waiting == 2)
    camera.send(0.4)
    answer = await request
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "max-age=12"
    assert (await hinted).status == 200
    assert WEB_SENDING.total > before


async def test_a_player_that_leaves_while_it_is_held(client, camera, hub, until, caplog) -> None:
    caplog.set_level(logging.WARNING)
    window = camera.publication.rendition.window
    msn, part = window.next_position
    address = f"/live/cam/main.m3u8?_HLS_msn={msn}&_HLS_part={part}"
    leaving = asyncio.ensure_future(client.get(address))
    staying = asyncio.ensure_future(client.get(address))
    await until(lambda: hub.waiting == 2)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    camera.send(0.4)
    assert (await staying).status == 200
    await until(lambda: hub.waiting == 0)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/nobody/index.m3u8", 404),
        ("/live/cam/none.m3u8", 404),
        ("/live/cam/0/1.m4s", 404),
        ("/live/", 404),
        ("/live/cam/main.m3u8?_HLS_part=1", 400),
        ("/live/cam/main.m3u8?_HLS_msn=99999999", 400),
        ("/live/%00/%ff/..%2f", 404),
    ],
)
async def test_errors_are_problem_documents_that_pages_may_read(client, camera, path, status) -> None:
    for accept in ("*/*", "text/html"):
        answer = await client.get(path, headers={"Accept": accept})
        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        problem = await answer.json(content_type=None)
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]


async def test_other_methods(client, camera) -> None:
    preflight = await client.options("/live/cam/main.m3u8", headers={"Origin": "https://elsewhere.example"})
    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    refused = await client.post("/live/cam/main.m3u8", data=b"x")
    assert refused.status == 405
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert refused.headers["Content-Type"] == "application/problem+json"
