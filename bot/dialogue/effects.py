"""What a turn asks for. Orders, closed: the service carries each one out inside the turn's commit or after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DeliveryClass = Literal["vital", "optional"]
"""`vital` is sent once more after an ambiguous send (safety, question, answer, hand-over), `optional` is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file beside a text: a path below the content folder (`content:pictures/x.png`) or a stored blob (`blob:ID`)."""

    source: str
    kind: Literal["picture", "file", "voice"]
    name: str
    description: str = ""  # read aloud by screen readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One button; `label` is what the person reads and may type."""

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Say something to the person.

    `text` is written in the content's markup if `markup` is true, else it is foreign and shown as it is.
    `question` binds the choices to this asking. `hold` keeps the row back for so many seconds, and `Withdraw` with the
    same `hold_key` takes it away before it leaves. `sensitive` texts are not shown in notifications where that is possible.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    question: str = ""
    delivery: DeliveryClass = "vital"
    hold: float = 0.0
    hold_key: str = ""
    markup: bool = True
    sensitive: bool = False
    reply_to: str | None = None
    source: str = ""  # topic, flow step or text key it came from; for tests and the counsellor's view
    language: str = "de"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take back held replies that have not left yet."""

    hold_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimer:
    """Fire `TimerFired(timer, fence)` at `due` (aware UTC). A timer of the same name is replaced."""

    timer: str
    due: datetime
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer:
    """Forget the timer of this name, if there is one."""

    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Write a fact without text: a name and a few closed values."""

    name: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    """Tell the humans about danger. Without consent `text_allowed` is false and no text goes along."""

    category: str
    level: str
    urgency: str
    rule: str
    audience: str
    text_allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHandoff:
    """Put the conversation into the desk's queue."""

    reason: str
    urgency: Literal["emergency", "urgent", "normal"]
    team: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelHandoff:
    """The person no longer waits for a human."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Show the counsellors what the person did: text, media, an edit, a deletion, a reaction, leaving."""

    kind: Literal[
        "text", "media", "edit", "delete", "reaction", "left", "undecryptable", "pressed", "quick_exit",
        "refused",  # a counsellor's words came while the conversation was not hers; `message` is their reference
        "flow_done",  # the flow that the bot ran for her has ended
        "to_bot",  # the person took the conversation back to the bot
    ]  # fmt: skip
    text: str = ""
    message: str = ""
    blob: str | None = None
    media: str | None = None
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class React:
    """Put an emoji under a message of the person."""

    message: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise:
    """Change (`text`) or delete (`text` None) a message that was already sent to the person."""

    message: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retract:
    """Delete the recent messages on both sides as far as the messenger allows."""

    since: datetime


READ_ALOUD = "read-aloud"  # in place of a template: the value `text` as a voice message in `language`


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeFile:
    """Render a file from slots (a letter, a calendar entry, a checklist) and send it with the text."""

    template: str
    name: str
    values: tuple[tuple[str, str], ...]
    text: str = ""
    source: str = ""
    description: str = ""  # of a picture, read aloud by screen readers


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectGap:
    """Keep an unanswered question for the editors: only with consent, sealed, thirty days."""

    text: str
    nearest: str
    reason: Literal["none", "clarify_rejected", "not_helpful"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Hand a finished form to a service outside the conversation: survey answers, a referral, a contact.

    `form` names the receiver; the receiver alone decides what is kept.
    """

    form: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Keep the file that came with this event in that vault: with the vault's key, which neither side holds."""

    blob: str
    vault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """Destroy everything about this conversation, its key first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportData:
    """Send the person a file with all that is kept about this conversation (only its `part`)."""

    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTrouble:
    """Tell the operator that content failed at run time; `place` is file:line."""

    place: str
    problem: str


Effect = (
    Reply
    | Withdraw
    | StartTimer
    | CancelTimer
    | Record
    | RaiseAlert
    | RequestHandoff
    | CancelHandoff
    | Relay
    | React
    | Revise
    | Retract
    | MakeFile
    | CollectGap
    | Submit
    | Seal
    | Erase
    | ExportData
    | ReportTrouble
)
