"""Bodies, settings and limits that need no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.messengers.matrix.cases import room_request
from bot.messengers.matrix.doorkeeper import InviteLimit
from bot.messengers.matrix.render import replacement, text_contents
from bot.messengers.matrix.settings import MatrixSettings
from bot.ports import Address, Outbound

ROOM = Address(messenger="matrix", account="@kavi:test", chat="!room:test")


def contents(**values: Any) -> list[dict[str, Any]]:
    return text_contents(Outbound(address=ROOM, key="k", **values))


def test_choices_are_numbered_in_both_bodies() -> None:
    (content,) = contents(text="Worum geht es?", choices=("Besuch", "Geld & Post"))
    assert content["body"] == "Worum geht es?\n\n1. Besuch\n2. Geld & Post"
    assert content["formatted_body"].endswith("<ol><li>Besuch</li><li>Geld &amp; Post</li></ol>")


def test_foreign_text_is_never_html() -> None:
    (content,) = contents(text="<b>a</b> & <script>", markup=False)
    assert content["body"] == "<b>a</b> & <script>"
    assert "<b>" not in content.get("formatted_body", "")
    assert "<script>" not in content.get("formatted_body", "")


def test_content_markup_becomes_html_and_readable_plain_text() -> None:
    (content,) = contents(text="**Wichtig:** [Antrag](https://a.de)\n- Ausweis")
    assert content["body"] == "Wichtig: Antrag (https://a.de)\n• Ausweis"
    assert content["formatted_body"] == '<strong>Wichtig:</strong> <a href="https://a.de">Antrag</a><br>• Ausweis'


def test_long_text_is_cut_at_sentences_and_fits_into_an_event() -> None:
    found = contents(text="Ein Satz mit Umlauten äöü. " * 1500, choices=("Ja", "Nein"))
    assert len(found) > 2
    assert all(len(json.dumps(content)) < 40_000 for content in found)
    assert found[0]["body"].endswith(f"äöü.\n(1/{len(found)})")
    assert found[-1]["body"].endswith("1. Ja\n2. Nein")


def test_nobody_is_mentioned_by_accident() -> None:
    (content,) = contents(text="@room @anna:test", markup=False)
    assert content["m.mentions"] == {}


def test_silent_text_is_a_notice_and_a_reply_points_to_its_message() -> None:
    (content,) = contents(text="Fortsetzung folgt", silent=True, reply_to="$1")
    assert content["msgtype"] == "m.notice"
    assert content["m.relates_to"] == {"m.in_reply_to": {"event_id": "$1"}}


def test_change_carries_the_new_text_whole() -> None:
    (content,) = contents(text="neu")
    change = replacement(content, "$1")
    assert change["m.new_content"] == content
    assert change["body"] == "* neu"


def test_empty_outbound_has_no_text_message() -> None:
    assert contents() == []


def test_case_room_is_private_encrypted_and_ruled_by_the_bot_alone() -> None:
    request = room_request("Fall 7Q3F", ["@berta:test"], "", "", "test")
    states = {event["type"]: event["content"] for event in request["initial_state"]}
    assert states["m.room.encryption"]["algorithm"] == "m.megolm.v1.aes-sha2"
    assert states["m.room.history_visibility"]["history_visibility"] == "invited"
    assert request["creation_content"] == {"m.federate": False}
    levels = request["power_level_content_override"]
    assert levels["users_default"] < levels["invite"]
    assert room_request("Fall", ["@berta:elsewhere"], "", "", "test")["creation_content"] == {"m.federate": True}


def test_invitations_are_limited_for_each_person_and_for_all() -> None:
    now = 0.0
    limit = InviteLimit(2, 60.0, clock=lambda: now)
    assert [limit.take("@a:test") for _ in range(3)] == [True, True, False]
    assert limit.take("@b:test")
    now = 60.0
    assert [limit.take("@a:test") for _ in range(2)] == [True, False]
    crowd = [limit.take(f"@{number}:test") for number in range(40)]
    assert crowd.count(True) <= 20


def settings(**values: Any) -> MatrixSettings:
    base: dict[str, Any] = {"homeserver": "https://m.test", "user_id": "@kavi:test", "store_dir": Path("x")}
    return MatrixSettings(**(base | values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"password": "p", "homeserver": "m.test"},
        {"password": "p", "user_id": "kavi"},
        {"access_token": "t"},
        {"password": "p", "store_key": b"short"},
    ],
)
def test_incomplete_settings_are_named(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"matrix|Matrix"):
        settings(**values)


def test_settings_show_no_secret() -> None:
    shown = repr(settings(password="geheim1", access_token="geheim2", device_id="D", store_key=b"k" * 32))
    assert "geheim" not in shown
    assert "kkk" not in shown
