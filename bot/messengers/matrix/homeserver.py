"""The Matrix client-server API over HTTP: one place for tokens, time-outs and errors."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.errors import MessengerError, Revoked

Json = dict[str, Any]
CLIENT = "/_matrix/client/v3"


class ApiError(MessengerError):
    """The homeserver answered with an error. `retry_after` is in seconds, None when it named no time."""

    def __init__(self, status: int, body: Mapping[str, Any], retry_after: float | None) -> None:
        self.status = status
        self.body = body
        errcode = body.get("errcode")
        self.errcode = errcode if isinstance(errcode, str) else ""
        self.retry_after = retry_after
        super().__init__(f"Der Homeserver antwortet {status} {self.errcode}".rstrip() + ".")

    @property
    def temporary(self) -> bool:
        return self.status == 429 or self.status >= 500


class Unreachable(MessengerError):
    """No answer: the request may have arrived or not."""


def escape(part: str) -> str:
    """One segment of a path: room ids and event ids hold `!`, `$`, `:` and `/`."""
    return quote(part, safe="")


def _retry_after(status: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> float | None:
    if status != 429 and status < 500:
        return None
    milliseconds = body.get("retry_after_ms")
    if isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool):
        return max(0.0, float(milliseconds) / 1000)
    header = headers.get("Retry-After", "")
    return float(header) if header.isascii() and header.isdigit() else None


@dataclass(frozen=True, slots=True)
class _Call:
    """One request; `timeout` in seconds is aiohttp's own, which also closes the connection."""

    method: str
    path: str
    data: bytes | None = None
    mime: str = "application/json"
    query: Mapping[str, str] | None = None
    timeout: float = 30.0


class Homeserver:
    """An HTTP session with the account's token. Requests are never repeated here; the outbox and the loops do that."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self.token = ""
        self.renew: Callable[[], Awaitable[bool]] | None = None  # called once when the token ran out softly
        self._session: aiohttp.ClientSession | None = None
        self.clock_offset: float | None = None  # seconds the server's clock is ahead; None before the first answer

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        as_list: str = "",
        timeout: float = 30.0,  # noqa: ASYNC109  # aiohttp's own
    ) -> Json:
        """One request with a JSON answer; one that is a list comes back under the name `as_list`.

        Raises ApiError, Unreachable, Revoked.
        """
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        if data is None and method in ("POST", "PUT"):
            data = b"{}"
        request = _Call(method, path, data, query=query, timeout=timeout)
        try:
            return await self._json(request, as_list)
        except ApiError as error:
            if not _token_rejected(error):
                raise
            softly = error.body.get("soft_logout") is True
            if softly and self.renew is not None and await self.renew():
                return await self._json(request, as_list)
            raise Revoked(
                f"Die Anmeldung des Matrix-Kontos gilt nicht mehr ({error.errcode}). Melden Sie es neu an und starten Sie Kavi."
            ) from None

    async def upload(self, data: bytes, mime: str, timeout: float = 120.0) -> str:  # noqa: ASYNC109
        """Stores a file in the media repository without its name; returns the mxc address."""
        answer = await self._json(_Call("POST", "/_matrix/media/v3/upload", data, mime, timeout=timeout))
        return str(answer["content_uri"])

    async def download(self, mxc: str, cap: int, timeout: float = 120.0) -> bytes | None:  # noqa: ASYNC109
        """Fetches a file, reading at most `cap` bytes; None when it is larger or gone. Raises ApiError, Unreachable."""
        server, _, media = mxc.removeprefix("mxc://").partition("/")
        if not mxc.startswith("mxc://") or not server or not media:
            return None
        path = f"/_matrix/client/v1/media/download/{escape(server)}/{escape(media)}"
        async with self._request(_Call("GET", path, timeout=timeout)) as response:
            if response.status == 404:
                return None
            if response.status != 200:
                raise await _error(response)
            if (response.content_length or 0) > cap:
                return None
            received = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                received += chunk
                if len(received) > cap:
                    return None
            return bytes(received)

    async def _json(self, call: _Call, as_list: str = "") -> Json:
        async with self._request(call) as response:
            if response.status >= 300:
                raise await _error(response)
            answer = await _body(response, as_list)
            if not answer and response.content_type != "application/json":
                raise ApiError(502, {"errcode": "KAVI_NOT_JSON"}, None)
            return answer

    @asynccontextmanager
    async def _request(self, call: _Call) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32))
        headers = {"Content-Type": call.mime}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = URL(self._url + call.path, encoded=True).with_query(call.query or {})
        limits = aiohttp.ClientTimeout(total=call.timeout, sock_connect=10)
        try:
            async with self._session.request(
                call.method, url, data=call.data, headers=headers, timeout=limits
            ) as response:
                self._note_clock(response.headers.get("Date", ""))
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The error's text may name the address, never the token: that travels in a header.
            raise Unreachable(f"Der Homeserver ist nicht erreichbar ({type(error).__name__}).") from None

    def _note_clock(self, date: str) -> None:
        try:
            self.clock_offset = parsedate_to_datetime(date).timestamp() - time.time()
        except ValueError:
            return


def _token_rejected(error: ApiError) -> bool:
    rejected = error.status == 401 and error.errcode in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN")
    return rejected or error.errcode == "M_USER_DEACTIVATED"


async def _body(response: aiohttp.ClientResponse, as_list: str = "") -> Json:
    try:
        answer = json.loads(await response.read())
    except (ValueError, RecursionError):
        return {}
    if as_list and isinstance(answer, list):
        return {as_list: answer}
    return answer if isinstance(answer, dict) else {}


async def _error(response: aiohttp.ClientResponse) -> ApiError:
    body = await _body(response)
    return ApiError(response.status, body, _retry_after(response.status, response.headers, body))
