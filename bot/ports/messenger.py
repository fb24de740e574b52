"""The port to a messenger, what it can do and what it answers to a send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from bot.ports.addresses import Address
from bot.ports.messages import Cursor, Inbound, MediaFile, Outbound


class Sent(Struct, frozen=True, kw_only=True):
    """The platform took it; `external_ids` of all parts in order."""

    external_ids: tuple[str, ...]


class Retry(Struct, frozen=True, kw_only=True):
    """Not now: wait `after` seconds. `whole_account` says that the limit holds for the account, not just this chat."""

    after: float
    whole_account: bool = False


class Ambiguous(Struct, frozen=True):
    """Time-out or broken connection after the request left: it may have arrived or not."""


class Gone(Struct, frozen=True, kw_only=True):
    """The person cannot be reached any more: blocked, left, deleted."""

    reason: str


class Refused(Struct, frozen=True, kw_only=True):
    """The platform will never take this message; repeating is pointless."""

    reason: str


class Moved(Struct, frozen=True, kw_only=True):
    """The chat has a new address (group migration, room upgrade)."""

    chat: str


Receipt = Sent | Retry | Ambiguous | Gone | Refused | Moved


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a messenger can do; sizes in characters or bytes as named, 0 = cannot."""

    max_text: int = 4096
    max_choices: int = 12
    buttons: bool = False
    edit: bool = False
    delete: bool = False
    reactions: bool = False
    typing: bool = False
    threads: bool = False
    rooms: bool = False
    idempotent_send: bool = False
    encrypted: bool = False
    max_upload: int = 0
    max_download: int = 0


class QuickAnswer(Struct, frozen=True, kw_only=True):
    """One answer to choose from where a platform lets people ask from any chat; `text` is content markup with its source."""

    id: str
    title: str
    text: str
    description: str = ""


QuickAnswers = Callable[[str, str, str], Awaitable[Sequence[QuickAnswer]]]
"""(user id, what was typed, language code) -> answers, best first; empty for people who may not ask."""

Sink = Callable[[Sequence[Inbound], Cursor | None], Awaitable[None]]
"""Stores the batch and the cursor durably, then returns. A messenger acknowledges only after that."""


class Messenger(Protocol):
    """Translates between a platform and Kavi; decides nothing."""

    @property
    def name(self) -> str:
        """`telegram`, `matrix`, `terminal` or a third party's."""

    @property
    def account(self) -> str:
        """The bot's account on the platform, without secrets."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; the same as long as it lives."""

    async def start(self, cursor: str | None) -> None:
        """Connects and prepares; `cursor` is where the last run stopped. Raises MessengerError, Revoked."""

    async def ingest(self, sink: Sink) -> None:
        """Reads the platform's stream until cancelled, calling `sink` before acknowledging. Raises Revoked."""

    async def send(self, outbound: Outbound) -> Receipt:
        """Delivers one message; platform faults become a Receipt, never an exception. Raises Revoked."""

    async def typing(self, address: Address) -> None:
        """Shows that an answer is being written, best effort."""

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        """Fetches a file, at most `cap` bytes; None when it is larger or gone."""

    async def open_room(self, title: str, invite: Sequence[str], parent: str = "", topic: str = "") -> Address | None:
        """Opens a case room (Matrix) or forum topic in `parent` (Telegram); None when the platform cannot now.

        `title` and `topic` travel unencrypted.
        """

    async def change_room(self, address: Address, *, invite: Sequence[str] = (), expel: Sequence[str] = ()) -> None:
        """Invites people into a room, or removes them, best effort; without meaning where rooms have no guests of their own."""

    async def close_room(self, address: Address, *, erase: bool = False) -> None:
        """Archives a case room or topic, best effort; with `erase` what was written there goes too."""

    async def health(self) -> Mapping[str, str]:
        """What `kavi doctor` shows: check -> "ok" or a sentence with the remedy."""

    async def close(self) -> None:
        """Ends what runs and lets go of connections."""
