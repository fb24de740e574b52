"""python-telegram-bot's ConversationHandler on a Bot API server: the restaurant, state in memory. Argument: base URL."""

from __future__ import annotations

import re
import sys
import warnings

from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, ConversationHandler, MessageHandler, filters

WHAT, NAME, PEOPLE, SURE = range(4)
Context = ContextTypes.DEFAULT_TYPE


async def _say(update: Update, text: str, state: int) -> int:
    assert update.message is not None
    await update.message.reply_text(text)
    return state


async def hello(update: Update, _: Context) -> int:
    return await _say(update, "Hallo, willkommen! Womit kann ich helfen?", WHAT)


async def ask_name(update: Update, _: Context) -> int:
    return await _say(update, "Gern! Auf welchen Namen?", NAME)


async def bye(update: Update, _: Context) -> int:
    return await _say(update, "Auf Wiedersehen!", ConversationHandler.END)


async def ask_people(update: Update, context: Context) -> int:
    assert context.user_data is not None
    assert update.message is not None
    context.user_data["name"] = update.message.text
    return await _say(update, f"Für wie viele Personen, {context.user_data['name']}?", PEOPLE)


async def ask_number(update: Update, _: Context) -> int:
    return await _say(update, "Bitte eine Zahl von 1 bis 20.", PEOPLE)


async def ask_sure(update: Update, context: Context) -> int:
    assert context.user_data is not None
    assert update.message is not None
    context.user_data["people"] = int(update.message.text or "0")
    return await _say(
        update, "Tisch für {people} auf den Namen {name}. Soll ich buchen?".format(**context.user_data), SURE
    )


async def thanks(update: Update, context: Context) -> int:
    assert context.user_data is not None
    text = "Danke, {name}! Der Tisch für {people} Personen ist reserviert.".format(**context.user_data)
    return await _say(update, text, ConversationHandler.END)


def main(base: str) -> None:
    warnings.filterwarnings("ignore")
    book = re.compile("^tisch reservieren$", re.IGNORECASE)
    conversation: ConversationHandler[Context] = ConversationHandler(
        entry_points=[MessageHandler(filters.TEXT, hello)],
        states={
            WHAT: [MessageHandler(filters.Regex(book), ask_name), MessageHandler(filters.TEXT, bye)],
            NAME: [MessageHandler(filters.TEXT, ask_people)],
            PEOPLE: [
                MessageHandler(filters.Regex(r"^([1-9]|1\d|20)$"), ask_sure),
                MessageHandler(filters.TEXT, ask_number),
            ],
            SURE: [MessageHandler(filters.Regex("^ja$"), thanks), MessageHandler(filters.TEXT, bye)],
        },
        fallbacks=[],
    )
    app = ApplicationBuilder().token("1:a").base_url(f"{base}/bot").connection_pool_size(256).build()
    app.add_handler(conversation)
    app.run_polling(bootstrap_retries=20)


if __name__ == "__main__":
    main(sys.argv[1])
