"""Events of every kind, also malformed ones, become the right inbound or none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messengers.matrix.translate import Arrival, Place, strip_reply_fallback, translate
from bot.ports import Address, Inbound

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ROOM = Address(messenger="matrix", account="@kavi:test", chat="!room:test")


def place(*, encrypted: bool = False, private: bool = True) -> Place:
    return Place(address=ROOM, own="@kavi:test", private=private, encrypted=encrypted)


def event(content: Any, kind: str = "m.room.message", **more: Any) -> dict[str, Any]:
    return {"type": kind, "event_id": "$1", "sender": "@anna:test", "content": content} | more


def inbound(content: Any, kind: str = "m.room.message", **more: Any) -> Inbound | None:
    return translate(Arrival(event=event(content, kind, **more), encrypted=False), place(), NOW)


def test_text() -> None:
    got = inbound({"msgtype": "m.text", "body": "Hallo"})
    assert got == Inbound(
        address=ROOM, external_id="$1", kind="text", at=NOW, sender="@anna:test", text="Hallo", message="$1"
    )


@pytest.mark.parametrize(
    "content",
    [
        {"msgtype": "m.notice", "body": "ich bin ein Bot"},
        {"msgtype": "m.key.verification.request", "body": "bitte prüfen"},
        {},
    ],
)
def test_what_nobody_said_is_silent(content: dict[str, Any]) -> None:
    assert inbound(content) is None


def test_own_messages_and_state_are_silent() -> None:
    assert inbound({"msgtype": "m.text", "body": "x"}, sender="@kavi:test") is None
    assert inbound({"name": "x"}, "m.room.name", state_key="") is None


def test_edit_names_the_message_and_brings_the_new_text() -> None:
    fresh = {"msgtype": "m.text", "body": "neu"}
    relation = {"rel_type": "m.replace", "event_id": "$0"}
    got = inbound({"msgtype": "m.text", "body": "* neu", "m.new_content": fresh, "m.relates_to": relation})
    assert got is not None
    assert (got.kind, got.text, got.relates_to) == ("edit", "neu", "$0")


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        ("> <@a:b> Frage\n> zweite Zeile\n\nAntwort", "Antwort"),
        ("> <@a:b> Frage\n\nAntwort\n> kein Zitat mehr", "Antwort\n> kein Zitat mehr"),
        ("Antwort", "Antwort"),
        ("> nur ein Zitat", ""),
    ],
)
def test_quoted_lines_above_a_reply_are_taken_off(body: str, rest: str) -> None:
    assert strip_reply_fallback(body) == rest


def test_quote_without_a_reply_stays() -> None:
    got = inbound({"msgtype": "m.text", "body": "> so hat sie es geschrieben\n\nWas heißt das?"})
    assert got is not None
    assert got.text.startswith("> so hat")


def test_redaction_of_old_and_new_room_versions() -> None:
    for got in (inbound({}, "m.room.redaction", redacts="$0"), inbound({"redacts": "$0"}, "m.room.redaction")):
        assert got is not None
        assert (got.kind, got.relates_to) == ("delete", "$0")


@pytest.mark.parametrize("key", ["3\u20e3", "3\ufe0f\u20e3"])
def test_keycap_reaction_has_one_form(key: str) -> None:
    got = inbound({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$0", "key": key}}, "m.reaction")
    assert got is not None
    assert (got.kind, got.text, got.relates_to) == ("reaction", "3\ufe0f\u20e3", "$0")


def test_picture_with_caption_and_voice_message() -> None:
    picture = inbound({"msgtype": "m.image", "body": "Sein Brief", "filename": "IMG_20261124.jpg", "url": "mxc://a/b"})
    assert picture is not None
    assert picture.media is not None
    assert (picture.kind, picture.text, picture.media.kind, picture.media.name) == ("media", "Sein Brief", "photo", "")
    assert json.loads(picture.media.reference) == {"url": "mxc://a/b"}
    voice = inbound({"msgtype": "m.audio", "body": "Voice", "url": "mxc://a/c", "org.matrix.msc3245.voice": {}})
    assert voice is not None
    assert voice.media is not None
    assert (voice.text, voice.media.kind) == ("", "voice")


def test_place_poll_and_unknown_kinds_bring_no_content() -> None:
    where = inbound({"msgtype": "m.location", "body": "Hier wohnt sie", "geo_uri": "geo:52,13"})
    assert where is not None
    assert where.media is not None
    assert (where.media.kind, where.text, where.media.name) == ("location", "", "")
    poll = inbound({"org.matrix.msc3381.poll.start": {}}, "org.matrix.msc3381.poll.start")
    assert poll is not None
    assert poll.kind == "media"


def test_clear_message_in_an_encrypted_room_is_unreadable_but_a_reaction_is_not() -> None:
    said = translate(
        Arrival(event=event({"msgtype": "m.text", "body": "x"}), encrypted=False), place(encrypted=True), NOW
    )
    assert said is not None
    assert (said.kind, said.text, said.external_id) == ("undecryptable", "", "utd:$1")
    relation = {"m.relates_to": {"event_id": "$0", "key": "👍"}}
    reacted = translate(Arrival(event=event(relation, "m.reaction"), encrypted=False), place(encrypted=True), NOW)
    assert reacted is not None
    assert reacted.kind == "reaction"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["msgtype", "body", "m.relates_to", "event_id", "key", "rel_type", "m.new_content", "file",
                         "url", "info", "size", "m.in_reply_to", "filename", "redacts"]),
        inner, max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    content=JSON,
    kind=st.sampled_from(["m.room.message", "m.reaction", "m.room.redaction", "m.sticker", "m.poll.start", "x"]),
    msgtype=st.sampled_from(["m.text", "m.image", "m.file", "m.audio", "m.location", "m.notice", "m.odd"]),
)
def test_nothing_that_a_server_can_send_breaks_it(content: Any, kind: str, msgtype: str) -> None:
    if isinstance(content, dict):
        content = content | {"msgtype": msgtype}
    got = translate(Arrival(event=event(content, kind), encrypted=True), place(encrypted=True), NOW)
    assert got is None or got.address == ROOM
