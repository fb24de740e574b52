"""One text in several variants: which one a person gets.

A variant key is `audience[.band][.leicht]` or just `leicht`; `default` fits everybody. Bands are for children only.
The order of falling back is stated in `fallback_keys` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

Audience = Literal["caregiver", "child", "parent", "staff"]
Band = Literal["6-9", "10-13", "14-17"]
Register = Literal["plain", "leicht"]

AUDIENCES: tuple[Audience, ...] = ("caregiver", "child", "parent", "staff")
BANDS: tuple[Band, ...] = ("6-9", "10-13", "14-17")

# Who reads whose texts when their own are missing. `default` goes before the text of another band, which it was not
# written for; `kavi check` lists a `default` that says Sie and that a child may reach.
_STAND_INS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"parent": ("caregiver",), "staff": ("caregiver",), "caregiver": (), "child": (), "": ("caregiver",)}
)


@lru_cache(maxsize=256)
def fallback_keys(audience: str, band: str, register: str) -> tuple[str, ...]:
    """The variant keys to try, best first, for this reader ("" = not known)."""
    keys: list[str] = []
    for who in (audience, *_STAND_INS.get(audience, ())):
        exact = f"{who}.{band}" if who == "child" and band else who
        if register == "leicht":
            keys += [f"{exact}.leicht", f"{who}.leicht"]
        keys += [exact, who]
    if register == "leicht":
        keys.append("leicht")
    keys.append("default")
    if audience == "child":
        keys += [f"child.{other}" for other in ("10-13", "6-9", "14-17")] + ["child.leicht"]
    if not audience:
        keys += ["child.10-13", "child.leicht", "parent", "staff"]
    return tuple(dict.fromkeys(key for key in keys if key))


class Variants(Struct, frozen=True):
    """The texts of one place by variant key, in the default language (German)."""

    texts: Mapping[str, str] = field(default_factory=dict)
    place: str = ""  # file:line, for problems

    @classmethod
    def of(cls, text: str, place: str = "") -> Variants:
        """One text for everybody."""
        return cls({"default": text}, place)

    def unread(self, audiences: tuple[str, ...]) -> list[str]:
        """The variants that nobody of these audiences gets to read, because others are closer to each of them."""
        left = dict(self.texts)
        for audience in audiences:
            for band in BANDS if audience == "child" else ("",):
                for register in ("plain", "leicht"):
                    keys = fallback_keys(audience, band, register)
                    left.pop(next((key for key in keys if key in self.texts), ""), None)
        return list(left)

    def pick(self, audience: str, band: str = "", register: str = "plain") -> str | None:
        """The best text for this reader, or None when no variant fits at all."""
        for key in fallback_keys(audience, band, register):
            text = self.texts.get(key)
            if text is not None:
                return text
        return next(iter(self.texts.values()), None) if audience != "child" else None
