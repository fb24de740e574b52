"""A real Matrix homeserver (Synapse on SQLite) on a free loopback port, in a virtual environment of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers import alone, cache_folder, free_port, missing, required

VERSION = "1.163.0"
SECRET = "only-for-tests"
START_SECONDS = 90.0
OPEN = {"per_second": 100_000, "burst_count": 100_000}
OPENED_LIMITS: dict[str, Any] = {
    "rc_message": OPEN,
    "rc_registration": OPEN,
    "rc_login": {"address": OPEN, "account": OPEN, "failed_attempts": OPEN},
    "rc_admin_redaction": OPEN,
    "rc_joins": {"local": OPEN, "remote": OPEN},
    "rc_joins_per_room": OPEN,
    "rc_invites": {"per_room": OPEN, "per_user": OPEN, "per_issuer": OPEN},
    "rc_room_creation": OPEN,
    "rc_media_create": OPEN,
}


def python_with_synapse() -> Path:
    """The interpreter that has Synapse; installs it when everything is required, else skips the test."""
    with alone("synapse"):
        return _python_with_synapse()


def _python_with_synapse() -> Path:
    folder = cache_folder() / f"synapse-{VERSION}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    if not required():
        missing("Synapse")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"matrix-synapse=={VERSION}"]
    if subprocess.run(install, check=False).returncode != 0:
        missing("Synapse")
    (folder / "complete").touch()
    return python


@dataclass(slots=True)
class Synapse:
    """One homeserver. `opened` lifts its rate limits; otherwise Synapse's defaults hold."""

    folder: Path
    opened: bool = True
    port: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts, or starts again on the same port with the same data."""
        python = python_with_synapse()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        self._configure()
        command = [str(python), "-m", "synapse.app.homeserver", "-c", "homeserver.json"]
        if not (self.folder / "signing.key").exists():
            subprocess.run([*command, "--generate-keys"], cwd=self.folder, check=True, capture_output=True)
        with (self.folder / "output.log").open("ab") as output:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=output, stderr=output)
        self._wait()

    def stop(self, *, kill: bool = False) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def remove(self) -> None:
        self.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                self.call("GET", "/_matrix/client/versions")
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"Synapse did not start: {(self.folder / 'output.log').read_text()[-2000:]}")

    def _configure(self) -> None:
        (self.folder / "homeserver.json").write_text(json.dumps(self._config(), indent=1))
        handler = {"class": "logging.FileHandler", "filename": str(self.folder / "homeserver.log")}
        log = {"version": 1, "handlers": {"file": handler}, "root": {"level": "WARNING", "handlers": ["file"]}}
        (self.folder / "log.json").write_text(json.dumps(log | {"disable_existing_loggers": False}))

    def _config(self) -> dict[str, Any]:
        listener = {
            "port": self.port, "tls": False, "type": "http", "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["client"], "compress": False}],
        }  # fmt: skip
        return {
            "server_name": "localhost", "listeners": [listener],
            "pid_file": str(self.folder / "homeserver.pid"), "log_config": str(self.folder / "log.json"),
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "media_store_path": str(self.folder / "media"), "signing_key_path": str(self.folder / "signing.key"),
            "registration_shared_secret": SECRET, "macaroon_secret_key": SECRET, "form_secret": SECRET,
            "report_stats": False, "enable_registration": False, "trusted_key_servers": [],
            "suppress_key_server_warning": True, "federation_domain_whitelist": [], "presence": {"enabled": False},
            "url_preview_enabled": False, "filter_timeline_limit": 100_000,
        } | (OPENED_LIMITS if self.opened else {}) | self.extra  # fmt: skip

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """A request as any client would make it; raises urllib's HTTPError on an error answer."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            return json.load(answer)

    def register(self, name: str, password: str = "secret", *, admin: bool = False) -> Account:
        """A new user through the shared secret, which no rate limit concerns."""
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        parts = [nonce, name, password, "admin" if admin else "notadmin"]
        mac = hmac.new(SECRET.encode(), "\x00".join(parts).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        answer = self.call("POST", "/_synapse/admin/v1/register", body)
        return Account(self, answer["user_id"], password, answer["access_token"], answer["device_id"])


@dataclass(frozen=True, slots=True)
class Account:
    """A user with a token, for plain requests without encryption."""

    server: Synapse
    user_id: str
    password: str
    token: str
    device_id: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.server.call(method, f"/_matrix/client/v3{path}", body, self.token)

    def create_room(self, *invite: str, direct: bool = True, **extra: Any) -> str:
        body = {"invite": list(invite), "is_direct": direct, "preset": "trusted_private_chat"} | extra
        room: str = self.call("POST", "/createRoom", body)["room_id"]
        return room

    def say(self, room: str, text: str, **extra: Any) -> str:
        content = {"msgtype": "m.text", "body": text} | extra
        return self.event(room, "m.room.message", content)

    def event(self, room: str, kind: str, content: dict[str, Any]) -> str:
        path = f"/rooms/{room}/send/{kind}/{time.time_ns()}"
        event: str = self.call("PUT", path, content)["event_id"]
        return event

    def messages(self, room: str, limit: int = 100) -> list[dict[str, Any]]:
        """The room's events, oldest first."""
        chunk: list[dict[str, Any]] = self.call("GET", f"/rooms/{room}/messages?dir=b&limit={limit}")["chunk"]
        return chunk[::-1]

    def members(self, room: str) -> dict[str, str]:
        state = self.call("GET", f"/rooms/{room}/members")["chunk"]
        return {event["state_key"]: event["content"]["membership"] for event in state}
