"""Telegram: groups of staff and foreign ones, topics, webhook, inline answers, the menu, and what doctor says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest

from bot.errors import ConfigError, MessengerError
from bot.messengers.telegram import Menu, TelegramSettings, checks
from bot.ports import Gone, QuickAnswer, Retry, Sent
from bot.testing.telegram import Fault, Group, TelegramServer
from bot.testing.telegram.server import TOKEN
from tests.messengers.telegram_bot import TelegramBot, running
from tests.servers import free_port


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running_server:
        yield running_server


@pytest.fixture
def forum(server: TelegramServer) -> Group:
    return server.group("Beratung", forum=True, admin=True)


@pytest.fixture
async def bot(server: TelegramServer, forum: Group) -> AsyncIterator[TelegramBot]:
    async with running(server, staff_chats=frozenset({str(forum.id)})) as running_bot:
        yield running_bot


async def test_foreign_group_is_left_at_once_and_unheard(server: TelegramServer, bot: TelegramBot) -> None:
    stranger = server.group("Fremde")
    stranger.adds_bot()
    stranger.member("Mallory").says("Hört jemand zu?")
    await server.until(lambda: stranger.chat.bot_status == "left")
    server.person().says("Ende")
    await bot.gets(lambda one: one.text == "Ende")
    assert bot.texts() == ["Ende"]


async def test_being_thrown_out_of_a_foreign_group_is_nothing(server: TelegramServer, bot: TelegramBot) -> None:
    stranger = server.group("Fremde")
    stranger.kicks_bot()
    server.person().says("Ende")
    await bot.gets(lambda one: one.text == "Ende")
    assert len(bot.inbox) == 1
    assert "leaveChat" not in server.calls


async def test_topic_is_a_place_of_its_own(server: TelegramServer, bot: TelegramBot, forum: Group) -> None:
    room = await bot.messenger.open_room("Fall 7Q3F", [], parent=str(forum.id))
    assert room is not None
    topic = int(room.thread)
    await bot.says(forum.id, "Zusammenfassung", thread=topic)
    berta = forum.member("Berta", topic)
    assert berta.texts == ["Zusammenfassung"]
    berta.says("Ich übernehme")
    inbound = await bot.gets(lambda one: one.text == "Ich übernehme")
    assert inbound.address == room
    assert (inbound.private, inbound.sender, inbound.verified) == (False, str(berta.user["id"]), True)
    assert inbound.relates_to == ""  # every message of a topic answers its root: that is no reply
    berta.says("Zu diesem", answering=berta.received[0])
    assert (await bot.gets(lambda one: one.text == "Zu diesem")).relates_to != ""
    await bot.messenger.close_room(room)
    assert forum.chat.topics[topic].closed


async def test_topics_share_the_limit_of_their_group(server: TelegramServer, bot: TelegramBot, forum: Group) -> None:
    server.limits.on = True
    topics = [forum.opens_topic(f"Fall {number}") for number in range(4)]
    receipts = [await bot.send(forum.id, "x", thread=topics[number % 4]) for number in range(22)]
    assert [type(one) for one in receipts] == [Sent] * 20 + [Retry] * 2
    assert all(50 < one.after <= 61 for one in receipts[20:] if isinstance(one, Retry))
    assert server.limits.refused == 0


async def test_general_has_no_thread(bot: TelegramBot, forum: Group) -> None:
    forum.member("Berta").says("Guten Morgen")
    assert (await bot.gets(lambda one: one.text == "Guten Morgen")).address == bot.at(forum.id)


async def test_hidden_administrator_has_no_identity(bot: TelegramBot, forum: Group) -> None:
    forum.anonymous().says("wer bin ich")
    inbound = await bot.gets(lambda one: one.text == "wer bin ich")
    assert (inbound.sender, inbound.verified) == ("", False)


async def test_lost_topic_is_gone(bot: TelegramBot, forum: Group) -> None:
    topic = forum.opens_topic("Fall 1")
    await bot.says(forum.id, "eins", thread=topic)
    forum.loses_topic(topic)
    assert isinstance(await bot.send(forum.id, "zwei", thread=topic), Gone)


async def test_commands_in_groups_count_when_meant_for_us(bot: TelegramBot, forum: Group) -> None:
    berta = forum.member("Berta")
    berta.says("/stats@other_bot")
    berta.says("/queue@Kavi_Test_Bot heute")
    berta.says("/start@kavi_test_bot x")
    await bot.gets(lambda one: one.text == "/start x")
    assert bot.texts() == ["/queue heute", "/start x"]


async def test_press_in_a_topic_tells_who_pressed(bot: TelegramBot, forum: Group) -> None:
    topic = forum.opens_topic("Fall 1")
    await bot.says(forum.id, "Übernehmen?", thread=topic, question="take.1", choices=("Ja",))
    berta = forum.member("Berta", topic)
    berta.presses(berta.received[-1], "Ja")
    press = await bot.gets(lambda one: one.kind == "press")
    assert (press.sender, press.address.thread, press.press) == (str(berta.user["id"]), str(topic), ("take.1", 0))


async def test_no_room_without_right_or_forum(server: TelegramServer) -> None:
    plain = server.group("Kein Forum")
    async with running(server, staff_chats=frozenset({str(plain.id)})) as bot:
        assert await bot.messenger.open_room("Fall", [], parent=str(plain.id)) is None
        assert await bot.messenger.open_room("Fall", [], parent="Unsinn") is None


async def test_group_that_moved_before_the_start_is_not_left(server: TelegramServer) -> None:
    group = server.group("Team")
    fresh = group.upgrades()
    server.world.updates.clear()
    async with running(server, staff_chats=frozenset({str(group.id)})) as bot:
        await server.until(lambda: "sendChatAction" in server.calls)
        await asyncio.sleep(0.05)
        fresh.member("Berta").says("noch da?")
        assert (await bot.gets(lambda one: one.text == "noch da?")).address == bot.at(fresh.id)
        assert "ist umgezogen" in (await bot.messenger.health())[f"staff chat {group.id}"]


# ------------------------------------------------------------------ webhook


@pytest.fixture
async def hooked(server: TelegramServer) -> AsyncIterator[TelegramBot]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram/hook"
    async with running(
        server, webhook_url=url, webhook_secret="geheim_123", webhook_listen=f"127.0.0.1:{port}"
    ) as running_bot:
        yield running_bot


async def test_webhook_delivers_in_order_and_is_acknowledged(server: TelegramServer, hooked: TelegramBot) -> None:
    anna, berta = server.person("Anna"), server.person("Berta")
    for number in range(20):
        anna.says(f"a{number}")
        berta.says(f"b{number}")
    await hooked.gets(lambda one: len(hooked.inbox) == 40)
    assert [text for text in hooked.texts() if text[0] == "a"] == [f"a{number}" for number in range(20)]
    await server.until(lambda: not server.world.updates)
    assert "getUpdates" not in server.calls


async def test_webhook_is_brought_again_what_was_not_stored(server: TelegramServer, hooked: TelegramBot) -> None:
    hooked.fail_next = 2
    server.person().says("Hallo")
    await hooked.gets(lambda one: one.text == "Hallo")
    assert len(hooked.inbox) == 1


async def test_webhook_refuses_strangers_and_nonsense(hooked: TelegramBot) -> None:
    url, header = hooked.settings.webhook_url, "X-Telegram-Bot-Api-Secret-Token"
    update = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 5, "type": "private"}, "text": "x"}}
    await asyncio.sleep(0.1)
    async with aiohttp.ClientSession() as session:
        for secret, body, status in (
            ("", update, 403), ("falsch", update, 403), ("geheim_123", ["x"], 400), ("geheim_123", {}, 400),
        ):  # fmt: skip
            async with session.post(url, json=body, headers={header: secret}) as response:
                assert response.status == status
    assert not hooked.inbox


async def test_switching_from_webhook_to_polling_loses_nothing(server: TelegramServer, hooked: TelegramBot) -> None:
    hooked.fail_next = 10_000
    server.person().says("dazwischen")
    await asyncio.sleep(0.2)
    await hooked.stop()
    async with running(server) as bot:
        assert (await bot.gets(lambda one: True)).text == "dazwischen"


async def test_busy_port_is_a_clear_error(server: TelegramServer) -> None:
    listen = server.url.removeprefix("http://")
    bot = TelegramBot(server, webhook_url="http://127.0.0.1:1/x", webhook_secret="s", webhook_listen=listen)
    await bot.start()
    error = await bot.fails()
    await bot.stop()
    assert isinstance(error, MessengerError)
    assert "webhook_listen" in str(error)


# ------------------------------------------------------------------ inline, menu, doctor


async def test_inline_question_is_answered_with_sources(server: TelegramServer) -> None:
    async def answers(user: str, text: str, language: str) -> Sequence[QuickAnswer]:
        assert language == "de"
        return [QuickAnswer(id="visit.apply", title="Besuch", text=f"**{text}**\n[§ 24](https://example.org)")]

    async with running(server, answers) as bot:
        query = server.person().asks_inline("besuch")
        await server.until(lambda: query in server.world.inline_answers)
        (result,) = server.world.inline_answers[query]
        assert result["input_message_content"]["message_text"] == "besuch\n§ 24"
        assert [one["type"] for one in result["input_message_content"]["entities"]] == ["bold", "text_link"]
        assert not bot.inbox


async def test_inline_is_not_asked_for_unless_switched_on(server: TelegramServer, bot: TelegramBot) -> None:
    server.person().asks_inline("besuch")
    assert not server.world.updates


async def test_menu_is_written_once(server: TelegramServer) -> None:
    menus = {"": Menu(commands=(("hilfe", "Was Kavi kann"),), description="Guten Tag"), "tr": Menu()}
    async with running(server, menus=menus):
        await server.until(lambda: ("short_description", "tr") in server.world.settings or server.calls.count(
            "getMyShortDescription") == 2)  # fmt: skip
    assert server.world.settings["commands", ""] == [{"command": "hilfe", "description": "Was Kavi kann"}]
    assert server.world.settings["description", ""] == "Guten Tag"
    server.calls.clear()
    async with running(server, menus=menus):
        await server.until(lambda: server.calls.count("getMyShortDescription") == 2)
    assert not [call for call in server.calls if call.startswith("setMy")]


async def test_doctor_is_content_with_a_well_kept_bot(server: TelegramServer, bot: TelegramBot) -> None:
    assert set((await bot.messenger.health()).values()) == {"ok"}


async def test_doctor_names_what_is_wrong(server: TelegramServer) -> None:
    plain = server.group("Kein Forum")
    forum = server.group("Ohne Rechte", forum=True)
    weak = server.group("Ohne Themenrecht", forum=True, admin=True)
    weak.chat.rights = {}
    server.world.me |= {"can_join_groups": True, "can_read_all_group_messages": True}
    chats = [str(plain.id), str(forum.id), str(weak.id), "-5", "Unsinn"]
    async with running(server, staff_chats=frozenset(chats)) as bot:
        found = await bot.messenger.health()
    assert "/setprivacy" in found["privacy"]
    remedies = [found[f"staff chat {chat}"] for chat in chats]
    for words, remedy in zip(
        ("keine Themen", "kein Administrator", "Themen verwalten", "Mitglied", "keine Nummer eines Chats"),
        remedies,
        strict=True,
    ):
        assert words in remedy
    async with running(server) as bot:
        assert "/setjoingroups" in (await bot.messenger.health())["groups"]
        server.revoke()
        assert "BotFather" in (await bot.messenger.health())["account"]


async def test_doctor_tells_whether_the_webhook_brings_what_it_should(
    server: TelegramServer, hooked: TelegramBot
) -> None:
    async def delivery() -> str:
        return (await hooked.messenger.health())["delivery"]

    assert await delivery() == "ok"
    hooked.fail_next = 10_000
    person = server.person()
    for number in range(100):
        person.says(f"{number}")
    assert await delivery() == "ok"
    person.says("noch eine")
    assert await delivery() == "101 Nachrichten warten bei Telegram. Erreicht es telegram.webhook_url?"
    server.faults.order(Fault("502", "getWebhookInfo"))
    assert (await delivery()).startswith("Telegram antwortet: ")
    server.world.webhook["url"] = "https://elsewhere.example/hook"
    assert await delivery() == "Telegram liefert an eine andere Adresse; kavi run stellt die richtige ein."


async def test_doctor_tells_when_polls_fail(server: TelegramServer) -> None:
    async with running(server, poll_seconds=0.1) as bot:
        assert (await bot.messenger.health())["delivery"] == "ok"
        server.faults.order(Fault("502", "getUpdates", times=100))
        async with asyncio.timeout(10):
            while server.faults.happened["502"] < 3:
                await asyncio.sleep(0.01)
        told = (await bot.messenger.health())["delivery"]
        assert told in {f"Die letzten {times} Abrufe misslangen. Geht das Netz?" for times in (2, 3)}
        server.faults.order(Fault("drop_before", "getMe", times=100))
        told = (await bot.messenger.health())["account"]
        assert told.startswith("Telegram ist nicht erreichbar: ")
        assert told.endswith("Bitte das Netz und telegram.api_url prüfen.")


async def test_doctor_tells_how_long_no_poll_was_answered_and_what_inline_needs(server: TelegramServer) -> None:
    async def answers(user: str, text: str, language: str) -> Sequence[QuickAnswer]:
        return []

    server.world.me["supports_inline_queries"] = False
    async with running(server, answers) as bot:
        assert "/setinline" in (await bot.messenger.health())["inline"]
        poller = bot.messenger._poller
        poller.last_success = time.monotonic() - bot.settings.poll_seconds - checks.SLOW_POLL - 10.0
        assert (await bot.messenger.health())["delivery"] == "Seit 195 s antwortet Telegram nicht. Geht das Netz?"


@pytest.mark.parametrize(
    ("offset", "told"),
    [
        (None, "ok"),
        (-29.0, "ok"),
        (-45.2, "Die Uhr weicht um -45 s von der des Servers ab. Schalten Sie den Zeitabgleich (NTP) ein."),
        (31.0, "Die Uhr weicht um 31 s von der des Servers ab. Schalten Sie den Zeitabgleich (NTP) ein."),
    ],
)
def test_doctor_compares_clocks(offset: float | None, told: str) -> None:
    assert checks.clock(offset) == told


async def test_start_outlives_a_server_in_trouble(server: TelegramServer) -> None:
    for kind in ("502", "429", "drop_before", "500"):
        server.faults.order(Fault(kind, "getMe", seconds=0.0))  # type: ignore[arg-type]  # one of the kinds
    async with running(server) as bot:
        person = server.person()
        person.starts()
        assert isinstance(await bot.send(person.id, "da"), Sent)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"token": "abc"}, "BotFather"),
        ({"api_url": "api.telegram.org"}, "api_url"),
        ({"webhook_url": "https://x/y"}, "webhook_secret"),
        ({"webhook_url": f"https://x/{TOKEN}", "webhook_secret": "s"}, "darf das Token nicht enthalten"),
        ({"webhook_url": "https://x/y", "webhook_secret": "s", "webhook_listen": "8443x"}, "127.0.0.1:8443"),
    ],
)
def test_settings_are_checked(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        TelegramSettings(**({"token": TOKEN} | values))  # type: ignore[arg-type]  # strings are what it takes
    assert TOKEN not in str(caught.value)
