"""Orders about words for the family: notes that stay, drafts, canned answers, questions, flows, topics.

What each order does, the table in `commands` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.desk import cards, relay
from bot.desk.canned import Canned
from bot.desk.events import StaffWrote
from bot.desk.given import LONGEST_LIST, Given, mine
from bot.desk.hours import BERLIN, clock, day_words
from bot.desk.outgoing import Outgoing
from bot.desk.state import Case, Draft, Member
from bot.desk.work import Work
from bot.dialogue import events as family
from bot.dialogue.rendering import escape
from bot.machines import Place
from bot.text.normalise import fold

_QUOTED = 60  # characters of her own words by which she knows them again
_NO_WORDS_OF_HERS = (
    "Worauf Sie geantwortet haben, ist keine Nachricht von Ihnen an diese Familie. Es ist nichts geschehen."
)


def note(given: Given) -> None:
    if given.rest:
        given.work.note(given.own, given.member.alias, given.rest, given.wrote.message)
        given.work.mark(given.place, given.wrote.message, "📝")
    else:
        given.answer("Was soll in der Notiz stehen? `/notiz TEXT`")


def propose(work: Work, case: Case, place: Place, text: str, choices: tuple[str, ...] = (), remark: str = "") -> None:
    """Shows words that wait for "senden"."""
    case = work.edit(case)
    number = f"{len(case.drafts)}x{int(work.now)}x{len(work.effects)}"
    case.drafts = (*case.drafts, Draft(f"#{number}", text, choices))[-10:]
    shown = "\n".join([f"✉️ Entwurf{remark}:", text, *(f"▫️ {choice}" for choice in choices)])
    work.say(
        place, shown, choices=("Senden", "Verwerfen"), question=f"{case.code}.draft.{number}", markup=False,
        report=json.dumps(["draft", case.code, number, place.chat]),
    )  # fmt: skip


def draft(given: Given) -> None:
    if not given.rest:
        given.answer("Was soll im Entwurf stehen? `/entwurf TEXT`")
    elif mine(given):
        propose(given.work, given.own, given.place, given.rest)


def send(given: Given) -> None:
    draft = _draft_meant(given)
    if draft is None:
        given.answer("Hier liegt kein Entwurf, oder es sind mehrere: Bitte drücken Sie „Senden“ unter dem richtigen.")
        return
    send_draft(given.work, given.member, given.own, draft, given.wrote)


def discard(given: Given) -> None:
    draft = _draft_meant(given)
    if draft is None:
        given.answer(
            "Hier liegt kein Entwurf, oder es sind mehrere: Bitte drücken Sie „Verwerfen“ unter dem richtigen."
        )
        return
    drop_draft(given.work, given.own, draft)
    given.answer("Verworfen.")


def _draft_meant(given: Given) -> Draft | None:
    drafts = given.own.drafts
    answered = next((one for one in drafts if given.wrote.reply_to and one.id == given.wrote.reply_to), None)
    return answered or (drafts[0] if len(drafts) == 1 and not given.wrote.reply_to else None)


def drop_draft(work: Work, case: Case, draft: Draft) -> None:
    """The draft is gone."""
    case = work.edit(case)
    case.drafts = tuple(one for one in case.drafts if one is not draft and one.id != draft.id)


def send_draft(work: Work, member: Member, case: Case, draft: Draft, wrote: StaffWrote) -> None:
    """The press or the word that lets a draft out."""
    message = draft.id if not draft.id.startswith("#") else wrote.message
    outgoing = Outgoing(text=draft.text, why="draft", message=message, choices=draft.choices)
    drop_draft(work, case, draft)
    relay.said(work, member, work.desk.cases[case.code], wrote, outgoing)


def canned(given: Given) -> None:
    work, case = given.work, given.own
    today = work.at.astimezone(BERLIN).date()
    usable = [one for one in work.policy.canned if isinstance(one, Canned) and one.fits(case.audience, today)]
    wanted = fold(given.rest)
    chosen = next((one for one in usable if wanted and wanted in (fold(one.id), fold(one.title))), None)
    if chosen is None:
        rows = "\n".join(f"`/vorlage {one.id}` {escape(one.title)}" for one in usable[:LONGEST_LIST])
        given.answer(rows or "Für diese Familie gibt es gerade keine Vorlage.")
        return
    if not mine(given):
        return
    values = {"counsellor": given.member.alias, "land": case.land, "when": _next_shift(given)}
    filled = chosen.fill(case.audience, case.band, case.language, values)
    if filled is None:
        given.answer("Für diese Altersgruppe gibt es keine Fassung.")
        return
    text, translated = filled
    propose(
        work,
        case,
        given.place,
        text,
        remark=""
        if translated
        else f" (nur auf Deutsch, die Familie schreibt {cards.LANGUAGES.get(case.language, case.language)})",
    )


def _next_shift(given: Given) -> str:
    """When somebody reads again after today's hours."""
    hours, at = given.work.team(given.own).hours, given.work.at
    opens = hours.next_open(hours.closes(at) or at)
    return f"{day_words(opens, at)} ab {clock(opens)}" if opens is not None else "bald"


def flow(given: Given) -> None:
    flows = _for(given.own, given.work.policy.flows, given.work.policy.flows_for)
    name = _meant(given.rest, flows)
    if name not in flows:
        _list(given, "ablauf", "Welcher Ablauf?", _near(given.rest, flows) or flows)
        return
    if not mine(given):
        return
    case = given.work.edit(given.own)
    case.owner, case.lent = "bot", name
    case.epoch += 1
    given.work.tell(case, family.FlowStarted(at=given.work.at, flow=name, back=True))
    given.work.audit(given.member.id, "flow started", case.code, name)
    given.answer(
        f"Der Bot führt jetzt „{escape(flows[name])}“ und hat das der Familie gesagt. Sie lesen mit; danach schreiben wieder Sie. "
        "Abbrechen: `/zurückholen`"
    )


def _for(case: Case, titles: Mapping[str, str], audiences: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What is written for the family's audience; everything while that is unknown."""
    return {
        key: title
        for key, title in titles.items()
        if not case.audience or not audiences.get(key) or case.audience in audiences[key]
    }


def _meant(words: str, titles: Mapping[str, str]) -> str:
    """The key that the words name: itself, its title, or the only one that has all of them; "" otherwise."""
    wanted = fold(words)
    same = [key for key, title in titles.items() if wanted and wanted in (fold(key), fold(title))]
    near = [] if same else list(_near(words, titles))
    return same[0] if same else near[0] if len(near) == 1 else ""


def _near(words: str, titles: Mapping[str, str]) -> dict[str, str]:
    """Those that have every word in their key or title."""
    wanted = fold(words).split()
    return {
        key: title
        for key, title in titles.items()
        if wanted and all(word in f"{fold(key)} {fold(title)}" for word in wanted)
    }


def _list(given: Given, order: str, question: str, titles: Mapping[str, str]) -> None:
    rows = [f"`/{order} {key}` {escape(title)}" for key, title in list(titles.items())[:LONGEST_LIST]]
    given.answer("\n".join([question, *rows]))


def hold(given: Given) -> None:
    case = given.own
    if not case.lent:
        given.answer("Gerade läuft kein Ablauf.")
        return
    if case.counsellor != given.member.id:
        given.answer(f"Fall {case.code} hat {given.work.name(case.counsellor)}.")
        return
    case = given.work.edit(case)
    case.owner, case.lent = "counsellor", ""
    case.epoch += 1
    given.work.tell(case, family.Claimed(at=given.work.at, counsellor=given.member.id, alias=given.member.alias))
    given.answer("Sie schreiben wieder mit der Familie.")


def topic(given: Given) -> None:
    topics = _for(given.own, given.work.policy.topics, given.work.policy.topics_for)
    wanted, near = given.rest.strip().casefold(), _near(given.rest, topics)
    if wanted in topics and mine(given):
        case = given.work.edit(given.own)
        report = json.dumps(["said", case.code, given.wrote.message])
        given.work.tell(
            case, family.TopicSent(at=given.work.at, counsellor=given.member.id, topic=wanted, message=report)
        )
        case.outgoing = (*case.outgoing, (given.wrote.message, f"Thema: {topics[wanted]}"))
        case.answered_at = given.work.now
        given.work.mark(given.place, given.wrote.message, "📤")
    elif wanted in topics:
        return
    elif near:
        _list(given, "thema", "Welches Thema? Es geht gleich an die Familie.", near)
    else:
        given.answer("Dazu gibt es kein Thema für diese Familie. Ein Wort genügt: `/thema besuch` zeigt die passenden.")


def ask(given: Given) -> None:
    parts = [part.strip() for part in given.rest.split("|") if part.strip()]
    if not 3 <= len(parts) <= 8:
        given.answer("So geht es: `/frage Passt Ihnen Dienstag? | Ja | Nein` (zwei bis sieben Antworten)")
        return
    outgoing = Outgoing(text=parts[0], why="command", message=given.wrote.message, choices=tuple(parts[1:]))
    relay.said(given.work, given.member, given.own, given.wrote, outgoing)


def delete_last(given: Given) -> None:
    case = given.own
    if not mine(given):
        return
    meant = given.wrote.reply_to
    sent = [one for one in case.links if one.who == "counsellor" and (not meant or one.staff == meant)]
    if not sent:
        given.answer("Es gibt keine Nachricht von Ihnen, die sich löschen ließe." if not meant else _NO_WORDS_OF_HERS)
        return
    link = sent[-1]
    case = given.work.edit(case)
    case.links = tuple(one for one in case.links if one is not link)
    given.work.tell(
        case, family.CounsellorEdited(at=given.work.at, counsellor=given.member.id, message=link.family, text=None)
    )
    given.work.audit(given.member.id, "deleted a message", case.code)
    said = link.text if len(link.text) <= _QUOTED else f"{link.text[: _QUOTED - 1]}…"
    given.answer(
        f"Ich lösche bei {case.alias}: „{escape(said)}“. Telegram erlaubt das 48 Stunden lang; ältere bleiben dort stehen."
    )
