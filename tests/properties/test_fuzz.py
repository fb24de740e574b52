"""No reader of what comes from outside breaks or dawdles, whatever comes: a sample of `python -m tests.fuzz`."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue.content import Content
from tests.fuzz.families import Family, families, run, told
from tests.fuzz.inputs import PIECES, size_of
from tests.fuzz.readers import of_answer, of_text
from tests.fuzz.watch import Watch

WANTED = 10_000_000 if os.environ.get("KAVI_TEST_LONG") else 60_000  # bytes of what people write
NAMES = ("texts", "answers", "telegram", "matrix", "lines", "chat", "content", "sessions", "records", "pictures")
TEXTS = st.one_of(st.text(max_size=400), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@pytest.fixture(scope="module")
def known(content: Content) -> dict[str, Family]:
    return {family.name: family for family in families(content)}


def test_every_family_is_run(known: dict[str, Family]) -> None:
    assert tuple(known) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_megabytes_of_nonsense(known: dict[str, Family], name: str) -> None:
    family = known[name]
    watch = run(family, int(WANTED * family.share), Random(int(os.environ.get("KAVI_TEST_SEED", "11"))))
    assert not watch.faults, told(name, watch)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(text=TEXTS)
def test_no_reader_breaks_or_dawdles(content: Content, text: str) -> None:
    watch = Watch()
    watch.case(of_text(content) | of_answer(content), text, size_of(text))
    assert not watch.faults, told("texts", watch)
