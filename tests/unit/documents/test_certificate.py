"""The certificate: course, day, share and a code that can be checked; a place for the name, and no name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.dialogue.content import Content
from bot.documents.maker import render
from bot.vault.certificates import certified, certify, fingerprint
from tests.unit.documents.test_files import PICTURES, words_of

KEY = b"k" * 32
AT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
NAME = "kinder-von-inhaftierten"


def test_the_paper_names_the_course_and_a_code_that_can_be_checked(content: Content) -> None:
    values = {"course": NAME, "share": "92"}
    data = render(content, content.templates["certificate"], values, AT, PICTURES, lambda *said: certify(KEY, *said))
    words = words_of(data)
    course = content.courses[NAME]
    assert course.title in words
    assert all(unit.title in words for unit in course.units)
    assert "92 Prozent" in words
    assert "25. November 2026" in words
    code = certify(KEY, NAME, 92, AT)
    assert code in words
    found = certified(KEY, code)
    assert found is not None
    assert (found.course, found.at, found.share) == (fingerprint(NAME), AT, 92)


def test_without_a_key_there_is_no_certificate(content: Content) -> None:
    with pytest.raises(ValueError, match="no key"):
        render(content, content.templates["certificate"], {"course": NAME, "share": "92"}, AT, PICTURES)
