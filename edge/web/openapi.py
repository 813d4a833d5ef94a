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
    "discontinuities": {"type": "integer", "description": "Holes since viewers came, listed or gone"},
    "discontinuity_sequence": {"type": "integer", "description": "Of them, those that are listed no more"},
    "target_duration_s": {"type": "integer"},
    "part_target_s": {"type": "number"},
    "latency_s": {
        "type": ["number", "null"],
        "description": "From the newest part's last picture to its listing, by the publisher's clock",
    },
    "playlist": {"type": "string", "description": "Address of the multivariant playlist on this server"},
}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _content(schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def _answers(schema: dict[str, Any], *errors: str, media_type: str = "application/json") -> dict[str, Any]:
    problem = _content({"$ref": "#/components/schemas/Problem"}, "application/problem+json")
    known = {
        "400": "What is asked for is not understood",
        "401": "The token is missing",
        "403": "The token is wrong",
        "404": "There is nothing of this name",
        "422": "No origin lists what is asked for",
        "502": "The origin failed",
    }
    found = {"200": {"description": "OK", **_content(schema, media_type)}}
    return found | {status: {"description": known[status], **problem} for status in ("401", "403", *errors)}


def _empty(status: str, *errors: str) -> dict[str, Any]:
    answers = _answers({}, *errors)
    del answers["200"]
    return {status: {"description": "Done"}} | answers


def _operation(name: str, summary: str, answers: dict[str, Any], *, named: bool = False) -> dict[str, Any]:
    whole: dict[str, Any] = {"operationId": name, "summary": summary, "responses": answers}
    if named:
        whole["parameters"] = [{"name": "name", "in": "path", "required": True, "schema": _STREAM["name"]}]
    return whole


_SESSION = _object(
    {
        "id": {"type": "string", "description": "Its beginning: enough to tell sessions apart"},
        "stream": {"type": "string"},
        "client": {"type": "string", "description": "Address"},
        "connected": {"type": "boolean"},
        "age_s": {"type": "number"},
    }
)
_MOMENT = _object(
    {
        "unix_s": {"type": "integer"},
        "streams": {"type": "integer"},
        "viewers": {"type": "integer"},
        "bits_in": {"type": "integer", "description": "bit/s of live streams"},
        "bits_out": {"type": "integer", "description": "bit/s of media and playlists"},
        "latency_s": {"type": ["number", "null"], "description": "Of the worst stream, capture to listed"},
        "reconnecting": {"type": "integer", "description": "Streams whose publisher is away"},
        "lost_packets": {"type": "integer", "description": "Of publishers, in these ten seconds"},
        "holes": {"type": "integer", "description": "Discontinuities of streams, in these ten seconds"},
        "lag_ms": {"type": "number", "description": "How late the event loop is"},
    }
)
_MATCHED = _object(
    {
        "assets": {"type": "integer"},
        "whole_assets": {"type": "integer", "description": "The origin is not needed for them"},
        "held_bytes": {"type": "integer", "description": "On disk"},
        "blocks": {"type": "integer"},
        "head_blocks": {"type": "integer"},
    }
)
_CACHE = _object(
    {
        "capacity_bytes": {"type": "integer"},
        "used_bytes": {"type": "integer"},
        "blocks": {"type": "integer"},
        "head_blocks": {"type": "integer", "description": "What start-up needs; let go last"},
        "fills": {"type": "integer", "description": "Blocks on their way from origins"},
        "hits": {"type": "integer", "description": "Blocks from disk, since the server started"},
        "joined": {"type": "integer", "description": "Blocks that were on their way to others already"},
        "read_ahead": {"type": "integer", "description": "Blocks that were fetched before their reader came"},
        "misses": {"type": "integer"},
        "passed": {"type": "integer", "description": "Answers past the cache"},
        "hit_ratio": {"type": ["number", "null"], "description": "hits of hits, joined, read_ahead, misses"},
        "evicted_blocks": {"type": "integer"},
        "written_bytes": {"type": "integer"},
        "matched": {**_MATCHED, "type": ["object", "null"], "description": "null: no pattern was given"},
    }
)
_HELD_ASSET = _object(
    {
        "asset": {"type": "string", "description": "Its path below /vod/, decoded"},
        "etag": {"type": "string"},
        "origin": {"type": "string", "description": "Its name"},
        "size_bytes": {"type": ["integer", "null"], "description": "null: not known at the moment"},
        "held_bytes": {"type": "integer", "description": "On disk"},
        "blocks": {"type": "integer"},
        "head_blocks": {"type": "integer", "description": "What start-up needs; let go last"},
        "is_whole": {"type": "boolean"},
    }
)
_WARM_ORDER = {
    "type": "object",
    "properties": {
        "asset": {"type": "string"},
        "pattern": {
            "type": "string",
            "description": "Instead: all that cached origins, folders and S3, have by such names, one after "
            "the other; the last line of all has `listed`, how many there were, or `fault`",
        },
        "rate_bytes": {"type": ["number", "null"], "description": "Octets a second at most"},
    },
}
_WARM_LINE = {
    "type": "object",
    "properties": {
        "asset": {"type": "string"},
        "size_bytes": {"type": "integer"},
        "done_bytes": {"type": "integer"},
        "held_bytes": {"type": "integer", "description": "In the last line: how much of it is on disk"},
        "fault": {"type": "string", "description": "In the last line, instead: why it stopped"},
    },
    "required": ["asset", "size_bytes", "done_bytes"],
}
_NAME_LINE = {
    "type": "object",
    "properties": {
        "asset": {"type": "string"},
        "listed": {"type": "integer", "description": "In the last line: how many there were"},
        "fault": {"type": "string", "description": "In the last line, instead: why there may be more"},
    },
}
_PATTERN = {
    "name": "pattern",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Of names: * any text, ? one character, [a-z] one of these",
}
_ONLY_STREAM = {
    "name": "stream",
    "in": "query",
    "required": False,
    "schema": _STREAM["name"],
    "description": "Of this one only",
}
_LIMIT = {
    "name": "limit",
    "in": "query",
    "required": False,
    "schema": {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 1_000},
}
_VIEWER = _object(
    {
        "stream": {
            "type": "string",
            "description": "That the connections were given; one of them, where one asks for several",
        },
        "client": {
            "type": "string",
            "description": "Address, seen through server.trusted_proxies; empty: of a Unix socket",
        },
        "connections": {"type": "integer"},
        "waiting": {"type": "integer", "description": "Those of them whose request is held at this moment"},
        "quiet_s": {"type": "integer", "description": "Since one of them asked or was answered"},
    }
)
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
            },
            "delete": _operation("endStream", "End it for its viewers too", _empty("204", "404"), named=True),
        },
        "/api/v1/streams/{name}/kick": {
            "post": _operation(
                "kickPublisher",
                "End the publisher; viewers are kept for live.reconnect_window",
                _answers(_object({"ended_sessions": {"type": "integer"}}), "404"),
                named=True,
            )
        },
        "/api/v1/sessions": {
            "get": _operation(
                "listSessions",
                "Every publisher's session",
                _answers(_object({"sessions": {"type": "array", "items": _SESSION}})),
            )
        },
        "/api/v1/viewers": {
            "get": {
                **_operation(
                    "listViewers",
                    "Who watches: open connections by stream and address, those with the most first",
                    _answers(
                        _object(
                            {
                                "viewers": {"type": "array", "items": _VIEWER},
                                "matched": {"type": "integer", "description": "Rows without the limit"},
                            }
                        ),
                        "400",
                    ),
                ),
                "parameters": [_ONLY_STREAM, _LIMIT],
            },
        },
        "/api/v1/config": {
            "get": _operation(
                "getConfig", "The configuration in force; secrets are hidden", _answers({"type": "object"})
            )
        },
        "/api/v1/history": {
            "get": _operation(
                "getHistory",
                "Some numbers for each ten seconds of the last hour, the oldest first",
                _answers(_object({"history": {"type": "array", "items": _MOMENT}})),
            )
        },
        "/api/v1/drain": {"post": _operation("drain", "Stop, as SIGTERM does", _empty("202"))},
        "/api/v1/revocations": {
            "post": {
                **_operation(
                    "revoke",
                    "Make tokens void by their jti, sub or kid; or, as stream:NAME, end a stream for good",
                    _empty("204", "400"),
                ),
                "requestBody": {"required": True, **_content(_object({"name": {"type": "string"}}))},
            }
        },
        "/api/v1/cache": {
            "get": {
                **_operation(
                    "getCache",
                    "The cache of assets in numbers; with a pattern, of what matches too",
                    _answers(_CACHE, "400"),
                ),
                "parameters": [_PATTERN],
            },
        },
        "/api/v1/cache/assets": {
            "get": {
                **_operation(
                    "listCachedAssets",
                    "What the cache holds, by name",
                    _answers(
                        _object(
                            {
                                "assets": {"type": "array", "items": _HELD_ASSET},
                                "matched": {"type": "integer", "description": "Without the limit"},
                            }
                        ),
                        "400",
                    ),
                ),
                "parameters": [_PATTERN, _LIMIT],
            },
            "delete": {
                **_operation(
                    "purgeCache",
                    "Drop what matches; who reads it now reads on",
                    _answers(_object({"purged_blocks": {"type": "integer"}}), "400"),
                ),
                "parameters": [{**_PATTERN, "required": True}],
            },
        },
        "/api/v1/cache/warm": {
            "get": {
                **_operation(
                    "listWarmable",
                    "What cached origins, folders and S3, have by names that match: a line of JSON each; "
                    "the last has `listed`, how many, or `fault`",
                    _answers(_NAME_LINE, "400", "422", "502", media_type="application/jsonl"),
                ),
                "parameters": [{**_PATTERN, "required": True}],
            },
            "post": {
                **_operation(
                    "warmCache",
                    "Bring an asset, or all that match, to the disk; lines of JSON tell how far it is",
                    _answers(_WARM_LINE, "400", "404", "422", "502", media_type="application/jsonl"),
                ),
                "requestBody": {"required": True, **_content(_WARM_ORDER)},
            },
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
