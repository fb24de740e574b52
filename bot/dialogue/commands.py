"""The small closed set of commands between understanding and the engine.

What people type for each lies in `dialogues/commands.yaml`. A command that says something runs the flow
`repair.<command>`, which an editor may replace; the others act on the stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from bot.dialogue import alerts, aloud, answering, asking
from bot.dialogue.choices import choice_of
from bot.dialogue.content import Commands, Content
from bot.dialogue.draft import Draft
from bot.dialogue.effects import CancelTimer
from bot.dialogue.flow import Ask, Flow, Step
from bot.dialogue.introducing import go_home, start_over
from bot.dialogue.reading import Parsed, Rejected
from bot.dialogue.rendering import pick
from bot.text.closeness import Near
from bot.text.normalise import fold

COMMANDS = (
    "back", "skip", "repeat", "stop", "restart", "help", "human", "language", "forget", "export", "why", "menu",
    "quick_exit", "child_part", "adult_part", "leicht", "plain", "complain", "bot", "watch_on", "watch_off", "simpler",
    "not_helpful", "helpful", "consent", "privacy", "aloud",
)  # fmt: skip
LONGEST = 48  # characters; a longer text is not a command
LONGEST_WITH_PLACE = 100  # characters
_WITH_PLACE = re.compile(
    r"(.*) (?:in|bei|um|nahe) (?:plz )?(\d{5}|[^\W\d]\D{2,29})"
)  # a folded phrase and what stands behind
_CORRECTED = re.compile(
    r"(?:nein|nee)\s+(\w[\w.-]*(?:\s+\w[\w.-]*)?)[.!]?|(?:ja|nein|ne|nee|ach|also)?[\s,]*(\w.*?),?\s+(?:meine?|meinte|mein)\s+ich(?:\s+doch)?[.!]?",
    re.IGNORECASE,
)  # "nee 14", "Untersuchungshaft meinte ich"
UNKNOWN = "weiß ich nicht"  # an answer that many questions offer; "weiß ich noch nicht" means it too
FUZZY = 90  # rapidfuzz ratio for phrases of six letters and more
_near_commands, _near_begins = Near(FUZZY), Near(FUZZY)


def command_in(text: str, commands: Commands) -> str | None:
    """The command that the whole text names, also with a slash before it or a slip in the spelling."""
    from rapidfuzz import fuzz, process  # with the first words: no talk waits for it to begin

    said = fold(text.strip().lstrip("/!"))
    if not said or len(said) > LONGEST:
        return None
    exact = commands.phrases.get(said)
    if exact is not None or len(said) < 6:
        return exact
    near = _near_commands(commands.phrases, said)
    close = process.extractOne(said, near, scorer=fuzz.ratio, score_cutoff=FUZZY) if near else None
    return commands.phrases[close[0]] if close is not None and abs(len(close[0]) - len(said)) <= 2 else None


def correction_in(text: str, commands: Commands) -> str | None:
    """What follows "nein, ich meinte …" or a bare "nein" of few words, or stands before "… meinte ich"; else None."""
    said = text.strip()
    low = said.casefold()
    for prefix in commands.corrections:
        if low.startswith(prefix) and (rest := said[len(prefix) :].strip(" ,:;.!")):
            return rest
    found = _CORRECTED.fullmatch(said) if len(said) <= LONGEST_WITH_PLACE else None
    return (found[1] or found[2]) if found is not None else None


def is_heavy(text: str, commands: Commands) -> bool:
    """Whether one hears in the text that it is too much just now."""
    said = f" {fold(text)} "
    return any(f" {words} " in said for words in commands.heavy)


def flow_in(text: str, content: Content, audience: str) -> str | None:
    """The flow that the whole text begins by one of its `start` phrases, or that it names somewhere ("*bildergeschichte*").

    A place behind the phrase ("Beratungsstelle in 44137", "… in Dortmund") does not count; a question of the flow may take it.

    Words that are small talk of their own ("wie geht es dir") are no slip of the pen for a phrase like them.
    """
    from rapidfuzz import fuzz, process

    said = fold(text) if len(text) <= LONGEST_WITH_PLACE else ""
    with_place = _WITH_PLACE.fullmatch(said)
    if with_place is not None and content.places.named(with_place[2]) is not None:
        said = with_place[1]
    if not said or len(said) > LONGEST:
        return None
    may_slip = len(said) > 7 and (content.index is None or said not in content.index.smalltalk)
    phrases, flows, inside = _begins(content)
    near = _near_begins(phrases, said)
    for _, _, at in process.extract_iter(said, near, scorer=fuzz.ratio, score_cutoff=FUZZY if may_slip else 100):
        name, audiences = flows[at]
        if not audiences or not audience or audience in audiences:
            return name
    letters = said.replace(" ", "")  # "bilder geschichte" too
    for word, (name, audiences) in inside:
        fits = not audiences or not audience or audience in audiences
        if fits and len(letters) >= len(word) - 1 and fuzz.partial_ratio(word, letters) >= FUZZY:
            return name
    return None


def names_flow(text: str, content: Content) -> bool:
    """Whether the text is word for word what begins a flow."""
    return fold(text) in _begins(content)[0]


_Named = tuple[str, tuple[str, ...]]  # name and audiences of a flow
_Begins = tuple[list[str], list[_Named], list[tuple[str, _Named]]]
_begun: tuple[object, object, _Begins] = (None, None, ([], [], []))


def _begins(content: Content) -> _Begins:
    """Each folded phrase that begins a flow, beside its flow, and the words that name one anywhere in a text.

    Kept for the content of the last call: to fold hundreds of phrases at each text would cost more than the rest of the
    routing.
    """
    global _begun
    flows, catalogs, begins = _begun
    if flows is not content.flows or catalogs is not content.catalogs:
        spoken = tuple(content.catalogs.values())
        pairs = [
            (phrase, (flow.name, flow.audiences))
            for flow in content.flows.values()
            for phrase in _phrases(flow, spoken)
        ]
        inside = [(fold(phrase).replace(" ", ""), flow) for phrase, flow in pairs if phrase.startswith("*")]
        begins = ([fold(phrase) for phrase, _ in pairs], [flow for _, flow in pairs], inside)
        _begun = (content.flows, content.catalogs, begins)
    return begins


def _phrases(flow: Flow, catalogs: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """What begins the flow: its `start` phrases and, for who does not write German, its translated title."""
    if not flow.start:
        return ()
    titles = [catalog[title] for catalog in catalogs for title in flow.title.texts.values() if title in catalog]
    return (*flow.start, *titles)


def run(draft: Draft, command: str) -> None:
    """Carries out a command; the walk goes on afterwards."""
    act = _ACTS.get(command)
    if act is not None:
        act(draft)
        return
    if not draft.push(f"repair.{command}"):
        draft.say_key("not_understood")


def _back(draft: Draft) -> None:
    if asking.go_back(draft):
        return
    if draft.top is not None and draft.top.flow.startswith("repair."):
        draft.pop()
        _offer_menu(draft)
        return
    draft.say_key("back.nothing")
    _offer_menu(draft)


def _skip(draft: Draft) -> None:
    """Also what "weiß nich" means: where nothing has to be known, that is said."""
    if leave_open(draft):
        return
    found = asking.open_question(draft)
    draft.say_key("skip.needed" if found is not None and not found[2].quiet else "skip.nothing")
    _offer_menu(draft)


def leave_open(draft: Draft) -> bool:
    """Passes over the open question, or takes "weiß ich nicht" where it is one of its answers; False when it must be answered."""
    if asking.skip(draft):
        return True
    found = asking.open_question(draft)
    if found is not None and draft.top is not None and draft.top.flow == alerts.SECOND_LOOK:
        asking.apply(draft, Rejected("yes_no"))  # "weiß nich" is no reason to be curt
        return True
    unknown = choice_of(UNKNOWN, asking.shown_options(draft, found[2])) if found is not None else None
    if unknown is not None:
        asking.apply(draft, Parsed(unknown))
    return unknown is not None


def _repeat(draft: Draft) -> None:
    found = asking.open_question(draft)
    if found is not None:
        asking.repeat(draft, found[1], found[2])
    elif draft.part.topic:
        answering.answer_topic(draft, draft.part.topic)
    else:
        draft.say_key("nothing_open")
        _offer_menu(draft)


def _why(draft: Draft) -> None:
    found = asking.open_question(draft)
    if found is None:
        draft.say_key("nothing_open")
        _offer_menu(draft)
        return
    why = found[2].why
    lead = draft.filled(pick(draft.content, why, draft.reader)) if why is not None else draft.text("why.default")
    asking.repeat(draft, found[1], found[2], lead.strip())


def _stop(draft: Draft) -> None:
    """Ends everything, or only what the open question says: a check-in that was stopped is not asked again."""
    found = asking.open_question(draft)
    if found is not None and found[2].stop_goto:
        draft.effects.append(CancelTimer(timer="question"))
        draft.change_top(question="", attempts=0, narrow=(), step=found[2].stop_goto)
        return
    draft.clear_frames()
    draft.change_part(deferred="")
    draft.push("repair.stop")


def _restart(draft: Draft) -> None:
    draft.change_part(deferred="", topic="")
    start_over(draft)


def _register(name: str) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.change_part(register=name)
        draft.say_key(f"register.{name}")
        if asking.open_question(draft) is None and draft.part.topic:
            answering.answer_topic(draft, draft.part.topic)

    return change


def _simpler(draft: Draft) -> None:
    """Somebody does not understand: what a question is for, the answer in easy words, else who explains it."""
    found = asking.open_question(draft)
    if found is not None and not found[2].quiet:
        _how_to_answer(draft, found[1], found[2])
    elif draft.part.topic and draft.part.register == "plain" and _has_easy_words(draft):
        _register("leicht")(draft)
        if found is not None:  # the menu, which is left open behind an answer
            answering.answer_topic(draft, draft.part.topic)
    else:
        draft.say_key("simpler.human")
        _offer_menu(draft)


def _how_to_answer(draft: Draft, step: Step, ask: Ask) -> None:
    """Asks again with what the question is for, else with an example of an answer."""
    if ask.why is None and ask.retry:
        asking.repeat(draft, step, ask, draft.filled(pick(draft.content, ask.retry[0], draft.reader)).strip())
    else:
        _why(draft)


def _has_easy_words(draft: Draft) -> bool:
    return draft.part.audience != "staff" and draft.session.language == "de"


def _offer_menu(draft: Draft) -> None:
    """Nothing is open: leave the person with a way on."""
    if draft.top is None:
        go_home(draft)


def _helpful(draft: Draft) -> None:
    draft.record("helpful", topic=draft.part.topic)
    draft.say_key("helpful.thanks")


_ACTS: Mapping[str, Callable[[Draft], None]] = MappingProxyType({
    "back": _back,
    "skip": _skip,
    "repeat": _repeat,
    "why": _why,
    "stop": _stop,
    "restart": _restart,
    "menu": start_over,
    "leicht": _register("leicht"),
    "plain": _register("plain"),
    "simpler": _simpler,
    "helpful": _helpful,
    "aloud": aloud.read_aloud,
})  # fmt: skip
