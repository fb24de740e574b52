"""Servers and people for all tests of messengers."""

from __future__ import annotations

from tests.messengers.people import account, anna, bot, strict
from tests.servers.fixtures import limited_synapse, store_dir, synapse

__all__ = ["account", "anna", "bot", "limited_synapse", "store_dir", "strict", "synapse"]
