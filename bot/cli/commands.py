"""All commands by name; what they do lies in the modules beside this one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.institution_commands import institution
from bot.cli.staff_commands import staff

app = typer.Typer(
    name="kavi",
    help="Kavi: ein Chatbot für Familien von Inhaftierten und die Fachkräfte um sie herum.",
    pretty_exceptions_enable=False,  # a traceback must never show a person's text
)

app.add_typer(staff, name="staff")
app.add_typer(institution, name="institution")

As = Annotated[
    str | None,
    typer.Option("--as", help="Rolle ohne Kennenlernen: caregiver, child, parent, staff; counsellor wie --desk."),
]
Age = Annotated[int | None, typer.Option(help="Alter des Kindes in Jahren (mit --as child).", min=3, max=120)]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Ein JSON-Objekt je Zeile hinein und heraus.")]


@app.command("help")
def help_(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="BEFEHL", help="Der Befehl, zum Beispiel backup oder staff add.")
    ] = None,
    english: Annotated[bool, typer.Option("--english", help="Auf Englisch.")] = False,
) -> None:
    """Erklärt Kavi oder einen Befehl."""
    from bot.cli.manual import run_help_of

    raise SystemExit(run_help_of(context.find_root().command, command or [], english=english))


@app.command()
def chat(
    as_: As = None,
    age: Age = None,
    jsonl: Jsonl = False,
    resume: Annotated[bool, typer.Option(help="Das letzte Gespräch fortsetzen.")] = False,
    record: Annotated[Path | None, typer.Option(help="Das Gespräch als Test in diese Datei schreiben.")] = None,
    register: Annotated[str, typer.Option(help="plain oder leicht.")] = "plain",
    language: Annotated[str, typer.Option(help="Sprache: de, en, tr, ar, ru, uk, pl.")] = "de",
    desk: Annotated[
        bool, typer.Option("--desk", help="Probe für die Beratung: Familie und Team in einem Terminal.")
    ] = False,
) -> None:
    """Ein Gespräch im Terminal."""
    from bot.cli.chat import run_chat

    raise SystemExit(
        run_chat(
            role=as_, age=age, jsonl=jsonl, resume=resume, record=record, register=register, language=language, desk=desk
        )
    )  # fmt: skip


@app.command()
def ask(jsonl: Jsonl = False, why: Annotated[bool, typer.Option(help="Die Entscheidung erklären.")] = False) -> None:
    """Welches Thema passt zu einer Frage? Liest von der Standardeingabe."""
    from bot.cli.understand import run_ask

    raise SystemExit(run_ask(jsonl=jsonl, why=why))


@app.command()
def triage(jsonl: Jsonl = False) -> None:
    """Ist das ein Notfall? Liest von der Standardeingabe."""
    from bot.cli.understand import run_triage

    raise SystemExit(run_triage(jsonl=jsonl))


@app.command()
def check(
    live: Annotated[bool, typer.Option(help="Zeigt, wie viele Menschen auf geänderten Schritten stehen.")] = False,
    matching: Annotated[bool, typer.Option(help="Prüft, ob jede Beispielfrage ihr Thema findet.")] = False,
    leicht: Annotated[bool, typer.Option(help="Nennt jede Stelle, die in Einfacher Sprache auffällt.")] = False,
) -> None:
    """Prüft alle Inhalte; Ende mit 3, wenn etwas nicht stimmt."""
    from bot.cli.content import run_check

    raise SystemExit(run_check(live=live, matching=matching, leicht=leicht))


@app.command()
def learn() -> None:
    """Lernt aus den Beispielen in knowledge/safety, was Gefahr ist und was nicht; nach jeder Änderung dort."""
    from bot.cli.content import run_learn

    raise SystemExit(run_learn())


@app.command()
def test(
    path: Annotated[Path | None, typer.Argument(metavar="DATEI", help="Datei oder Ordner mit Gesprächstests.")] = None,
    coverage: Annotated[bool, typer.Option(help="Nicht geprüfte Schritte und Abzweigungen zeigen.")] = False,
    mutate: Annotated[bool, typer.Option(help="Abläufe verändern und zeigen, was kein Test bemerkt.")] = False,
    flow: Annotated[str, typer.Option(help="Nur diese Abläufe verändern, etwa visit-*.")] = "",
    workers: Annotated[int, typer.Option(help="So viele Prozesse verändern und spielen.")] = 2,
) -> None:
    """Spielt die Gesprächstests."""
    from bot.cli.content import run_test

    raise SystemExit(run_test(path=path, coverage=coverage, mutate=mutate, flow=flow, workers=workers))


@app.command()
def graph(
    flow: Annotated[str, typer.Argument(metavar="ABLAUF", help="Name des Ablaufs.")],
    out: Annotated[Path | None, typer.Option(help="SVG-Datei; sonst Mermaid auf der Standardausgabe.")] = None,
) -> None:
    """Zeichnet einen Ablauf."""
    from bot.cli.content import run_graph

    raise SystemExit(run_graph(flow, out))


@app.command()
def translate(
    language: Annotated[str, typer.Argument(metavar="SPRACHE", help="Sprache: en, tr, ar, ru, uk, pl.")],
) -> None:
    """Legt die Liste für Übersetzerinnen und Übersetzer an oder bringt sie auf den Stand der Inhalte."""
    from bot.cli.content import run_translate

    raise SystemExit(run_translate(language))


@app.command()
def draw() -> None:
    """Zeichnet die Bilder in dialogues/pictures neu, nach einer Änderung an einem SVG."""
    from bot.cli.content import run_draw

    raise SystemExit(run_draw())


@app.command()
def run(
    roles: Annotated[
        str, typer.Option(help="Welche Aufgaben dieser Prozess übernimmt.")
    ] = "ingest,workers,outbox,timers",
) -> None:
    """Startet Kavi auf den eingestellten Messengern."""
    from bot.cli.running import run_run

    raise SystemExit(run_run(roles))


@app.command()
def reload() -> None:
    """Lässt ein laufendes Kavi die Inhalte neu laden; fehlerhafte Inhalte ersetzen nie gute."""
    from bot.cli.running import run_reload

    raise SystemExit(run_reload())


@app.command()
def status() -> None:
    """Zeigt Gespräche, Postausgang, Erinnerungen und offene Alarme."""
    from bot.cli.operate import run_status

    raise SystemExit(run_status())


@app.command()
def doctor() -> None:
    """Prüft Schlüssel, Speicher, Inhalte und Messenger und sagt, was zu tun ist."""
    from bot.cli.doctor import run_doctor

    raise SystemExit(run_doctor())


@app.command()
def erase(
    conversation: Annotated[
        str,
        typer.Argument(
            metavar="KENNUNG", help="Kennung des Gesprächs aus dem Protokoll; mindestens die ersten 8 Zeichen."
        ),
    ],
) -> None:
    """Löscht ein Gespräch: zuerst den Schlüssel, dann alles andere."""
    from bot.cli.operate import run_erase

    raise SystemExit(run_erase(conversation))


@app.command()
def why(
    topic: Annotated[str, typer.Argument(metavar="THEMA", help="Kennung des Themas, z. B. visit.documents.")],
) -> None:
    """Zeigt, woher jede Zahl und jede Aussage eines Themas stammt."""
    from bot.cli.knowledge import run_why

    raise SystemExit(run_why(topic))


@app.command()
def knowledge(
    html: Annotated[
        Path | None, typer.Option(help="Als Seite in diese Datei schreiben; sie braucht kein Netz.")
    ] = None,
) -> None:
    """Zeigt alle Themen mit Quellen, Stand, Prüfung und was bald abläuft."""
    from bot.cli.knowledge import run_knowledge

    raise SystemExit(run_knowledge(html))


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="ORDNER", help="Ordner für die Sicherung.")],
    every: Annotated[
        int,
        typer.Option(
            help="Sekunden: läuft weiter und sichert immer wieder; bei SQLite nur, was sich geändert hat.", min=0
        ),
    ] = 0,
    keep: Annotated[int, typer.Option(help="So viele ganze Sicherungen der Daten bleiben.", min=1)] = 30,
) -> None:
    """Sichert im laufenden Betrieb: Daten und Schlüssel in getrennte Dateien, geprüft."""
    from bot.cli.operate import run_backup

    raise SystemExit(run_backup(target, every, keep))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="ORDNER", help="Ordner der Sicherung.")],
    until: Annotated[
        datetime | None,
        typer.Option(
            help="Den Stand von damals statt des neuesten (Ortszeit).", formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        ),
    ] = None,
) -> None:
    """Stellt eine Sicherung her; seither Gelöschtes bleibt gelöscht."""
    from bot.cli.operate import run_restore

    raise SystemExit(run_restore(source, None if until is None else until.astimezone()))


@app.command("rotate-key")
def rotate_key(
    to: Annotated[
        Path | None, typer.Option(help="Neue Datei für den Schlüssel; nötig, wenn er nicht im Datenordner liegt.")
    ] = None,
) -> None:
    """Wechselt den Hauptschlüssel im laufenden Betrieb."""
    from bot.cli.keys import run_rotate_key

    raise SystemExit(run_rotate_key(to))


@app.command()
def desk(once: Annotated[bool, typer.Option(help="Nur einmal zeigen.")] = False) -> None:
    """Zeigt Warteschlange und Auslastung der Beratung, laufend."""
    from bot.cli.desk import run_desk

    raise SystemExit(run_desk(once))


@app.command()
def audit(last: Annotated[int, typer.Option(help="So viele Zeilen.")] = 50) -> None:
    """Zeigt das Protokoll der Beratung und prüft seine Kette; Ende mit 1, wenn sie unterbrochen ist."""
    from bot.cli.desk import run_audit

    raise SystemExit(run_audit(last))


@app.command()
def complaints(
    done: Annotated[str, typer.Option(help="Kennung einer erledigten Beschwerde; ihr Text wird gelöscht.")] = "",
) -> None:
    """Zeigt der Leitung die Beschwerden von Familien; sie gehen an der Beratung vorbei."""
    from bot.cli.complaints import run_done, run_list

    raise SystemExit(run_done(done) if done else run_list())


@app.command()
def certificate(code: Annotated[str, typer.Argument(metavar="CODE", help="Der Code auf der Bescheinigung.")]) -> None:
    """Prüft den Code einer Bescheinigung; Ende mit 1, wenn er nicht von hier ist."""
    from bot.cli.operate import run_certificate

    raise SystemExit(run_certificate(code))


@app.command()
def report(
    out: Annotated[Path, typer.Argument(metavar="ORDNER", help="Ordner für Seiten, PDFs und Daten.")] = Path("bericht"),
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Alle vollen Wochen, die noch ausstehen, veröffentlichen: einmal für immer."),
    ] = False,
    land: Annotated[str, typer.Option(help="Dazu zwei Seiten für dieses Bundesland, oder „alle“.")] = "",
    demo: Annotated[bool, typer.Option(help="Muster mit erfundenen Zahlen, als solches gekennzeichnet.")] = False,
) -> None:
    """Schreibt den Bericht: Seite, PDF, Vorschlag und offene Daten, nur aus veröffentlichten Zahlen."""
    from bot.cli.report import run_report

    raise SystemExit(run_report(out, publish, land, demo))


@app.command()
def poster(
    out: Annotated[Path, typer.Argument(metavar="DATEI", help="PDF-Datei.")] = Path("plakat.pdf"),
    land: Annotated[str, typer.Option(help="Für ein Bundesland.")] = "",
    prison: Annotated[str, typer.Option(help="Für ein Gefängnis: Name, Ort oder Kennung.")] = "",
    school: Annotated[str, typer.Option(help="Für eine Schule: ihr Name, wie er auf dem Plakat stehen soll.")] = "",
    audience: Annotated[str, typer.Option("--for", help="family, child oder staff.")] = "family",
    size: Annotated[str, typer.Option(help="a4 (Plakat) oder a6 (Karte).")] = "a4",
    telegram: Annotated[str, typer.Option(help="Name des Bots bei Telegram; sonst aus den Einstellungen.")] = "",
    matrix: Annotated[str, typer.Option(help="Matrix-Kennung, @kavi:beispiel.org; sonst aus den Einstellungen.")] = "",
) -> None:
    """Macht ein Plakat oder eine Karte mit QR-Code, der den Chat an der richtigen Stelle öffnet."""
    from bot.cli.poster import Wish, run_poster

    wish = Wish(
        out=out, land=land, prison=prison, school=school, audience=audience, size=size, telegram=telegram, matrix=matrix
    )
    raise SystemExit(run_poster(wish))


@app.command()
def migrate(
    to: Annotated[
        str, typer.Option(help="Zieldatenbank: sqlite:///pfad oder postgresql://…; leer = nur das Schema erneuern.")
    ] = "",
) -> None:
    """Zieht alles in eine andere Datenbank um und vergleicht Anzahl und Prüfsumme jeder Tabelle."""
    from bot.cli.operate import run_migrate

    raise SystemExit(run_migrate(to))
