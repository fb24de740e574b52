"""Servers for the contract tests."""

from __future__ import annotations

from tests.servers.fixtures import store_dir, synapse

__all__ = ["store_dir", "synapse"]
