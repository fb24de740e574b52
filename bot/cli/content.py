"""`kavi check`, `kavi test`, `kavi graph`, `kavi translate`, `kavi draw`: the editors' tools."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bot.cli.progress import bars
from bot.config import content_root, read_settings
from bot.dialogue.content import Content
from bot.errors import ContentError, Problem
from bot.loader.content import load_content, read_content
from bot.loader.files import content_files
from bot.loader.nodes import Problems
from bot.loader.plain import load_plain, plain_problems, plain_texts
from bot.loader.safety import learn
from bot.loader.translations import (
    catalog_path,
    missing_counts,
    missing_values,
    update_catalog,
    update_values,
    values_path,
)
from bot.testing.script import Script
from bot.text.readability import total as summed

CONTENT_EXIT = 3
LANGUAGES = ("en", "tr", "ar", "ru", "uk", "pl")


def run_check(*, live: bool, matching: bool, leicht: bool = False) -> int:
    """Lists every problem as file:line:column; 3 when there is an error. `leicht` names each finding in plain German."""
    root = content_root(read_settings())
    with bars() as progress:
        content, problems = read_content(root, file_by_file(root, progress))
        easy, figure = _check_plain(content, root, every=leicht)
    problems = (*problems, *easy)
    for problem in problems:
        mark = "Fehler" if problem.severity == "error" else "Hinweis"
        print(f"{problem} [{mark}]")
    if figure:
        print(figure)
    for language, count, total in missing_counts(content, root):
        print(f"Übersetzung {language}: {count} von {total} Texten fehlen. [Hinweis]")
    for language, count, total in missing_values(content, root):
        if count:
            print(f"Übersetzung {language}: {count} von {total} Angaben in Texten (Länder, Fristen) fehlen. [Hinweis]")
    errors = sum(problem.severity == "error" for problem in problems)
    print(
        f"{len(content.flows)} Abläufe, {len(content.topics)} Themen: {errors} Fehler, {len(problems) - errors} Hinweise.",
        file=sys.stderr,
    )
    if matching:
        from bot.cli.understand import check_matching

        errors += check_matching(content)
    if live:
        from bot.cli.live import show_people_on_changed_steps

        show_people_on_changed_steps(content)
    return CONTENT_EXIT if errors else 0


def file_by_file(root: Path, progress: Callable[[str, int, int], None]) -> Callable[[Path], None]:
    """Moves a bar on with each file that is read; some are read twice, which fills it no further."""
    files = {path for path in content_files(root) if path.suffix == ".yaml"}
    read: set[Path] = set()

    def reading(path: Path) -> None:
        read.add(path)
        progress("Inhalte", min(len(read), len(files)), len(files))

    return reading


def _check_plain(content: Content, root: Path, *, every: bool) -> tuple[tuple[Problem, ...], str]:
    """How the texts in plain German read: what stands out, and one line of figures ("" without rules)."""
    problems = Problems()
    rules = load_plain(root / "knowledge", problems)
    if rules is None:
        return tuple(problems.found), ""
    texts = plain_texts(content, rules)
    all_of_them = summed(text.measured for text in texts)
    easy = all_of_them.sentences - all_of_them.hard
    figure = (
        f"Einfache Sprache: {len(texts)} Texte, {_percent(easy, all_of_them.sentences)} von {all_of_them.sentences} Sätzen ohne"
        f" Auffälligkeit, {_comma(all_of_them.words / max(1, all_of_them.sentences))} Wörter je Satz,"
        f" {_percent(all_of_them.negated, all_of_them.sentences)} verneinen."
    )
    return (*problems.found, *plain_problems(texts, rules, every=every)), figure


def _percent(part: int, whole: int) -> str:
    return f"{_comma(100 * part / max(1, whole))} %"


def _comma(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def run_test(*, path: Path | None, coverage: bool, mutate: bool, flow: str = "", workers: int = 1) -> int:
    """Plays conversation tests; 1 when one fails. `flow` names the flows that are changed, with `*` for several."""
    from bot.testing.playing import exits_of, play
    from bot.testing.script import load_scripts

    root = content_root(read_settings())
    content = load_content(root)
    where = path or next(
        (p for p in (Path("tests/conversations"), root / "tests" / "conversations") if p.is_dir()), None
    )
    if where is None or not where.exists():
        print(f"Keine Gesprächstests gefunden: {where or 'tests/conversations'}.", file=sys.stderr)
        return CONTENT_EXIT
    problems = Problems()
    scripts = load_scripts(where, problems)
    if problems.errors:
        raise ContentError(problems.errors)
    played = [play(content, script) for script in scripts]
    for one in played:
        if one.failure is not None:
            print(f"✗ {one.script.name}\n    {one.failure}")
    failed = sum(one.failure is not None for one in played)
    walked = {row for one in played for row in one.trace}
    exits = list(exits_of(content))
    missed = [row for row in exits if (row[0], row[1], row[2]) not in walked]
    if coverage:
        for of_flow, step, way, place in missed:
            print(f"{place}: nicht geprüft: {of_flow}.{step}{' → ' + way if way else ''}")
    share = 100 * (1 - len(missed) / len(exits)) if exits else 100.0
    print(f"Abdeckung: {_comma(share)} % von {len(exits)} Schritten und Abzweigungen")
    if mutate:
        _mutate(content, scripts, fnmatch.filter(sorted(content.flows), flow or "*"), workers)
    print(f"{len(played) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _mutate(content: Content, scripts: list[Script], flows: list[str], workers: int) -> None:
    from bot.testing.mutation import unnoticed

    survivors, tried = unnoticed(content, scripts, flows, workers=workers)
    for mutant in survivors:
        print(f"{mutant.place}: niemand bemerkt: {mutant.flow}.{mutant.step}: {mutant.what}")
    print(
        f"Mutationen in {len(flows)} Abläufen: {tried} versucht, {len(survivors)} unbemerkt"
        f" ({_percent(len(survivors), tried)})"
    )


def run_graph(flow: str, out: Path | None) -> int:
    """Draws a flow: SVG into a file, Mermaid on standard output."""
    from bot.loader.graph import mermaid, svg
    from bot.loader.nodes import suggestion

    content, problems = read_content(content_root(read_settings()))
    found = content.flows.get(flow)
    if found is None:
        print(f"Den Ablauf {flow!r} gibt es nicht{suggestion(flow, content.flows)}.", file=sys.stderr)
        return 2
    if out is None:
        Console(soft_wrap=True, highlight=False, markup=False).print(mermaid(content, found, problems), end="")
    else:
        out.write_text(svg(content, found, problems), encoding="utf-8")
        print(f"{out} geschrieben.")
    return 0


def run_translate(language: str) -> int:
    """Writes the language's PO file anew from the content; translations that are there stay."""
    if language not in LANGUAGES:
        print(f"Die Sprache {language!r} gibt es nicht. Bekannt sind {', '.join(LANGUAGES)}.", file=sys.stderr)
        return 2
    root = content_root(read_settings())
    content, problems = read_content(root)
    if broken := tuple(problem for problem in problems if problem.severity == "error"):
        raise ContentError(broken)
    missing, total = update_catalog(content, root, language)
    print(f"{catalog_path(root, language)}: {total} Texte, {missing} noch nicht übersetzt.")
    missing, total = update_values(content, root, language)
    print(f"{values_path(root, language)}: {total} Angaben, {missing} noch nicht übersetzt.")
    return 0


def run_draw() -> int:
    """Draws the PNG beside each SVG of dialogues/pictures; 2 without the extra `pictures`, 3 for a broken SVG."""
    from bot.documents.scenes import draw, scenes_of

    for scene in scenes_of(content_root(read_settings()) / "dialogues" / "pictures"):
        try:
            data = draw(scene)
        except ImportError:
            print("Zum Zeichnen fehlt eine Erweiterung: pip install 'kavi-bot[pictures]'", file=sys.stderr)
            return 2
        except ValueError as error:
            print(f"{scene} lässt sich nicht zeichnen: {error}.", file=sys.stderr)
            return CONTENT_EXIT
        scene.with_suffix(".png").write_bytes(data)
        print(f"{scene.with_suffix('.png')}: {len(data) / 1000:.0f} kB")
    return 0


def run_learn() -> int:
    """Fits the safety layer's likeness and writes knowledge/safety/learned.json.gz."""
    count = learn(content_root(read_settings()))
    print(f"Gelernt aus {count} Texten: knowledge/safety/learned.json.gz")
    return 0
