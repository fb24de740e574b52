"""Plays a conversation test and compares it line by line; tells what the tests of some content cover.

Bot lines are complete: a reply, an alert, a hand-over, a file or a submission that the script does not list fails it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.content import Content
from bot.dialogue.flow import Count
from bot.dialogue.rendering import Reader, fill, text_of
from bot.loader.fields import seconds_of
from bot.loader.nodes import Node
from bot.testing.script import Line, Script
from bot.testing.talk import Talk

_BOT_KEYS = ("text", "step", "topic", "safety", "says", "source")


@dataclass(slots=True)
class Played:
    """What playing a script gave: the first difference (None = passed) and the walked steps."""

    script: Script
    failure: str | None = None
    trace: list[tuple[str, str, str]] = field(default_factory=list)


class Difference(Exception):
    """Where a talk went another way than its script; the text says what was expected and what came."""


def play(content: Content, script: Script) -> Played:
    """Plays a script to its end or its first difference."""
    played = Played(script)
    content = replace(content, can_speak=script.speaks)
    player = _Player(content, Talk(content, session=script.session))
    try:
        for line in script.lines:
            player.line(line)
        player.all_heard(script.place)
    except Difference as difference:
        played.failure = str(difference)
    played.trace = player.talk.trace
    return played


NOISE = (fx.Reply, fx.StartTimer, fx.CancelTimer, fx.Withdraw, fx.Relay, fx.CollectGap)


class _Player:
    def __init__(self, content: Content, talk: Talk) -> None:
        self.content = content
        self.talk = talk
        self.facts = facts_of(content)
        self.replies: list[fx.Reply] = []
        self.done: list[fx.Effect] = []

    def line(self, line: Line) -> None:
        act = _ACTS.get(line.kind)
        if act is not None:
            self.all_heard(line.place)
            self._take(act(self, line))
            return
        check = _CHECKS.get(line.kind)
        if check is None:
            raise Difference(f"{line.place}: a line begins with one of {', '.join((*_ACTS, *_CHECKS))}")
        check(self, line)

    def _take(self, replies: list[fx.Reply]) -> None:
        self.replies = replies + self.talk.settle()
        self.done = deeds_of(self.talk.last, self.facts)

    def all_heard(self, place: str) -> None:
        """Nothing may be left that the script did not list."""
        if self.replies:
            raise Difference(f"{place}: not listed: bot: {_show(self.replies[0])}")
        if self.done:
            raise Difference(f"{place}: not listed: does: {effect_name(self.done[0])}")

    def bot(self, line: Line) -> None:
        if not self.replies:
            raise Difference(f"{line.place}: the bot says nothing here, expected {line.fields['bot'].plain()!r}")
        reply = self.replies.pop(0)
        wanted = line.fields["bot"]
        for key, node in wanted.fields(_BOT_KEYS).items() if wanted.is_map else ():
            if not self._fits(reply, key, node.text()):
                raise Difference(f"{line.place}: expected {key}: {node.text()}, got {_show(reply)}")
        if wanted.is_scalar and wanted.text().strip() != reply.text.strip():
            raise Difference(f"{line.place}: expected {wanted.text().strip()!r}, got {_show(reply)}")
        if "choices" in line.fields:
            labels = tuple(choice.label for choice in reply.choices)
            if labels != line.fields["choices"].texts():
                raise Difference(f"{line.place}: expected choices {line.fields['choices'].texts()}, got {labels}")

    def _fits(self, reply: fx.Reply, key: str, value: str) -> bool:
        match key:
            case "says":
                return value.strip() in reply.text
            case "text":
                reader = Reader.of(self.talk.session)
                return reply.source == f"text:{value}" or reply.text.startswith(
                    fill(text_of(self.content, value, reader), {})
                )
            case "source":
                return reply.source == value
            case _:
                return reply.source == f"{key}:{value}"

    def does(self, line: Line) -> None:
        for item in line.fields["does"].items():
            if not item.is_map:
                self._did(item)
            for wanted, values in item.pairs() if item.is_map else ():
                self._hands_over(values, self._did(wanted))

    def _did(self, wanted: Node) -> fx.Effect:
        """The next deed, when it is the wanted one."""
        name = effect_name(self.done[0]) if self.done else "nothing"
        if name != wanted.text():
            raise Difference(f"{wanted.place}: expected does: {wanted.text()}, got {name}")
        return self.done.pop(0)

    def _hands_over(self, wanted: Node, effect: fx.Effect) -> None:
        """Whether a form, a file or a fact got these values, or with `null` none; others are not looked at."""
        values = dict(effect.values) if isinstance(effect, (fx.Submit, fx.MakeFile, fx.Record)) else {}
        for key, value in wanted.pairs():
            given = values.get(key.text())
            if given != (None if value.is_null else value.text()):
                raise Difference(f"{value.place}: expected {key.text()} = {value.plain()}, got {given}")

    def owner(self, line: Line) -> None:
        if self.talk.session.owner != line.fields["owner"].text():
            raise Difference(
                f"{line.place}: expected owner {line.fields['owner'].text()}, got {self.talk.session.owner}"
            )

    def consent(self, line: Line) -> None:
        self._state(line, "consent", bool(self.talk.session.consent))

    def watched(self, line: Line) -> None:
        self._state(line, "watched", self.talk.session.watched)

    def _state(self, line: Line, name: str, found: bool) -> None:
        if found != line.fields[name].boolean():
            raise Difference(f"{line.place}: expected {name}: {not found}, got {found}")

    def slot(self, line: Line) -> None:
        for key, value in line.fields["slot"].pairs():
            slot = self.talk.session.part.slots.get(key.text())
            top = self.talk.session.part.frames[-1] if self.talk.session.part.frames else None
            found = slot.value if slot is not None else top.local.get(key.text()) if top is not None else None
            if found != value.plain() and str(found) != value.text():
                raise Difference(f"{line.place}: expected {key.text()} = {value.text()}, got {found!r}")

    def flow(self, line: Line) -> None:
        frames = self.talk.session.part.frames
        found = f"{frames[-1].flow}.{frames[-1].step}" if frames else ""
        if found != line.fields["flow"].text():
            raise Difference(
                f"{line.place}: expected to stand at {line.fields['flow'].text()}, stands at {found or 'nothing'}"
            )

    def ends(self, line: Line) -> None:
        frames = self.talk.session.part.frames
        if bool(frames) == line.fields["ends"].boolean():
            raise Difference(
                f"{line.place}: {'a flow is still open: ' + frames[-1].flow if frames else 'every flow has ended'}"
            )

    def say(self, line: Line) -> list[fx.Reply]:
        return self.talk.say(line.fields["user"].text())

    def press(self, line: Line) -> list[fx.Reply]:
        return self.talk.press(line.fields["press"].text())

    def photo(self, line: Line) -> list[fx.Reply]:
        return self._at(lambda: events.MediaSent(at=self.talk.now, kind="photo"))

    def voice(self, line: Line) -> list[fx.Reply]:
        """A voice message; with a name (`voice: geschichte`) the file came along, with `true` it was lost on the way."""
        name = line.fields["voice"].text()
        blob = None if name in ("true", "") else name
        return self._at(lambda: events.MediaSent(at=self.talk.now, kind="voice", blob=blob))

    def edit(self, line: Line) -> list[fx.Reply]:
        from bot.dialogue import understand

        text = line.fields["edit"].text()
        known = understand(self.content, self.talk.session, text, self.talk.now)
        return self._at(lambda: events.Edited(at=self.talk.now, text=text, message="m1", understanding=known))

    def start(self, line: Line) -> list[fx.Reply]:
        node = line.fields["start"]
        payload = "" if node.text() in ("true", "") else node.text()
        return self._at(lambda: events.Started(at=self.talk.now, payload=payload))

    def begin(self, line: Line) -> list[fx.Reply]:
        """Somebody else begins a flow here, with the slots that it takes."""
        handed = line.fields["with"].pairs() if "with" in line.fields else ()
        slots = tuple((key.text(), value.text()) for key, value in handed)
        flow = line.fields["begin"].text()
        return self._at(lambda: events.FlowStarted(at=self.talk.now, flow=flow, slots=slots, gentle=True))

    def after(self, line: Line) -> list[fx.Reply]:
        seconds = seconds_of(line.fields["after"].text())
        if seconds is None:
            raise Difference(f"{line.place}: cannot read the duration {line.fields['after'].text()!r}")
        self.talk.last = []
        return self.talk.advance(timedelta(seconds=seconds))

    def counsellor(self, line: Line) -> list[fx.Reply]:
        node = line.fields["counsellor"]
        replies: list[fx.Reply] = []
        for key, value in node.pairs():
            replies += self._at(lambda key=key, value=value: _counsellor_event(self.talk, key.text(), value.text()))  # type: ignore[misc]  # mypy cannot type the defaults
        return replies

    def _at(self, make: Callable[[], events.Event]) -> list[fx.Reply]:
        replies = self.talk.advance(timedelta(minutes=1))
        return replies + self.talk.happen(make())


def _counsellor_event(talk: Talk, verb: str, value: str) -> events.Event:
    match verb:
        case "claims":
            return events.Claimed(at=talk.now, counsellor="c1", alias=value)
        case "says":
            return events.CounsellorSaid(at=talk.now, counsellor="c1", text=value, message="c-1")
        case "releases":
            return events.Released(at=talk.now, counsellor="c1")
        case "closes":
            return events.Closed(at=talk.now, counsellor="c1", outcome=value)
        case "requeues":
            return events.Requeued(at=talk.now, reason=value)
        case "starts_flow":
            return events.FlowStarted(at=talk.now, flow=value)
        case _:
            raise Difference(f"unknown counsellor verb {verb!r}: claims, says, releases, closes, requeues, starts_flow")


def effect_name(effect: fx.Effect) -> str:
    """How a script names an effect that is not a reply."""
    match effect:
        case fx.RaiseAlert():
            return f"alert {effect.category}" if effect.level == "alert" else f"check {effect.category}"
        case fx.RequestHandoff():
            return f"handoff {effect.reason}"
        case fx.Record():
            return f"count {effect.name}"
        case fx.CancelHandoff():
            return "leaves queue"
        case fx.MakeFile():
            return f"file {effect.template}"
        case fx.Submit():
            return f"send {effect.form}"
        case fx.ReportTrouble():
            return f"trouble {effect.problem}"
        case _:
            return type(effect).__name__.lower()


def deeds_of(effects: Iterable[fx.Effect], facts: frozenset[str]) -> list[fx.Effect]:
    """What a script must list as `does`: all but replies (listed as `bot`), and of the facts only those that flows count."""
    return [
        effect
        for effect in effects
        if not isinstance(effect, NOISE) and not (isinstance(effect, fx.Record) and effect.name not in facts)
    ]


def facts_of(content: Content) -> frozenset[str]:
    """The facts that flows count with a step; the engine's own facts are not among them."""
    return frozenset(
        step.action.fact for flow in content.flows.values() for step in flow.steps if isinstance(step.action, Count)
    )


def _show(reply: fx.Reply) -> str:
    text = reply.text if len(reply.text) < 160 else reply.text[:157] + "…"
    return f"{reply.source} {text!r}"


_ACTS: Mapping[str, Callable[[_Player, Line], list[fx.Reply]]] = MappingProxyType({
    "user": _Player.say,
    "press": _Player.press,
    "photo": _Player.photo,
    "voice": _Player.voice,
    "edit": _Player.edit,
    "start": _Player.start,
    "begin": _Player.begin,
    "after": _Player.after,
    "counsellor": _Player.counsellor,
})  # fmt: skip
_CHECKS: Mapping[str, Callable[[_Player, Line], None]] = MappingProxyType({
    "bot": _Player.bot,
    "does": _Player.does,
    "owner": _Player.owner,
    "consent": _Player.consent,
    "watched": _Player.watched,
    "slot": _Player.slot,
    "flow": _Player.flow,
    "ends": _Player.ends,
})  # fmt: skip


def exits_of(content: Content) -> Iterator[tuple[str, str, str, str]]:
    """(flow, step, exit, place) of everything that tests can cover: each step, each case of a branch, each option."""
    from bot.dialogue.flow import Ask, Branch

    for flow in content.flows.values():
        for step in flow.steps:
            yield flow.name, step.name, "", step.place
            if isinstance(step.action, Branch):
                for _, goto in step.action.cases:
                    yield flow.name, step.name, goto, step.place
                yield flow.name, step.name, step.action.otherwise, step.place
            elif isinstance(step.action, Ask) and step.action.kind == "choose":
                for option in step.action.options:
                    yield flow.name, step.name, option.value, step.place
