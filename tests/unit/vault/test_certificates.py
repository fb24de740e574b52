"""Codes of certificates: what was issued is known again, anything else is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.vault.certificates import Certified, certified, certify, fingerprint
from bot.vault.codes import LETTERS

KEY = b"k" * 32
AT = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
CODE = certify(KEY, "kinder", 92, AT)


def test_a_code_says_course_minute_and_share() -> None:
    assert certified(KEY, CODE) == Certified(fingerprint("kinder"), AT, 92)
    assert certified(KEY, CODE.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == certified(KEY, CODE)


@given(st.integers(0, 23), st.sampled_from(LETTERS))
def test_one_changed_letter_is_noticed(at: int, letter: str) -> None:
    letters = CODE.replace("-", "")
    changed = letters[:at] + letter + letters[at + 1 :]
    assert (certified(KEY, changed) is not None) == (changed == letters)


@pytest.mark.parametrize("code", ["", "ABC", CODE + "A", CODE[:-1], "U" * 24, "ä" * 24, "0" * 24])
def test_nonsense_is_no_code(code: str) -> None:
    assert certified(KEY, code) is None


def test_another_key_knows_nothing_of_it() -> None:
    assert certified(b"x" * 32, CODE) is None


@given(st.integers(0, 100), st.integers(0, 60 * 24 * 365 * 25))
def test_every_code_reads_back(share: int, minutes: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    assert certified(KEY, certify(KEY, "c", share, at)) == Certified(fingerprint("c"), at, share)


def test_what_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="no code"):
        certify(KEY, "c", 101, AT)
    with pytest.raises(ValueError, match="no code"):
        certify(KEY, "c", 100, datetime(2020, 1, 1, tzinfo=UTC))
