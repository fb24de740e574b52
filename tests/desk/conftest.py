"""Servers for the desk's tests."""

from __future__ import annotations

from tests.servers.fixtures import synapse

__all__ = ["synapse"]
