"""The audit log: who did what, when. Written in the same transaction as the act itself; never changed, and it shows when it was.

Each row carries the HMAC-SHA256 of itself and of the row before, with a key that is not in the database, so that nobody who has only
the database can edit, add, take out, move or restamp a row unseen. `audit_head` says where the log ends, sealed the same way. What the head
cannot show is a return to an older whole state; the signed checkpoints outside the database do (`data/audit_checks.py`), and the mark
in the store of keys (`data/audit_marks.py`).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from data.masterkey import MasterKey
from data.tables import audit, audit_head
from data.vault import find_vault

CHAINED = ("audit_id", "at", "actor", "act", "person_id", "object_id", "detail")
BEGINNING = "0" * 64
HEAD = 1


def record_act(
    connection: Connection,
    *,
    at: str,
    actor: str,
    act: str,
    person_id: int | None = None,
    object_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one act. `actor` is customer, system or staff:<username>; `detail` holds opaque ids only."""
    master = find_vault(connection).master
    head = connection.execute(select(audit_head).with_for_update()).one()  # appending goes one at a time
    row = {
        "audit_id": head.number + 1,
        "at": at,
        "actor": actor,
        "act": act,
        "person_id": person_id,
        "object_id": object_id,
        "detail": detail or {},
    }
    mac = chain_row(master, row, head.mac)
    connection.execute(insert(audit).values(**row, mac=mac))
    connection.execute(update(audit_head).values(make_head(master, head.number + 1, mac)))


def chain_row(master: MasterKey, row: Mapping[str, Any], before: str) -> str:
    """The mac of a row after the row with the mac `before`."""
    canonical = json.dumps([row[name] for name in CHAINED], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sign_text(master, "audit", f"{before}\n{canonical}")


def make_head(master: MasterKey, number: int, mac: str) -> dict[str, Any]:
    """The row that says where the log ends."""
    return {"head_id": HEAD, "number": number, "mac": mac, "seal": seal_head(master, number, mac)}


def seal_head(master: MasterKey, number: int, mac: str) -> str:
    return sign_text(master, "audit head", f"{number}\n{mac}")


def sign_text(master: MasterKey, purpose: str, text: str) -> str:
    """The HMAC-SHA256 of a text, by a key of the master key's for this purpose alone."""
    return hmac.new(master.derive(purpose), text.encode(), hashlib.sha256).hexdigest()
