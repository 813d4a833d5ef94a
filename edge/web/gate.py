"""In front of the hub: who may watch. The token is taken off before anything is looked up or kept."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial

from edge.auth.admission import Admission
from edge.errors import EdgeError, Unauthorised
from edge.http.cache_control import NO_STORE
from edge.http.cmcd import PlayerReport, of_fields, parse_cmcd, split_cmcd
from edge.http.cors import OPEN
from edge.http.message import RequestHead, Response
from edge.http.problem import problem_of
from edge.http.token_path import from_query, split_token, with_token
from edge.ingest.bearer import parse_bearer
from edge.live.hub import MULTIVARIANT_PLAYLIST, ROOT, Hub
from edge.live.waiters import Leave, Viewer, Wait
from edge.web.permitted import Permitted
from edge.web.viewing import Viewing

_WITH_TOKEN = ROOT + "~"


class Gate:
    """Answers as the hub does, to those who may. Both lanes ask here."""

    takes_encoded = False

    def __init__(self, hub: Hub, admission: Admission, viewing: Viewing | None = None) -> None:
        self._hub = hub
        self.viewing = viewing or Viewing()
        self._admission = admission

    def answer(self, head: RequestHead, now: float) -> Response | Wait:
        """See Hub.answer. A refusal is kept by no cache, and says nothing of what is live."""
        token, path = split_token(head.path)
        if token is not None:
            head = RequestHead(head.method, path, head.query, head.headers, head.client)
        told, query = split_cmcd(head.query)
        if told is not None or (told := of_fields(head.headers)) is not None:
            head = RequestHead(head.method, path, query, head.headers, head.client)
        allowed = self._allowed(head, path, token, now)
        if told is not None and is_let_in(allowed):
            self._note(_stream(path), parse_cmcd(told))
        return allowed

    def may_repeat(self, head: RequestHead) -> bool | Permitted:
        """Whether an answer depends on nothing but the hub, so that its lease tells how long it is right."""
        if head.path.startswith(_WITH_TOKEN):
            return self._permitted(head) or False
        return self._admission.lets_all_watch(_stream(head.path))

    def hears(self, head: RequestHead) -> Callable[[PlayerReport], None]:
        """See lane.Answerer."""
        return partial(self._note, _stream(split_token(head.path)[1]))

    def _permitted(self, head: RequestHead) -> Permitted | None:
        """With a token in the path. Nothing here is decoded, nor in the lines that it is compared with."""
        token, path = split_token(head.path)
        stream = _stream(path)
        permit = self._admission.permit("play", stream, token, head.client)
        if permit is None:
            return None
        return Permitted(permit, f"GET {_WITH_TOKEN}{token}/{stream}/".encode(), _bare(stream))

    def _note(self, stream: str, report: PlayerReport) -> None:
        if self._hub.get(stream) is not None:
            self.viewing.note(stream, report)

    def _allowed(self, head: RequestHead, path: str, token: str | None, now: float) -> Response | Wait:
        stream = _stream(path)
        if head.method == "OPTIONS" or self._admission.lets_all_watch(stream):
            return self._hub.answer(head, now)
        try:
            if token is None:
                token, query = self._elsewhere(head)
                if query is not None:
                    return _moved(with_token(path, token or "", query))
            pending = self._admission.decide("play", stream, token, head.client)
        except EdgeError as error:
            return problem_of(error, headers=OPEN)
        if pending is None:
            return self._hub.answer(head, now)
        return Wait(lambda viewer, _: _Asking(self._hub, head, pending, viewer))

    def _elsewhere(self, head: RequestHead) -> tuple[str | None, str | None]:
        """A token in the Authorization field or the query; and the rest of a query that has to move on."""
        if (field := head.headers.get("authorization")) is not None:
            return parse_bearer(field), None
        token, rest = from_query(head.query)
        if token is None:
            return None, None
        if not token or "/" in token:
            raise Unauthorised("The token in the query is none: give ?token=TOKEN")
        is_first = head.path.endswith("/" + MULTIVARIANT_PLAYLIST)
        return token, (rest if is_first else None)


class _Asking:
    """Somebody else decides; then the hub answers, at once or later."""

    def __init__(self, hub: Hub, head: RequestHead, pending: Awaitable[None], viewer: Viewer) -> None:
        self._hub, self._head, self._viewer = hub, head, viewer
        self._queue: Leave | None = None
        self._has_left = False
        self._task = asyncio.ensure_future(self._judge(pending))

    def leave(self, viewer: Viewer) -> None:
        """See Leave. The question goes on, for the next who asks it."""
        self._has_left = True  # for a task that is cancelled twice at once may go on
        self._task.cancel()
        if self._queue is not None:
            self._queue.leave(viewer)

    async def _judge(self, pending: Awaitable[None]) -> None:
        try:
            await pending
        except EdgeError as error:
            self._viewer.answered(problem_of(error, headers=OPEN))
            return
        if self._has_left:
            return
        now = asyncio.get_running_loop().time()
        answer = self._hub.answer(self._head, now)
        if isinstance(answer, Wait):
            self._queue = answer.subscribe(self._viewer, now)
        else:
            self._viewer.answered(answer)


def is_let_in(answer: Response | Wait) -> bool:
    """Whether he gets, or waits for, what he asked for; not for a verdict, which no lease goes with."""
    return answer.lease is not None if isinstance(answer, Wait) else answer.status == 200


def _stream(path: str) -> str:
    """`path`: without a token."""
    return path.removeprefix(ROOT).partition("/")[0]


@lru_cache
def _bare(stream: str) -> bytes:
    """How request lines of a stream begin."""
    return f"GET {ROOT}{stream}/".encode()


def _moved(address: str) -> Response:
    """307 (RFC 9110, 15.4.8): players take what a playlist names relative to where they ended up."""
    return Response(307, (("Location", address), ("Cache-Control", NO_STORE), *OPEN))
