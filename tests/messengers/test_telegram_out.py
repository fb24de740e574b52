"""Telegram: what the bot sends arrives as it was meant, and every fault becomes the right receipt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image

from bot.ports import Ambiguous, Gone, Moved, Refused, Retry, Sent
from bot.testing.telegram import Fault, Person, TelegramServer
from tests.messengers.telegram_bot import TelegramBot, running


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running_server:
        yield running_server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[TelegramBot]:
    async with running(server) as running_bot:
        yield running_bot


@pytest.fixture
def anna(server: TelegramServer) -> Person:
    person = server.person("Anna")
    person.starts()
    return person


def picture() -> bytes:
    target = BytesIO()
    Image.new("RGB", (20, 10), "blue").save(target, "PNG")
    return target.getvalue()


async def test_styles_become_entities_counted_in_utf16(bot: TelegramBot, anna: Person) -> None:
    await bot.says(anna.id, "👩‍👩‍👧‍👧 **fett** und [Seite](https://example.org)\n> Zitat")
    message = await anna.hears()
    assert message["text"] == "👩‍👩‍👧‍👧 fett und Seite\nZitat"
    kinds = [(one["type"], one["offset"], one["length"]) for one in message["entities"]]
    assert kinds == [("bold", 12, 4), ("text_link", 21, 5), ("blockquote", 27, 5)]


async def test_foreign_text_is_shown_as_typed_and_mentions_nobody(bot: TelegramBot, anna: Person) -> None:
    await bot.says(anna.id, "<b>x</b> **y** @berta_staff \u202egnp.exe", markup=False)
    message = await anna.hears()
    assert message["text"].replace("\u2060", "") == "<b>x</b> **y** @berta_staff gnp.exe"
    assert "mention" not in [one["type"] for one in message.get("entities", [])]


async def test_mail_and_phone_links_are_spelt_out(bot: TelegramBot, anna: Person) -> None:
    await bot.says(anna.id, "**Hilfe:** [Telefon](tel:0800111) oder [Mail](mailto:a@b.de), **bald**")
    message = await anna.hears()
    assert message["text"] == "Hilfe: Telefon (0800111) oder Mail (a@b.de), bald"
    bold = [one for one in message["entities"] if one["type"] == "bold"]
    assert [(one["offset"], one["length"]) for one in bold] == [(0, 6), (45, 4)]


async def test_long_text_is_split_at_sentences_and_numbered(bot: TelegramBot, anna: Person) -> None:
    sentence = "Das ist ein 😀 Satz mit Inhalt. "
    ids = await bot.says(anna.id, sentence * 300)
    assert len(ids) == 3
    assert [text.rsplit("\n", 1)[1] for text in anna.texts] == ["(1/3)", "(2/3)", "(3/3)"]
    assert all(text.rsplit("\n", 1)[0].endswith("Inhalt.") for text in anna.texts)
    assert max(len(text.encode("utf-16-le")) // 2 for text in anna.texts) <= 4096


async def test_buttons_stand_under_the_last_part_only(bot: TelegramBot, anna: Person) -> None:
    await bot.says(anna.id, "Wort. " * 1000, question="q", choices=("Ja", "Nein"))
    assert ["reply_markup" in one for one in anna.received] == [False, True]


async def test_reading_order_of_many_or_long_choices(bot: TelegramBot, anna: Person) -> None:
    await bot.says(anna.id, "Kurz?", question="q", choices=("Ja", "Nein"))
    await bot.says(anna.id, "Lang?", question="q", choices=("Ich möchte einen Besuch anmelden", "Etwas anderes"))
    rows = [one["reply_markup"]["inline_keyboard"] for one in anna.received]
    assert [len(one) for one in rows] == [1, 2]


async def test_choices_that_fit_no_button_are_numbered(bot: TelegramBot, anna: Person) -> None:
    await bot.says(anna.id, "Frage?", question="q" * 63, choices=("Ja", "Nein"))
    message = await anna.hears()
    assert message["text"] == "Frage?\n\n1. Ja\n2. Nein"
    assert "reply_markup" not in message


async def test_picture_with_caption_album_and_file(bot: TelegramBot, anna: Person) -> None:
    photo = bot.attach("picture", "karte.png", picture(), "Eine Karte")
    await bot.says(anna.id, "So geht es.", attachments=(photo,), question="q", choices=("Weiter",))
    first = await anna.hears()
    assert (first["caption"], "photo" in first, "reply_markup" in first) == ("So geht es.\n\nEine Karte", True, True)
    assert first["caption_entities"] == [{"type": "italic", "offset": 13, "length": 10}]
    file = bot.attach("file", "besuch.ics", b"BEGIN:VCALENDAR\nEND:VCALENDAR")
    ids = await bot.says(anna.id, "Alles dabei.", attachments=(photo, photo, photo, file))
    assert len(ids) == 5
    kinds = [next(kind for kind in ("photo", "text", "document") if kind in one) for one in anna.received[1:]]
    assert kinds == ["photo", "photo", "photo", "text", "document"]
    assert anna.received[1]["caption"] == "Eine Karte"
    assert anna.received[-1]["document"]["file_name"] == "besuch.ics"


async def test_what_is_on_a_picture_is_never_cut_off_by_its_text(bot: TelegramBot, anna: Person) -> None:
    photo = bot.attach("picture", "karte.png", picture(), "Eine Karte")
    await bot.says(anna.id, "x" * 1013, attachments=(photo,))
    assert [one.get("caption") for one in anna.received] == ["Eine Karte", None]
    await bot.says(anna.id, "x" * 1012, attachments=(photo,))
    assert anna.received[-1]["caption"] == "x" * 1012 + "\n\nEine Karte"


async def test_long_text_with_a_picture_comes_after_it(bot: TelegramBot, anna: Person) -> None:
    photo = bot.attach("picture", "karte.png", picture())
    await bot.says(anna.id, "Ein langer Satz. " * 100, attachments=(photo,))
    assert ["photo" in one for one in anna.received] == [True, False]


async def test_voice_message(bot: TelegramBot, anna: Person) -> None:
    await bot.says(anna.id, attachments=(bot.attach("voice", "gruss.ogg", b"OggS123"),))
    assert "voice" in await anna.hears()


async def test_missing_or_large_attachment_is_refused(server: TelegramServer, anna: Person) -> None:
    async with running(server, upload_cap=10) as bot:
        large = bot.attach("file", "x.pdf", b"%PDF-" + b"x" * 20)
        assert isinstance(await bot.send(anna.id, "Hier", attachments=(large,)), Refused)
        bot.sources.clear()
        assert isinstance(await bot.send(anna.id, "Hier", attachments=(large,)), Refused)
    assert not anna.received


async def test_edit_changes_and_repeats_harmlessly(bot: TelegramBot, anna: Person) -> None:
    (number,) = await bot.says(anna.id, "Frage", question="q", choices=("Ja",))
    assert await bot.says(anna.id, "Frage, besser", edits=number) == (number,)
    assert await bot.says(anna.id, "Frage, besser", edits=number) == (number,)
    assert anna.texts == ["Frage, besser"]
    assert "reply_markup" not in anna.received[0]


async def test_edit_of_a_caption(bot: TelegramBot, anna: Person) -> None:
    (number,) = await bot.says(anna.id, "alt", attachments=(bot.attach("picture", "p.png", picture()),))
    await bot.says(anna.id, "neu", edits=number)
    assert anna.texts == ["neu"]


async def test_edit_of_a_lost_message_is_refused(bot: TelegramBot, anna: Person) -> None:
    assert isinstance(await bot.send(anna.id, "x", edits="999"), Refused)


async def test_deleting_what_is_there_and_passing_over_the_rest(bot: TelegramBot, anna: Person) -> None:
    ids = [(await bot.says(anna.id, f"{number}"))[0] for number in range(3)]
    assert await bot.send(anna.id, deletes=(*ids[:2], "999")) == Sent(external_ids=())
    assert anna.texts == ["2"]


async def test_what_the_person_wrote_is_deleted_too(bot: TelegramBot, anna: Person) -> None:
    theirs = str(anna.says("Papa schlägt mich")["message_id"])
    ours = await bot.says(anna.id, "Gut, dass du das schreibst.")
    assert await bot.send(anna.id, deletes=ours, deletes_theirs=(theirs,)) == Sent(external_ids=())
    assert anna.texts == []
    assert int(theirs) not in anna.chat.messages
    assert await bot.send(anna.id, deletes_theirs=(theirs,)) == Sent(external_ids=())


async def test_messages_older_than_two_days_stay(server: TelegramServer, bot: TelegramBot, anna: Person) -> None:
    ids = await bot.says(anna.id, "alt")
    server.world.now = lambda: 4_000_000_000.0
    assert isinstance(await bot.send(anna.id, deletes=ids), Sent)
    assert anna.texts == ["alt"]


async def test_reaction_instead_of_a_message(server: TelegramServer, bot: TelegramBot, anna: Person) -> None:
    message = anna.says("Danke")
    await bot.says(anna.id, reacts=(str(message["message_id"]), "👍"))
    assert anna.chat.reactions[message["message_id"]] == ["👍"]
    assert isinstance(await bot.send(anna.id, reacts=(str(message["message_id"]), "🫥")), Refused)


async def test_reply_protection_and_silence(bot: TelegramBot, anna: Person) -> None:
    question = anna.says("Frage")
    await bot.says(anna.id, "Antwort", reply_to=str(question["message_id"]), protect=True, silent=True)
    message = await anna.hears()
    assert message["reply_to_message"]["text"] == "Frage"
    assert message["has_protected_content"]
    assert message["_silent"]
    await bot.says(anna.id, "Antwort auf Gelöschtes", reply_to="9999")
    assert "reply_to_message" not in await anna.hears()


async def test_nothing_to_send_is_refused(bot: TelegramBot, anna: Person) -> None:
    assert isinstance(await bot.send(anna.id), Refused)


# ------------------------------------------------------------------ faults


async def test_unreachable_people_are_gone(server: TelegramServer, bot: TelegramBot, anna: Person) -> None:
    anna.blocks()
    assert await bot.send(anna.id, "x") == Gone(reason="Forbidden: bot was blocked by the user")
    anna.unblocks()
    anna.deletes_account()
    assert await bot.send(anna.id, "x") == Gone(reason="Forbidden: user is deactivated")
    assert isinstance(await bot.send(server.person("Nie gestartet").id, "x"), Gone)
    assert isinstance(await bot.send(123456, "x"), Gone)


async def test_flood_waits_as_long_as_told(server: TelegramServer, bot: TelegramBot, anna: Person) -> None:
    server.faults.order(Fault("429", "sendMessage", seconds=7))
    assert await bot.send(anna.id, "x") == Retry(after=7)


async def test_flood_in_two_chats_means_the_account(server: TelegramServer, bot: TelegramBot, anna: Person) -> None:
    berta = server.person("Berta")
    berta.starts()
    server.faults.order(Fault("429", "sendMessage", times=3, seconds=7))
    assert await bot.send(anna.id, "x") == Retry(after=7)
    assert await bot.send(anna.id, "x") == Retry(after=7)
    assert await bot.send(berta.id, "x") == Retry(after=7, whole_account=True)


@pytest.mark.parametrize(
    ("kind", "receipt"), [("502", Retry), ("500", Ambiguous), ("drop_before", Ambiguous), ("drop_after", Ambiguous)]
)
async def test_broken_sends(
    server: TelegramServer, bot: TelegramBot, anna: Person, kind: str, receipt: type[object]
) -> None:
    server.faults.order(Fault(kind, "sendMessage"))  # type: ignore[arg-type]  # one of the kinds
    assert isinstance(await bot.send(anna.id, "x"), receipt)
    assert len(anna.received) == (1 if kind == "drop_after" else 0)


async def test_slow_answer_is_ambiguous(server: TelegramServer, anna: Person) -> None:
    async with running(server, request_seconds=0.3) as bot:
        server.faults.order(Fault("slow", "sendMessage", seconds=1.0))
        assert isinstance(await bot.send(anna.id, "x"), Ambiguous)


async def test_no_connection_is_a_retry(server: TelegramServer) -> None:
    async with running(server) as bot:
        await bot.says(_started(server).id, "x")
        await server.stop()
        await bot.messenger._calls.renew()  # no pooled connection left
        assert isinstance(await bot.send(1, "x"), Retry)


def _started(server: TelegramServer) -> Person:
    person = server.person()
    person.starts()
    return person


@pytest.mark.parametrize("kind", ["502", "drop_before"])
async def test_repeat_of_a_long_text_goes_on_where_it_stopped(
    server: TelegramServer, bot: TelegramBot, anna: Person, kind: str
) -> None:
    server.faults.order(Fault("slow", "sendMessage", seconds=0.0))
    server.faults.order(Fault(kind, "sendMessage"))  # type: ignore[arg-type]  # one of the kinds
    text = "Ein Satz. " * 700
    assert not isinstance(await bot.send(anna.id, text, key="k"), Sent)
    receipt = await bot.send(anna.id, text, key="k")
    assert isinstance(receipt, Sent)
    assert len(receipt.external_ids) == 2
    assert [one.rsplit("\n", 1)[1] for one in anna.texts] == ["(1/2)", "(2/2)"]


async def test_two_chats_beside_each_other(server: TelegramServer, bot: TelegramBot, anna: Person) -> None:
    berta = _started(server)
    server.faults.order(Fault("slow", "sendMessage", seconds=0.5))
    slow = asyncio.create_task(bot.send(anna.id, "langsam"))
    await asyncio.sleep(0.05)
    await asyncio.wait_for(bot.send(berta.id, "schnell"), 0.4)
    assert isinstance(await slow, Sent)


async def test_typing_is_shown_at_most_every_four_seconds(
    server: TelegramServer, bot: TelegramBot, anna: Person
) -> None:
    for _ in range(5):
        await bot.messenger.typing(bot.at(anna.id))
    assert server.world.actions == [(anna.id, "typing")]


async def test_upgraded_group_has_moved(server: TelegramServer) -> None:
    group = server.group("Team")
    async with running(server, staff_chats=frozenset({str(group.id)})) as bot:
        fresh = group.upgrades()
        moved = await bot.gets(lambda one: one.kind == "moved")
        assert moved.payload == {"chat": str(fresh.id)}
        assert await bot.send(group.id, "x") == Moved(chat=str(fresh.id))
        fresh.member("Berta").says("hier")
        assert (await bot.gets(lambda one: one.text == "hier")).address == bot.at(fresh.id)
        assert fresh.chat.bot_status == "member"


async def test_no_token_in_logs_errors_or_representations(
    server: TelegramServer, anna: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = server.token.partition(":")[2]
    seen: list[object] = []
    async with running(server, request_seconds=0.3) as bot:
        for kind in ("429", "500", "502", "drop_before", "drop_after", "slow"):
            server.faults.order(Fault(kind, "sendMessage", seconds=1.0))  # type: ignore[arg-type]  # one of the kinds
            seen.append(await bot.send(anna.id, "Geheimer Text"))
        server.revoke()
        seen.append(await bot.fails())
        seen += [bot.settings, bot.messenger, dict(await bot.messenger.health())]
    assert not [one for one in map(repr, seen) if secret in one]
    written = caplog.text
    assert secret not in written
    assert "Geheimer Text" not in written
