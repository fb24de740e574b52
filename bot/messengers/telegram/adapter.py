"""The Telegram messenger: puts its parts together and speaks the port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from telegram import Bot, User
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, InvalidToken, TelegramError

from bot.errors import MessengerError, Revoked
from bot.messengers.media import OpenSource, cleaned, no_source
from bot.messengers.telegram import checks
from bot.messengers.telegram.inline import answer_inline
from bot.messengers.telegram.menus import publish
from bot.messengers.telegram.polling import Poller
from bot.messengers.telegram.receipts import REVOKED
from bot.messengers.telegram.render import MAX_BUTTONS, MAX_TEXT
from bot.messengers.telegram.send import Sender
from bot.messengers.telegram.settings import TelegramSettings
from bot.messengers.telegram.translate import ALLOWED, Desk, Leave, translate
from bot.messengers.telegram.transport import AiohttpRequest, NotSent, ServerFault, TooMany
from bot.ports import Address, Capabilities, Inbound, MediaFile, Outbound, QuickAnswers, Receipt, Retry, Sink

NAME = "telegram"
CHORES = 16  # small calls beside the stream at one time
START_TRIES = 6
TYPING_EVERY = 4.0  # seconds; Telegram shows it for five
GROUP_SECONDS = 61.0  # the minute in which Telegram counts, and a second for the way
TOPIC_NAME = 128  # characters
# What reading an update may raise whose values are none of those that Telegram documents: it is passed over and counted.
ODD = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
T = TypeVar("T")

for _name in ("telegram", "telegram.Bot"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # at DEBUG the library logs texts, at ERROR whole answers


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TelegramMessenger:
    """Implements `bot.ports.Messenger` for one bot account.

    `answers` switches inline mode on. `now` gives the time of arrival.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        open_source: OpenSource = no_source,
        now: Callable[[], datetime] = _utc_now,
        answers: QuickAnswers | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._answers = answers
        self._calls = AiohttpRequest(settings.request_seconds)
        self._polls = AiohttpRequest(settings.request_seconds)
        base = settings.api_url.rstrip("/")
        self._bot = Bot(
            settings.token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=self._calls,
            get_updates_request=self._polls,
        )  # fmt: skip
        self._url = f"{base}/bot{settings.token}"
        self._files = f"{base}/file/bot{settings.token}/"
        self._sender = Sender(self._bot, self._call, open_source, settings.upload_cap)
        allowed = (*ALLOWED, "inline_query") if answers is not None else ALLOWED
        self._poller = Poller(self._polls, self._url, allowed, settings.poll_seconds)
        self._allowed = allowed
        self._me: User | None = None
        self._staff = set(settings.staff_chats)
        self._chores: set[asyncio.Task[None]] = set()
        self._turnstile = asyncio.Semaphore(CHORES)
        self._typed: OrderedDict[Address, float] = OrderedDict()
        self._group_sends: dict[str, deque[float]] = {}
        self._flooded: tuple[str, float] = ("", 0.0)
        self.odd_updates = 0  # that could not be read; a number above 0 means that Telegram changed something

    @property
    def name(self) -> str:
        return NAME

    @property
    def account(self) -> str:
        return f"{NAME}:{self._settings.bot_id}"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_text=MAX_TEXT, max_choices=MAX_BUTTONS, buttons=True, edit=True, delete=True, reactions=True,
            typing=True, threads=True, rooms=bool(self._staff), max_upload=self._settings.upload_cap,
            max_download=self._settings.download_cap,
        )  # fmt: skip

    async def start(self, cursor: str | None) -> None:
        """Checks the token and chooses the way of delivery; `cursor` is not used (see `polling`).

        Raises Revoked, MessengerError when Telegram cannot be reached.
        """
        await self._calls.initialize()
        await self._polls.initialize()
        try:
            self._me = await self._patiently(self._bot.get_me)
            await self._patiently(self._choose_delivery)
        except BaseException:
            await self.close()
            raise
        self._chore(publish(self._bot, self._settings.menus))
        for chat in sorted(self._staff):
            self._chore(self._greet_staff(chat))

    async def _choose_delivery(self) -> None:
        settings = self._settings
        if settings.webhook_url:
            await self._bot.set_webhook(
                settings.webhook_url, secret_token=settings.webhook_secret, allowed_updates=list(self._allowed)
            )
        else:
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """A call that the start needs, tried again while the network or the server is away."""
        for attempt in range(START_TRIES):
            try:
                return await call()
            except InvalidToken:
                raise Revoked(REVOKED) from None
            except BadRequest as error:
                raise MessengerError(f"Telegram lehnt die Einrichtung ab: {error.message}.") from None
            except TelegramError as error:
                why = error.message
                await asyncio.sleep(error.seconds if isinstance(error, TooMany) else min(8.0, 0.25 * 2**attempt))
        raise MessengerError(f"Telegram ist nicht erreichbar ({why}). Bitte das Netz und telegram.api_url prüfen.")

    async def ingest(self, sink: Sink) -> None:
        """Polls or serves the webhook until cancelled. Raises Revoked, MessengerError, StoreError."""

        async def take(updates: Sequence[Mapping[str, Any]]) -> None:
            await self._take(updates, sink)

        async def take_one(update: Mapping[str, Any]) -> None:
            await self._take([update], sink)

        if self._settings.webhook_url:
            from bot.messengers.telegram.webhook import Webhook  # a web server, for which nobody who polls waits

            await Webhook(self._settings).run(take_one)
        else:
            await self._poller.run(take)

    async def _take(self, updates: Sequence[Mapping[str, Any]], sink: Sink) -> None:
        assert self._me is not None, "start the messenger first"
        inbound: list[Inbound] = []
        leave: set[str] = set()
        now = self._now()
        for update in updates:
            desk = Desk(
                account=self.account, username=self._me.username or "", staff=frozenset(self._staff), now=now
            )  # fmt: skip
            try:
                found = translate(update, desk)
            except ODD:
                self.odd_updates += 1
                continue
            if isinstance(found, Leave):
                leave.add(found.chat)
            elif found is not None:
                inbound.append(found)
                if found.kind == "moved":
                    self._staff.add(str(found.payload["chat"]))
        if inbound:
            await sink(inbound, None)
        for chat in leave:
            self._chore(self._call("leaveChat", {"chat_id": chat}))
        for update in updates:
            self._answer(update)

    def _answer(self, update: Mapping[str, Any]) -> None:
        """What Telegram wants to hear at once: the button's little clock stops, inline answers appear."""
        query = update.get("callback_query")
        if isinstance(query, dict):
            self._chore(self._call("answerCallbackQuery", {"callback_query_id": str(query.get("id"))}))
        question = update.get("inline_query")
        if isinstance(question, dict) and self._answers is not None:
            self._chore(answer_inline(question, self._answers, self._call))

    async def _call(self, method: str, values: Mapping[str, Any]) -> Any:
        return await self._calls.call(f"{self._url}/{method}", values, self._settings.request_seconds)

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something small beside the stream, best effort: what is too old or forbidden is let go."""

        async def run() -> None:
            async with self._turnstile:
                with contextlib.suppress(TelegramError):
                    await work

        task = asyncio.create_task(run(), name="telegram-chore")
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _greet_staff(self, chat: str) -> None:
        """Looks whether a group has moved since the settings were written."""
        try:
            await self._bot.send_chat_action(int(chat), ChatAction.TYPING)
        except ChatMigrated as moved:
            self._staff.add(str(moved.new_chat_id))

    async def send(self, outbound: Outbound) -> Receipt:
        """Delivers one message. Raises Revoked."""
        quiet = outbound.reacts is not None or bool(
            outbound.deletes or outbound.deletes_theirs
        )  # no message: it does not count
        full = 0.0 if quiet else self._group_pause(outbound.address.chat)
        if full:
            return Retry(after=full)
        receipt = await self._sender.send(outbound)
        return self._judge_flood(outbound.address.chat, receipt) if isinstance(receipt, Retry) else receipt

    def _group_pause(self, chat: str) -> float:
        """Seconds until the group may get another message: its topics share one limit, so it cannot be kept per topic."""
        limit = self._settings.group_rate
        if not limit or not chat.startswith("-"):
            return 0.0
        sent, now = self._group_sends.setdefault(chat, deque()), time.monotonic()
        while sent and sent[0] <= now - GROUP_SECONDS:
            sent.popleft()
        if len(sent) >= limit:
            return sent[0] + GROUP_SECONDS - now
        sent.append(now)
        return 0.0

    def _judge_flood(self, chat: str, receipt: Retry) -> Retry:
        """Telegram does not say which limit was hit: when two chats are told to wait at one time, it is the account's."""
        before, until = self._flooded
        now = time.monotonic()
        self._flooded = (chat, now + receipt.after)
        return Retry(after=receipt.after, whole_account=now < until and before != chat)

    async def typing(self, address: Address) -> None:
        now = time.monotonic()
        if now - self._typed.get(address, -TYPING_EVERY) < TYPING_EVERY:
            return
        self._typed[address] = now
        self._typed.move_to_end(address)
        while len(self._typed) > 1000:
            self._typed.popitem(last=False)
        with contextlib.suppress(TelegramError, ValueError):
            thread = int(address.thread) if address.thread else None
            await self._bot.send_chat_action(int(address.chat), ChatAction.TYPING, message_thread_id=thread)

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        """The file, pictures without metadata; None when it is larger than `cap`, gone or no real picture.

        Raises MessengerError when Telegram cannot be asked now.
        """
        cap = min(cap, self._settings.download_cap)
        if not media.reference or media.size > cap:
            return None
        try:
            about = await self._call("getFile", {"file_id": media.reference})
            path = str(about.get("file_path") or "")
            if not path or int(about.get("file_size") or 0) > cap:
                return None
            data = await self._calls.fetch(self._files + path.lstrip("/"), cap)
        except (NotSent, ServerFault, TooMany) as error:
            raise MessengerError(f"Die Datei ist gerade nicht abzuholen: {error.message}.") from None
        except InvalidToken:
            raise Revoked(REVOKED) from None
        except TelegramError:
            return None
        file = await cleaned(data) if data is not None else None
        return file.data if file is not None else None

    async def open_room(self, title: str, invite: Sequence[str], parent: str = "", topic: str = "") -> Address | None:
        """A topic in the forum `parent`; everybody in that group reads it, so `invite` has no meaning here."""
        chat = parent or min(self._staff, default="")
        if not chat:
            return None
        try:
            made = await self._bot.create_forum_topic(int(chat), title[:TOPIC_NAME])
        except (TelegramError, ValueError):
            return None
        return Address(messenger=NAME, account=self.account, chat=chat, thread=str(made.message_thread_id))

    async def change_room(self, address: Address, *, invite: Sequence[str] = (), expel: Sequence[str] = ()) -> None:
        """Everybody in the group reads a topic; there is nobody to invite or remove."""

    async def close_room(self, address: Address, *, erase: bool = False) -> None:
        """Closes the topic; with `erase` deletes it with everything in it."""
        end = self._bot.delete_forum_topic if erase else self._bot.close_forum_topic
        with contextlib.suppress(TelegramError, ValueError):
            await end(int(address.chat), int(address.thread))

    async def health(self) -> Mapping[str, str]:
        """Token, privacy mode, rights in staff groups, delivery and clock: each "ok" or a sentence with the remedy."""
        await self._calls.initialize()
        found = dict(await checks.account(self._bot, self._settings, inline=self._answers is not None))
        if found["account"] == "ok":
            for chat in sorted(self._settings.staff_chats):
                found[f"staff chat {chat}"] = await checks.staff_chat(self._bot, chat)
            found["delivery"] = await checks.delivery(self._bot, self._settings, self._poller)
        found["clock"] = checks.clock(self._calls.clock_offset)
        if self.odd_updates:
            found["updates"] = (
                f"{self.odd_updates} Nachrichten waren nicht lesbar. Gibt es eine neuere Fassung von Kavi?"
            )
        return found

    async def close(self) -> None:
        """Ends all requests. The webhook stays set: another process may be taking over."""
        for task in list(self._chores):
            task.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._calls.shutdown()
        await self._polls.shutdown()
