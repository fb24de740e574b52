"""Which of a text's variants a person reads."""

from __future__ import annotations

import pytest

from bot.text.variants import Variants

BANDS = Variants({"default": "all", "child.6-9": "small", "child.14-17": "big"})


@pytest.mark.parametrize(("band", "read"), [("6-9", "small"), ("10-13", "all"), ("14-17", "big")])
def test_a_band_without_words_of_its_own_reads_the_default_not_another_bands(band: str, read: str) -> None:
    assert BANDS.pick("child", band) == read


def test_the_word_for_all_children_goes_before_the_default() -> None:
    assert Variants({"default": "all", "child": "children", "child.6-9": "small"}).pick("child", "10-13") == "children"


def test_a_topic_without_a_default_gives_a_child_the_words_for_another_age_rather_than_nothing() -> None:
    assert Variants({"caregiver": "adult", "child.6-9": "small"}).pick("child", "14-17") == "small"
    assert Variants({"caregiver": "adult"}).pick("child", "14-17") is None


def test_plain_german_of_the_own_age_goes_first() -> None:
    texts = {"default": "all", "leicht": "easy", "child.leicht": "easy child", "child.6-9.leicht": "easy small"}
    assert Variants(texts).pick("child", "6-9", "leicht") == "easy small"
    assert Variants(texts).pick("child", "10-13", "leicht") == "easy child"
    assert Variants(texts).pick("staff", "", "leicht") == "easy"


def test_a_variant_that_everybody_passes_over_is_named() -> None:
    texts = Variants({"child": "children", "leicht": "easy"})
    assert texts.unread(("child",)) == ["leicht"]
    assert texts.unread(("child", "caregiver")) == []
    assert Variants({"default": "all", "child": "children"}).unread(("caregiver",)) == ["child"]
