"""One-time links by mail: who can read the mail that the shop knows is the customer. Only a hash of each is stored."""

import secrets

from sqlalchemy import Connection, delete, insert

from data.access import hash_token
from data.errors import NotKnown
from data.tables_reaching import mail_links

LASTS_S = 15 * 60.0


def make_link(connection: Connection, person_id: int, *, now: float) -> str:
    """A new link's token for a customer; those that have ended are forgotten."""
    connection.execute(delete(mail_links).where(mail_links.c.until <= now))
    token = secrets.token_urlsafe(32)
    connection.execute(insert(mail_links).values(link_hash=hash_token(token), person_id=person_id, until=now + LASTS_S))
    return token


def redeem_link(connection: Connection, token: str, *, now: float) -> int:
    """Whose link it is, once; used, ended and made up are the same `NotKnown`."""
    used = delete(mail_links).where(mail_links.c.link_hash == hash_token(token))
    row = connection.execute(used.returning(mail_links.c.person_id, mail_links.c.until)).first()
    if row is None or row.until <= now:
        raise NotKnown("This link has been used or has ended. Ask for a new one on the privacy page.")
    return int(row.person_id)
