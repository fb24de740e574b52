"""`kavi chat --desk`: a family and the counsellors in one terminal, with the real desk between them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.rehearsal import begin
from bot.cli.rehearsing import Stage
from bot.cli.screen import Screen
from bot.config import Settings
from bot.dialogue.content import Content
from bot.storage.memory import MemoryStore
from bot.testing.script import onboarded
from tests.servers import bare_environment
from tests.servers.compiled import ROOT, seed

MORNING = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)  # a Thursday, 10 o'clock in Berlin
HUMAN = "Ich möchte mit einem Menschen schreiben"


class Table:
    """Somebody with a rehearsal before her. `types` gives back what both screens showed after these lines."""

    def __init__(self, stage: Stage, paper: io.StringIO) -> None:
        self.stage, self._paper = stage, paper

    async def types(self, *lines: str) -> str:
        self._paper.seek(0)
        self._paper.truncate()
        for line in lines:
            await self.stage.take(line)
        return self._paper.getvalue()

    async def taken(self, *, by: str = "berg") -> str:
        """The family that speaks asks for a human, and somebody takes its case; the number of its last message."""
        await self.types(HUMAN, f"%als {by}", "# da", "# nehmen")
        return number(await self.types("Hören Sie mich?"), "Hören Sie mich?")


def number(shown: str, words: str) -> str:
    """The number of the team's message with these words."""
    found = re.findall(rf"\((\d+)\): [^\n]*{re.escape(words)}", shown)
    assert found, shown
    return found[-1]


def sides(shown: str) -> tuple[str, str]:
    """What stood on the family's screen and on the team's."""
    rows = shown.splitlines()
    return "\n".join(row for row in rows if row[:4].strip()), "\n".join(row for row in rows if not row[:4].strip())


Sit = Callable[..., Awaitable[Table]]


@pytest.fixture
def sit(content: Content, monkeypatch: pytest.MonkeyPatch) -> Sit:
    """Begins a rehearsal with a family of that role."""
    monkeypatch.setenv("COLUMNS", "200")

    async def begins(role: str = "caregiver", age: int | None = None, at: datetime = MORNING) -> Table:
        paper = io.StringIO()
        rehearsal = await begin(Settings(), content, MemoryStore(), at)
        table = Table(Stage(rehearsal, Screen(paper), Screen(paper, indent=4)), paper)
        await rehearsal.family_comes(onboarded(role, age=age))
        table.stage.show()
        return table

    return begins


async def test_a_case_comes_in_is_taken_answered_and_closed(sit: Sit) -> None:
    table = await sit()
    family, team = sides(await table.types(HUMAN))
    assert "Gut, ich habe der Beratung Bescheid gesagt." in family
    assert "[Teamraum]" in team
    assert "möchte mit einem Menschen schreiben" in team
    assert "Eine Familie wartet" in await table.types("# da")
    family, team = sides(await table.types("# nehmen"))
    assert "**Frau Berg**" not in family, "the screen shows words, not markup"
    assert "Frau Berg aus der Beratung" in family
    assert "[Fall " in team
    assert table.stage.prompt.startswith("Familie 1 / # Frau Berg, Fall ")
    asked = number(await table.types("Darf mein Kind mit?"), "Darf mein Kind mit?")
    family, team = sides(await table.types("# Muss ich nachsehen"))
    assert not family
    assert "📝 Notiz: „Muss ich nachsehen“" in team
    family, team = sides(await table.types(f"#{asked} Ja, gern."))
    assert family == "[Familie 1]\nKavi: Ja, gern."
    assert "✅ angekommen: „Ja, gern.“" in team
    assert "📤" not in team, "what arrived at once is not on its way any more"
    closing = number(await table.types("# /schließen"), "Wie ist der Fall ausgegangen?")
    family, team = sides(await table.types(f"#{closing}.1"))
    assert "Das Gespräch mit der Beratung ist beendet." in family
    assert "ist geschlossen: geklärt" in team
    assert table.stage.prompt.endswith("Frau Berg, Teamraum"), "a room that is closed is left"


async def test_a_quick_answer_waits_for_its_button(sit: Sit) -> None:
    table = await sit()
    await table.taken()
    family, team = sides(await table.types("# /vorlage begruessung"))
    assert not family
    draft = number(team, "Entwurf")
    assert f"{draft}.1 Senden" in team
    assert "Guten Tag, hier ist Frau Berg" in sides(await table.types(f"#{draft}.1"))[0]


async def test_words_in_the_wrong_room_reach_that_family_and_can_be_taken_back(sit: Sit) -> None:
    table = await sit()
    await table.taken()
    await table.types("%neu angehörige")
    await table.taken()
    first, second = (case for case in (await table.stage.rehearsal.books()).cases.values())
    await table.types(f"%raum {first.code}")
    assert table.stage.prompt == f"Familie 2 / # Frau Berg, Fall {first.code} · {first.alias}"
    family, _ = sides(await table.types("# >> Ihr Termin ist am Montag."))
    assert family == "[Familie 1]\nKavi: Ihr Termin ist am Montag."
    family, team = sides(await table.types("# löschen"))
    assert family == "[Familie 1]\nEine Nachricht ist hier gelöscht."
    assert f"Ich lösche bei {first.alias}: „Ihr Termin ist am Montag.“" in team
    shown = await table.types("%familie")
    assert f"Familie 1: für die Beratung {first.alias}, Fall {first.code}" in shown
    assert f"Familie 2: für die Beratung {second.alias}, Fall {second.code}" in shown


async def test_an_alarm_is_answered_by_her_in_time_or_by_kavi(sit: Sit) -> None:
    table = await sit("child", 15)
    await table.taken()
    family, team = sides(await table.types("ich will nicht mehr leben"))
    assert not family, "while a counsellor speaks, only she speaks"
    assert "🚨 Alarm: Suizidgedanken" in team
    checklist = number(team, "Kinderschutz:")
    assert "Kinderschutz 1/7" in await table.types(f"#{checklist}.1")
    await table.types("# >> Ich bin da.")
    assert "Das schreibt Kavi, das Programm" not in await table.types("%warten 2m")
    await table.types("ich bring mich um")
    assert "Das schreibt Kavi, das Programm" in sides(await table.types("%warten 1m"))[0]


async def test_in_the_evening_nobody_reads_and_the_family_hears_when(sit: Sit) -> None:
    table = await sit()
    assert "Es ist Donnerstag, 22:00 Uhr; die Beratung hat geschlossen." in await table.types("%uhr 22:00")
    assert "Die Beratung liest wieder morgen ab 9 Uhr" in sides(await table.types(HUMAN))[0]
    assert "nicht vergessen" not in sides(await table.types("%warten 3h"))[0]
    assert "Es ist Freitag, 09:30 Uhr" in await table.types("%uhr 9:30")


async def test_who_waits_long_hears_of_it_each_time(sit: Sit) -> None:
    table = await sit()
    await table.types(HUMAN)
    family, _ = sides(await table.types("%warten 3h"))
    comfort = ["nicht vergessen", "dauert heute leider lange", "Leider hatte noch niemand Zeit"]
    assert [words in family for words in comfort] == [True, True, True]
    assert [family.index(words) for words in comfort] == sorted(family.index(words) for words in comfort)


async def test_it_begins_when_the_counsellors_read(sit: Sit) -> None:
    table = await sit(at=datetime(2026, 11, 28, 20, 0, tzinfo=UTC))  # Saturday
    assert "Es ist Montag, 09:0" in await table.types("%uhr")


async def test_two_counsellors_never_have_one_case_and_hand_it_over(sit: Sit) -> None:
    table = await sit()
    asked = await table.taken()
    await table.types("%als see")
    (case,) = (await table.stage.rehearsal.books()).cases.values()
    code, room = case.code, f"Fall {case.code} · {case.alias}"
    assert f"Fall {code} hat Frau Berg übernommen." in await table.types(f"# nehmen {code}")
    family, team = sides(await table.types(f"#{asked} Ich mische mich ein."))
    assert not family
    assert f"Fall {code} hat Frau Berg. Ihre Worte gingen nicht an die Familie." in team
    await table.types("# da", "%als berg")
    offer = number(await table.types("# /übergeben See"), "bietet Herr See an")
    family, team = sides(await table.types("%als see", f"#{offer}.1"))
    assert "Herr See aus der Beratung" in family
    assert "Dieser Raum wird geschlossen." in team
    assert f"[{room}, geschlossen]" in team
    assert table.stage.prompt.endswith(f"Herr See, {room}")


async def test_a_sign_below_a_card_takes_the_case(sit: Sit) -> None:
    table = await sit()
    card = number(await table.types(HUMAN), "Normal · Fall")
    assert "ist bei Ihnen" in await table.types(f"#{card} 👍")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("#", "Hinter # fehlen die Worte der Beratung"),
        ("#99 Hallo", "Eine Nachricht (99) gibt es bei der Beratung nicht."),
        ("#99999999999999999999.1", "gibt es bei der Beratung nicht."),
        ("%fammilie", "Meinten Sie %familie?"),
        ("%", "Das kenne ich nicht. Alles zeigt %hilfe."),
        ("%raum nirgends", "Räume: Teamraum."),
        ("%als niemand", "Im Team sind: Frau Berg, Herr See, Frau Wald."),
        ("%neu niemand", "Wer kommt? angehörige, kind, elternteil, fachkraft oder fremd."),
        ("%warten bald", "So geht es: %warten 20m"),
        ("%warten 400 tage", "So geht es: %warten 20m"),
        ("%uhr 25:00", "So geht es: %uhr 22:00"),
        ("%familie 7", "Familie 1: noch kein Fall"),
    ],
)
async def test_a_line_that_means_nothing_is_told_and_reaches_nobody(sit: Sit, line: str, said: str) -> None:
    table = await sit()
    shown = await table.types(line)
    assert said in shown
    assert "[" not in shown, "neither screen shows anything"


async def test_an_answer_without_words_and_a_button_that_is_not_there(sit: Sit) -> None:
    table = await sit()
    card = number(await table.types(HUMAN), "Normal · Fall")
    assert f"Was antwortet die Beratung auf ({card})?" in await table.types(f"#{card}")
    assert f"Unter ({card}) gibt es keinen Knopf 9." in await table.types(f"#{card}.9")
    assert f"Unter ({card}) gibt es keinen Knopf 0." in await table.types(f"#{card}.0")


async def test_the_help_names_every_order(sit: Sit) -> None:
    table = await sit()
    shown = await table.types("%hilfe")
    for name in ("neu", "familie", "als", "raum", "warten", "uhr", "ende"):
        assert f"%{name}" in shown
    assert "`" not in shown
    await table.types("%ende")
    assert table.stage.over


async def test_a_stranger_meets_kavi_first_and_nobody_writes_on_an_empty_line(sit: Sit) -> None:
    table = await sit()
    assert "Ich bin ein Kind oder Jugendlicher" in await table.types("%neu fremd")
    assert await table.types("") == ""
    assert "Worüber möchtest du reden?" in await table.types("%neu kind 15")


@pytest.mark.parametrize(
    ("options", "greeting"),
    [
        (("--desk",), "Was möchten Sie tun?"),
        (("--desk", "--as", "parent"), "Was möchten Sie tun?"),
        (("--as", "counsellor", "--age", "15"), "Worüber möchtest du reden?"),
    ],
    ids=str,
)
def test_the_command_begins_it_and_leaves_nothing_behind(
    options: tuple[str, ...], greeting: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    seed(data)
    run = subprocess.run(
        [sys.executable, "-m", "bot", "chat", *options],
        input=f"{HUMAN}\n# nehmen\n", capture_output=True, text=True, timeout=60, cwd=ROOT,
        env=bare_environment(KAVI_DATA_DIR=str(data), COLUMNS="200"),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert greeting in run.stdout
    assert "Teamraum: # nehmen\n" in run.stdout, "lines that nobody types stand in the transcript"
    assert "ist bei Ihnen" in run.stdout
    assert "\033" not in run.stdout
    assert run.stdout.endswith("Ende der Probe. Nichts davon ist geblieben.\n")
    assert [path.name for path in data.iterdir() if not path.name.startswith(("content", "meaning"))] == []
