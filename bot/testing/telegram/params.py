"""The parameters of one call, whichever way they came: query, form, multipart or JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.testing.telegram.world import bad


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a request."""

    name: str
    data: bytes


class Params:
    """Typed access; everything is optional unless asked for by `need_…`."""

    def __init__(self, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
        self._values = values
        self.uploads = uploads

    def __contains__(self, name: str) -> bool:
        return name in self._values or name in self.uploads

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def number(self, name: str, default: int = 0) -> int:
        """A whole number. Raises Rejected."""
        try:
            return int(self._values.get(name, default))
        except (TypeError, ValueError):
            raise bad(f"invalid {name} specified") from None

    def chat_id(self) -> int:
        """The chat; user names of chats are not modelled. Raises Rejected."""
        if "chat_id" not in self._values:
            raise bad("chat_id is empty")
        try:
            return int(self._values["chat_id"])
        except (TypeError, ValueError):
            raise bad("chat not found") from None

    def flag(self, name: str) -> bool:
        """A switch."""
        return self._values.get(name) in (True, "true", "True", "1", 1)

    def data(self, name: str) -> Any:
        """A list or an object. Raises Rejected."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """A file sent along, by field name or as attach://field."""
        value = self._values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            return self.uploads.get(value.removeprefix("attach://"))
        return self.uploads.get(name)


async def read_params(request: web.Request) -> Params:
    """All parameters of a request. Raises Rejected for a broken body."""
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json":
        body = await request.read()
        try:
            values |= json.loads(body) if body else {}
        except ValueError:
            raise bad("can't parse JSON object") from None
    elif request.method == "POST":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                uploads[name] = Upload(value.filename, value.file.read())
            elif isinstance(value, bytes | bytearray):
                uploads[name] = Upload(name, bytes(value))
            else:
                values[name] = value
    return Params(values, uploads)
