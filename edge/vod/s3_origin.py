"""Assets of any object store that speaks S3: signed (SigV4), conditional, nothing believed."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import aiohttp
from multidict import CIMultiDict

from edge.errors import OriginLied, OriginTimeout, OriginUnavailable
from edge.http.byte_range import ByteRange
from edge.metrics import VOD_ORIGIN_RECEIVED
from edge.vod.asset import Asset
from edge.vod.attempts import resumed
from edge.vod.http_origin import Patience
from edge.vod.origin_answer import accepted, described
from edge.vod.origin_faults import watched

_PIECE = 65_536


class S3Origin:
    """Objects of `bucket`, their names being `folder` and the path.

    Without `access_key` the keys come from where AWS's tools look: environment, profile, the machine's role.
    """

    def __init__(
        self,
        name: str,
        bucket: str,
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        access_key: str | None = None,
        secret_key: str | None = None,
        folder: str = "",
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self._received = VOD_ORIGIN_RECEIVED.labels(name)
        self._bucket = bucket
        self._folder = folder
        self._patience = patience or Patience()
        self._account = {
            "endpoint_url": endpoint,
            "region_name": region,
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
        }
        self._place = f"{endpoint or 's3'}/{bucket}"
        self._open = contextlib.AsyncExitStack()
        self._client: asyncio.Task[Any] | None = None

    async def _connected(self) -> Any:
        if self._client is None:
            self._client = asyncio.create_task(self._connect())
        return await asyncio.shield(self._client)

    async def _connect(self) -> Any:
        from aiobotocore.config import AioConfig
        from aiobotocore.session import get_session

        from edge.vod.s3_session import S3Session

        config = AioConfig(
            http_session_cls=S3Session,
            connect_timeout=self._patience.connect_s,
            read_timeout=self._patience.answer_s,
            max_pool_connections=self._patience.connections,
            retries={"total_max_attempts": 1, "mode": "standard"},  # we try again: see attempts.py
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"} if self._account["endpoint_url"] else {},
        )
        return await self._open.enter_async_context(
            get_session().create_client("s3", config=config, **self._account)
        )

    async def stat(self, key: str) -> Asset:
        with watched(self.name, self._place, key, "stat"):
            status, fields, _ = await self._call("head_object", key)
            return described(key, status, fields, origin=self.name)

    async def read(self, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes]:
        """A store that breaks off is asked again for the rest, of the same version."""

        def attempt(rest: ByteRange, _: int) -> AsyncGenerator[bytes]:
            return self._attempt(asset, rest)

        tries, backoff_s = self._patience.tries, self._patience.backoff_s
        whole = resumed(attempt, asset, span, tries=tries, backoff_s=backoff_s)
        async with contextlib.aclosing(whole):
            async for piece in whole:
                yield piece

    async def _attempt(self, asset: Asset, span: ByteRange) -> AsyncGenerator[bytes]:
        with watched(self.name, self._place, asset.key, "read") as answered:
            given = {"Range": f"bytes={span.start}-{span.stop - 1}"}
            if asset.is_strong:
                given["IfMatch"] = asset.etag
            status, fields, body = await self._call("get_object", asset.key, **given)
            try:
                accepted(asset, span, status, fields)
                async for piece in self._pieces(body, span.size):
                    answered()
                    yield piece
            finally:
                if body is not None:
                    body.close()

    async def _pieces(self, body: Any, left: int) -> AsyncGenerator[bytes]:
        patience_s = self._patience.answer_s + left / self._patience.slowest
        loop = asyncio.get_running_loop()
        while left:
            asked = loop.time()
            with _translated():
                async with asyncio.timeout(min(self._patience.answer_s, max(patience_s, 0.01))):
                    piece = await body.read(min(_PIECE, left))
            patience_s -= loop.time() - asked
            if not piece:
                raise OriginLied(f"The body ended {left} octets early")
            left -= len(piece)
            self._received.inc(len(piece))
            yield piece
        with _translated():
            async with asyncio.timeout(self._patience.answer_s):
                if await body.read(1):
                    raise OriginLied("The body is longer than what was asked for")

    async def names(self, start: str) -> AsyncGenerator[str]:
        """See Listing: a page of a thousand at a time."""
        page: dict[str, str] = {}
        while True:
            with watched(self.name, self._place, start, "list"):
                status, _, said = await self._said("list_objects_v2", Prefix=self._folder + start, **page)
                if status != 200:
                    mend = "let this server list the bucket (s3:ListBucket)"
                    raise OriginUnavailable(f"The object store answered {status}: {mend}")
                token = said.get("NextContinuationToken")
                if token is not None and token == page.get("ContinuationToken"):
                    raise OriginLied("The object store lists the same page for ever")
            for one in said.get("Contents", ()):
                yield one["Key"].removeprefix(self._folder)
            if token is None:
                return
            page = {"ContinuationToken": token}

    async def _call(self, verb: str, key: str, **given: str) -> tuple[int, CIMultiDict[str], Any]:
        """Status, fields, body: of refusals too."""
        status, fields, said = await self._said(verb, Key=self._folder + key, **given)
        return status, fields, said.get("Body")

    async def _said(self, verb: str, **given: str) -> tuple[int, CIMultiDict[str], dict[str, Any]]:
        from botocore.exceptions import ClientError

        with _translated():
            try:
                client = await self._connected()
                async with asyncio.timeout(self._patience.head_s):
                    said = await getattr(client, verb)(Bucket=self._bucket, **given)
            except ClientError as error:
                said = error.response
        told = said.get("ResponseMetadata", {})
        return told.get("HTTPStatusCode", 500), CIMultiDict(told.get("HTTPHeaders", {})), said

    async def close(self) -> None:
        await self._open.aclose()
        self._open, self._client = contextlib.AsyncExitStack(), None


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """The library's exceptions as ours."""
    from botocore import exceptions

    try:
        yield
    except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError) as error:
        raise OriginTimeout("Nothing came from the object store in time") from error
    except exceptions.NoCredentialsError as error:
        raise OriginUnavailable("No keys for the object store: set access_key and secret_key") from error
    except exceptions.HTTPClientError as error:
        if isinstance(error.kwargs.get("error"), aiohttp.ClientResponseError):
            raise OriginLied("The object store does not speak HTTP", logged=str(error)[:200]) from error
        raise OriginUnavailable("The object store is not reached", logged=str(error)[:200]) from error
    except exceptions.BotoCoreError as error:
        raise OriginUnavailable("The object store is not reached", logged=str(error)[:200]) from error
