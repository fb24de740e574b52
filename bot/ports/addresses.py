"""Where things happen: the chats of people, and the lanes of the program that work without a chat."""

from __future__ import annotations

from typing import Literal, NewType

from msgspec import Struct

from bot.machines import Place

ConversationId = NewType("ConversationId", str)
"""Keyed hash (hex) of messenger, account and chat: meaningless without the master key."""


class Address(Struct, frozen=True, kw_only=True):
    """Where a conversation lives: messenger name, the bot's account there, the chat or room, an optional thread in it."""

    messenger: str
    account: str
    chat: str
    thread: str = ""


def place_of(address: Address) -> Place:
    """The same place in the words of desk and exchange."""
    return Place(address.messenger, address.account, address.chat, address.thread)


def address_of(place: Place) -> Address:
    """The same place in the ports' words."""
    return Address(messenger=place.messenger, account=place.account, chat=place.chat, thread=place.thread)


DESK = Address(messenger="desk", account="desk", chat="desk")
"""The lane that all counsellors' work passes through."""

EXCHANGE = Address(messenger="exchange", account="exchange", chat="exchange")
"""The lane that all referrals between institutions pass through. It begins flows in conversations, and writes in its own rooms only."""

RECORDINGS = Address(messenger="recording", account="recording", chat="recording")
"""The lane that all recorded voices pass through. It writes to nobody, as the exchange."""

VAULT = "vault"  # messenger of the conversations that are nothing but a key


def vault_of(id: str) -> Address:
    """The conversation whose key seals one recorded voice. Nobody writes in it; erasing it destroys the recording."""
    return Address(messenger=VAULT, account=VAULT, chat=id)


Audience = Literal["family", "staff"]
"""Who may read a message. Only the lanes of desk and exchange write to staff, and they write to nobody else."""
