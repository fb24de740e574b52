"""`kavi poster`: posters and cards for a Land, a prison or a school, with a code that opens the chat at the right place."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot import app
from bot.config import Settings, read_settings
from bot.dialogue.content import Content
from bot.dialogue.rendering import Lookup, fill
from bot.dialogue.session import Session
from bot.dialogue.whereabouts import land_in
from bot.documents.poster import SIZES, Code, Poster, poster_file
from bot.matching.directory import LEAD
from bot.text.normalise import fold

LONGEST_PAYLOAD = 64  # Telegram's limit for what a link may carry
LONGEST_NAME = 80
ROLES = {"family": "", "child": "child", "staff": "staff"}
_BOT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_MATRIX_ID = re.compile(r"@[a-z0-9._=/+-]+:[A-Za-z0-9.:\[\]-]+")


class Refused(Exception):
    """What the person asked for cannot be made; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    out: Path
    land: str = ""
    prison: str = ""
    school: str = ""
    audience: str = "family"
    size: str = "a4"
    telegram: str = ""
    matrix: str = ""


def run_poster(wish: Wish) -> int:
    """Writes the poster; 2 and one sentence when something is unknown."""
    settings = read_settings()
    try:
        poster = make_poster(wish, app.load_content_for(settings), settings)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    wish.out.parent.mkdir(parents=True, exist_ok=True)
    wish.out.write_bytes(poster_file(poster, wish.size, datetime.now(UTC)))
    print(f"{wish.out}: {poster.headline} ({wish.size.upper()})")
    for code in poster.codes:
        print(f"  {code.messenger}: {code.link}")
    return 0


def make_poster(wish: Wish, content: Content, settings: Settings) -> Poster:
    """The words and codes of the poster. Raises Refused."""
    if wish.size not in SIZES or wish.audience not in ROLES:
        raise Refused(f"Größen sind {', '.join(SIZES)}; für wen: {', '.join(ROLES)}.")
    land, prison = _land(wish, content), _prison(wish, content)
    if max(len(wish.school), len(wish.prison), len(wish.land)) > LONGEST_NAME:
        raise Refused(f"Der Name ist zu lang: höchstens {LONGEST_NAME} Zeichen passen auf ein Plakat.")
    audience = "child" if wish.school and wish.audience == "family" else wish.audience
    source = "school" if wish.school else "card" if wish.size == "a6" else "poster"
    names = {"land": content.laender.get(land, ""), "place": wish.school}
    if prison:
        names["place"] = content.prisons.get(prison).name  # type: ignore[union-attr]  # found in that directory
    variant = "caregiver" if audience == "family" else audience

    def said(key: str) -> str:
        texts = content.texts[f"poster.{key}"]
        text = texts.pick(variant, "10-13" if variant == "child" else "", "plain") or ""
        return fill(text, {**names, **_lines(content, text)}).strip()

    return Poster(
        headline=said("headline"),
        lead=said("lead"),
        points=said("points").splitlines(),
        scan=said("scan"),
        promise=said("promise"),
        robot=said("robot"),
        emergency=said("emergency"),
        place=said("for_place") if names["place"] else said("for_land") if land else "",
        codes=_codes(wish, settings, payload(land, prison, ROLES[audience], source)),
        child=audience == "child",
    )


def _lines(content: Content, text: str) -> dict[str, str]:
    """The numbers of help lines that a text names."""
    lookup = Lookup(content, Session(), {}, datetime.now(UTC).date())
    return {name: lookup.get(name, "…") for name in re.findall(r"\{(line\.[\w.]+)\}", text)}


def payload(land: str, prison: str, role: str, source: str) -> str:
    """What the link tells the chat: where and how one came, at most 64 characters; the place counts most."""
    place = f"prison-{prison}" if prison else f"land-{land}" if land else ""
    parts = [part for part in (place, f"role-{role}" if role else "", f"from-{source}") if part]
    while len("__".join(parts)) > LONGEST_PAYLOAD:
        parts.pop()
    return "__".join(parts)


def _land(wish: Wish, content: Content) -> str:
    if not wish.land:
        return ""
    found = land_in(wish.land, content)
    if found is None:
        raise Refused(
            f"Das Bundesland {wish.land[:40]!r} ist nicht bekannt. Zum Beispiel: --land Bayern oder --land NW."
        )
    return found


def _prison(wish: Wish, content: Content) -> str:
    if not wish.prison or content.prisons is None:
        return ""
    if content.prisons.get(wish.prison) is not None:
        return wish.prison
    exact = [entry.id for entry in content.prisons.entries if fold(entry.name) == fold(wish.prison)]
    if len(exact) == 1:
        return exact[0]
    hits = content.prisons.find(wish.prison)
    if not hits:
        raise Refused(
            f"Das Gefängnis {wish.prison[:40]!r} ist nicht bekannt. Der Name oder der Ort genügt, zum Beispiel: --prison Tegel."
        )
    if len(hits) > 1 and hits[0].score - hits[1].score < LEAD:
        names = "; ".join(f"{hit.entry.name} ({hit.entry.id})" for hit in hits[:5])
        raise Refused(f"Mehrere Gefängnisse passen: {names}. Bitte die Kennung in Klammern angeben.")
    return hits[0].entry.id


def _codes(wish: Wish, settings: Settings, told: str) -> list[Code]:
    codes = []
    telegram = (wish.telegram or settings.telegram.username).removeprefix("@")
    matrix = wish.matrix or settings.matrix.user_id
    if telegram:
        if not _BOT_NAME.fullmatch(telegram):
            raise Refused(
                "Der Name bei Telegram besteht aus 4 bis 32 Buchstaben, Ziffern und Unterstrichen, zum Beispiel kavi_bot."
            )
        codes.append(Code(link=f"https://t.me/{telegram}?start={told}", typed=f"t.me/{telegram}", messenger="Telegram"))
    if matrix:
        if not _MATRIX_ID.fullmatch(matrix):
            raise Refused("Die Matrix-Kennung sieht so aus: @kavi:beispiel.org.")
        codes.append(Code(link=f"https://matrix.to/#/{matrix}", typed=matrix, messenger="Matrix"))
    if not codes:
        raise Refused(
            "Wohin soll der Code führen? --telegram kavi_bot oder --matrix @kavi:beispiel.org angeben oder einstellen."
        )
    return codes
