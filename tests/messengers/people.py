"""A bot and the people it talks to, each with a fresh account."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.messengers.echo import EchoBot
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse

numbers = itertools.count(1)


@pytest.fixture
def account(synapse: Synapse) -> Account:
    """The bot's account."""
    return synapse.register(f"bot{next(numbers)}")


@pytest.fixture
async def bot(account: Account, store_dir: Path) -> AsyncIterator[EchoBot]:
    echo = EchoBot(account, store_dir)
    await echo.start()
    yield echo
    await echo.stop()


@pytest.fixture
def anna(synapse: Synapse) -> Account:
    """A person with an ordinary client without encryption."""
    return synapse.register(f"anna{next(numbers)}")


@pytest.fixture
async def strict(synapse: Synapse) -> AsyncIterator[StrictClient]:
    """A person with a client that accepts cross-signed devices only."""
    person = synapse.register(f"berta{next(numbers)}")
    client = StrictClient(synapse.url, person.user_id, person.password)
    await client.start()
    yield client
    await client.stop()
