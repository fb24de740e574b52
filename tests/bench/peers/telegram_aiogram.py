"""aiogram's FSM on a Bot API server: the restaurant, state in memory. Argument: base URL."""

from __future__ import annotations

import asyncio
import logging
import sys

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message


class Asking(StatesGroup):
    """Where the conversation stands."""

    what = State()
    name = State()
    people = State()
    sure = State()


router = Router()


@router.message(Asking.what, F.text.casefold() == "tisch reservieren")
async def ask_name(message: Message, state: FSMContext) -> None:
    await state.set_state(Asking.name)
    await message.answer("Gern! Auf welchen Namen?")


@router.message(Asking.what)
async def bye(message: Message, state: FSMContext) -> None:
    await state.clear()
    await message.answer("Auf Wiedersehen!")


@router.message(Asking.name)
async def ask_people(message: Message, state: FSMContext) -> None:
    await state.update_data(name=message.text)
    await state.set_state(Asking.people)
    await message.answer(f"Für wie viele Personen, {message.text}?")


@router.message(Asking.people, F.text.regexp(r"^([1-9]|1\d|20)$"))
async def ask_sure(message: Message, state: FSMContext) -> None:
    data = await state.update_data(people=message.text)
    await state.set_state(Asking.sure)
    await message.answer("Tisch für {people} auf den Namen {name}. Soll ich buchen?".format(**data))


@router.message(Asking.people)
async def ask_number(message: Message) -> None:
    await message.answer("Bitte eine Zahl von 1 bis 20.")


@router.message(Asking.sure, F.text == "ja")
async def thanks(message: Message, state: FSMContext) -> None:
    data = await state.get_data()
    await state.clear()
    await message.answer("Danke, {name}! Der Tisch für {people} Personen ist reserviert.".format(**data))


@router.message()
async def hello(message: Message, state: FSMContext) -> None:
    await state.set_state(Asking.what)
    await message.answer("Hallo, willkommen! Womit kann ich helfen?")


async def main(base: str) -> None:
    logging.disable(logging.CRITICAL)
    bot = Bot("1:a", session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    dispatcher = Dispatcher()
    dispatcher.include_router(router)
    await dispatcher.start_polling(bot, handle_signals=False)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
