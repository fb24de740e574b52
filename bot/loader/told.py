"""dialogues/told.yaml -> what people tell beside the point, by which words it is known, and what is said to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.dialogue.told import MOODS, Hearing, Told
from bot.loader.fields import audiences, one_of, variants
from bot.loader.nodes import Node, Problems, read_yaml
from bot.text.mentions import Group, Mentions
from bot.text.variants import Variants

_FIELDS = ("never", "beside", "then", "more", "kinds")
KIND = ("hears", "mood", "say", "for", "offers", "beside")
_FAMILIES = ("caregiver", "child", "parent")


def load_told(root: Path, problems: Problems) -> tuple[Hearing, dict[str, Variants]]:
    """The kinds and their texts (`told.<kind>`, `told.then.<mood>`, `told.more.<mood>`); nothing where the file is missing."""
    path = root / "told.yaml"
    node = read_yaml(path, str(path.relative_to(root.parent)), problems) if path.is_file() else None
    fields = node.fields(_FIELDS, required=_FIELDS) if node is not None else {}
    if len(fields) < len(_FIELDS):
        return Hearing(), {}
    kinds: dict[str, Told] = {}
    lines: dict[str, list[str]] = {}
    texts = _of_moods("then", fields["then"]) | _of_moods("more", fields["more"])
    for key, value in fields["kinds"].pairs():
        kind = value.fields(KIND, required=("hears", "mood", "say"))
        if not {"hears", "mood", "say"} <= kind.keys():
            continue
        kinds[key.text()] = _told(kind, fields["beside"].texts())
        lines[key.text()] = [line for line in kind["hears"].text().splitlines() if line.strip()]
        texts[f"told.{key.text()}"] = variants(kind["say"])
    return Hearing(kinds=kinds, mentions=Mentions.of(lines, fields["never"].texts())), texts


def _told(kind: Mapping[str, Node], beside: tuple[str, ...]) -> Told:
    own = kind["beside"].texts() if "beside" in kind else ()
    return Told(
        mood=one_of(kind["mood"], MOODS, "mood"),
        audiences=audiences(kind.get("for")) or _FAMILIES,
        offers=kind["offers"].texts() if "offers" in kind else (),
        beside=Group.of((*beside, *own)),
    )


def _of_moods(name: str, node: Node) -> dict[str, Variants]:
    """What is said for each mood; a missing one is a problem."""
    fields = node.fields(MOODS, required=MOODS)
    return {f"told.{name}.{mood}": variants(value) for mood, value in fields.items()}
