"""Two ways for updates: long poll with acknowledgement by offset, or a webhook with secret and repeats."""

from __future__ import annotations

import asyncio
import contextlib
import re
from functools import partial
from typing import Any

import aiohttp

from bot.testing.telegram.params import Params
from bot.testing.telegram.world import Json, Rejected, World, bad

RIVAL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
LONGEST_POLL = 50.0
WEBHOOK_SECONDS = 60.0
FIRST_REPEAT = 0.1  # seconds; doubled each time. The real server begins slower
LAST_REPEAT = 5.0


class Delivery:
    """Serves one poller or one webhook."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._poll: asyncio.Event | None = None  # set to send the waiting poll away
        self._worker: asyncio.Task[None] | None = None
        self.attempts = 0  # webhook requests made

    # ------------------------------------------------------------------ polling

    async def get_updates(self, params: Params) -> list[Json]:
        """Raises Rejected when a webhook is set, or a later poll takes over."""
        world = self._world
        if world.webhook:
            raise Rejected(409, HOOKED)
        if self._poll is not None:
            self._poll.set()
        mine = self._poll = asyncio.Event()
        try:
            if "allowed_updates" in params:
                world.allowed = tuple(params.data("allowed_updates") or ())
                world.changed()
            offset = params.number("offset")
            if offset:
                world.confirm(offset)
            limit = min(max(params.number("limit", 100), 1), 100)
            seconds = min(max(params.number("timeout"), 0), LONGEST_POLL)
            await self._wait(mine, seconds)
            return [dict(update) for update in world.pending()[:limit]]
        finally:
            if self._poll is mine:
                self._poll = None

    async def _wait(self, mine: asyncio.Event, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._world.pending():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            news, sent_away = asyncio.ensure_future(self._world.news.wait()), asyncio.ensure_future(mine.wait())
            try:
                await asyncio.wait({news, sent_away}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
                sent_away.cancel()
            if self._world.revoked:
                raise Rejected(401, "Unauthorized")
            if mine.is_set():
                raise Rejected(409, RIVAL)

    def interrupt(self) -> None:
        """Lets a waiting poll look around."""
        self._world.changed()

    # ------------------------------------------------------------------ webhook

    def set_webhook(self, params: Params) -> bool:
        """Raises Rejected for a bad address or secret. Plain http is allowed here, unlike the real server."""
        url, secret = params.text("url"), params.text("secret_token")
        if not url:
            return self.delete_webhook(params)
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad("secret token contains unallowed characters")
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if "allowed_updates" in params:
            self._world.allowed = tuple(params.data("allowed_updates") or ())
        if params.flag("drop_pending_updates"):
            self._world.updates.clear()
        self._world.webhook = {"url": url, "secret": secret, "max": params.number("max_connections", 40)}
        if self._worker is None:
            self._worker = asyncio.create_task(self._deliver(), name="webhook")
        if self._poll is not None:
            self._poll.set()
        return True

    def delete_webhook(self, params: Params) -> bool:
        """Back to polling; what waits is kept unless it is to be dropped."""
        self._world.webhook = {}
        if params.flag("drop_pending_updates"):
            self._world.updates.clear()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        return True

    def webhook_info(self) -> Json:
        """The WebhookInfo object."""
        hook, waiting = self._world.webhook, len(self._world.pending())
        info: Json = {"url": hook.get("url", ""), "has_custom_certificate": False, "pending_update_count": waiting}
        if hook.get("error"):
            info |= {"last_error_date": int(self._world.now()), "last_error_message": hook["error"]}
        return info

    async def _deliver(self) -> None:
        """Each chat's updates in order, one at a time; chats beside each other."""
        busy: dict[Any, asyncio.Task[None]] = {}
        async with aiohttp.ClientSession() as session:
            try:
                while True:
                    for update in list(self._world.pending()):
                        place = _place(update)
                        room = len(busy) < self._world.webhook.get("max", 40)
                        if place not in busy and room:
                            busy[place] = asyncio.create_task(self._one(session, update))
                            busy[place].add_done_callback(partial(self._free, busy, place))
                    await self._world.news.wait()
            finally:
                for task in busy.values():
                    task.cancel()

    def _free(self, busy: dict[Any, asyncio.Task[None]], place: Any, _: asyncio.Task[None]) -> None:
        del busy[place]
        self.interrupt()

    async def _one(self, session: aiohttp.ClientSession, update: Json) -> None:
        pause = FIRST_REPEAT
        while True:
            hook = self._world.webhook
            if not hook:
                return
            headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook["secret"] else {}
            self.attempts += 1
            timeout = aiohttp.ClientTimeout(total=WEBHOOK_SECONDS)
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with session.post(hook["url"], json=update, headers=headers, timeout=timeout) as response:
                    if 200 <= response.status < 300:
                        self._world.forget(update["update_id"])
                        return
                    hook["error"] = f"Wrong response from the webhook: {response.status} {response.reason}"
            await asyncio.sleep(pause)
            pause = min(LAST_REPEAT, pause * 2)

    async def stop(self) -> None:
        """Ends deliveries and polls."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
            self._worker = None
        if self._poll is not None:
            self._poll.set()


def _place(update: Json) -> Any:
    for kind, item in update.items():
        if kind != "update_id":
            chat = item.get("chat") or (item.get("message") or {}).get("chat") or {}
            return chat.get("id", update["update_id"])
    return update["update_id"]
