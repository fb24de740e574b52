"""Logging in: the same device at each start, a new one when the crypto store is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.errors import MessengerError, Revoked
from bot.messengers.matrix.folder import StoreFolder
from bot.messengers.matrix.homeserver import CLIENT, ApiError, Homeserver, escape
from bot.messengers.matrix.settings import MatrixSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A session at the homeserver. `fresh` means that the device was made just now."""

    user_id: str
    device_id: str
    token: str = field(repr=False)
    fresh: bool = False

    @property
    def database(self) -> str:
        return f"{self.device_id}.db"


def _password_auth(settings: MatrixSettings) -> dict[str, Any]:
    return {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": settings.user_id},
        "password": settings.password,
    }


async def call_with_password(
    server: Homeserver, settings: MatrixSettings, method: str, path: str, body: dict[str, Any]
) -> None:
    """A request that the server may guard with the account's password (user-interactive authentication)."""
    try:
        await server.call(method, path, body)
    except ApiError as error:
        session = error.body.get("session")
        if error.status != 401 or not isinstance(session, str) or not settings.password:
            raise
        await server.call(method, path, body | {"auth": _password_auth(settings) | {"session": session}})


async def _log_in(server: Homeserver, settings: MatrixSettings, device_id: str = "") -> Login:
    body: dict[str, Any] = _password_auth(settings) | {"initial_device_display_name": settings.device_name}
    if device_id:
        body["device_id"] = device_id
    server.token = ""
    try:
        answer = await server.call("POST", f"{CLIENT}/login", body)
    except ApiError as error:
        if error.status == 403:
            raise Revoked(
                "Das Matrix-Passwort ist falsch, oder das Konto ist gesperrt. Bitte matrix.password prüfen."
            ) from None
        if error.status in (400, 404):
            raise MessengerError(
                "Dieser Homeserver kennt keine Anmeldung mit Passwort; setzen Sie matrix.access_token mit matrix.device_id."
            ) from None
        raise
    server.token = str(answer["access_token"])
    return Login(
        user_id=str(answer["user_id"]), device_id=str(answer["device_id"]), token=server.token, fresh=not device_id
    )


async def _who(server: Homeserver, login: Login) -> bool:
    """True when the token belongs to this very device."""
    server.token = login.token
    answer = await server.call("GET", f"{CLIENT}/account/whoami")
    if answer.get("user_id") != login.user_id:
        raise MessengerError("Das Matrix-Token gehört zu einem anderen Konto als matrix.user_id.")
    return answer.get("device_id") in (None, login.device_id)


async def sign_in(server: Homeserver, settings: MatrixSettings, folder: StoreFolder) -> Login:
    """The stored session if it and its crypto store are there, else a new device. Raises MessengerError, Revoked.

    A new device never takes over an old device's id: its identity keys would change under everybody's eyes.
    """
    server.renew = None
    if settings.access_token and settings.device_id:
        given = Login(user_id=settings.user_id, device_id=settings.device_id, token=settings.access_token)
        if not await _who(server, given):
            raise MessengerError("matrix.device_id ist nicht das Gerät von matrix.access_token.")
        return given
    stored = folder.read("session")
    old = str(stored["device_id"]) if stored else ""
    if stored and (folder.path / f"{old}.db").exists():
        login = Login(user_id=str(stored["user_id"]), device_id=old, token=str(stored["token"]))
        try:
            if await _who(server, login):
                return login
        except Revoked:
            old = ""  # the server has forgotten the device already
    login = await _log_in(server, settings)
    folder.write("session", {"user_id": login.user_id, "device_id": login.device_id, "token": login.token})
    if old:
        await _forget_device(server, settings, old)
    return login


async def _forget_device(server: Homeserver, settings: MatrixSettings, device_id: str) -> None:
    try:
        await call_with_password(server, settings, "DELETE", f"{CLIENT}/devices/{escape(device_id)}", {})
    except ApiError:
        return  # an old device that stays does no harm: nobody can use its keys


async def renew(server: Homeserver, settings: MatrixSettings, folder: StoreFolder, login: Login) -> bool:
    """A new token for the same device, after the server ended the session softly; False when it will not."""
    if not settings.password:
        return False
    try:
        fresh = await _log_in(server, settings, login.device_id)
    except (ApiError, Revoked):
        return False
    folder.write("session", {"user_id": fresh.user_id, "device_id": fresh.device_id, "token": fresh.token})
    return fresh.device_id == login.device_id
