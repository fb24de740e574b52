"""The lead reads complaints and deletes those that were dealt with."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import app
from bot.cli.complaints import COMPLAINT, run_done, run_list
from bot.config import read_settings
from bot.ports import Document


def test_the_lead_reads_a_complaint_and_deletes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path))
    rows = [
        ("a" * 20 + "-7-0", "2026-11-25T10:00:00+00:00", "Drei Tage keine Antwort."),
        ("b" * 20 + "-8-0", "2026-11-24T10:00:00+00:00", "Zu spät."),
    ]

    async def put() -> None:
        async with app.open_store(read_settings()) as store:
            await store.put_documents(
                [Document(kind=COMPLAINT, key=key, body=json.dumps({"at": at, "text": text})) for key, at, text in rows]
            )

    asyncio.run(put())
    assert run_list() == 0
    shown = capsys.readouterr().out
    assert shown.index("Zu spät.") < shown.index("Drei Tage keine Antwort."), "oldest first"
    assert "2 Beschwerden warten." in shown
    assert run_done("nobody") == 2
    assert run_done("aaaa70") == 0
    capsys.readouterr()
    assert run_list() == 0
    shown = capsys.readouterr().out
    assert "Drei Tage" not in shown
    assert "1 Beschwerden warten." in shown


def test_the_lead_reads_hints_of_the_last_days_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path))
    now = datetime.now(UTC)
    lines = [
        {
            "n": 1,
            "at": (now - timedelta(days=40)).isoformat(),
            "who": "alt",
            "did": "hint",
            "case": "A1",
            "why": "Treffen",
        },
        {"n": 2, "at": now.isoformat(), "who": "frau-berg", "did": "hint", "case": "B2", "why": "Bilder"},
        {"n": 3, "at": now.isoformat(), "who": "family", "did": "hint", "case": "B2", "why": "Geheimnis"},
        {"n": 4, "at": now.isoformat(), "who": "frau-berg", "did": "took", "case": "C3", "why": ""},
    ]

    async def put() -> None:
        async with app.open_store(read_settings()) as store:
            await store.put_documents(
                [Document(kind="audit", key=f"{one['n']:09}", body=json.dumps(one)) for one in lines]
            )

    asyncio.run(put())
    assert run_list() == 0
    shown = capsys.readouterr().out
    assert "Fall B2 · frau-berg · Bilder" in shown
    assert "Fall B2 · Familie · Geheimnis" in shown
    assert "A1" not in shown
    assert "C3" not in shown
