"""From Matrix events to `Inbound`. Pure: no requests, no clock, nothing kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.ports import Address, Inbound, InboundKind, MediaFile

MEDIA_KINDS = {"m.image": "photo", "m.audio": "audio", "m.video": "video", "m.file": "file", "m.location": "location"}
POLLS = ("m.poll.start", "org.matrix.msc3381.poll.start")
SILENT = ("m.notice", "m.key.verification.request")
KEYCAP = "\u20e3"
EMOJI_STYLE = "\ufe0f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an event happened, as far as translating needs it."""

    address: Address
    own: str  # the bot's user id
    private: bool
    encrypted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A clear event and how it came."""

    event: Mapping[str, Any]
    encrypted: bool
    verified: bool = False


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def translate(arrival: Arrival, place: Place, now: datetime) -> Inbound | None:
    """One event, or None when nobody needs to hear of it."""
    event = arrival.event
    kind, sender, number = _string(event.get("type")), _string(event.get("sender")), _string(event.get("event_id"))
    if not number or not sender or sender == place.own or "state_key" in event:
        return None
    frame = _Frame(place=place, now=now, sender=sender, number=number, verified=arrival.verified)
    content = _mapping(event.get("content"))
    match kind:
        case "m.reaction":
            return _reaction(frame, content)
        case "m.room.redaction":
            target = _string(content.get("redacts")) or _string(event.get("redacts"))
            return frame.make("delete", relates_to=target) if target else None
        case "m.room.message" | "m.sticker" if not content:
            return None  # redacted before we saw it
        case "m.room.message":
            return _plain_refused(frame, arrival) or _message(frame, content)
        case "m.sticker":
            media = _media(content, "sticker")
            return _plain_refused(frame, arrival) or frame.make("media", message=number, media=media)
        case _ if kind in POLLS:
            return frame.make("media", message=number, media=MediaFile(kind="other", mime="", name="", size=0))
        case _:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What all inbound events of one Matrix event have in common."""

    place: Place
    now: datetime
    sender: str
    number: str
    verified: bool

    def make(self, kind: InboundKind, **values: Any) -> Inbound:
        values.setdefault("external_id", self.number)
        return Inbound(
            address=self.place.address, kind=kind, at=self.now, sender=self.sender, private=self.place.private,
            verified=self.verified, **values,
        )  # fmt: skip


def _plain_refused(frame: _Frame, arrival: Arrival) -> Inbound | None:
    """A clear message in an encrypted room proves nothing about its sender: it counts as unreadable."""
    if arrival.encrypted or not frame.place.encrypted:
        return None
    return frame.make("undecryptable", external_id=f"utd:{frame.number}", message=frame.number)


def undecryptable(event: Mapping[str, Any], place: Place, now: datetime) -> Inbound:
    """What is said about an event whose key did not come in time."""
    number, sender = _string(event.get("event_id")), _string(event.get("sender"))
    return Inbound(
        address=place.address, external_id=f"utd:{number}", kind="undecryptable", at=now, sender=sender,
        message=number, private=place.private,
    )  # fmt: skip


def _reaction(frame: _Frame, content: Mapping[str, Any]) -> Inbound | None:
    relation = _mapping(content.get("m.relates_to"))
    emoji, target = _string(relation.get("key")), _string(relation.get("event_id"))
    if not emoji or not target:
        return None
    if emoji.endswith(KEYCAP):  # with or without the variation selector, as the client likes
        emoji = emoji.replace(EMOJI_STYLE, "").replace(KEYCAP, EMOJI_STYLE + KEYCAP)
    return frame.make("reaction", text=emoji[:32], message=frame.number, relates_to=target)


def _message(frame: _Frame, content: Mapping[str, Any]) -> Inbound | None:
    relation = _mapping(content.get("m.relates_to"))
    if relation.get("rel_type") == "m.replace":
        fresh, target = _mapping(content.get("m.new_content")), _string(relation.get("event_id"))
        if not fresh or not target:
            return None
        return frame.make("edit", text=_body(fresh, reply=False), message=frame.number, relates_to=target)
    msgtype = _string(content.get("msgtype"))
    if msgtype in SILENT:
        return None
    answered = _string(_mapping(relation.get("m.in_reply_to")).get("event_id"))
    if msgtype in ("m.text", "m.emote"):
        text = _body(content, reply=bool(answered))
        return frame.make("text", text=text, message=frame.number, relates_to=answered)
    kind = MEDIA_KINDS.get(msgtype, "other")
    if msgtype == "m.audio" and "org.matrix.msc3245.voice" in content:
        kind = "voice"
    return frame.make(
        "media", text=_caption(content), message=frame.number, relates_to=answered, media=_media(content, kind)
    )


def _body(content: Mapping[str, Any], *, reply: bool) -> str:
    body = _string(content.get("body"))
    return strip_reply_fallback(body) if reply else body


def strip_reply_fallback(body: str) -> str:
    """Older clients quote the answered message above the answer, in lines that begin with "> "."""
    lines = body.split("\n")
    quoted = 0
    while quoted < len(lines) and (lines[quoted].startswith("> ") or lines[quoted] == ">"):
        quoted += 1
    if quoted == 0:
        return body
    rest = lines[quoted:]
    return "\n".join(rest[1:] if rest and not rest[0] else rest)


def _caption(content: Mapping[str, Any]) -> str:
    """`body` is a caption only beside a different `filename`; alone it is the file's name."""
    body, name = _string(content.get("body")), _string(content.get("filename"))
    return body if name and body != name else ""


def _media(content: Mapping[str, Any], kind: str) -> MediaFile:
    info = _mapping(content.get("info"))
    size = info.get("size")
    sealed = _mapping(content.get("file"))
    reference = sealed or {"url": _string(content.get("url"))}
    return MediaFile(
        kind=kind,
        mime=_string(info.get("mimetype"))[:100],
        name=(_string(content.get("filename")) or _string(content.get("body")))[:200] if kind == "file" else "",
        size=size if isinstance(size, int) and size >= 0 else 0,
        reference=json.dumps(reference, separators=(",", ":")) if reference.get("url") else "",
    )
