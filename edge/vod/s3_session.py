"""How the S3 client speaks HTTP: as ours, it goes where it was told and nowhere else (HTTP 37)."""

from typing import Any

from aiobotocore.httpsession import AIOHTTPSession


class Undirected:
    """A session of aiohttp that follows no redirect: a store could send it to whatever is near the edge."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def request(self, method: str, **given: Any) -> Any:
        """See aiohttp.ClientSession.request."""
        return await self._session.request(method, allow_redirects=False, **given)


class S3Session(AIOHTTPSession):  # type: ignore[misc]  # it tells no types
    """The library's own asks aiohttp without a word about redirects, and aiohttp follows them."""

    async def _get_session(self, proxy_url: str | None) -> Undirected:
        return Undirected(await super()._get_session(proxy_url))
