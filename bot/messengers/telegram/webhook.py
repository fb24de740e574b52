"""Telegram calls us: the secret is compared in constant time, and 200 is said only after the update was stored."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import MessengerError, StoreUnavailable, in_words
from bot.messengers.telegram.settings import TelegramSettings

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_BODY = 1_000_000  # bytes


class Webhook:
    """A small HTTP server for one path."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._secret = settings.webhook_secret.encode()
        self._path = urlsplit(settings.webhook_url).path or "/"
        host, _, port = settings.webhook_listen.rpartition(":")
        self._host, self._port = host or "127.0.0.1", int(port)
        self.port = self._port  # the real one when 0 was asked for
        self._runner: web.AppRunner | None = None

    async def run(self, take: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
        """Serves until cancelled. Raises what `take` raises except StoreUnavailable, MessengerError for a busy port."""
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def receive(request: web.Request) -> web.Response:
            if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret):
                return web.Response(status=403)
            try:
                update = json.loads(await request.read())
            except (ValueError, RecursionError):
                return web.Response(status=400)
            if not isinstance(update, dict) or "update_id" not in update:
                return web.Response(status=400)
            try:
                await take(update)
            except StoreUnavailable:
                return web.Response(status=503)  # Telegram brings it again
            except Exception as error:
                if not failed.done():
                    failed.set_exception(error)
                return web.Response(status=503)
            return web.Response()

        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post(self._path, receive)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        try:
            await self._listen(self._runner)
            await failed
        finally:
            await self._runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            raise MessengerError(
                f"telegram.webhook_listen {self._host}:{self._port} ist nicht zu haben: {in_words(error)}."
            ) from None
        self.port = runner.addresses[0][1]
