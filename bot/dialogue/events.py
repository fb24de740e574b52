"""What can happen to a conversation. Past tense, closed: a new kind must be handled everywhere.

Time is part of the event (`at`, aware UTC); the core never asks a clock. What understanding found (danger, topics) is
part of it as well, because it is computed before the turn.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from bot.dialogue.told import Heard
from bot.matching.result import MatchResult
from bot.safety import Finding

MediaKind = Literal["photo", "voice", "audio", "video", "file", "sticker", "location", "contact", "other"]


class Understanding(Struct, frozen=True, kw_only=True):
    """What the layers before the turn made of a text.

    `finding` and `match` are of the text alone, the `joined_` ones of the text together with those of the last two
    seconds (people write in bursts, and hints of danger may be split over two messages). As long as nobody knows who writes,
    `role` is the audience that the text itself tells, and of the very first words `by_role` are the topics that they would mean
    from each audience. `heard` is what is told beside the point, `also` the topic of a second question.
    """

    finding: Finding | None = None
    match: MatchResult | None = None
    joined_match: MatchResult | None = None
    role: str = ""
    by_role: tuple[tuple[str, tuple[str, ...]], ...] = ()
    heard: Heard | None = None
    also: str = ""


class Said(Struct, frozen=True, kw_only=True):
    """The person wrote a text, or a caption under a picture (`media`)."""

    at: datetime
    text: str
    message: str = ""  # the messenger's id of the message, for edits, deletions and replies
    media: MediaKind | None = None
    blob: str | None = None  # where the stored, sealed file lies, if one came along
    reply_to: str = ""  # the message that it answers
    understanding: Understanding = field(default_factory=Understanding)


class Pressed(Struct, frozen=True, kw_only=True):
    """The person pressed a button. `question` tells which asking it belongs to; an old one repeats today's question.

    `label` is the button's text and passes the safety layer like any other text.
    """

    at: datetime
    question: str
    option: int
    label: str
    understanding: Understanding = field(default_factory=Understanding)


class MediaSent(Struct, frozen=True, kw_only=True):
    """The person sent something without words: a picture, a voice message, a file, a place."""

    at: datetime
    kind: MediaKind
    message: str = ""
    blob: str | None = None
    reply_to: str = ""


class Edited(Struct, frozen=True, kw_only=True):
    """The person changed an earlier message; the new text passes the safety layer."""

    at: datetime
    text: str
    message: str
    understanding: Understanding = field(default_factory=Understanding)


class Deleted(Struct, frozen=True, kw_only=True):
    """The person deleted an earlier message, where the messenger tells us."""

    at: datetime
    message: str


class Reacted(Struct, frozen=True, kw_only=True):
    """The person put an emoji under a message of ours; a keycap emoji chooses an option."""

    at: datetime
    emoji: str
    message: str


class Started(Struct, frozen=True, kw_only=True):
    """The person opened the chat, pressed Start, or came through a link with a payload such as `land-BY`."""

    at: datetime
    payload: str = ""


class Left(Struct, frozen=True, kw_only=True):
    """The person blocked the bot, left the room or deleted the account: nothing more can be delivered."""

    at: datetime


class Undecryptable(Struct, frozen=True, kw_only=True):
    """A message came that could not be decrypted, also not after waiting for its key."""

    at: datetime


class TimerFired(Struct, frozen=True, kw_only=True):
    """A timer of this conversation came due. `fence` must still be the session's, else the timer is stale."""

    at: datetime
    timer: str
    fence: int


class Claimed(Struct, frozen=True, kw_only=True):
    """A counsellor took the conversation. `alias` is what the person sees; `name` of the counsellor never is."""

    at: datetime
    counsellor: str
    alias: str


class CounsellorSaid(Struct, frozen=True, kw_only=True):
    """A counsellor released a text (or a file) to the person. `message` is the desk's reference for reports about it."""

    at: datetime
    counsellor: str
    text: str
    blob: str | None = None
    media: MediaKind | None = None
    message: str = ""
    reply_to: str | None = None
    choices: tuple[str, ...] = ()


class TopicSent(Struct, frozen=True, kw_only=True):
    """A counsellor had the answer to a topic sent; `message` as in `CounsellorSaid`."""

    at: datetime
    counsellor: str
    topic: str
    message: str = ""


class CounsellorReacted(Struct, frozen=True, kw_only=True):
    """A counsellor put an emoji under a message of the person."""

    at: datetime
    counsellor: str
    message: str
    emoji: str


class CounsellorEdited(Struct, frozen=True, kw_only=True):
    """A counsellor changed or deleted (`text` None) something already sent; `message` is its id at the messenger."""

    at: datetime
    counsellor: str
    message: str
    text: str | None


class Released(Struct, frozen=True, kw_only=True):
    """A counsellor gave the conversation back to the bot."""

    at: datetime
    counsellor: str


class Requeued(Struct, frozen=True, kw_only=True):
    """The conversation went back into the queue: transfer not accepted, shift ended, counsellor gone."""

    at: datetime
    reason: str


class Closed(Struct, frozen=True, kw_only=True):
    """A counsellor closed the case. Until `reopens_until` (epoch seconds) a new message opens it again."""

    at: datetime
    counsellor: str
    outcome: str
    reopens_until: float = 0.0


class DeskNews(Struct, frozen=True, kw_only=True):
    """The desk tells a waiting person something: place in the queue, the honest time, an empty desk."""

    at: datetime
    text_key: str
    values: tuple[tuple[str, str], ...] = ()


class FlowStarted(Struct, frozen=True, kw_only=True):
    """Somebody else starts a flow with the person: a counsellor, a referral, a life event.

    With `back` the counsellor only lends the conversation: when the flow has ended she owns it again. A `gentle` one can wait:
    it begins when no human speaks here, nobody else holds the phone, and it is day. With `part` it is for whoever holds
    the phone in that part, and waits for that, gentle or not.
    """

    at: datetime
    flow: str
    slots: tuple[tuple[str, str], ...] = ()
    back: bool = False
    gentle: bool = False
    part: str = ""


class Announced(Struct, frozen=True, kw_only=True):
    """A broadcast for this person; it never touches the flow that is running."""

    at: datetime
    text: str


Event = (
    Said
    | Pressed
    | MediaSent
    | Edited
    | Deleted
    | Reacted
    | Started
    | Left
    | Undecryptable
    | TimerFired
    | Claimed
    | CounsellorSaid
    | TopicSent
    | CounsellorReacted
    | CounsellorEdited
    | Released
    | Requeued
    | Closed
    | DeskNews
    | FlowStarted
    | Announced
)
