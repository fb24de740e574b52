"""The HTTP side: calls in, updates out by long poll or webhook, with the platform's statuses."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from bot.testing.telegram.delivery import Delivery
from bot.testing.telegram.faults import Fault, Faults, Limits
from bot.testing.telegram.methods import METHODS
from bot.testing.telegram.params import Params, read_params
from bot.testing.telegram.people import Group, Person
from bot.testing.telegram.world import Chat, Json, Rejected, World

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK"  # looks like one and is none
MAX_BODY = 60_000_000  # bytes
COUNTED = {"sendmediagroup": 0, "sendchataction": 0}  # not like one message; an album is counted by its items


class TelegramServer:
    """One bot's Bot API on loopback. `async with` starts and stops it; `url` is the base without /bot."""

    def __init__(self, token: str = TOKEN, username: str = "kavi_test_bot", port: int = 0) -> None:
        self.token = token
        self.world = World(token, username)
        self.faults = Faults()
        self.limits = Limits()
        self.calls: list[str] = []  # every method called, in order, also those that failed
        self.unanswered: Counter[int] = Counter()  # per chat: messages taken whose sender was not told
        self._delivery = Delivery(self.world)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._people = 0

    @property
    def url(self) -> str:
        """The base address for a client."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens on loopback, on a free port if none was given."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends polls and deliveries."""
        await self._delivery.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # ------------------------------------------------------------------ people

    def person(self, name: str = "Anna", language: str = "de", number: int = 0) -> Person:
        """A user who never wrote to the bot yet."""
        self._people += 1
        chat = Chat(id=number or 7_000_000_000 + self._people, kind="private", name=name, started=False)
        self.world.chats[chat.id] = chat
        return Person(self.world, chat, language)

    def group(self, name: str, *, forum: bool = False, admin: bool = False) -> Group:
        """A group, the bot in it; a forum is a supergroup with topics. No update is sent of it."""
        self._people += 1
        kind = "supergroup" if forum else "group"
        number = -1_002_000_000_000 - self._people if forum else -4_000_000 - self._people
        chat = Chat(id=number, kind=kind, name=name, forum=forum)
        if admin:
            chat.bot_status, chat.rights = "administrator", {"can_manage_topics": True, "can_delete_messages": True}
        if forum:
            next(chat.numbers)  # the first message made the group; General is the topic 1
        self.world.chats[number] = chat
        return Group(self.world, chat)

    def revoke(self) -> None:
        """The token is worth nothing any more."""
        self.world.revoked = True
        self._delivery.interrupt()

    async def until(self, true: Callable[[], object], seconds: float = 10.0) -> None:
        """Waits for something to become true. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not true():
                await self.world.news.wait()

    # ------------------------------------------------------------------ HTTP

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            self._check_token(request.match_info["token"])
            fault = self.faults.next(name)
            if fault is not None and fault.kind != "drop_after":
                broken = await self._break(request, fault)
                if broken is not None:
                    return broken
            params = await read_params(request)
            self.calls.append(name)
            self.world.changed()
            result = await self._carry_out(name.casefold(), params)
            if fault is not None and fault.kind == "drop_after":
                self.unanswered[params.number("chat_id")] += 1
                return _drop(request)
        except Rejected as rejected:
            return _refusal(rejected)
        return web.Response(body=json.dumps({"ok": True, "result": result}).encode(), content_type="application/json")

    def _check_token(self, token: str) -> None:
        if token != self.token and (":" not in token or not token.partition(":")[0].isdigit()):
            raise Rejected(404, "Not Found")
        if token != self.token or self.world.revoked:
            raise Rejected(401, "Unauthorized")

    async def _break(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        match fault.kind:
            case "502":
                return web.Response(status=502, text="<html><title>502 Bad Gateway</title></html>")
            case "500":
                raise Rejected(500, "Internal Server Error")
            case "429":
                raise _flood(int(fault.seconds))
            case "slow":
                await asyncio.sleep(fault.seconds)
                return None
            case _:
                return _drop(request)

    async def _carry_out(self, name: str, params: Params) -> Any:
        match name:
            case "getupdates":
                return await self._delivery.get_updates(params)
            case "setwebhook":
                return self._delivery.set_webhook(params)
            case "deletewebhook":
                return self._delivery.delete_webhook(params)
            case "getwebhookinfo":
                return self._delivery.webhook_info()
        method = METHODS.get(name)
        if method is None:
            raise Rejected(404, "Not Found: method not found")
        if name.startswith(("send", "copy")):
            self._ration(name, params)
        return method(self.world, params)

    def _ration(self, name: str, params: Params) -> None:
        messages = len(params.data("media") or []) if name == "sendmediagroup" else COUNTED.get(name, 1)
        wait = self.limits.wait(params.chat_id(), messages) if messages else 0
        if wait:
            raise _flood(wait)

    async def _file(self, request: web.Request) -> web.Response:
        try:
            self._check_token(request.match_info["token"])
        except Rejected as rejected:
            return _refusal(rejected)
        for file in self.world.files.values():
            if file.path == request.match_info["path"]:
                return web.Response(body=file.data, content_type="application/octet-stream")
        return _refusal(Rejected(404, "Not Found"))


def _flood(seconds: int) -> Rejected:
    return Rejected(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _refusal(rejected: Rejected) -> web.Response:
    answer: Json = {"ok": False, "error_code": rejected.code, "description": rejected.description}
    if rejected.parameters:
        answer["parameters"] = rejected.parameters
    return web.json_response(answer, status=rejected.code)


def _drop(request: web.Request) -> web.Response:
    """Breaks the connection: what is returned afterwards reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
