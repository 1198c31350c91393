"""The operator's settings: addresses, secrets, clock. Read once from the environment, and only by entry points.

The owner's settings (hours, tone, retention, rules of a slate) are in `shop.toml`, read by `data/shop.py`. A function that
needs a setting takes it as an argument; nothing below an entry point looks at the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

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
    var: Path
    shop_file: Path
    texts: Path
    demo: bool
    now: datetime | None
    shop_secret: str | None
    shop_origins: tuple[str, ...]
    bot_url: str
    actions_port: int


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
        var=var,
        shop_file=Path(env.get("CANDOR_SHOP_FILE", ROOT / "shop.toml")),
        texts=ROOT / "texts",
        demo=demo,
        now=_read_time("CANDOR_NOW", now) if now else None,
        shop_secret=secret,
        shop_origins=tuple(origin.rstrip("/") for origin in env.get("CANDOR_SHOP_ORIGINS", "").split() if origin),
        bot_url=f"http://127.0.0.1:{_read_port(env, 'CANDOR_BOT_PORT', 5005)}",
        actions_port=_read_port(env, "CANDOR_ACTIONS_PORT", 5055),
    )


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
