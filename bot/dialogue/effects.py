"""What a turn asks for. Orders, closed: the service carries each one out inside the turn's commit or after it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

DeliveryClass = Literal["vital", "optional"]
"""`vital` is sent once more after an ambiguous send (safety, question, answer, hand-over), `optional` is not."""


class Attachment(Struct, frozen=True, kw_only=True):
    """A file beside a text: a path below the content folder (`content:pictures/x.png`) or a stored blob (`blob:ID`)."""

    source: str
    kind: Literal["picture", "file", "voice"]
    name: str
    description: str = ""  # read aloud by screen readers


class Choice(Struct, frozen=True, kw_only=True):
    """One button; `label` is what the person reads and may type."""

    label: str


class Reply(Struct, frozen=True, kw_only=True):
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


class Withdraw(Struct, frozen=True, kw_only=True):
    """Take back held replies that have not left yet."""

    hold_key: str


class StartTimer(Struct, frozen=True, kw_only=True):
    """Fire `TimerFired(timer, fence)` at `due` (aware UTC). A timer of the same name is replaced."""

    timer: str
    due: datetime
    fence: int


class CancelTimer(Struct, frozen=True, kw_only=True):
    """Forget the timer of this name, if there is one."""

    timer: str


class Record(Struct, frozen=True, kw_only=True):
    """Write a fact without text: a name and a few closed values."""

    name: str
    values: tuple[tuple[str, str], ...] = ()


class RaiseAlert(Struct, frozen=True, kw_only=True):
    """Tell the humans about danger. Without consent `text_allowed` is false and no text goes along."""

    category: str
    level: str
    urgency: str
    rule: str
    audience: str
    text_allowed: bool


class RequestHandoff(Struct, frozen=True, kw_only=True):
    """Put the conversation into the desk's queue."""

    reason: str
    urgency: Literal["emergency", "urgent", "normal"]
    team: str = ""


class CancelHandoff(Struct, frozen=True, kw_only=True):
    """The person no longer waits for a human."""


class Relay(Struct, frozen=True, kw_only=True):
    """Show the counsellors what the person did: text, media, an edit, a deletion, a reaction, leaving."""

    kind: Literal[
        "text", "media", "edit", "delete", "reaction", "left", "undecryptable", "pressed", "quick_exit",
        "refused",  # a counsellor's words came while the conversation was not hers; `message` is their reference
        "flow_done",  # the flow that the bot ran for her has ended
        "watched", "unwatched",  # the person says that somebody reads along on the phone, or not any more
        "calls",  # the person calls for a human while one has the conversation: perhaps she has gone
        "to_bot",  # the person took the conversation back to the bot
    ]  # fmt: skip
    text: str = ""
    message: str = ""
    blob: str | None = None
    media: str | None = None
    reply_to: str = ""


class React(Struct, frozen=True, kw_only=True):
    """Put an emoji under a message of the person."""

    message: str
    emoji: str


class Revise(Struct, frozen=True, kw_only=True):
    """Change (`text`) or delete (`text` None) a message that was already sent to the person."""

    message: str
    text: str | None


class Retract(Struct, frozen=True, kw_only=True):
    """Delete the recent messages on both sides as far as the messenger allows."""

    since: datetime
    theirs: tuple[str, ...] = ()  # the messages that the person wrote since then


READ_ALOUD = "read-aloud"  # in place of a template: the value `text` as a voice message in `language`


class MakeFile(Struct, frozen=True, kw_only=True):
    """Render a file from slots (a letter, a calendar entry, a checklist) and send it with the text."""

    template: str
    name: str
    values: tuple[tuple[str, str], ...]
    text: str = ""
    source: str = ""
    description: str = ""  # of a picture, read aloud by screen readers


class CollectGap(Struct, frozen=True, kw_only=True):
    """Keep an unanswered question for the editors: only with consent, sealed, thirty days."""

    text: str
    nearest: str
    reason: Literal["none", "clarify_rejected", "not_helpful"]


class Submit(Struct, frozen=True, kw_only=True):
    """Hand a finished form to a service outside the conversation: survey answers, a referral, a contact.

    `form` names the receiver; the receiver alone decides what is kept.
    """

    form: str
    values: tuple[tuple[str, str], ...]


class Seal(Struct, frozen=True, kw_only=True):
    """Keep the file that came with this event in that vault: with the vault's key, which neither side holds."""

    blob: str
    vault: str


class Erase(Struct, frozen=True, kw_only=True):
    """Destroy everything about this conversation, its key first."""


class ExportData(Struct, frozen=True, kw_only=True):
    """Send the person a file with all that is kept about this conversation (only its `part`)."""

    part: str


class ReportTrouble(Struct, frozen=True, kw_only=True):
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
