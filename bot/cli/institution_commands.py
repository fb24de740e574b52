"""The commands `kavi institution …` by name; what they do lies in `exchange.py`."""

from __future__ import annotations

from typing import Annotated

import typer

institution = typer.Typer(
    help="Stellen, die Vermittlungen annehmen oder Ansprechpersonen nennen: eintragen, Einmalcodes, Zahlen.",
)

Which = Annotated[str, typer.Argument(metavar="KENNUNG", help="Kennung oder Name der Stelle.")]


@institution.command("add")
def institution_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name, den Fachkräfte und Familien lesen.")],
    kind: Annotated[
        str,
        typer.Option(
            help="Beratung, Gruppe, Besuchsbegleitung, Jugendhilfe, Straffälligenhilfe; mehrere mit Komma. "
            "Leer: nimmt keine Vermittlungen, nennt nur Ansprechpersonen."
        ),
    ] = "",
    land: Annotated[str, typer.Option(help="Länder mit zwei Buchstaben und Komma; leer: alle.")] = "",
    prison: Annotated[
        str, typer.Option(help="Kennung aus knowledge/data/prisons.yaml, wenn es eine Anstalt ist.")
    ] = "",
) -> None:
    """Trägt eine Stelle ein und zeigt den Einmalcode."""
    from bot.cli.exchange import run_add

    raise SystemExit(run_add(name, kind, land, prison))


@institution.command("code")
def institution_code(who: Which) -> None:
    """Gibt einen neuen Einmalcode, zum Beispiel für eine zweite Person."""
    from bot.cli.exchange import run_code

    raise SystemExit(run_code(who))


@institution.command("off")
def institution_off(who: Which) -> None:
    """Die Stelle nimmt keine neuen Vermittlungen mehr an."""
    from bot.cli.exchange import run_off

    raise SystemExit(run_off(who))


@institution.command("remove")
def institution_remove(who: Which) -> None:
    """Entfernt die Stelle mit ihren Ansprechpersonen; offene Vermittlungen enden, und alle erfahren es."""
    from bot.cli.exchange import run_remove

    raise SystemExit(run_remove(who))


@institution.command("list")
def institution_list() -> None:
    """Zeigt die Stellen."""
    from bot.cli.exchange import run_list

    raise SystemExit(run_list())


@institution.command("rooms")
def institution_rooms() -> None:
    """Zeigt die geschützten Räume: Stand, Ende, Verlauf; nie, was dort geschrieben wurde."""
    from bot.cli.exchange import run_rooms

    raise SystemExit(run_rooms())


@institution.command("circle")
def institution_circle(
    land: Annotated[str, typer.Argument(metavar="LAND", help="Land mit zwei Buchstaben, zum Beispiel HE.")],
    close: Annotated[bool, typer.Option("--close", help="Schließt den Raum und leert ihn.")] = False,
) -> None:
    """Öffnet den ständigen Raum eines Landes auf Matrix: Termine, Tagesordnung, Protokolle, Aufgaben."""
    from bot.cli.exchange import run_circle

    raise SystemExit(run_circle(land, close=close))


@institution.command("numbers")
def institution_numbers(weeks: Annotated[int, typer.Option(help="So viele Wochen zurück.", min=1)] = 52) -> None:
    """Wie Vermittlungen verliefen: Schritte, Wartezeiten, Ablehnungen, je Land und Angebot."""
    from bot.cli.exchange import run_numbers

    raise SystemExit(run_numbers(weeks))
