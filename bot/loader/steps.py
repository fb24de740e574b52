"""What a step says, names and leads to: read by the rules of `kavi check`, by translations, drawings and plain language."""

from __future__ import annotations

from collections.abc import Iterator

from bot.dialogue import flow as model
from bot.dialogue.expressions import Expression
from bot.dialogue.rendering import PLACEHOLDER
from bot.text.variants import Variants


def targets_of(flow: model.Flow, step: model.Step) -> list[str]:
    """The steps that may follow `step` in its flow ("" = the end)."""
    action = step.action
    behind = step.goto or flow.after(step.name)
    match action:
        case model.Branch(cases, otherwise):
            return [goto for _, goto in cases] + [otherwise]
        case model.Goto(name):
            return [name]
        case model.Link() | model.End():
            return []
        case model.Ask():
            named = [option.goto for option in action.options if option.goto]
            open_ended = any(not option.goto and not option.link for option in action.options) or not action.options
            if action.options_from or action.skip:
                open_ended = True
            aside = [goto for goto in (action.timeout_goto, action.stop_goto, action.passed_goto) if goto]
            return named + aside + ([behind] if open_ended else [])
        case model.Wait():
            return [behind, action.timeout_goto]
        case model.Remind():
            return [behind] + ([action.then] if action.then and not action.flow else [])
        case _:
            return [behind]


def expressions_of(step: model.Step) -> Iterator[Expression]:
    """Every expression of a step."""
    match step.action:
        case model.Branch(cases, _):
            yield from (expression for expression, _ in cases)
        case model.Assign(values, _) | model.Call(_, values) | model.Count(_, values):
            yield from (expression for _, expression in values)
        case model.File() | model.Send():
            yield from (expression for _, expression in step.action.values)
        case model.Study() if step.action.right is not None:
            yield step.action.right
        case model.Ask():
            yield from (option.when for option in step.action.options if option.when is not None)
        case _:
            return


def texts_of_step(step: model.Step) -> Iterator[Variants]:
    """Everything a step says: its text, its question's retries, reason, short words and labels."""
    if step.say is not None:
        yield step.say
    if isinstance(step.action, model.Ask):
        yield from step.action.retry
        if step.action.why is not None:
            yield step.action.why
        if step.action.again is not None:
            yield step.action.again
        yield from (option.label for option in step.action.options)


def named_slots_of(step: model.Step) -> list[str]:
    """The slots that a step names as such: a voice to play, `$slot`, rows to choose from, a vault, the day of a reminder."""
    if step.play:
        return [step.play]
    match step.action:
        case model.Answer(name) | model.Call(name, _) if name.startswith("$"):
            return [name[1:]]
        case model.Ask() if step.action.options_from:
            return [step.action.options_from]
        case model.Ask() if step.action.vault:
            return [step.action.vault]
        case model.Remind() if step.action.on:
            return [step.action.on]
        case model.Forget(slots, _):
            return list(slots)
        case _:
            return []


def placeholders_of(variants: Variants) -> Iterator[str]:
    """The dotted name of each placeholder in the texts."""
    for text in variants.texts.values():
        yield from PLACEHOLDER.findall(text)
