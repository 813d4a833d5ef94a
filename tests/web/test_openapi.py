from typing import Any

from edge.auth.admission import Admission
from edge.web.app import make_app
from edge.web.cache_api import cache_routes
from edge.web.openapi import DOCUMENT
from edge.web.viewers_api import viewer_routes

TYPES = {
    "boolean": bool,
    "string": str,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
    "null": type(None),
}


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return DOCUMENT["components"]["schemas"][name] if name else schema


def check(value: object, schema: dict[str, Any], where: str = "") -> None:
    schema = resolve(schema)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, TYPES[kind]) for kind in kinds), where
    assert "enum" not in schema or value in schema["enum"], where
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) == set(schema["properties"]) == set(schema["required"]), where
        for name, item in value.items():
            check(item, schema["properties"][name], f"{where}.{name}")
    if isinstance(value, list):
        for item in value:
            check(item, schema["items"], f"{where}[]")


def answer_schema(path: str, status: str) -> dict[str, Any]:
    (content,) = DOCUMENT["paths"][path]["get"]["responses"][status]["content"].values()
    return content["schema"]


async def test_what_is_described_is_what_is_answered(client, camera, hub) -> None:
    hub.claim("waiting", 0.0, takeover=False)
    listed = await (await client.get("/api/v1/streams")).json()
    assert len(listed["streams"]) == 2
    check(listed, answer_schema("/api/v1/streams", "200"))
    one = await (await client.get("/api/v1/streams/cam")).json()
    check(one, answer_schema("/api/v1/streams/{name}", "200"))
    missing = await (await client.get("/api/v1/streams/nobody")).json(content_type=None)
    check(missing, answer_schema("/api/v1/streams/{name}", "404"))


async def test_the_description_is_served(client) -> None:
    assert await (await client.get("/api/v1/openapi.json")).json() == DOCUMENT


async def test_every_address_of_the_api_is_described(config, hub, readiness) -> None:
    cache = cache_routes(object(), 1, Admission(config.auth))  # type: ignore[arg-type]
    viewers = viewer_routes(object(), Admission(config.auth))  # type: ignore[arg-type]
    app = make_app(config, hub, ready=readiness, routes=[*cache, *viewers], control=object())  # type: ignore[arg-type]
    paths = {
        resource.canonical for resource in app.router.resources() if resource.canonical.startswith("/api/")
    }
    assert paths == set(DOCUMENT["paths"])
