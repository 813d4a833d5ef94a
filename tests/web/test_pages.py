"""The pages as a browser asks for them: policy, media types, coding, conditionals, lifetimes."""

import gzip
import json
import re
import time
from pathlib import Path

import pytest
from aiohttp import web

from edge.web.pages import FOLDER, IMMUTABLE, Shelf, routes, shelf


@pytest.fixture
async def client(aiohttp_client):
    app = web.Application()
    app.add_routes(routes)
    return await aiohttp_client(app)


PAGES = ["/", "/publish/garden-1", "/watch/Garden_2"]


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_allows_only_its_own_origin(client, address):
    answer = await client.get(address)
    policy = dict(item.split(" ", 1) for item in answer.headers["Content-Security-Policy"].split("; "))
    assert answer.status == 200
    assert answer.content_type == "text/html"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", PAGES)
async def test_every_file_a_page_names_is_there_and_may_be_kept(client, address):
    page = await (await client.get(address)).text()
    named = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert [name for name in named if name.startswith(f"/static/{shelf().version}/")]
    for name in named:
        answer = await client.get(name)
        assert answer.status == 200, name
        if name.startswith("/static/"):
            assert answer.headers["Cache-Control"] == IMMUTABLE


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_has_no_inline_script_or_style(client, address):
    page = await (await client.get(address)).text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)


def test_no_page_of_ours_names_another_origin():
    for path in FOLDER.iterdir():
        if path.suffix in {".html", ".css", ".js", ".svg"}:
            text = path.read_text().replace("http://www.w3.org/", "")
            assert not re.search(r"""["'(]\s*(?:https?:)?//[a-z0-9]""", text), path.name


async def test_what_the_browser_has_is_not_sent_again(client):
    for coding in ("gzip", "identity"):
        first = await client.get("/", headers={"Accept-Encoding": coding})
        again = await client.get(
            "/", headers={"Accept-Encoding": coding, "If-None-Match": first.headers["ETag"]}
        )
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]


async def test_gzip_only_for_who_accepts_it(client):
    name = "/static/style.css"
    plain = await client.get(name, headers={"Accept-Encoding": "identity"})
    packed = await client.get(name, headers={"Accept-Encoding": "gzip"}, auto_decompress=False)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(await packed.read()) == await plain.read()


async def test_a_bare_name_is_asked_for_again(client):
    answer = await client.get("/static/style.css")
    assert answer.content_type == "text/css"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "address",
    [
        "/static/nothing.js",
        "/static/watch.html",
        "/static/../pages.py",
        "/static/%2e%2e/pages.py",
        "/static/0123456789ab/style.css",
        "/static/vendor/package-lock.json",
        "/watch/",
        "/watch/a/b",
        "/watch/no%20spaces",
        "/watch/" + "x" * 65,
        "/publish/%3Cscript%3E",
    ],
)
async def test_nothing_else_is_served(client, address):
    assert (await client.get(address)).status == 404


@pytest.mark.parametrize(
    "address", ["/watch", "/watch/", "/publish/", "/watch/a.b", "/publish/a%20b", "/watch/a/b"]
)
async def test_an_address_without_a_name_says_how_it_is_written(client, address):
    answer = await client.get(address)
    assert answer.status == 404
    page = address.split("/")[1]
    assert f"write /{page}/NAME" in (await answer.json(content_type=None))["detail"]


async def test_the_clock_is_ours_and_never_kept(client):
    before = time.time() * 1000
    answer = await client.get("/clock")
    told = json.loads(await answer.read())["unix_ms"]
    assert before - 1 <= told <= time.time() * 1000 + 1
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_version_is_a_digest_of_all_files(tmp_path: Path):
    (tmp_path / "a.html").write_text('<script src="/static/@/b.js"></script>')
    (tmp_path / "b.js").write_text("1")
    (tmp_path / "c.exe").write_text("not served")
    first = Shelf.read(tmp_path)
    (tmp_path / "b.js").write_text("2")
    second = Shelf.read(tmp_path)
    assert sorted(first.files) == ["a.html", "b.js"]
    assert first.version != second.version
    assert first.files["a.html"].plain == f'<script src="/static/{first.version}/b.js"></script>'.encode()
