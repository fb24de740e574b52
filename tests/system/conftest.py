"""Servers for tests of the whole program."""

from __future__ import annotations

from tests.servers.fixtures import synapse

__all__ = ["synapse"]
