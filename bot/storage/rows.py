"""Records of the ports to JSON and back: the only place that knows how they are written down."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import asdict

from bot.dialogue.effects import Attachment
from bot.ports import Address, Inbound, MediaFile, Outbound, Tally, week_of
from bot.vault.retention import days

DAY = 86400.0
LONGEST_LEASE = 300.0
"""Seconds; a lease that ends later was taken before the clock jumped back, and counts as ended. In the same way a message
that was queued that far in the future waits no longer than it was meant to."""
MOST_CRASHES = 6  # during the sends of one row; a row that ends its own program must not do so for ever

_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder()


KEPT: Mapping[str, str] = {
    "inbox": "SELECT count(*), min(at) FROM {schema}inbox",
    "seen": "SELECT count(*), min(at) FROM {schema}seen",
    "outbox": "SELECT count(*), min(at) FROM {schema}outbox WHERE state NOT IN ('waiting', 'retry', 'sending')",
    "text": "SELECT count(*), min(last_at) FROM {schema}conversation",
    "blob": "SELECT count(*), min(at) FROM {schema}blob",
    "document": "SELECT count(*), min(expires) FROM {schema}document WHERE expires IS NOT NULL",
    "alert": "SELECT count(*), min(at) FROM {schema}alert",
    "fact": "SELECT count(*), min(at) FROM {schema}fact",
    "tally": "SELECT count(*), NULL FROM {schema}tally",
}
"""Rows of each class of the retention table, and from when its limit counts; of documents, when the first ends."""

_OVERDUE: Mapping[str, str] = {
    "seen": "DELETE FROM {schema}seen WHERE at < {limit}",
    "outbox": "DELETE FROM {schema}outbox WHERE at < {limit} AND state NOT IN ('waiting', 'retry', 'sending')",
    "blob": "DELETE FROM {schema}blob WHERE at < {limit}",
    "document": "DELETE FROM {schema}document WHERE expires < {limit}",
    "fact": "DELETE FROM {schema}fact WHERE at < {limit}",
    "tally": "DELETE FROM {schema}tally WHERE week < {limit}",
    "alert": "DELETE FROM {schema}alert WHERE at < {limit}",
}


def overdue(now: datetime) -> Iterator[tuple[str, str, float | str]]:
    """(class, statement, limit) of what the retention table allows no longer, but for conversations."""
    for name, sql in _OVERDUE.items():
        if name == "document":  # each has its own date
            yield name, sql, stamp(now)
        elif name == "tally":
            yield name, sql, week_of(now - timedelta(days=days(name)))
        else:
            yield name, sql, stamp(now) - days(name) * DAY


def ages_of(now: datetime, came: float | None, due: float | None) -> dict[str, float]:
    """Seconds since the oldest waiting event came, and since the first message was due; 0 where none is late."""
    waits = {"inbox": came, "outbox": due}
    return {name: 0.0 if at is None else max(0.0, stamp(now) - at) for name, at in waits.items()}


def stamp(at: datetime) -> float:
    """Seconds since 1970."""
    return at.timestamp()


def moment(seconds: float) -> datetime:
    """The time of a stamp, aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def dump(data: Any) -> bytes:
    """Compact JSON. Half a surrogate pair, which some client may send, becomes a question mark and no longer breaks anything."""
    try:
        return _ENCODER.encode(data)
    except UnicodeEncodeError:
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def load(body: bytes | str) -> Any:
    """What such JSON says."""
    return _DECODER.decode(body)


def tally_to_row(tally: Tally) -> tuple[str, str, str, int]:
    """(week, name, values, number); the same values always give the same text."""
    return tally.week, tally.name, dump(dict(sorted(tally.values))).decode(), tally.number


def tally_from_row(row: Sequence[Any]) -> Tally:
    """The tally of such a row."""
    return Tally(week=row[0], name=row[1], values=tuple(sorted(load(row[2]).items())), number=int(row[3]))


def address_to_json(address: Address) -> list[str]:
    """Address as a short list."""
    return [address.messenger, address.account, address.chat, address.thread]


def address_from_json(row: list[str]) -> Address:
    """The address of such a list."""
    return Address(messenger=row[0], account=row[1], chat=row[2], thread=row[3])


_INBOUND_DEFAULTS: tuple[tuple[str, Any], ...] = (
    ("sender", ""), ("text", ""), ("message", ""), ("relates_to", ""), ("group", ""), ("language", ""), ("private", True),
    ("verified", False), ("press", None), ("about", None),
)  # fmt: skip


def inbound_to_bytes(inbound: Inbound) -> bytes:
    """An inbound event as JSON; a file's bytes in base64."""
    data: dict[str, Any] = {
        "address": address_to_json(inbound.address),
        "external_id": inbound.external_id,
        "kind": inbound.kind,
        "at": stamp(inbound.at),
    }
    for name, default in _INBOUND_DEFAULTS:
        value = getattr(inbound, name)
        if value != default:
            data[name] = value
    if inbound.payload:
        data["payload"] = dict(inbound.payload)
    if inbound.media is not None:
        data["media"] = {**asdict(inbound.media), "data": _b64(inbound.media.data)}
    return dump(data)


def inbound_from_bytes(body: bytes, near: Address | None = None) -> Inbound:
    """The inbound event of such JSON; `near` is an address that it probably has, which need not be made again."""
    data = load(body)
    place = data["address"]
    data["address"] = near if near is not None and address_to_json(near) == place else address_from_json(place)
    data["at"] = moment(data["at"])
    if "press" in data:
        data["press"] = tuple(data["press"])
    if "media" in data:
        raw = data["media"].pop("data")
        data["media"] = MediaFile(**data["media"], data=None if raw is None else base64.b64decode(raw))
    return Inbound(**data)


def _b64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


_OUTBOUND_DEFAULTS = {
    "text": "", "markup": True, "question": "", "choices": (), "attachments": (), "reply_to": "", "edits": "", "deletes": (),
    "deletes_theirs": (), "reacts": None, "protect": False, "silent": False, "language": "de", "audience": "family",
    "report": "",
}  # fmt: skip


def outbound_to_bytes(outbound: Outbound) -> bytes:
    """An outbound message as JSON, without its default values."""
    data: dict[str, Any] = {"address": address_to_json(outbound.address), "key": outbound.key}
    for name, default in _OUTBOUND_DEFAULTS.items():
        value = getattr(outbound, name)
        if value != default:
            data[name] = [asdict(item) for item in value] if name == "attachments" else value
    return dump(data)


def outbound_from_bytes(body: bytes) -> Outbound:
    """The outbound message of such JSON."""
    data = load(body)
    data["address"] = address_from_json(data["address"])
    for name in ("choices", "deletes", "deletes_theirs"):
        if name in data:
            data[name] = tuple(data[name])
    if "attachments" in data:
        data["attachments"] = tuple(Attachment(**row) for row in data["attachments"])
    if data.get("reacts") is not None:
        data["reacts"] = tuple(data["reacts"])
    return Outbound(**data)


def sent_again(delivery: str, attempts: int, *, harmless: bool) -> bool:
    """Whether a row that was under way when its sender died is sent once more: a vital one, or where its key makes that `harmless`."""
    return (harmless or delivery == "vital") and attempts < MOST_CRASHES
