"""HTTP for python-telegram-bot through aiohttp, with errors that say whether a request can have arrived.

httpx, the library's own choice, costs about three times the CPU per call. No error text ever holds an address, because
the Bot API puts the token into it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData
from yarl import URL

CONNECTIONS = 64
IDLE = 15.0  # seconds; shorter than any server's, so that a request seldom meets a connection just closed
CONNECT = 10.0  # seconds
FORM = "application/x-www-form-urlencoded"


class NotSent(NetworkError):
    """No connection: the request did not leave, a repeat is harmless."""


class ServerFault(NetworkError):
    """The server answered 5xx."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered {status}")
        self.status = status


class TooMany(TelegramError):
    """429: wait `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"flood control: wait {seconds:g} s")
        self.seconds = seconds


class Unauthorized(InvalidToken):
    """401: the token is worth nothing any more."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class AiohttpRequest(BaseRequest):
    """Implements the library's transport."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None
        self.clock_offset: float | None = None  # seconds that the server's clock is ahead of ours

    @property
    def read_timeout(self) -> float | None:
        return self._seconds

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE),
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def renew(self) -> None:
        """Throws all connections away: for a poller that hangs on a half-open one."""
        await self.shutdown()
        await self.initialize()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request; answers that mean a fault of ours, of the token or of the server are raised."""
        seconds = read_timeout if isinstance(read_timeout, int | float) else self._seconds
        body, headers = _body(request_data)
        status, payload = await self._exchange(method, url, body, headers, seconds)
        _raise_faults(status, payload)
        return status, payload

    async def _exchange(
        self, method: str, url: str, body: Any, headers: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes]:
        await self.initialize()
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT)
        try:
            async with self._session.request(
                method, URL(url, encoded=True), data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                payload = await response.read()
                if "Date" in response.headers:
                    self._compare_clocks(response.headers["Date"])
                return response.status, payload
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"no connection ({type(error).__name__})") from None
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError, RuntimeError) as error:  # RuntimeError: the session was closed meanwhile
            raise NetworkError(f"the connection broke ({type(error).__name__})") from None

    def _compare_clocks(self, date: str) -> None:
        if self.clock_offset is None:
            try:
                self.clock_offset = parsedate_to_datetime(date).timestamp() - time.time()
            except ValueError:
                return

    async def fetch(self, url: str, cap: int) -> bytes | None:
        """A file of at most `cap` bytes; None when it is larger or not there. Raises TelegramError."""
        await self.initialize()
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(total=self._seconds * 3, connect=CONNECT)
        try:
            async with self._session.get(URL(url, encoded=True), timeout=timeout, allow_redirects=False) as response:
                if response.status != 200 or (response.content_length or 0) > cap:
                    return None
                data = bytearray()
                async for chunk in response.content.iter_chunked(1 << 16):
                    data += chunk
                    if len(data) > cap:
                        return None
                return bytes(data)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NetworkError(f"the download broke ({type(error).__name__})") from None

    async def call(self, url: str, values: Mapping[str, Any], seconds: float) -> Any:
        """A call without the library's objects: raw JSON in and out. Raises TelegramError as the library does.

        For getUpdates and sendMessage: their objects cost 0.1 ms each, and one odd update would fail the whole batch.
        """
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
        status, payload = await self._exchange("POST", url, urlencode(form).encode(), {"Content-Type": FORM}, seconds)
        _raise_faults(status, payload)
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            raise ServerFault(status) from None
        if status == 200 and answer.get("ok"):
            return answer["result"]
        raise _refusal(status, answer)


def _raise_faults(status: int, payload: bytes) -> None:
    if status == 401:
        raise Unauthorized
    if status == 413:
        raise BadRequest("Request Entity Too Large")
    if status == 429:
        raise TooMany(_retry_after(payload))
    if status >= 500:
        raise ServerFault(status)


def _refusal(status: int, answer: Mapping[str, Any]) -> TelegramError:
    """The library's own kinds of errors, in the server's words."""
    words = str(answer.get("description", ""))
    moved = (answer.get("parameters") or {}).get("migrate_to_chat_id")
    if moved:
        return ChatMigrated(int(moved))
    match status:
        case 403:
            return Forbidden(words)
        case 404:
            return InvalidToken(words)
        case 409:
            return Conflict(words)
        case _:
            return BadRequest(words)


def _body(request_data: RequestData | None) -> tuple[Any, dict[str, str]]:
    if request_data is None:
        return None, {}
    if not request_data.contains_files:
        return urlencode(request_data.json_parameters).encode(), {"Content-Type": FORM}
    form = aiohttp.FormData()
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form, {}


def _retry_after(payload: bytes) -> float:
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return 5.0
