"""What is heard in a message: a thing told, whether something is asked with it, whether more is told than that."""

from __future__ import annotations

import pytest

from bot.dialogue.told import Heard, Hearing, Told, heard_in
from bot.text.mentions import Group, Mentions

HEARING = Hearing(
    kinds={"died": Told(mood="grief", audiences=("child",), beside=Group.of(["haft*"]))},
    mentions=Mentions.of({"died": ["hund|opa gestorben"]}, never=["nicht"]),
)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("mein hund ist gestorben", Heard(kind="died")),
        ("mein hund ist gestorben?", Heard(kind="died")),
        ("mein opa ist gestorben und jetzt ist oma ganz allein?", Heard(kind="died", asks=True)),
        ("mein opa ist gestorben, darf papa zur beerdigung", Heard(kind="died", asks=True)),
        ("mein opa ist gestorben, papa ist in haft", Heard(kind="died", more=True)),
        ("ist mein hund gestorben", None),
        ("mein hund lebt", None),
    ],
)
def test_what_is_heard(text: str, heard: Heard | None) -> None:
    assert heard_in(HEARING, text) == heard
