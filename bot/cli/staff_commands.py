"""The commands `kavi staff …` by name; what they do lies in `desk.py`."""

from __future__ import annotations

from typing import Annotated

import typer

staff = typer.Typer(help="Das Team der Beratung: eintragen, Einmalcodes, ausscheiden.")


@staff.command("add")
def staff_add(
    alias: Annotated[str, typer.Argument(metavar="NAME", help="Name, den Familien lesen, z. B. „Frau Berg“.")],
    role: Annotated[str, typer.Option(help="counsellor, supervisor, admin, editor; mehrere mit Komma.")] = "counsellor",
    team: Annotated[str, typer.Option(help="Teams mit Komma; leer: alle.")] = "",
    language: Annotated[str, typer.Option(help="Sprachen mit Komma.")] = "de",
    cap: Annotated[int, typer.Option(help="So viele Fälle zugleich.")] = 6,
) -> None:
    """Trägt jemanden ein und zeigt den Einmalcode."""
    from bot.cli.desk import run_staff_add

    raise SystemExit(run_staff_add(alias, role, team, language, cap))


Who = Annotated[str, typer.Argument(metavar="KENNUNG", help="Kennung oder Name.")]


@staff.command("code")
def staff_code(who: Who) -> None:
    """Gibt einen neuen Einmalcode, zum Beispiel für ein zweites Konto."""
    from bot.cli.desk import run_staff_code

    raise SystemExit(run_staff_code(who))


@staff.command("off")
def staff_off(who: Who) -> None:
    """Jemand scheidet aus: Konten werden getrennt, offene Fälle warten wieder."""
    from bot.cli.desk import run_staff_off

    raise SystemExit(run_staff_off(who))


@staff.command("unlink")
def staff_unlink(who: Who) -> None:
    """Trennt alle Konten, zum Beispiel nach einem verlorenen Telefon."""
    from bot.cli.desk import run_staff_unlink

    raise SystemExit(run_staff_unlink(who))


@staff.command("list")
def staff_list() -> None:
    """Zeigt das Team."""
    from bot.cli.desk import run_staff_list

    raise SystemExit(run_staff_list())
