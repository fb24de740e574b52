"""The Bot API server, held honest by clients that nobody here wrote: aiogram, and grammY on Node."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    MessageEntity,
    ReactionTypeEmoji,
)

from bot.testing.telegram import Fault, Person, TelegramServer
from tests.servers.strict_client import client_folder


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running_server:
        yield running_server


@pytest.fixture
async def client(server: TelegramServer) -> AsyncIterator[AiogramBot]:
    bot = AiogramBot(server.token, session=AiohttpSession(api=TelegramAPIServer.from_base(server.url)))
    yield bot
    await bot.session.close()


@pytest.fixture
def anna(server: TelegramServer) -> Person:
    person = server.person("Anna")
    person.starts()
    return person


async def test_every_kind_of_message_is_understood(client: AiogramBot, anna: Person) -> None:
    file = BufferedInputFile(b"%PDF-1", "brief.pdf")
    assert (await client.get_me()).username == "kavi_test_bot"
    assert (await client.send_message(anna.id, "<b>Hallo</b> Welt", parse_mode="HTML")).text == "Hallo Welt"
    assert (await client.send_photo(anna.id, BufferedInputFile(b"x", "x.jpg"), caption="Bild")).photo
    assert (await client.send_document(anna.id, file)).document.file_name == "brief.pdf"  # type: ignore[union-attr]  # it is there
    assert (await client.send_voice(anna.id, file)).voice
    assert (await client.send_video(anna.id, file)).video
    assert (await client.send_audio(anna.id, file)).audio
    assert (await client.send_animation(anna.id, file)).animation
    assert (await client.send_sticker(anna.id, file)).sticker
    album = await client.send_media_group(anna.id, [InputMediaPhoto(media=file), InputMediaPhoto(media=file)])
    assert len({one.media_group_id for one in album}) == 1
    assert (await client.copy_message(anna.id, anna.id, album[0].message_id)).message_id > album[1].message_id


async def test_changes_are_understood(client: AiogramBot, anna: Person) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Ja", callback_data="q:0")]])
    sent = await client.send_message(anna.id, "eins", reply_markup=keyboard)
    edited = await client.edit_message_text("zwei", chat_id=anna.id, message_id=sent.message_id)
    assert (edited.text, edited.reply_markup) == ("zwei", None)  # type: ignore[union-attr]  # a message, not True
    await client.edit_message_reply_markup(chat_id=anna.id, message_id=sent.message_id, reply_markup=keyboard)
    await client.set_message_reaction(anna.id, sent.message_id, [ReactionTypeEmoji(emoji="👍")])
    assert await client.delete_message(anna.id, sent.message_id)
    assert anna.received == []
    assert await client.set_my_commands([BotCommand(command="hilfe", description="Hilfe")], language_code="de")
    assert [one.command for one in await client.get_my_commands(language_code="de")] == ["hilfe"]
    assert await client.send_chat_action(anna.id, "typing")


async def test_every_kind_of_update_is_understood(server: TelegramServer, client: AiogramBot, anna: Person) -> None:
    wanted = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction", "inline_query"]
    (first,) = await client.get_updates(allowed_updates=wanted)
    await client.get_updates(offset=first.update_id + 1, timeout=0)
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Ja", callback_data="q:0")]])
    await client.send_message(anna.id, "Frage?", reply_markup=keyboard)
    message = anna.says("Text mit https://example.org", answering=anna.received[-1])
    anna.edits(message, "anders")
    anna.presses(anna.received[-1], "Ja")
    anna.reacts(message, "❤")
    anna.asks_inline("besuch")
    anna.sends_album([b"1", b"2"])
    anna.sends("voice", b"ogg")
    anna.blocks()
    group = server.group("Team", forum=True, admin=True)
    topic = group.opens_topic("Fall")
    group.member("Berta", topic).says("im Thema")
    group.kicks_bot()
    updates = await client.get_updates(timeout=0)
    assert [update.event_type for update in updates] == [
        "message", "edited_message", "callback_query", "message_reaction", "inline_query", "message", "message", "message",
        "my_chat_member", "message", "my_chat_member",
    ]  # fmt: skip
    assert await client.get_updates(offset=-1, timeout=0) == updates[-1:]


async def test_files_come_back(client: AiogramBot, anna: Person) -> None:
    stored = await client.get_file(anna.sends("document", b"%PDF-1 brief")["document"]["file_id"])
    assert stored.file_path
    content = await client.download_file(stored.file_path)
    assert content is not None
    assert content.read() == b"%PDF-1 brief"
    with pytest.raises(TelegramBadRequest, match="too big"):
        await client.get_file(anna.sends("document", b"x" * 20_000_001)["document"]["file_id"])


async def test_topics_are_understood(server: TelegramServer, client: AiogramBot) -> None:
    forum = server.group("Team", forum=True, admin=True)
    topic = await client.create_forum_topic(forum.id, "Fall 1")
    sent = await client.send_message(forum.id, "hier", message_thread_id=topic.message_thread_id)
    assert sent.is_topic_message
    assert sent.reply_to_message.forum_topic_created.name == "Fall 1"  # type: ignore[union-attr]  # the topic's root
    assert await client.close_forum_topic(forum.id, topic.message_thread_id)
    assert await client.reopen_forum_topic(forum.id, topic.message_thread_id)
    assert await client.edit_forum_topic(forum.id, topic.message_thread_id, name="Fall 2")
    assert (await client.get_chat(forum.id)).is_forum
    assert (await client.get_chat_member(forum.id, client.id)).status == "administrator"
    assert await client.delete_forum_topic(forum.id, topic.message_thread_id)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await client.send_message(forum.id, "hier", message_thread_id=topic.message_thread_id)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await client.send_message(forum.id, "General", message_thread_id=1)
    assert await client.leave_chat(forum.id)
    with pytest.raises(TelegramForbiddenError):
        await client.send_message(forum.id, "hier")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda bot, chat: bot.send_message(chat, "😀" * 2049), "message is too long"),
        (lambda bot, chat: bot.send_message(chat, "   "), "message text is empty"),
        (lambda bot, chat: bot.send_message(chat, "<b>x", parse_mode="HTML"), "can't parse entities"),
        (lambda bot, chat: bot.send_message(chat, "<x>y</x>", parse_mode="HTML"), "Unsupported start tag"),
        (
            lambda bot, chat: bot.send_message(chat, "x", entities=[MessageEntity(type="bold", offset=0, length=9)]),
            "entity beginning at UTF-16 offset 0",
        ),
        (
            lambda bot, chat: bot.send_message(
                chat,
                "x",
                reply_markup=InlineKeyboardMarkup(
                    inline_keyboard=[[InlineKeyboardButton(text="x", callback_data="ü" * 33)]]
                ),
            ),
            "BUTTON_DATA_INVALID",
        ),
        (lambda bot, chat: bot.edit_message_text("x", chat_id=chat, message_id=999), "message to edit not found"),
        (lambda bot, chat: bot.edit_message_text("x", chat_id=chat, message_id=1), "message can't be edited"),
        (lambda bot, chat: bot.delete_message(chat, 999), "message to delete not found"),
        (lambda bot, chat: bot.answer_callback_query("1"), "query is too old"),
        (lambda bot, chat: bot.send_message(5, "x"), "chat not found"),
        (lambda bot, chat: bot.get_file("nein"), "wrong file_id"),
    ],
)
async def test_refusals_have_the_words_of_the_platform(
    client: AiogramBot, anna: Person, call: object, words: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await call(client, anna.id)  # type: ignore[operator]  # a lambda of the table above


async def test_faults_are_told_apart(server: TelegramServer, client: AiogramBot, anna: Person) -> None:
    server.faults.order(Fault("429", "sendMessage", seconds=7))
    with pytest.raises(TelegramRetryAfter) as flood:
        await client.send_message(anna.id, "x")
    assert flood.value.retry_after == 7
    server.faults.order(Fault("drop_after", "sendMessage"))
    with pytest.raises(TelegramNetworkError):
        await client.send_message(anna.id, "doch angekommen")
    assert anna.texts == ["doch angekommen"]
    server.faults.order(Fault("502", "sendMessage"))
    with pytest.raises(ClientDecodeError):  # the front door answers in HTML
        await client.send_message(anna.id, "x")
    sent = await client.send_message(anna.id, "gleich")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await client.edit_message_text("gleich", chat_id=anna.id, message_id=sent.message_id)
    anna.blocks()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await client.send_message(anna.id, "x")
    group = server.group("Team")
    fresh = group.upgrades()
    with pytest.raises(TelegramMigrateToChat) as moved:
        await client.send_message(group.id, "x")
    assert moved.value.migrate_to_chat_id == fresh.id
    server.revoke()
    with pytest.raises(TelegramUnauthorizedError):
        await client.get_me()


async def test_later_poll_ends_the_earlier_one(server: TelegramServer, client: AiogramBot) -> None:
    first = asyncio.create_task(client.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(client.get_updates(timeout=10))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
        await first
    server.person().says("x")
    assert len(await second) == 1
    await client.set_webhook("https://example.org/x")
    with pytest.raises(TelegramConflictError, match="webhook is active"):
        await client.get_updates()
    assert (await client.get_webhook_info()).url == "https://example.org/x"
    await client.delete_webhook()


async def test_unacknowledged_updates_come_again_for_a_day(
    server: TelegramServer, client: AiogramBot, anna: Person
) -> None:
    first = await client.get_updates(timeout=0)
    assert await client.get_updates(timeout=0) == first
    now = server.world.now()
    server.world.now = lambda: now + 24 * 3600 + 1
    assert await client.get_updates(timeout=0) == []


async def test_limits_of_the_platform(server: TelegramServer, client: AiogramBot) -> None:
    server.limits.on = True
    anna = server.person()
    anna.starts()
    for number in range(3):
        await client.send_message(anna.id, str(number))
    with pytest.raises(TelegramRetryAfter):
        await client.send_message(anna.id, "zu schnell")
    group = server.group("Team")
    people = [server.person() for _ in range(40)]
    refused = 0
    for person in people:
        person.starts()
        try:
            await client.send_message(person.id, "x")
        except TelegramRetryAfter:
            refused += 1
    assert refused >= 10  # 30 a second over all
    await asyncio.sleep(1.0)
    for _ in range(20):
        await client.send_message(group.id, "x")
    with pytest.raises(TelegramRetryAfter) as flood:
        await client.send_message(group.id, "der einundzwanzigste")
    assert flood.value.retry_after > 50


GRAMMY = """
import { Bot, GrammyError, InlineKeyboard } from "grammy";
const [base, token, chat] = process.argv.slice(2);
const bot = new Bot(token, { client: { apiRoot: base } });
const seen = [], say = (...words) => seen.push(words.join(" "));
bot.on("message:text", async (c) => { say("text", c.msg.text);
  if (c.msg.text === "Ende") { await c.reply("fertig"); await bot.stop(); }
  else await c.reply("echo " + c.msg.text, { reply_markup: new InlineKeyboard().text("Ja", "q:0") }); });
bot.on("edited_message:text", (c) => say("edit", c.editedMessage.text));
bot.on("callback_query:data", async (c) => { say("press", c.callbackQuery.data); await c.answerCallbackQuery();
  await c.editMessageText("gedrückt"); });
bot.on("message_reaction", (c) => say("reaction", c.messageReaction.new_reaction[0].emoji));
bot.on("message:photo", async (c) => say("photo", (await c.getFile()).file_path.startsWith("photos/")));
bot.catch((e) => say("error", String(e.error)));
try { await bot.api.sendMessage(5, "x"); } catch (e) { say("refused", e instanceof GrammyError, e.description); }
await bot.start({ allowed_updates: ["message", "edited_message", "callback_query", "message_reaction"] });
console.log(JSON.stringify(seen));
"""


@pytest.mark.server
async def test_grammy_runs_a_bot_on_it(server: TelegramServer, tmp_path: Path) -> None:
    node, folder = client_folder()
    script = folder / f"grammy_{tmp_path.name}.mjs"
    script.write_text(GRAMMY)
    process = await asyncio.create_subprocess_exec(
        str(node), str(script), server.url, server.token, "1", stdout=asyncio.subprocess.PIPE
    )
    anna = server.person()
    try:
        await server.until(lambda: server.world.allowed is not None, 30)
        message = anna.says("Hallo")
        echo = await anna.hears()
        assert echo["text"] == "echo Hallo"
        anna.edits(message, "Hallo!")
        anna.presses(echo, "Ja")
        anna.reacts(message, "👍")
        anna.sends("photo", b"x", "x.jpg")
        await server.until(lambda: anna.texts == ["gedrückt"])
        anna.says("Ende")
        out, _ = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
        script.unlink()
    assert json.loads(out) == [
        "refused true Bad Request: chat not found", "text Hallo", "edit Hallo!", "press q:0", "reaction 👍", "photo true",
        "text Ende",
    ]  # fmt: skip
