"""The report for ministries and everybody else: blocks made from what was released."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from bot.insights.blocks import Block, Heading, Note, Plot, Points, Rows, Small, Text, Title
from bot.insights.charts import Bar, bars, thousands, tiles, trend
from bot.insights.figures import find, margin, number, share_bars, whole_of
from bot.insights.method import HIDDEN, HOW_TO_READ, SHIFTED, WHISKERS, mark, method, span
from bot.insights.questions import TAKEN, UNKNOWN_LAND
from bot.insights.release import Release, monday
from bot.insights.tables import GERMANY, NO_TOPIC, SURVEY
from bot.insights.wording import GROUPS, SHORT, TITLES, Wording

THEMES = ("visit", "contact", "prison", "money", "family", "law", "child", "parent", "staff")


def report(known: Sequence[Release], words: Wording, estimate: str) -> list[Block]:
    """The whole report from all releases so far; `estimate` is the number of affected children that is usually quoted."""
    if not known:
        return empty(estimate)
    now = known[-1]
    return [
        Title("Was Familien mit einem Elternteil in Haft brauchen", f"Zahlen aus Kavi · {span(now)}"),
        *mark(now),
        Note(HOW_TO_READ),
        Heading("Auf einen Blick"),
        Points(tuple(at_a_glance(now, words))),
        *_needs(now, words),
        *_survey(now, words),
        *_gaps(now, words),
        *_waits(now, words),
        *_trend(known),
        *_ways(now, words),
        *method(known, estimate),
    ]


def empty(estimate: str) -> list[Block]:
    return [
        Title("Was Familien mit einem Elternteil in Haft brauchen", "Zahlen aus Kavi"),
        Note(
            "**Es gibt noch keine Zahlen.** Bisher wurde nichts veröffentlicht, weil noch nichts gezählt wurde oder noch keine "
            "Veröffentlichung angestoßen ist. Diese Seite erfindet nichts."
        ),
        Heading("Was hier stehen wird"),
        Points((
            "Wonach Familien, Kinder und Fachkräfte fragen, nach Thema und Land",
            "Was Besuche mit Kind schwer macht: Kosten, Weg, Zeiten, Papiere, Erlaubnis",
            "Welche Fragen ohne gute Antwort blieben",
            "Wie lange Menschen auf eine Beraterin oder einen Berater warten",
            "Wie sich das über die Wochen verändert",
        )),
        *method((), estimate),
    ]  # fmt: skip


# ------------------------------------------------------------------ parts


def at_a_glance(now: Release, words: Wording) -> Iterator[str]:
    asked, gaps = whole_of(now, "themes"), whole_of(now, "gaps")
    if asked is not None:
        yield f"Kavi hat **{number(asked)}** Fragen beantwortet."
    if asked is not None and gaps is not None and asked.count and gaps.count:
        share = 100 * gaps.count / (asked.count + gaps.count)
        yield f"Auf **{share:.0f} %** der Fragen gab es keine gute Antwort."
    themes = [bar for bar in theme_bars(now, words) if bar.value is not None]
    if themes:
        yield "Am meisten gefragt: " + ", ".join(f"**{bar.label}**" for bar in themes[:3]) + "."
    taken = find(now, SURVEY + TAKEN, GERMANY, TAKEN)
    if taken is not None and taken.count is not None:
        yield f"An der anonymen Umfrage haben **{number(taken)}** Erwachsene teilgenommen."
    worst = [bar for bar in share_bars(now, words, "survey.obstacles") if bar.value is not None][:2]
    if worst:
        yield (
            "Was Besuche mit Kind am häufigsten schwer macht: "
            + ", ".join(f"**{b.label}** {b.shown}" for b in worst)
            + "."
        )
    if asked is None and (taken is None or taken.count is None):
        yield "In diesem Zeitraum wurde zu wenig gezählt, um Gesamtzahlen zu nennen, ohne Einzelne zu verraten."


def theme_bars(now: Release, words: Wording, row: str = GERMANY) -> list[Bar]:
    table = "themes" if row == GERMANY else "needs"
    found = [(find(now, table, row, group), group) for group in THEMES if group in words.groups]
    made = [
        Bar(
            label=GROUPS[group], value=one.count, low=(one.count or 0) - one.margin, high=(one.count or 0) + one.margin,
            shown=number(one),
        )
        for one, group in found
        if one is not None
    ]  # fmt: skip
    return sorted(made, key=lambda bar: -(bar.value or 0))


def _needs(now: Release, words: Wording) -> list[Block]:
    table = now.tables["needs"]
    sums = {land: table.row_sums.get(land) for land in words.laender}
    groups = [group for group in THEMES if group in words.groups]
    rows = [("Land", *(SHORT[group] for group in groups))]
    for land in (*sorted(words.laender, key=words.land), UNKNOWN_LAND):
        cells = table.cells.get(land, {})
        rows.append((words.land(land), *(_cell(cells.get(group)) for group in groups)))
    about = "Beantwortete Fragen nach Land: " + ", ".join(f"{words.land(k)} {_cell(v)}" for k, v in sums.items())
    return [
        Heading("Wonach gefragt wird"),
        Plot(
            "Beantwortete Fragen nach Thema, alle Länder",
            partial(bars, theme_bars(now, words), "Beantwortete Fragen nach Thema"),
            SHIFTED,
        ),
        Heading("Bedarf nach Land"),
        Plot("Beantwortete Fragen nach Land", partial(tiles, sums, about), f"Je dunkler, desto mehr. {HIDDEN}"),
        Rows(tuple(rows), (42.0, *(128.0 / len(groups) for _ in groups))),
        Small(
            f"Jede Zahl trägt ein Schutzrauschen von höchstens ± {table.limit}, meist unter ± {margin(table):.0f}. {HIDDEN}"
        ),
    ]


def _cell(value: int | None) -> str:
    return "–" if value is None else thousands(value)


def share_plot(now: Release, words: Wording, name: str, caption: str, row: str = GERMANY, most: int = 0) -> list[Block]:
    """A plot of shares; one sentence instead, when nothing of it may be published."""
    found = share_bars(now, words, name, row)
    if most:
        found = [bar for bar in found if bar.value is not None][:most]
    if all(bar.value is None for bar in found):
        return [Text(f"**{TITLES[name]}:** zu wenige Angaben, um etwas zu veröffentlichen.")]
    largest = min(100.0, 1.05 * max(bar.high for bar in found if bar.value is not None))
    draw = partial(
        bars, found, f"{TITLES[name]}: " + ", ".join(f"{b.label} {b.shown or 'nicht veröffentlicht'}" for b in found)
    )
    title = TITLES[name].replace("nach Land", words.land(row))
    return [Plot(title, partial(draw, largest=largest), caption)]


def _survey(now: Release, words: Wording) -> list[Block]:
    base = "Anteil derer, die diese Frage beantwortet haben."
    many = "Mehrere Antworten waren möglich, die Anteile ergeben zusammen mehr als 100 %."
    chance = "Heikle Frage: Die Hälfte der Antworten wurde vor dem Zählen durch ausgeloste ersetzt; der Zufall ist herausgerechnet."
    return [
        Heading("Was Besuche mit Kind schwer macht"),
        *share_plot(now, words, "survey.obstacles", f"Höchstens drei Antworten. {base} {WHISKERS}"),
        *share_plot(now, words, "survey.way", base),
        *share_plot(now, words, "survey.visits", base),
        *share_plot(now, words, "survey.contact", f"{many} {base}"),
        Heading("Die Kinder und ihre Familien"),
        *share_plot(now, words, "survey.children", base),
        *share_plot(now, words, "survey.youngest", base),
        *share_plot(now, words, "survey.carer", base),
        *share_plot(now, words, "survey.parent", base),
        *share_plot(now, words, "survey.custody", base),
        Heading("Wissen, Festnahme, Hilfe"),
        *share_plot(now, words, "survey.knows", f"{chance} {WHISKERS}"),
        *share_plot(now, words, "survey.arrest", chance),
        *share_plot(now, words, "survey.offers", f"Nach Kenntnis der Befragten. {many} {base}"),
        *share_plot(now, words, "survey.help", f"{many} {base}"),
    ]


def _gaps(now: Release, words: Wording) -> list[Block]:
    whole = whole_of(now, "gaps")
    said = (
        f"Insgesamt {number(whole)} Fragen." if whole is not None else "Die Gesamtzahl ist zu klein, um sie zu nennen."
    )
    return [
        Heading("Fragen ohne gute Antwort"),
        Text(
            f"Gezählt ist, wenn Kavi eine Frage nicht verstand, wenn kein angebotenes Thema passte oder wenn jemand „hat nicht geholfen“ "
            f"sagte. {said}"
        ),
        *share_plot(
            now,
            words,
            "gaps",
            f"Nächstes Thema der unbeantworteten Fragen; „{GROUPS[NO_TOPIC]}“ heißt, dass nichts nahe lag.",
        ),
    ]


def _waits(now: Release, words: Wording) -> list[Block]:
    return [
        Heading("Warten auf einen Menschen"),
        *share_plot(
            now, words, "waits",
            "Von der Bitte um einen Menschen bis zur Übernahme, auch über Nacht und am Wochenende. "
            "Wer aufgab, bevor jemand kam, fehlt hier: Die wahren Wartezeiten sind eher länger.",
        ),
    ]  # fmt: skip


def _trend(known: Sequence[Release]) -> list[Block]:
    blocks: list[Block] = [Heading("Verlauf")]
    for name in ("weeks", "gap_weeks"):
        points = [
            (f"{monday(week):%d.%m.}", None if value is None else float(value))
            for release in known
            for week, value in release.tables[name].cells[GERMANY].items()
        ][-104:]
        if all(value is None for _, value in points):
            blocks.append(Text(f"**{TITLES[name]}:** zu wenige Angaben je Woche."))
            continue
        spread = margin(known[-1].tables[name])
        blocks.append(
            Plot(
                TITLES[name],
                partial(trend, points, spread, TITLES[name]),
                f"Wochenbeginn. Das Band ist der 95-%-Bereich des Schutzrauschens (± {spread:.0f}); Lücken: zu wenige Angaben.",
            )
        )
    return blocks


def _ways(now: Release, words: Wording) -> list[Block]:
    prisons = [
        (words.category("prisons", one), value) for one, value in now.tables["prisons"].cells[GERMANY].items() if value
    ]
    rows = [
        ("Die häufigsten Gefängnisse", "angekommen"),
        *((name, thousands(value)) for name, value in sorted(prisons, key=lambda one: -one[1])[:15]),
    ]
    return [
        Heading("Wie Menschen zu Kavi kommen"),
        *share_plot(
            now, words, "came", "Nur wer über einen Code mit Herkunft kam; wer das war, wird nicht festgehalten."
        ),
        *([Rows(tuple(rows))] if prisons else []),
    ]
