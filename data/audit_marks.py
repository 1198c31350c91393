"""What the store of keys knows of the audit log: that it was begun, and where it and the file of checkpoints stood at the last of them.

The store is another file or database than the log. So whoever has only the database, or only the checkpoint file as well, cannot bring the log
back to an earlier moment, cut the newest checkpoints off, or pretend that nothing was chained yet. Written at a checkpoint, never on a
message's way. Log, file and store of keys brought back together to one moment look like that moment.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from data.audit import BEGINNING, seal_head, sign_text
from data.errors import BadLog
from data.masterkey import MasterKey
from data.tables import audit, audit_head
from data.vault import Vault, find_vault

MARK = "audit"


@dataclass(frozen=True)
class Mark:
    """The row `number` has the mac `mac`; the file has so many lines, the last with the hash `line`; `begins`: the file tells of rows after it."""

    number: int
    mac: str
    lines: int = 0
    line: str = BEGINNING
    begins: int = 0


def read_mark(vault: Vault) -> Mark | None:
    """The mark, or None where there is none yet. Raises `BadLog` when it was changed."""
    written = vault.read_mark(MARK)
    if written is None:
        return None
    told, _, seal = written.rpartition("\n")
    if not hmac.compare_digest(seal, _seal(vault.master, told)):
        raise BadLog(
            "What the store of keys knows of the audit log was changed. Put the newest copy of that store back."
        )
    return Mark(**json.loads(told))


def write_mark(vault: Vault, mark: Mark) -> None:
    told = json.dumps(asdict(mark))
    vault.write_mark(MARK, f"{told}\n{_seal(vault.master, told)}")


def begin_mark(connection: Connection) -> None:
    """At each start: see that the log's end is there and sealed; note where it stands if that was never noted."""
    vault = find_vault(connection)
    head = connection.execute(select(audit_head)).first()
    if head is None or not hmac.compare_digest(head.seal, seal_head(vault.master, head.number, head.mac)):
        raise BadLog(
            "The row that says where the audit log ends is missing or was changed, so nothing can be written to it. Restore the newest backup; docs/operate.md, The audit log."
        )
    if read_mark(vault) is None:
        write_mark(vault, Mark(head.number, head.mac))


def require_unchained(connection: Connection) -> None:
    """Before rows of old are chained: nothing says that they were chained once."""
    if read_mark(find_vault(connection)) is not None and connection.execute(select(audit.c.audit_id).limit(1)).first():
        raise BadLog(
            "The database says that its audit log is from before logs were chained, but the store of keys knows that it was chained. "
            "Somebody may have changed the log. Restore the newest backup. If this is a backup from before that, take it as it is with make accept-audit."
        )


def may_move(connection: Connection, mark: Mark | None, lines: Sequence[str]) -> bool:
    """Whether log and file still hold what the mark knows, so that it may be set anew."""
    if mark is None:
        return True
    mac = connection.execute(select(audit.c.mac).where(audit.c.audit_id == mark.number)).scalar()
    return (mark.number == 0 or mac == mark.mac) and knows_file(mark, lines)


def knows_file(mark: Mark, lines: Sequence[str]) -> bool:
    """Whether the file has the lines that the mark knows, or more."""
    return len(lines) >= mark.lines and (mark.lines == 0 or hash_line(lines[mark.lines - 1]) == mark.line)


def hash_line(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _seal(master: MasterKey, text: str) -> str:
    return sign_text(master, "audit mark", text)
