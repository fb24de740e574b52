"""What comes in from a messenger, and what goes out to one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from bot.dialogue.effects import Attachment
from bot.ports.addresses import Address, Audience, ConversationId

InboundKind = Literal[
    "text", "press", "media", "edit", "delete", "reaction", "unreaction", "start", "left", "moved", "undecryptable",
    "timer", "desk",
]  # fmt: skip


class MediaFile(Struct, frozen=True, kw_only=True):
    """A file that came in. `data` is set once it was downloaded (size-capped, typed by content, images re-encoded)."""

    kind: str  # events.MediaKind
    mime: str
    name: str
    size: int
    reference: str = ""  # the messenger's own handle, for `Messenger.download`
    data: bytes | None = None


class Inbound(Struct, frozen=True, kw_only=True):
    """One thing that happened at a messenger. `external_id` is unique per account: a repeat is stored once.

    `sender` is the person's external identity; in a private chat it stands for the chat, in staff rooms it tells who.
    `message` is the messenger's id of the message concerned, `relates_to` that of the one edited, deleted, replied or reacted to.
    `press` carries (question, option) of a button; `verified` says that sender and device were proved (Matrix staff).
    Kind `moved` names the new chat in `payload["chat"]`.
    """

    address: Address
    external_id: str
    kind: InboundKind
    at: datetime
    sender: str = ""
    text: str = ""
    message: str = ""
    relates_to: str = ""
    group: str = ""  # album
    press: tuple[str, int] | None = None
    media: MediaFile | None = None
    language: str = ""  # the client's language code, a hint for the first message only
    private: bool = True  # a chat with one person; False: a group or room with several
    verified: bool = False
    payload: Mapping[str, Any] = field(default_factory=dict)  # for kinds `desk` and `timer`: the event's own values
    about: ConversationId | None = None  # in the desk's lane: the family it tells of; erasing her removes it


class Cursor(Struct, frozen=True, kw_only=True):
    """How far a messenger's stream was taken in; stored in the same transaction as the inbound rows it covers."""

    account: str
    value: str


class Outbound(Struct, frozen=True, kw_only=True):
    """One message to be delivered. `key` makes a repeat harmless where the platform allows it (Matrix transaction id).

    `buttons` binds each choice to (question, option). `markup` tells whether `text` is ours (content markup, see
    `bot.text.spans`) or a person's, which is shown as it is.
    """

    address: Address
    key: str
    text: str = ""
    markup: bool = True
    question: str = ""
    choices: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    edits: str = ""  # external id: change that message instead of sending a new one
    deletes: tuple[str, ...] = ()  # external ids: delete those messages, send nothing
    deletes_theirs: tuple[
        str, ...
    ] = ()  # the same for what the person wrote: as far as the platform lets a bot do that
    reacts: tuple[str, str] | None = None  # (external id, emoji)
    protect: bool = False  # no forwarding or saving where the platform can forbid it
    silent: bool = False
    language: str = "de"
    audience: Audience = "family"
    report: str = ""  # when it is settled for good, the desk hears what became of it under this reference
