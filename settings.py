"""The operator's settings: addresses, secrets, clock. Read once from the environment, and only by entry points.

The owner's settings (hours, tone, retention, rules of a slate) are in `shop.toml`, read by `data/shop.py`. A function that
needs a setting takes it as an argument; nothing below an entry point looks at the environment.
"""

import os
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
SECRET_BYTES = 32


class BadSetting(ValueError):
    """A setting that cannot be used. The message says which, what was got and what to do."""


@dataclass(frozen=True)
class Settings:
    """What the operator decides. `read_settings` builds it; tests build their own."""

    host: str
    port: int
    database_url: str
    keys_url: str
    key_file: Path
    audit_file: Path
    var: Path
    shop_file: Path
    texts: Path
    demo: bool
    now: datetime | None
    shop_secret: str | None
    shop_origins: tuple[str, ...]
    bot_url: str
    actions_port: int
    public_url: str = "http://127.0.0.1:8000"
    smtp_url: str | None = None
    mail_from: str | None = None
    webhook_url: str | None = None
    webhook_secrets: tuple[str, ...] = ()
    owner: str | None = None
    owner_name: str | None = None
    owner_password_file: Path | None = None

    def describe_environment(self) -> dict[str, str]:
        """The environment of a process that works on the same data: this one's, without the shop's secret."""
        return {name: value for name, value in os.environ.items() if name != "CANDOR_SHOP_SECRET"} | {
            "CANDOR_DATABASE_URL": self.database_url,
            "CANDOR_KEYS_URL": self.keys_url,
            "CANDOR_KEY_FILE": str(self.key_file),
            "CANDOR_AUDIT_FILE": str(self.audit_file),
            "CANDOR_VAR": str(self.var),
            "CANDOR_SHOP_FILE": str(self.shop_file),
        }


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check every setting; the first that cannot be used raises `BadSetting`."""
    env = os.environ if environ is None else environ
    demo = env.get("CANDOR_DEMO", "") == "1"
    host = env.get("CANDOR_HOST", "127.0.0.1")
    if demo and host != "127.0.0.1":
        raise BadSetting(
            f"CANDOR_HOST is {host!r}, but demo mode signs anybody in and listens on 127.0.0.1 only. "
            "Unset CANDOR_HOST, or start your own shop with `make serve`."
        )
    var = Path(env.get("CANDOR_VAR", ROOT / "var"))
    secret = env.get("CANDOR_SHOP_SECRET") or None
    if secret is not None and len(secret.encode()) < SECRET_BYTES:
        raise BadSetting(
            f"CANDOR_SHOP_SECRET has {len(secret.encode())} bytes; HS256 needs at least {SECRET_BYTES}. "
            'Make one with `python3 -c "import secrets; print(secrets.token_urlsafe(32))"`.'
        )
    now = env.get("CANDOR_NOW") or None
    return Settings(
        host=host,
        port=_read_port(env, "CANDOR_PORT", 8000),
        database_url=env.get("CANDOR_DATABASE_URL") or f"sqlite:///{var / 'candor.db'}",
        keys_url=env.get("CANDOR_KEYS_URL") or f"sqlite:///{var / 'keys.db'}",
        key_file=Path(env.get("CANDOR_KEY_FILE", ROOT / "secrets" / "candor.key")),
        audit_file=Path(env.get("CANDOR_AUDIT_FILE", var / "audit.jsonl")),
        var=var,
        shop_file=Path(env.get("CANDOR_SHOP_FILE", ROOT / "shop.toml")),
        texts=ROOT / "texts",
        demo=demo,
        now=_read_time("CANDOR_NOW", now) if now else None,
        shop_secret=secret,
        shop_origins=tuple(origin.rstrip("/") for origin in env.get("CANDOR_SHOP_ORIGINS", "").split() if origin),
        bot_url=f"http://127.0.0.1:{_read_port(env, 'CANDOR_BOT_PORT', 5005)}",
        actions_port=_read_port(env, "CANDOR_ACTIONS_PORT", 5055),
        public_url=(env.get("CANDOR_PUBLIC_URL") or f"http://{host}:{env.get('CANDOR_PORT', '8000')}").rstrip("/"),
        **_read_mail(env),
        **_read_webhook(env),
        owner=env.get("CANDOR_OWNER") or None,
        owner_name=env.get("CANDOR_OWNER_NAME") or None,
        owner_password_file=Path(file) if (file := env.get("CANDOR_OWNER_PASSWORD_FILE")) else None,
    )


def _read_mail(env: Mapping[str, str]) -> dict[str, Any]:
    url, sender = env.get("CANDOR_SMTP_URL") or None, env.get("CANDOR_MAIL_FROM") or None
    if (url is None) != (sender is None):
        raise BadSetting(
            "CANDOR_SMTP_URL and CANDOR_MAIL_FROM belong together: set both, or neither, then no mail is sent."
        )
    if url is not None and (urlsplit(url).scheme not in ("smtp", "smtps") or not urlsplit(url).hostname):
        raise BadSetting(
            "CANDOR_SMTP_URL is no address of a mail server; write smtp://user:password@host:587 or smtps://…"
        )
    if sender is not None and "@" not in sender:
        raise BadSetting(f"CANDOR_MAIL_FROM is {sender!r}; write an address such as shop@shop.example.")
    return {"smtp_url": url, "mail_from": sender}


def _read_webhook(env: Mapping[str, str]) -> dict[str, Any]:
    url, secrets = env.get("CANDOR_WEBHOOK_URL") or None, tuple(env.get("CANDOR_WEBHOOK_SECRET", "").split())
    if (url is None) != (not secrets):
        raise BadSetting(
            "CANDOR_WEBHOOK_URL and CANDOR_WEBHOOK_SECRET belong together: set both, or neither, then nothing is called."
        )
    if url is not None and not _is_safe(url):
        raise BadSetting(
            f"CANDOR_WEBHOOK_URL is {url!r}; write an address that begins with https:// (http:// only within your own network)."
        )
    if not all(_is_webhook_secret(secret) for secret in secrets):
        raise BadSetting(
            "CANDOR_WEBHOOK_SECRET is no secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64. Make one with "
            "`python3 -c \"import base64, secrets; print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\"`."
        )
    return {"webhook_url": url, "webhook_secrets": secrets}


def _is_safe(url: str) -> bool:
    """HTTPS; plain HTTP only to this machine, a private address, or a name without a dot, as container networks have them."""
    at = urlsplit(url)
    host = at.hostname or ""
    if not host or at.username or at.scheme not in ("http", "https"):
        return False
    try:
        return at.scheme == "https" or ip_address(host).is_private
    except ValueError:
        return "." not in host


def _is_webhook_secret(text: str) -> bool:
    try:
        raw = b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return text.startswith("whsec_") and 24 <= len(raw) <= 64


def _read_port(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise BadSetting(f"{name} is {value!r}; a port is a number from 1 to 65535.")
    return int(value)


def _read_time(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadSetting(f"{name} is {value!r}; write a time like 2018-01-01T09:00:00-05:00.") from error
    if moment.tzinfo is None:
        raise BadSetting(f"{name} is {value!r}, without a zone; write a time like 2018-01-01T09:00:00-05:00.")
    return moment
