"""Telegram: what people do reaches the inbox, once, in order, and is acknowledged only when it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import aiohttp
import pytest
from PIL import Image

from bot.errors import MessengerError, Revoked
from bot.testing.telegram import Fault, TelegramServer
from tests.messengers.telegram_bot import TelegramBot, running


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running_server:
        yield running_server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[TelegramBot]:
    async with running(server) as running_bot:
        yield running_bot


async def test_text_arrives_with_its_sender_and_language(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person("Anna", language="tr")
    message = anna.says("Wann ist Besuch?")
    inbound = await bot.gets(lambda one: one.kind == "text")
    assert (inbound.text, inbound.sender, inbound.language) == ("Wann ist Besuch?", str(anna.id), "tr")
    assert inbound.address == bot.at(anna.id)
    assert (inbound.message, inbound.private, inbound.verified) == (str(message["message_id"]), True, True)


async def test_deep_link_starts_with_its_payload(server: TelegramServer, bot: TelegramBot) -> None:
    server.person("Anna").starts("land-BY")
    server.person("Berta").starts("<script>")
    server.person("Carla").starts()
    await bot.gets(lambda one: len(bot.inbox) == 3)
    assert [(one.kind, one.text) for one in bot.inbox] == [("start", "land-BY"), ("start", ""), ("start", "")]


async def test_what_was_not_stored_comes_again(server: TelegramServer, bot: TelegramBot) -> None:
    bot.fail_next = 2
    server.person().says("Hallo")
    assert (await bot.gets(lambda one: True)).text == "Hallo"
    await server.until(lambda: not server.world.updates)
    assert len(bot.inbox) == 1


async def test_unstored_updates_survive_the_bot(server: TelegramServer) -> None:
    anna = server.person()
    async with running(server) as first:
        first.fail_next = 100
        anna.says("eins")
        anna.says("zwei")
        await asyncio.sleep(0.1)
    assert not first.inbox
    async with running(server) as second:
        await second.gets(lambda one: one.text == "zwei")
        assert second.texts() == ["eins", "zwei"]


async def test_messages_of_an_outage_arrive_in_order(server: TelegramServer) -> None:
    people = [server.person(f"P{number}") for number in range(10)]
    for number in range(250):
        people[number % 10].says(f"{number}")
    async with running(server) as bot:
        await bot.gets(lambda one: one.text == "249")
        assert bot.texts() == [str(number) for number in range(250)]


async def test_update_ids_drawn_anew_lose_nothing(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.says("vorher")
    await bot.gets(lambda one: one.text == "vorher")
    await server.until(lambda: not server.world.updates)
    server.world.redraw(5)
    anna.says("eine Woche später")
    await bot.gets(lambda one: one.text == "eine Woche später")


async def test_same_update_id_with_another_time_is_another_event(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    server.world.redraw(77)
    anna.says("alt")
    first = await bot.gets(lambda one: one.text == "alt")
    await server.until(lambda: not server.world.updates)
    server.world.redraw(77)
    server.world.now = lambda: 4_000_000_000.0
    anna.says("neu")
    second = await bot.gets(lambda one: one.text == "neu")
    assert first.external_id != second.external_id


@pytest.mark.parametrize("kind", ["500", "502", "429", "drop_before", "drop_after"])
async def test_polling_survives_faults(server: TelegramServer, kind: str) -> None:
    async with running(server, poll_seconds=0.3) as bot:
        for number in range(3):
            server.faults.order(Fault(kind, "getUpdates", seconds=0.1))  # type: ignore[arg-type]  # one of the kinds
            server.person().says(f"Nachricht {number}")
        await bot.gets(lambda one: len(bot.texts()) == 3)
        assert sorted(bot.texts()) == ["Nachricht 0", "Nachricht 1", "Nachricht 2"]


async def test_rival_poller_is_a_clear_error(server: TelegramServer, bot: TelegramBot) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{server.url}/bot{server.token}/getUpdates"

        async def rival() -> None:
            while bot.error is None:
                async with session.post(url, data={"timeout": "5"}):
                    pass

        task = asyncio.create_task(rival())
        error = await bot.fails(20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert isinstance(error, MessengerError)
    assert "409" in str(error)


async def test_revoked_token_is_one_error_and_no_storm(server: TelegramServer, bot: TelegramBot) -> None:
    await asyncio.sleep(0.1)
    calls = len(server.calls)
    server.revoke()
    error = await bot.fails()
    assert isinstance(error, Revoked)
    assert server.token not in str(error)
    await asyncio.sleep(0.2)
    assert len(server.calls) == calls
    with pytest.raises(Revoked):
        await bot.send(server.person().id, "Hallo")


async def test_start_with_a_wrong_token_tells_what_to_do(server: TelegramServer) -> None:
    wrong = TelegramBot(server, token="1234567:wrong")
    with pytest.raises(Revoked, match="BotFather") as caught:
        await wrong.start()
    assert "wrong" not in str(caught.value).replace("BotFather", "")


async def test_edit_is_no_new_text(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    message = anna.says("Besuhc")
    anna.edits(message, "Besuch")
    inbound = await bot.gets(lambda one: one.kind == "edit")
    assert (inbound.text, inbound.relates_to) == ("Besuch", str(message["message_id"]))
    assert bot.texts() == ["Besuhc"]


async def test_two_edits_of_one_message_are_two_events(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    message = anna.says("a")
    anna.edits(message, "b")
    anna.edits(message, "c")
    await bot.gets(lambda one: one.text == "c")
    assert [one.text for one in bot.inbox if one.kind == "edit"] == ["b", "c"]


async def test_press_names_question_option_and_words(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.starts()
    await bot.says(anna.id, "Möchten Sie?", question="q17", choices=("Ja", "Nein"))
    query = anna.presses(await anna.hears(), "Nein")
    inbound = await bot.gets(lambda one: one.kind == "press")
    assert (inbound.press, inbound.text) == (("q17", 1), "Nein")
    await server.until(lambda: server.world.queries[query][1])


async def test_foreign_button_data_is_answered_and_dropped(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.starts()
    await bot.says(anna.id, "Hallo")
    query = anna.presses_data(await anna.hears(), "kein Doppelpunkt")
    await server.until(lambda: server.world.queries[query][1])
    assert not [one for one in bot.inbox if one.kind == "press"]


async def test_late_button_after_hours_still_counts(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.starts()
    await bot.says(anna.id, "Frage", question="q1", choices=("Ja",))
    message = await anna.hears()
    now = server.world.now()
    anna.presses(message, "Ja")
    server.world.now = lambda: now + 3600  # the answer will be too old
    assert (await bot.gets(lambda one: one.kind == "press")).press == ("q1", 0)
    assert bot.error is None
    await server.until(lambda: "answerCallbackQuery" in server.calls)


async def test_reactions_come_and_go(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    message = anna.says("Danke")
    anna.reacts(message, "👍")
    anna.reacts(message, "", before="👍")
    await bot.gets(lambda one: one.kind == "unreaction")
    kinds = [(one.kind, one.text) for one in bot.inbox if "reaction" in one.kind]
    assert kinds == [("reaction", "👍"), ("unreaction", "👍")]


async def test_blocking_is_leaving(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.starts()
    anna.blocks()
    inbound = await bot.gets(lambda one: one.kind == "left")
    assert inbound.address == bot.at(anna.id)


async def test_album_items_arrive_one_by_one_with_their_group(server: TelegramServer, bot: TelegramBot) -> None:
    server.person().sends_album([b"1", b"2", b"3"], caption="Der Brief")
    await bot.gets(lambda one: len(bot.inbox) == 3)
    assert len({one.group for one in bot.inbox}) == 1
    assert [one.text for one in bot.inbox] == ["Der Brief", "", ""]


@pytest.mark.parametrize(
    ("sent", "kind"),
    [("photo", "photo"), ("voice", "voice"), ("document", "file"), ("video", "video"), ("animation", "video"),
     ("audio", "audio"), ("sticker", "sticker")],
)  # fmt: skip
async def test_media_kinds(server: TelegramServer, bot: TelegramBot, sent: str, kind: str) -> None:
    server.person().sends(sent, b"x" * 500, "name.bin")
    inbound = await bot.gets(lambda one: one.kind == "media")
    assert inbound.media is not None
    assert inbound.media.kind == kind
    assert await bot.messenger.download(inbound.media, 1000) == b"x" * 500


async def test_places_people_and_odd_things(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.sends_thing(location={"latitude": 52.5, "longitude": 13.4})
    anna.sends_thing(contact={"phone_number": "+49301", "first_name": "X"})
    anna.sends_thing(dice={"emoji": "🎲", "value": 3})
    anna.sends_thing(pinned_message={})
    anna.says("Ende")
    await bot.gets(lambda one: one.text == "Ende")
    kinds = [one.media.kind for one in bot.inbox if one.media is not None]
    assert kinds == ["location", "contact", "other"]
    assert len(bot.inbox) == 4  # the service message is nobody's business


async def test_pictures_lose_their_metadata(server: TelegramServer, bot: TelegramBot) -> None:
    picture = Image.new("RGB", (40, 30), "red")
    about = Image.Exif()
    about[0x010E] = "Haftraum 12"
    source = BytesIO()
    picture.save(source, "JPEG", exif=about)
    assert b"Haftraum 12" in source.getvalue()
    server.person().sends("photo", source.getvalue(), "x.jpg")
    inbound = await bot.gets(lambda one: one.media is not None)
    assert inbound.media is not None
    data = await bot.messenger.download(inbound.media, 1_000_000)
    assert data is not None
    assert b"Haftraum" not in data
    with Image.open(BytesIO(data)) as clean:
        assert clean.size == (40, 30)


async def test_too_large_files_are_not_fetched(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.sends("document", b"x" * 2000, "gross.pdf")
    inbound = await bot.gets(lambda one: one.media is not None)
    assert inbound.media is not None
    assert await bot.messenger.download(inbound.media, 1999) is None
    assert "getFile" not in server.calls
    lying = type(inbound.media)(kind="file", mime="", name="", size=1, reference=inbound.media.reference)
    assert await bot.messenger.download(lying, 1999) is None


async def test_reply_names_the_answered_message(server: TelegramServer, bot: TelegramBot) -> None:
    anna = server.person()
    anna.starts()
    (number,) = await bot.says(anna.id, "Frage?")
    anna.says("Antwort", answering=await anna.hears())
    assert (await bot.gets(lambda one: one.text == "Antwort")).relates_to == number


async def test_unknown_updates_do_not_stop_the_stream(server: TelegramServer, bot: TelegramBot) -> None:
    server.world.allowed = None
    server.world.push("message", {"message_id": 1})
    server.world.push("something_new", {"id": 1})
    server.world.push("message", {"message_id": "?", "chat": {"id": 5, "type": "private"}, "text": 5, "photo": [7]})
    endless = {"file_id": "x", "file_size": float("inf")}
    server.world.push("message", {"message_id": 1, "chat": {"id": 5, "type": "private"}, "voice": endless})
    server.person().says("weiter")
    await bot.gets(lambda one: one.text == "weiter")
    assert bot.messenger.odd_updates == 2
