"""Shorter papers from the same numbers: the public page, and two pages about one Land."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from bot.insights.blocks import Block, Heading, Note, Plot, Points, Small, Text, Title
from bot.insights.charts import bars
from bot.insights.figures import find, number, share_bars, whole_of
from bot.insights.method import HIDDEN, HOW_TO_READ, SHIFTED, WHISKERS, mark, span
from bot.insights.questions import TAKEN
from bot.insights.release import Release
from bot.insights.report import at_a_glance, empty, share_plot, theme_bars
from bot.insights.tables import LAND
from bot.insights.wording import Wording


def key_figures(known: Sequence[Release], words: Wording, estimate: str) -> list[Block]:
    """The public page: a few numbers, one plot, how to read them."""
    if not known:
        return empty(estimate)[:2]
    now = known[-1]
    return [
        Title("Kavi in Zahlen", span(now)),
        *mark(now),
        Points(tuple(at_a_glance(now, words))),
        Plot("Die häufigsten Themen", partial(bars, theme_bars(now, words)[:5], "Die häufigsten Themen"), SHIFTED),
        *share_plot(now, words, "survey.obstacles", WHISKERS),
        Note(HOW_TO_READ),
        Small(HIDDEN),
    ]


IN_SHORT = (
    "**Nicht repräsentativ.** Die Zahlen stammen von Menschen, die Kavi von sich aus benutzen oder freiwillig antworten. Bitte nicht "
    "hochrechnen und Länder nicht in eine Rangfolge bringen."
)


def land_brief(
    known: Sequence[Release], words: Wording, land: str, law: Callable[[str], str], estimate: str
) -> list[Block]:
    """Two pages about one Land, for its ministry, parliament and youth offices. `law` gives the Land's rules by name."""
    name = words.land(land)
    blocks: list[Block] = [
        Title(
            f"Kinder mit einem Elternteil in Haft: {name}",
            span(known[-1]) if known else "Noch keine Zahlen veröffentlicht",
        ),
        *(mark(known[-1]) if known else ()),
        Note(IN_SHORT),
    ]
    if known:
        now = known[-1]
        whole, taken = whole_of(now, "needs", land), find(now, LAND + TAKEN, land, TAKEN)
        asked = (
            f"{number(whole)} beantwortete Fragen" if whole is not None else "zu wenige Fragen, um eine Zahl zu nennen"
        )
        joined = (
            f"{number(taken)} Teilnahmen"
            if taken is not None and taken.count is not None
            else "zu wenige Teilnahmen für eine Zahl"
        )
        blocks += [
            Heading("Was gefragt wird"),
            Text(f"Aus {name}: {asked}; an der Umfrage: {joined}."),
            *_land_themes(now, words, land, name),
            *share_plot(now, words, "land.obstacles", f"Die häufigsten Antworten. {WHISKERS}", row=land, most=5),
            *_way(now, words, land),
        ]
    else:
        blocks.append(
            Text("Sobald genug Menschen Kavi benutzen, stehen hier ihre Fragen und die Antworten der Umfrage.")
        )
    return [
        *blocks,
        Heading("Was das Recht heute vorsieht"),
        Points(tuple(text for text in (law("visits"), law("child_extra"), law("longterm"), law("remand")) if text)),
        Heading("Was helfen würde"),
        Points((
            "Bei der Aufnahme freiwillig fragen: „Haben Sie Kinder unter 18, und wer ist gerade bei ihnen?“ So empfiehlt es der Europarat "
            "(CM/Rec(2018)5).",
            "Ansprechpersonen für Familien in jeder Anstalt und in jedem Jugendamt benennen und bekannt machen.",
            "Besuchszeiten außerhalb der Schule, zusätzliche Stunden für Kinder, ein Raum, in dem Kinder sich bewegen dürfen.",
            "Video und Telefon als Ergänzung, nicht als Ersatz; den Weg bezahlen, wo das Geld fehlt.",
            "Kavi mit Plakaten und Karten dort zeigen, wo Familien warten.",
        )),
        Small(
            f"Wie viele Kinder in {name} betroffen sind, zählt niemand. {HIDDEN} "
            "Quelle der Zahlen: Kavi; Methode und Grenzen im ganzen Bericht. "
            f"Bundesweit wird {estimate} geschätzt."
        ),
    ]  # fmt: skip


def _way(now: Release, words: Wording, land: str) -> list[Block]:
    """How far it is, in one sentence."""
    found = [
        f"{bar.label[0].lower()}{bar.label[1:]} {bar.shown}"
        for bar in share_bars(now, words, "land.way", land)
        if bar.value is not None
    ]
    return [Text("**Weg zum Gefängnis**, einfache Strecke: " + "; ".join(found) + ".")] if found else []


def _land_themes(now: Release, words: Wording, land: str, name: str) -> list[Block]:
    found = [bar for bar in theme_bars(now, words, land) if bar.value is not None][:4]
    if not found:
        return []
    return [Plot(f"Die häufigsten Themen, {name}", partial(bars, found, f"Themen in {name}"), SHIFTED)]
