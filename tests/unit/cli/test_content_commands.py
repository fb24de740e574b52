"""`kavi check --matching`, `kavi test --coverage --mutate`, `kavi graph`: what editors are told about content of their own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bot.cli.content import file_by_file, run_check, run_graph, run_test
from bot.errors import ContentError
from bot.loader.content import read_content
from tests.servers.compiled import ROOT, few
from tests.unit.testing.test_mutation import FLOW, GOOD

TOPIC = """\
id: {id}
title: {title}
audiences: [caregiver]
risk: harmless
scope: bund
as_of: 2026-11-23
confidence: high
reviewed_by: null
sources:
  - {{name: "Erfahrung", as_of: "2026"}}
answers:
  caregiver: Ja.
  caregiver.leicht: Ja.
asked:
"""
ASKED = {
    "pets.feed": ["was frisst ein hamster", "futter für kaninchen", "womit füttere ich meine katze"],
    "pets.vet": ["wann muss der hund zum tierarzt", "impfung für die katze", "tierarzt kosten hund"],
}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A content of one's own: the engine's flows, one flow and two topics more."""
    root = few(tmp_path / "content")
    (root / "dialogues" / "flows" / "probe.yaml").write_text(FLOW, encoding="utf-8")
    for name in ("outside", "smalltalk", "synonyms"):
        (root / "knowledge" / f"{name}.yaml").write_text(
            "questions: [wie wird das wetter]\n" if name == "outside" else "{}\n"
        )
    for topic, asked in ASKED.items():
        _topic(root, topic, TOPIC.format(id=topic, title=topic.upper()) + "".join(f"  - {text}\n" for text in asked))
    monkeypatch.setenv("KAVI_CONTENT_DIR", str(root))
    monkeypatch.chdir(tmp_path)
    return root


def _topic(root: Path, name: str, text: str) -> Path:
    path = root / "knowledge" / "topics" / "pets" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _talks(tmp_path: Path, text: str) -> Path:
    (tmp_path / "talks").mkdir(exist_ok=True)
    (tmp_path / "talks" / "probe.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "talks"


# ------------------------------------------------------------------ kavi check --matching


def test_examples_that_find_their_topic_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_check(live=False, matching=True) == 0
    out = capsys.readouterr().out
    (share,) = [line for line in out.splitlines() if line.startswith("Ohne sich selbst")]
    right = int(share.split(" finden ")[1].split(" ")[0])
    percent = f"{100 * right / 8:.1f}".replace(".", ",")
    assert share.endswith(f"{right} von 8 Beispielfragen ihr Thema ({percent} %)."), "a title counts as a question"
    missed = [line.removeprefix("  ").partition(": ") for line in out.splitlines() if line.startswith("  pets.")]
    assert {topic for topic, _, _ in missed} == set(ASKED)
    assert 8 - right == sum(int(count.split(" ")[0]) for _, _, count in missed)


def test_an_example_that_finds_another_topic_and_one_that_must_not_are_errors(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "knowledge" / "topics" / "pets" / "pets.vet.yaml"
    near, same = "not_asked:\n  - {text: tierarzt kosten hund, topic: pets.feed}\n", "  - was frisst ein hamster\n"
    before = path.read_text(encoding="utf-8")

    def told() -> list[str]:
        assert run_check(live=False, matching=True) == 3
        return [
            line for line in capsys.readouterr().out.splitlines() if " finde" in line and not line.startswith("Ohne")
        ]

    path.write_text(before + near, encoding="utf-8")
    assert told() == ["knowledge/topics/pets/pets.vet.yaml:19: 'tierarzt kosten hund' darf pets.vet nicht finden"]
    path.write_text(before + same + near, encoding="utf-8")
    assert told() == [
        "knowledge/topics/pets/pets.feed.yaml:15: 'was frisst ein hamster' findet für caregiver pets.vet statt pets.feed",
        "knowledge/topics/pets/pets.vet.yaml:20: 'tierarzt kosten hund' darf pets.vet nicht finden",
    ]


# ------------------------------------------------------------------ kavi check --leicht


def test_plain_german_is_measured_and_with_leicht_each_finding_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hard = "Die Inaugenscheinnahme der Besuchsräumlichkeiten, die der Anstaltsleitung obliegt, wird nicht gewährt."
    path = root / "knowledge" / "topics" / "pets" / "pets.vet.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("caregiver.leicht: Ja.", f"caregiver.leicht: {hard} {hard} Ja."),
        encoding="utf-8",
    )
    assert run_check(live=False, matching=False) == 0
    assert "Einfache Sprache: " not in capsys.readouterr().out, "no rules, no figure"
    shutil.copy(ROOT / "knowledge" / "leicht.yaml", root / "knowledge")
    assert run_check(live=False, matching=False) == 0
    out = capsys.readouterr().out
    (figure,) = [line for line in out.splitlines() if line.startswith("Einfache Sprache: ")]
    assert re.fullmatch(
        r"Einfache Sprache: \d+ Texte, \d+,\d % von \d+ Sätzen ohne Auffälligkeit, \d+,\d Wörter je Satz, \d+,\d % verneinen\.",
        figure,
    )
    text = "knowledge/topics/pets/pets.vet.yaml:1:1: pets.vet answers.caregiver.leicht: "
    (hint,) = [line for line in out.splitlines() if line.startswith(text)]
    assert hint.removeprefix(text).startswith("schwer zu lesen, 2 von 3 Sätzen: ")
    assert " weitere [Hinweis]" in hint
    assert run_check(live=False, matching=False, leicht=True) == 0
    every = [line.removeprefix(text) for line in capsys.readouterr().out.splitlines() if line.startswith(text)]
    assert len(every) == 2 * 7
    assert all(f"(„{hard}“)" in line and "schwer zu lesen" not in line for line in every)


# ------------------------------------------------------------------ kavi test


def test_what_talks_do_not_walk_and_what_they_do_not_notice_is_named(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poor = _talks(tmp_path, GOOD.split("- test: dort")[0])
    assert run_test(path=poor, coverage=True, mutate=True, flow="prob*") == 0
    out = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Abdeckung: 0,") for line in out)
    missed = [line.rpartition(": ")[2] for line in out if ": nicht geprüft: probe." in line]
    assert missed == ["probe.land → there", "probe.there", "probe.#4"]
    unnoticed = [line.split(": niemand bemerkt: ") for line in out if ": niemand bemerkt: " in line]
    assert [what for _, what in unnoticed] == [
        "probe.land: option there leads on",
        "probe.land: stop ends",
        "probe.land: no timeout",
        "probe.there: skip assign",
        "probe.#4: skip send",
    ]
    assert unnoticed[0][0].endswith("dialogues/flows/probe.yaml:5"), "where an editor opens it"
    assert out[-2:] == ["Mutationen in 1 Abläufen: 8 versucht, 5 unbemerkt (62,5 %)", "1 passed, 0 failed"]


def test_a_talk_that_goes_another_way_is_named_with_the_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = _talks(tmp_path, GOOD.replace("{step: probe.here}", "{step: probe.there}"))
    assert run_test(path=wrong, coverage=False, mutate=False) == 1
    out = capsys.readouterr().out
    difference = "expected step: probe.there, got step:probe.here 'Gut, hier.'"
    assert f"✗ hier\n    {wrong}/probe.yaml:8: {difference}\n" in out
    assert out.endswith("2 passed, 1 failed\n")
    assert "nicht geprüft" not in out


def test_talks_that_are_missing_or_broken_are_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_test(path=None, coverage=False, mutate=False) == 3
    assert capsys.readouterr().err == "Keine Gesprächstests gefunden: tests/conversations.\n"
    assert run_test(path=Path("nowhere"), coverage=False, mutate=False) == 3
    assert capsys.readouterr().err == "Keine Gesprächstests gefunden: nowhere.\n"
    with pytest.raises(ContentError, match=r"probe\.yaml:2:3: unknown key 'tset'"):
        run_test(path=_talks(tmp_path, GOOD.replace("- test: hier", "- tset: hier")), coverage=False, mutate=False)


# ------------------------------------------------------------------ kavi graph


def test_a_flow_is_drawn_and_one_that_is_not_there_is_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_graph("probe", None) == 0
    drawn = capsys.readouterr().out
    assert drawn.startswith("flowchart")
    assert "Wo?" in drawn
    assert run_graph("probe", tmp_path / "probe.svg") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'probe.svg'} geschrieben.\n"
    assert "Wo?" in (tmp_path / "probe.svg").read_text(encoding="utf-8")
    assert run_graph("prode", None) == 2
    assert capsys.readouterr().err == "Den Ablauf 'prode' gibt es nicht (did you mean 'probe'?).\n"


def test_the_check_moves_a_bar_on_with_each_file_that_it_reads(tmp_path: Path) -> None:
    flows = tmp_path / "dialogues" / "flows"
    flows.mkdir(parents=True)
    for name in ("one", "two"):
        (flows / f"{name}.yaml").write_text(f"flow: {name}\nsteps:\n  - say: Hallo\n", encoding="utf-8")
    heard: list[tuple[str, int, int]] = []
    read_content(tmp_path, file_by_file(tmp_path, lambda *step: heard.append(step)))
    assert [step for step in heard if step[1] < 2] == [("Inhalte", 1, 2)]
    assert heard[-1] == ("Inhalte", 2, 2)
