"""`kavi certificate`: a code of this installation is known again, any other is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app
from bot.cli.operate import run_certificate
from bot.config import read_settings
from bot.dialogue.content import Content
from bot.vault.certificates import certify
from tests.unit.documents.test_files import words_of

AT = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # the next day in Berlin


@pytest.fixture
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("_own_folder")
def test_a_code_from_here_tells_course_day_and_share(capsys: pytest.CaptureFixture[str]) -> None:
    code = certify(app.certificate_key(read_settings()), "kinder-von-inhaftierten", 92, AT)
    assert run_certificate(code.lower()) == 0
    said = capsys.readouterr().out
    assert "Gültig: Kinder von Inhaftierten begleiten" in said
    assert "26.11.2026" in said
    assert "92 Prozent" in said


@pytest.mark.usefixtures("_own_folder")
async def test_the_paper_that_a_conversation_makes_bears_such_a_code(content: Content) -> None:
    settings = read_settings()
    async with app.open_store(settings) as store:
        conversations = app.make_conversations(settings, content, store)
        assert conversations.make_file is not None
        values = {"course": "kinder-von-inhaftierten", "share": "88"}
        words = words_of(await conversations.make_file("certificate", values, AT))
    (code,) = set(re.findall(r"\b(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}\b", words))
    assert run_certificate(code) == 0


@pytest.mark.usefixtures("_own_folder")
def test_a_code_from_elsewhere_or_a_slip_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_certificate(certify(b"x" * 32, "kinder-von-inhaftierten", 92, AT)) == 1
    assert run_certificate("ABCD") == 1
    assert "Nicht gültig" in capsys.readouterr().out
