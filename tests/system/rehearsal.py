"""What a conversation script makes the bot say, so that a messenger can be held to it word for word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.ports import Address, Outbound
from bot.testing.script import Script, load_scripts
from bot.testing.talk import Talk

SCRIPTS = Path(__file__).parent.parent / "conversations" / "every-messenger.yaml"
PAUSE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the person does, and everything that the bot then says."""

    kind: str  # start, user or press
    words: str
    choices: tuple[str, ...]  # what could be pressed before
    replies: tuple[fx.Reply, ...]


def scripts() -> list[Script]:
    """The scripts that every messenger must pass."""
    problems = Problems()
    found = load_scripts(SCRIPTS, problems)
    assert found
    return found


def rehearse(content: Content, script: Script) -> list[Step]:
    """Plays the script on the pure core at the pace of a real chat."""
    talk = Talk(content, session=script.session)
    steps: list[Step] = []
    choices: tuple[str, ...] = ()
    for line in script.lines:
        words = line.fields[line.kind].text() if line.fields[line.kind].is_scalar else ""
        match line.kind:
            case "start":
                replies = talk.happen(events.Started(at=talk.now))
            case "user":
                replies = talk.say(words, pause=PAUSE)
            case "press":
                replies = talk.press(words, pause=PAUSE)
            case "bot" | "does":  # what a person cannot see is compared on the core only
                continue
            case _:
                raise AssertionError(f"{line.place}: {line.kind} cannot be done on a messenger")
        replies += talk.settle()
        steps.append(Step(line.kind, words, choices, tuple(replies)))
        choices = next((_labels(reply) for reply in reversed(replies) if reply.choices), choices)
    return steps


def _labels(reply: fx.Reply) -> tuple[str, ...]:
    return tuple(choice.label for choice in reply.choices)


def outbound(reply: fx.Reply, address: Address) -> Outbound:
    """The reply as a messenger gets it."""
    return Outbound(address=address, key="k", text=reply.text, markup=reply.markup, choices=_labels(reply))


def in_letters(number: int) -> str:
    """A number that no question takes for an answer, nor for a word beside others of its kind: 10 is "cb"."""
    return "".join("bcdfghjklm"[int(digit)] for digit in str(number))
