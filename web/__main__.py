"""`python -m web`: the public gateway."""

import logging
import secrets
import sys

import uvicorn

from data.database import open_database
from data.errors import CandorError
from data.staff import ensure_member
from settings import BadSetting, Settings, read_settings
from web.app import create_app

DEMO_STAFF = (("sam", "Sam Okafor", "agent"), ("alex", "Alex Moreau", "agent"), ("olga", "Olga Lindqvist", "owner"))
DEMO_PASSWORD = "demo-password"


def main() -> int:
    """Read the settings, see that somebody can sign in, serve."""
    try:
        settings = read_settings()
        secret = _find_secret(settings)
        _prepare(settings)
    except (BadSetting, CandorError) as error:
        print(f"The gateway did not start: {error}", file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    uvicorn.run(
        create_app(settings, secret=secret),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,  # messages are small, and each connection would hold its own state
        timeout_graceful_shutdown=3,
        proxy_headers=not settings.demo,
    )
    return 0


def _find_secret(settings: Settings) -> str | None:
    """The shop's secret; demo mode makes one of its own and keeps it, so that tokens outlive a restart."""
    if settings.shop_secret is not None or not settings.demo:
        return settings.shop_secret
    file = settings.var / "demo_secret"
    if not file.exists():
        settings.var.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return file.read_text(encoding="ascii")


def _prepare(settings: Settings) -> None:
    database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    database.migrate()
    if settings.demo:
        with database.write() as connection:
            for username, name, role in DEMO_STAFF:
                ensure_member(connection, username, name=name, role=role, password=DEMO_PASSWORD)
    database.close()


if __name__ == "__main__":
    sys.exit(main())
