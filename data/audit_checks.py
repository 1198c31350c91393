"""Checking the audit log: the chain row by row, where it ends, and signed checkpoints in a file outside the database.

A checkpoint says which mac the row of a number had at a time and names the hash of the line before; it is signed (Ed25519), and its writing is
an act in the log. So a log that was cut back with an older head is found by the checkpoints after it, a checkpoint that was taken away by the
act that wrote it and by the line after. Log, head and file brought back together to one earlier moment are found by the mark in the store
of keys (`data/audit_marks.py`); with that store too, by a copy of the file on another machine.
"""

import hmac
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select

from data.audit import BEGINNING, CHAINED, chain_row, record_act, seal_head
from data.audit_marks import Mark, hash_line, knows_file, may_move, read_mark, write_mark
from data.errors import BadLog
from data.masterkey import MasterKey
from data.tables import audit, audit_head
from data.vault import find_vault

CHECKPOINT, VERIFIED, ACCEPTED = "checkpoint", "audit_verified", "audit_accepted"
PIECES = 5_000


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong. `number` is the row's, None for what is no row."""

    number: int | None
    what: str

    def __str__(self) -> str:
        return f"Row {self.number}: {self.what}" if self.number is not None else self.what


@dataclass(frozen=True)
class Verdict:
    """What a check found."""

    rows: int
    checkpoints: int
    fault: Fault | None


def check_log(
    master: MasterKey,
    rows: Iterable[Mapping[str, Any]],
    head: Mapping[str, Any] | None,
    checkpoints: Sequence[str] = (),
    mark: Mark | None = None,
) -> Verdict:
    """Check rows (by audit_id), the head, the lines of the checkpoint file and the mark; the first fault in that order."""
    signed, fault = _read_checkpoints(master, checkpoints)
    at = {point["number"]: point for point in signed}
    mac, number, told, marked = BEGINNING, 0, set[int](), BEGINNING
    for row in rows:
        number += 1
        fault = fault or _check_row(master, row, number, mac, at.get(number))
        mac = row["mac"]
        if mark is not None and number == mark.number:
            marked = mac
        if row["act"] == CHECKPOINT and (mark is None or number > mark.begins):
            told.add(row["detail"].get("number", 0) if isinstance(row["detail"], dict) else 0)
    fault = fault or _check_end(master, number, mac, head)
    if fault is None and at and max(at) > number:
        fault = Fault(
            number + 1,
            f"it and those after it up to {max(at)} are missing; a checkpoint of {at[max(at)]['at']} knows them.",
        )
    if fault is None and told - set(at):
        fault = Fault(
            None,
            f"The checkpoint of row {min(told - set(at))} is missing from the file; the log says that it was written.",
        )
    return Verdict(number, len(signed), fault or _check_mark(mark, number, marked, checkpoints))


def _check_mark(mark: Mark | None, rows: int, mac: str, lines: Sequence[str]) -> Fault | None:
    """Whether log and file hold what the store of keys knows; `mac` is that of the mark's row."""
    if mark is None:
        is_chained = bool(lines) and "before" in json.loads(lines[-1])
        return Fault(None, "What the store of keys knew of the log is missing.") if is_chained else None
    if rows < mark.number:
        return Fault(rows + 1, f"it and those after it up to {mark.number} are missing; the store of keys knows them.")
    if mac != mark.mac:
        return Fault(mark.number, "it is not the row that the store of keys knows: the log was written anew.")
    if not knows_file(mark, lines):
        return Fault(
            None,
            f"The checkpoint file has not the {mark.lines} lines that the store of keys knows: its newest were cut off.",
        )
    return None


def _check_row(
    master: MasterKey, row: Mapping[str, Any], number: int, before: str, point: Mapping[str, Any] | None
) -> Fault | None:
    if row["audit_id"] != number:
        return Fault(number, f"it is missing; the next one there is {row['audit_id']}.")
    if not hmac.compare_digest(str(row["mac"]), chain_row(master, row, before)):
        return Fault(number, "it was changed, put in or moved: its mac does not follow from it and the row before.")
    if point is not None and point["mac"] != row["mac"]:
        return Fault(
            number,
            f"it is not the row that the checkpoint of {point['at']} knows: the log was cut back and written on.",
        )
    return None


def _check_end(master: MasterKey, number: int, mac: str, head: Mapping[str, Any] | None) -> Fault | None:
    if head is None:
        return Fault(None, "The row that says where the log ends is missing.")
    if not hmac.compare_digest(str(head["seal"]), seal_head(master, head["number"], head["mac"])):
        return Fault(None, "The row that says where the log ends was changed.")
    if head["number"] != number:
        return Fault(
            min(number, head["number"]) + 1, f"the log ends at row {number}, and should at row {head['number']}."
        )
    if head["mac"] != mac:
        return Fault(number, "it is not the last row that was written.")
    return None


def _read_checkpoints(master: MasterKey, lines: Sequence[str]) -> tuple[list[dict[str, Any]], Fault | None]:
    signed: list[dict[str, Any]] = []
    key, before, is_chained = _open_key(master).public_key(), BEGINNING, False
    for place, line in enumerate(lines, start=1):
        try:
            point = json.loads(line)
            key.verify(bytes.fromhex(point["signature"]), _write_point(point))
        except (ValueError, KeyError, TypeError, InvalidSignature):
            return signed, Fault(None, f"Line {place} of the checkpoint file was changed: its signature does not fit.")
        is_chained = is_chained or "before" in point  # older lines name none
        if is_chained and point.get("before") != before:
            return signed, Fault(None, f"Line {place} of the checkpoint file does not follow the one before it.")
        signed.append(point)
        before = hash_line(line)
    return signed, None


def _write_point(point: Mapping[str, Any]) -> bytes:
    names = ("number", "mac", "at", "before") if "before" in point else ("number", "mac", "at")
    return json.dumps([point[name] for name in names], separators=(",", ":")).encode()


def _open_key(master: MasterKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(master.derive("audit checkpoints"))


def write_checkpoint(connection: Connection, file: Path, *, at: str) -> int:
    """Sign where the log stands, if it has grown, and append that to the file; returns the number of the row. A writing transaction.

    Where log or file do not hold what the mark knows, the mark stays as it is and goes on telling so.
    """
    vault = find_vault(connection)
    head = connection.execute(select(audit_head).with_for_update()).one()
    last = connection.execute(select(audit.c.act).where(audit.c.audit_id == head.number)).scalar()
    if last in (None, CHECKPOINT):
        return int(head.number)
    lines, mark = _read_lines(file), read_mark(vault)
    point = {"number": head.number, "mac": head.mac, "at": at, "before": hash_line(lines[-1]) if lines else BEGINNING}
    line = json.dumps(point | {"signature": _open_key(vault.master).sign(_write_point(point)).hex()})
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="ascii") as written:
        written.write(line + "\n")
        written.flush()
        os.fsync(written.fileno())
    if may_move(connection, mark, lines):
        write_mark(vault, Mark(head.number, head.mac, len(lines) + 1, hash_line(line), mark.begins if mark else 0))
    record_act(connection, at=at, actor="system", act=CHECKPOINT, detail={"number": head.number})
    return int(head.number)


def verify_log(connection: Connection, file: Path) -> Verdict:
    """Check the log of a database against the file beside it and the store of keys. The connection has read nothing yet."""
    vault = find_vault(connection)
    if connection.dialect.name == "postgresql":  # one moment of it, while others write
        connection.execution_options(isolation_level="REPEATABLE READ")
    try:
        mark = read_mark(vault)
    except BadLog as error:
        return Verdict(0, 0, Fault(None, error.message))
    lines = _read_lines(file)  # before the log: what is written meanwhile is in the log alone
    head = connection.execute(select(audit_head)).first()
    ends = dict(head._mapping) if head is not None else None
    return check_log(vault.master, _read_rows(connection), ends, lines, mark)


def record_check(connection: Connection, verdict: Verdict, *, at: str) -> None:
    """Note in the log that it was checked, and what was found."""
    row = verdict.fault.number if verdict.fault else None
    detail = {"rows": verdict.rows, "is_right": verdict.fault is None, "row": row}
    record_act(connection, at=at, actor="system", act=VERIFIED, detail=detail)


def find_last_check(connection: Connection) -> dict[str, Any] | None:
    """When the log was last checked, and what was found; None: never."""
    newest = select(audit.c.at, audit.c.detail).where(audit.c.act == VERIFIED).order_by(audit.c.audit_id.desc())
    found = connection.execute(newest.limit(1)).first()
    return None if found is None else {"at": found.at, **found.detail}


def accept_log(connection: Connection, file: Path, *, at: str) -> Verdict:
    """Go on with a log whose rows hold together although the mark or the file know another, as after a restored backup. A writing transaction.

    The file is kept under another name and a new one begins. That it was done is an act in the log.
    """
    vault = find_vault(connection)
    head = connection.execute(select(audit_head).with_for_update()).one()
    mark = Mark(head.number, head.mac, begins=head.number)
    verdict = check_log(vault.master, _read_rows(connection), dict(head._mapping), mark=mark)
    if verdict.fault is not None:
        return verdict
    record_act(connection, at=at, actor="system", act=ACCEPTED, detail={"rows": verdict.rows})
    if file.exists():
        file.replace(file.with_name(f"{file.name}.until-{verdict.rows}"))
    write_mark(vault, mark)
    return verdict


def _read_lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []


def _read_rows(connection: Connection) -> Iterable[Mapping[str, Any]]:
    """All rows, some thousands at a time."""
    columns = [audit.c[name] for name in CHAINED]
    last = None
    while True:
        statement = select(*columns, audit.c.mac).order_by(audit.c.audit_id).limit(PIECES)
        if last is not None:
            statement = statement.where(audit.c.audit_id > last)
        rows = [dict(row._mapping) for row in connection.execute(statement)]
        yield from rows
        if len(rows) < PIECES:
            return
        last = rows[-1]["audit_id"]
