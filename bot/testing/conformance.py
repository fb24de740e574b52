"""What every messenger must do, as checks that run against any adapter of the port, also a third party's.

An adapter's author writes a `Bench`: how to make a messenger for one account, and a `Person` who stands on the platform's
side (a real client, or a fake server). With pytest:

    @pytest.mark.parametrize("check", CHECKS, ids=str)
    async def test_conformance(check, bench):
        if await run(check, bench) == "not offered":
            pytest.skip(str(check))
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from bot.dialogue.effects import Attachment
from bot.ports import Gone, Refused, Sent
from bot.testing.stage import OPEN_SOURCES, SECONDS, Bench, Breach, Feature, Stage

Outcome = Literal["passed", "not offered"]

PART_NUMBER = re.compile(r"\s*\(\d+/\d+\)$")  # parts of a long text may be numbered
SETTLE = 1.0  # seconds after which what has not come twice will not


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the contract. `needs` is what the platform must let a person do, `capability` what the bot must."""

    name: str
    act: Callable[[Stage], Awaitable[None]]
    needs: Feature | None = None
    capability: str = ""

    def __str__(self) -> str:
        return self.name


CHECKS: list[Check] = []


def _check(needs: Feature | None = None, capability: str = "") -> Callable[[Any], Any]:
    def register(act: Callable[[Stage], Awaitable[None]]) -> Callable[[Stage], Awaitable[None]]:
        CHECKS.append(Check(act.__name__.strip("_"), act, needs, capability))
        return act

    return register


@asynccontextmanager
async def staged(bench: Bench) -> AsyncIterator[Stage]:
    """A started messenger; stopped at the end."""
    stage = Stage(bench, cursor=bench.cursor)
    await stage.start()
    try:
        yield stage
    finally:
        await stage.stop()


async def run(check: Check, bench: Bench) -> Outcome:
    """Runs one check. Raises Breach."""
    if check.needs is not None and check.needs not in bench.person.features:
        return "not offered"
    async with staged(bench) as stage:
        if check.capability and not getattr(stage.messenger.capabilities, check.capability):
            return "not offered"
        await check.act(stage)
        _ids_are_unique(stage)
    return "passed"


def _ids_are_unique(stage: Stage) -> None:
    _same("every inbound has an id", [inbound.external_id for inbound in stage.inbox if not inbound.external_id], [])


def _same(what: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise Breach(f"{what}: expected {wanted!r}, got {got!r}")


def photo(color: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    """A picture whose metadata says where it was taken."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x010E] = "Wohnung von Anna"
    target = BytesIO()
    Image.new("RGB", (64, 48), color).save(target, "JPEG", exif=exif)
    return target.getvalue()


# ------------------------------------------------------------------ what comes in


@_check()
async def _text_comes_in(stage: Stage) -> None:
    message = await stage.person.say("Grüße 👋 aus dem <b>Norden</b>")
    got = await stage.gets("text", lambda inbound: inbound.text.startswith("Grüße"))
    _same("the text", got.text, "Grüße 👋 aus dem <b>Norden</b>")
    _same("kind and privacy", (got.kind, got.private), ("text", True))
    _same("the message's id", got.message, message)
    _same(
        "messenger and account",
        (got.address.messenger, got.address.account),
        (stage.messenger.name, stage.messenger.account),
    )
    if not got.sender or got.at.tzinfo is None:
        raise Breach("an inbound names its sender and a time with its zone")


@_check(needs="edit")
async def _edit_names_its_message(stage: Stage) -> None:
    message = await stage.person.say("Besuhc")
    await stage.gets("text", lambda inbound: inbound.text == "Besuhc")
    await stage.person.edit(message, "Besuch")
    got = await stage.gets("edit", lambda inbound: inbound.kind == "edit")
    _same("the edit", (got.text, got.relates_to), ("Besuch", message))


@_check(needs="delete")
async def _deletion_names_its_message(stage: Stage) -> None:
    message = await stage.person.say("doch nicht")
    await stage.gets("text", lambda inbound: inbound.text == "doch nicht")
    await stage.person.delete(message)
    _same("the deletion", (await stage.gets("delete", lambda one: one.kind == "delete")).relates_to, message)


@_check(needs="reply")
async def _reply_comes_without_the_quoted_text(stage: Stage) -> None:
    (question, *_) = await stage.sends(await stage.chat(), "Wer schreibt?")
    await stage.person.say("Ich", reply_to=question)
    got = await stage.gets("reply", lambda inbound: inbound.relates_to == question and inbound.kind == "text")
    _same("the reply", got.text, "Ich")


@_check(needs="react")
async def _reaction_names_emoji_and_message(stage: Stage) -> None:
    (message, *_) = await stage.sends(await stage.chat(), "Gut so?")
    await stage.person.react(message, "👍")
    got = await stage.gets("reaction", lambda inbound: inbound.kind == "reaction")
    _same("the reaction", (got.text.strip("\ufe0f"), got.relates_to), ("👍", message))


@_check(needs="photo")
async def _picture_loses_its_metadata_and_respects_the_cap(stage: Stage) -> None:
    await stage.person.send_photos([photo()], caption="Sein Brief")
    got = await stage.gets("media", lambda inbound: inbound.kind == "media")
    if got.media is None:
        raise Breach("an inbound of kind media carries its file")
    _same("kind and caption", (got.media.kind, got.text), ("photo", "Sein Brief"))
    data = await stage.messenger.download(got.media, 1_000_000)
    if data is None or b"Wohnung" in data:
        raise Breach("the picture can be fetched, and says no more where it was taken")
    _same("a picture larger than the cap", await stage.messenger.download(got.media, 50), None)


@_check(needs="voice")
async def _voice_message_is_told_from_a_file(stage: Stage) -> None:
    await stage.person.send_voice(b"OggS" + bytes(200))
    got = await stage.gets("media", lambda inbound: inbound.kind == "media")
    _same("the kind", got.media.kind if got.media else None, "voice")


@_check(needs="album")
async def _pictures_of_an_album_come_singly_with_one_group(stage: Stage) -> None:
    await stage.person.send_photos([photo(), photo((0, 0, 90)), photo((0, 90, 0))])
    await stage.gets("third picture", lambda _: sum(one.kind == "media" for one in stage.inbox) >= 3)
    groups = {inbound.group for inbound in stage.inbox if inbound.kind == "media"}
    if len(groups) != 1 or groups == {""}:
        raise Breach(f"the items of an album share one group, got {groups}")


@_check()
async def _nothing_is_acknowledged_before_it_is_stored(stage: Stage) -> None:
    await stage.chat()
    stage.failing = 2
    await stage.person.say("während der Speicher weg ist")
    await stage.gets("after the store came back", lambda inbound: inbound.text.startswith("während der"))


@_check()
async def _messages_sent_while_down_come_in_order_after_the_start(stage: Stage) -> None:
    await stage.chat()
    await stage.stop()
    wanted = [f"Nachricht {number}" for number in range(15)]
    for text in wanted:
        await stage.person.say(text)
    await stage.start()
    await stage.gets("the last message", lambda inbound: inbound.text == wanted[-1])
    _same("all messages in order", [one.text for one in stage.inbox if one.text in wanted], wanted)


@_check(needs="leave")
async def _person_who_leaves_cannot_be_reached(stage: Stage) -> None:
    address = await stage.chat()
    await stage.person.leave()
    await stage.gets("left", lambda inbound: inbound.kind == "left")
    async with asyncio.timeout(SECONDS):
        while not isinstance(receipt := await stage.receipt(address, "Noch da?"), Gone):
            if isinstance(receipt, Refused):
                raise Breach("somebody who left is Gone, not Refused")
            await asyncio.sleep(0.2)


# ------------------------------------------------------------------ what goes out


@_check()
async def _markup_is_shown_as_style_and_foreign_text_as_typed(stage: Stage) -> None:
    address = await stage.chat()
    await stage.sends(address, "**Wichtig** & gut", key="k-1")
    await stage.shows("styled text without its marks", lambda heard: heard.text == "Wichtig & gut")
    await stage.sends(address, "**nicht** <i>meins</i> _x_", key="k-2", markup=False)
    await stage.shows("foreign text as it was typed", lambda heard: heard.text == "**nicht** <i>meins</i> _x_")


@_check()
async def _long_text_arrives_whole_in_parts(stage: Stage) -> None:
    address = await stage.chat()
    long = " ".join(f"Das ist der Satz mit der Nummer {number}." for number in range(1200))
    ids = await stage.sends(address, long)
    if len(ids) < 2:
        raise Breach("a text beyond the limit is cut")
    await stage.shows("the last sentence", lambda heard: "Nummer 1199." in heard.text)
    shown = (PART_NUMBER.sub("", heard.text) for heard in await stage.person.heard() if heard.id in ids)
    joined = " ".join(shown)
    _same("the whole text", re.sub(r"\s+", " ", joined), long)


@_check()
async def _choices_can_be_read(stage: Stage) -> None:
    address = await stage.chat()
    await stage.sends(address, "Was?", choices=("Besuch", "Geld & Post"), question="q-1")
    heard = await stage.shows("the question", lambda heard: heard.text.startswith("Was?"))
    for number, label in enumerate(("Besuch", "Geld & Post"), 1):
        if label not in heard.buttons and f"{number}. {label}" not in heard.text:
            raise Breach(f"choice {label!r} is neither a button nor a numbered line")


@_check(needs="press", capability="buttons")
async def _pressed_button_names_question_and_option(stage: Stage) -> None:
    address = await stage.chat()
    (message, *_) = await stage.sends(address, "Was?", choices=("Besuch", "Geld"), question="q-7")
    await stage.person.press(message, 1)
    got = await stage.gets("press", lambda inbound: inbound.kind == "press")
    _same("question and option", got.press, ("q-7", 1))


@_check(capability="idempotent_send")
async def _same_key_sends_once(stage: Stage) -> None:
    address = await stage.chat()
    _same("ids of the repeat", await stage.sends(address, "nur einmal"), await stage.sends(address, "nur einmal"))
    await asyncio.sleep(SETTLE)
    _same("messages", [heard.text for heard in await stage.person.heard()].count("nur einmal"), 1)


@_check(capability="edit")
async def _own_message_can_be_changed(stage: Stage) -> None:
    address = await stage.chat()
    (message, *_) = await stage.sends(address, "Montag", key="k-1")
    await stage.sends(address, "Dienstag", key="k-2", edits=message)
    await stage.shows("the change", lambda heard: heard.id == message and heard.text == "Dienstag")
    await stage.sends(address, "Dienstag", key="k-3", edits=message)  # no change is no fault


@_check(capability="delete")
async def _own_message_can_be_deleted(stage: Stage) -> None:
    address = await stage.chat()
    (message, *_) = await stage.sends(address, "weg damit", key="k-1")
    await stage.shows("the message", lambda heard: heard.id == message)
    for key in ("k-2", "k-3"):  # what is gone already is no fault
        receipt = await stage.receipt(address, key=key, deletes=(message,))
        if not isinstance(receipt, Sent):
            raise Breach(f"deleting: {receipt}")
    await stage.hides(message)


@_check()
async def _answer_points_to_what_it_answers(stage: Stage) -> None:
    address = await stage.chat()
    message = await stage.person.say("Darauf")
    await stage.gets("text", lambda inbound: inbound.text == "Darauf")
    await stage.sends(address, "Hierauf", reply_to=message)
    _same("the reply", (await stage.shows("the answer", lambda one: one.text == "Hierauf")).replies_to, message)


@_check(capability="max_upload")
async def _calendar_entry_goes_out_and_a_missing_file_is_refused(stage: Stage) -> None:
    address = await stage.chat()
    entry = Attachment(source="content:visit.ics", kind="file", name="Besuch.ics")
    await stage.sends(address, "Ihr Termin", key="k-1", attachments=(entry,))
    found = await stage.shows("the file", lambda heard: heard.file is not None)
    _same("the file", found.file, OPEN_SOURCES["content:visit.ics"])
    lost = Attachment(source="content:lost.ics", kind="file", name="x.ics")
    receipt = await stage.receipt(address, "Datei", key="k-2", attachments=(lost,))
    if not isinstance(receipt, Refused):
        raise Breach(f"a file that does not exist is Refused, got {receipt}")


@_check()
async def _typing_and_health_never_fail(stage: Stage) -> None:
    await stage.messenger.typing(await stage.chat())
    found = await stage.messenger.health()
    if not found or not all(isinstance(one, str) and one for pair in found.items() for one in pair):
        raise Breach("health names each check with ok or a sentence")
