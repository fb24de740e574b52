"""After a counsellor has closed a case: what the bot is sure of it answers itself, any other message goes back to her."""

from __future__ import annotations

from bot.dialogue import asking, commands, events, routing
from bot.dialogue.draft import Draft
from bot.dialogue.effects import RequestHandoff
from bot.dialogue.reading import Parsed

SURE = ("answer", "smalltalk")


def is_wanted(draft: Draft, event: events.Event) -> bool:
    """Whether the person goes on with the conversation that was closed: nothing the bot would answer by itself."""
    if event.at.timestamp() >= draft.session.reopens_until or not draft.session.consent:
        return False
    match event:
        case events.MediaSent():
            return True
        case events.Said() if event.text.strip():
            return not _is_for_the_bot(draft, event.text) and not _is_sure(draft, event)
        case _:
            return False


def _is_for_the_bot(draft: Draft, text: str) -> bool:
    """A command, a button by its words, an answer to the open question, the name of a flow."""
    known = draft.content.commands
    return (
        commands.command_in(text, known) is not None
        or commands.correction_in(text, known) is not None
        or commands.flow_in(text, draft.content, draft.part.audience) is not None
        or routing.offer_named(draft, text) is not None
        or isinstance(asking.take_text(draft, text), Parsed)
    )


def _is_sure(draft: Draft, event: events.Said) -> bool:
    match = event.understanding.match
    return match is not None and match.outcome in SURE


def reopen(draft: Draft) -> None:
    """Back into the queue; the desk knows who had the case and calls her first."""
    draft.clear_frames()
    draft.change(owner="queue", waiting_since=draft.at.timestamp(), reopens_until=0.0)
    draft.effects.append(RequestHandoff(reason="again", urgency="normal"))
    draft.record("handoff", reason="again", audience=draft.part.audience)
    draft.say_key("counsellor.again")
