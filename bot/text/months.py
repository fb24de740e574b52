"""The months as German writes them."""

from __future__ import annotations

from typing import Final

MONTHS: Final = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
                 "Dezember")  # fmt: skip
