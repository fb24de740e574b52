"""A reverse proxy in front of a homeserver that misbehaves on purpose."""

from __future__ import annotations

import random
from collections import Counter

import aiohttp
from aiohttp import web
from yarl import URL

FAULTS = ("limited", "gateway", "dropped_before", "dropped_after")


class FaultyProxy:
    """Passes everything on; a share of the requests whose path contains `where` fails in one of four ways.

    `dropped_after` passes the request on and throws the answer away: the client cannot know whether it was done.
    """

    def __init__(self, target: str, *, share: float = 0.0, where: str = "/send/", seed: int = 1) -> None:
        self._target = target
        self.share = share
        self.where = where
        self._random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()  # of the server's own answers

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        fault = ""
        if self.where in request.path and self._random.random() < self.share:
            fault = self._random.choice(FAULTS)
            self.counts[fault] += 1
        if fault == "limited":
            return web.json_response({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 100}, status=429)
        if fault == "gateway":
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        if fault == "dropped_before":
            return self._drop(request)
        answer = await self._forward(request)
        return self._drop(request) if fault == "dropped_after" else answer

    async def _forward(self, request: web.Request) -> web.Response:
        headers = {key: value for key, value in request.headers.items() if key.lower() not in ("host", "connection")}
        url = URL(self._target + request.raw_path, encoded=True)
        data = await request.read()
        try:
            async with self._session.request(request.method, url, headers=headers, data=data) as answer:
                body = await answer.read()
                self.statuses[answer.status] += 1
                kept = {key: answer.headers[key] for key in ("Content-Type", "Retry-After") if key in answer.headers}
                return web.Response(status=answer.status, body=body, headers=kept)
        except (TimeoutError, aiohttp.ClientError):
            return web.Response(status=502, text="no server")

    def _drop(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
