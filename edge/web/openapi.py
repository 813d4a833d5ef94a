"""The control API described (OpenAPI 3.1). A test compares it with what the API answers."""

from typing import Any

from edge import __version__

_TRACK = {
    "kind": {"type": "string", "enum": ["video", "audio"]},
    "codec": {"type": "string", "enum": ["h264", "aac", "opus"]},
    "codec_string": {"type": "string", "description": "RFC 6381"},
    "width": {"type": "integer"},
    "height": {"type": "integer"},
    "sample_rate": {"type": "integer"},
    "channels": {"type": "integer"},
}

_STREAM = {
    "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "state": {
        "type": "string",
        "enum": ["waiting", "live", "reconnecting", "ended"],
        "description": "waiting: no media yet; reconnecting: viewers are kept until the publisher returns",
    },
    "age_s": {"type": "number", "description": "Since the publisher came first"},
    "tracks": {"type": "array", "items": {"$ref": "#/components/schemas/Track"}},
    "viewers": {"type": "integer", "description": "An estimate from the requests of players"},
    "waiting": {"type": "integer", "description": "Requests that are held at this moment"},
    "bitrate": {"type": "integer", "description": "bit/s of the newest segments"},
    "peak_bitrate": {"type": "integer", "description": "bit/s, as announced to players"},
    "frame_rate": {"type": "number"},
    "segment": {"type": ["integer", "null"], "description": "Media sequence number of the newest part"},
    "part": {"type": ["integer", "null"], "description": "Index of the newest part in its segment"},
    "listed_segments": {"type": "integer"},
    "media_sequence": {"type": "integer"},
    "discontinuity_sequence": {"type": "integer"},
    "target_duration_s": {"type": "integer"},
    "part_target_s": {"type": "number"},
    "latency_s": {
        "type": ["number", "null"],
        "description": "From the capture of the newest part to its listing, by the publisher's own clock",
    },
    "playlist": {"type": "string", "description": "Address of the multivariant playlist on this server"},
}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _content(schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def _answers(schema: dict[str, Any], *errors: str) -> dict[str, Any]:
    problem = _content({"$ref": "#/components/schemas/Problem"}, "application/problem+json")
    known = {"401": "The token is missing", "403": "The token is wrong", "404": "No such stream"}
    found = {"200": {"description": "OK", **_content(schema)}}
    return found | {status: {"description": known[status], **problem} for status in ("401", "403", *errors)}


_STREAM_REFERENCE = {"$ref": "#/components/schemas/Stream"}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "edge control API", "version": __version__},
    "security": [{}, {"admin": []}],
    "paths": {
        "/api/v1/streams": {
            "get": {
                "operationId": "listStreams",
                "summary": "Every stream whose playlists are served",
                "responses": _answers(_object({"streams": {"type": "array", "items": _STREAM_REFERENCE}})),
            }
        },
        "/api/v1/streams/{name}": {
            "get": {
                "operationId": "getStream",
                "summary": "One stream",
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "schema": _STREAM["name"]},
                ],
                "responses": _answers(_STREAM_REFERENCE, "404"),
            }
        },
        "/api/v1/openapi.json": {
            "get": {
                "operationId": "describe",
                "summary": "This description",
                "responses": _answers({"type": "object"}),
            }
        },
    },
    "components": {
        "schemas": {
            "Stream": _object(_STREAM),
            "Track": _object(_TRACK),
            "Problem": _object(
                {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string", "description": "Names the fault and the mend"},
                }
            ),
        },
        "securitySchemes": {
            "admin": {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of auth.admin. Not needed from the machine itself.",
            }
        },
    },
}
