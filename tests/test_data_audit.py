"""The audit log: whatever is done to it without the key is found, and the first row that it was done to is named."""

import copy
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from data.audit import BEGINNING, CHAINED, chain_row, make_head, record_act
from data.audit_checks import CHECKPOINT, Verdict, accept_log, check_log, verify_log, write_checkpoint
from data.audit_marks import MARK, Mark, read_mark, write_mark
from data.database import Database
from data.errors import BadLog
from data.masterkey import MasterKey
from data.tables import audit, audit_head
from tests.databases import open_file
from tests.making import AT

MASTER = MasterKey(b"m" * 32)
TAMPERINGS = 10_000


@dataclass
class Log:
    """A log in memory, as the database would hold it."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=lambda: make_head(MASTER, 0, BEGINNING))
    points: list[str] = field(default_factory=list)
    mark: Mark | None = None

    def check(self) -> Verdict:
        return check_log(MASTER, self.rows, self.head or None, self.points, self.mark)

    def copy(self) -> "Log":
        return Log([dict(row) for row in self.rows], dict(self.head), list(self.points), self.mark)


def choose_detail(drawing: random.Random, turn: int) -> dict[str, Any]:
    details: list[dict[str, Any]] = [{}, {"lines": turn}, {"purposes": ["choose", "train"], "source": "page"}]
    return drawing.choice(details)


def write_log(database: Database, folder: Path, drawing: random.Random, count: int) -> Log:
    """Some acts and checkpoints, written by the house's own functions."""
    file = folder / "audit.jsonl"
    with database.write() as connection:
        for turn in range(count):
            record_act(
                connection,
                at=f"2026-03-{1 + turn // 60:02d}T09:{turn % 60:02d}:00.000000Z",
                actor=drawing.choice(["customer", "system", "staff:sam"]),
                act=drawing.choice(["consent_granted", "consent_withdrawn", "review_opened", "erased"]),
                person_id=drawing.choice([None, drawing.randrange(2**53)]),
                object_id=drawing.choice([None, f"o-{turn}"]),
                detail=choose_detail(drawing, turn),
            )
            if drawing.random() < 0.15:
                write_checkpoint(connection, file, at=AT)
        write_checkpoint(connection, file, at=AT)
    with database.read() as connection:
        rows = [dict(row) for row in connection.execute(select(audit).order_by(audit.c.audit_id)).mappings()]
        head = dict(connection.execute(select(audit_head)).mappings().one())
    return Log(rows, head, file.read_text().splitlines(), read_mark(database.vault))


@pytest.fixture
def written(tmp_path: Path) -> Log:
    database = open_file(tmp_path / "log.db")
    database.migrate()
    database.vault.master = MASTER
    with database.write() as connection:
        connection.execute(update(audit_head).values(make_head(MASTER, 0, BEGINNING)))
    write_mark(database.vault, Mark(0, BEGINNING))
    log = write_log(database, tmp_path, random.Random(5), 60)
    database.close()
    return log


def forge(drawing: random.Random, row: dict[str, Any], name: str) -> Any:
    """Another value for a column, of the same kind."""
    value = row[name]
    if name == "detail":
        return value | {"lines": drawing.randrange(1000, 2000)}
    if name in ("audit_id", "person_id"):
        return (value or 0) + drawing.choice([-1, 1, 10**6])
    if name == "mac":
        return f"{drawing.getrandbits(256):064x}"
    return f"{value or ''}x"


def edit(drawing: random.Random, log: Log) -> None:
    row = drawing.choice(log.rows)
    name = drawing.choice([*CHAINED, "mac"])
    row[name] = forge(drawing, row, name)


def take_out(drawing: random.Random, log: Log) -> None:
    del log.rows[drawing.randrange(len(log.rows))]
    if drawing.random() < 0.5:  # and number the rest again
        for number, row in enumerate(log.rows, start=1):
            row["audit_id"] = number


def put_in(drawing: random.Random, log: Log) -> None:
    place = drawing.randrange(len(log.rows) + 1)
    made = copy.deepcopy(drawing.choice(log.rows)) | {"act": drawing.choice(["consent_granted", "erased"])}
    log.rows.insert(place, made)
    for number, row in enumerate(log.rows, start=1):
        row["audit_id"] = number


def reorder(drawing: random.Random, log: Log) -> None:
    one, other = drawing.sample(range(len(log.rows)), 2)
    log.rows[one], log.rows[other] = log.rows[other], log.rows[one]
    if drawing.random() < 0.5:
        log.rows[one]["audit_id"], log.rows[other]["audit_id"] = one + 1, other + 1


def restamp(drawing: random.Random, log: Log) -> None:
    for row in log.rows[drawing.randrange(len(log.rows)) :]:
        row["at"] = row["at"].replace("2026", "2027")


def truncate(drawing: random.Random, log: Log) -> None:
    del log.rows[drawing.randrange(len(log.rows)) :]


def truncate_with_an_old_head(drawing: random.Random, log: Log) -> None:
    """Whoever kept an old copy of the head puts it back with the shorter log."""
    kept = drawing.randrange(len(log.rows) - 1)
    del log.rows[kept:]
    log.head = make_head(MASTER, kept, log.rows[-1]["mac"] if log.rows else BEGINNING)


def truncate_with_head_and_checkpoints(drawing: random.Random, log: Log) -> None:
    """... and takes away the checkpoints after it, but not the act that wrote the one before."""
    points = [json.loads(line) for line in log.points]
    cut = drawing.randrange(1, len(points))
    kept = points[cut - 1]["number"] + 1  # with the act of that checkpoint
    del log.rows[kept:]
    log.head = make_head(MASTER, kept, log.rows[-1]["mac"])
    del log.points[cut - 1 :]


def write_on_after_truncating(drawing: random.Random, log: Log) -> None:
    """The house itself goes on writing over a log that was cut back with an old head."""
    truncate_with_an_old_head(drawing, log)
    write_on(log, 120)


def write_on(log: Log, last: int) -> None:
    mac = log.head["mac"]
    for number in range(len(log.rows) + 1, last + 1):
        row = {
            "audit_id": number,
            "at": AT,
            "actor": "system",
            "act": "import",
            "person_id": None,
            "object_id": None,
            "detail": {},
        }
        mac = chain_row(MASTER, row, mac)
        log.rows.append(row | {"mac": mac})
    log.head = make_head(MASTER, len(log.rows), mac)


def forge_head(drawing: random.Random, log: Log) -> None:
    kept = drawing.randrange(1, len(log.rows))
    del log.rows[kept:]
    log.head = log.head | {"number": kept, "mac": log.rows[-1]["mac"]}


def take_the_head(_drawing: random.Random, log: Log) -> None:
    log.head = {}


def forge_checkpoint(drawing: random.Random, log: Log) -> None:
    place = drawing.randrange(len(log.points))
    point = json.loads(log.points[place])
    name = drawing.choice(["number", "mac", "at", "signature"])
    point[name] = point[name] + 1 if name == "number" else point[name][:-1] + ("0" if point[name][-1] != "0" else "1")
    log.points[place] = json.dumps(point)


def take_a_checkpoint(drawing: random.Random, log: Log) -> None:
    del log.points[drawing.randrange(len(log.points))]


def bring_back_a_moment(drawing: random.Random, log: Log) -> None:
    """Log, head and checkpoint file as they were together at an earlier checkpoint."""
    kept = drawing.randrange(len(log.points))
    number = json.loads(log.points[kept - 1])["number"] + 1 if kept else 0
    log.points, log.rows = log.points[:kept], log.rows[:number]
    log.head = make_head(MASTER, number, log.rows[-1]["mac"] if log.rows else BEGINNING)


def chain_anew(drawing: random.Random, log: Log) -> None:
    """As a migration from before the chain would, over an edited log without its head, and the checkpoints gone."""
    edit(drawing, log)
    mac, log.points = BEGINNING, []
    log.rows = [row for row in log.rows if row["act"] != CHECKPOINT]
    for number, row in enumerate(log.rows, start=1):
        mac = chain_row(MASTER, row | {"audit_id": number}, mac)
        log.rows[number - 1] = row | {"audit_id": number, "mac": mac}
    log.head = make_head(MASTER, len(log.rows), mac)


def cut_the_newest_checkpoints(drawing: random.Random, log: Log) -> None:
    """... and the rows and acts that would tell of them."""
    bring_back_a_moment(drawing, log)
    write_on(log, drawing.randrange(60, 90))


def take_the_mark(_drawing: random.Random, log: Log) -> None:
    log.mark = None


KINDS = (bring_back_a_moment, chain_anew, cut_the_newest_checkpoints, take_the_mark, edit, take_out, put_in, reorder, restamp, truncate, truncate_with_an_old_head, truncate_with_head_and_checkpoints,
         write_on_after_truncating, forge_head, take_the_head, forge_checkpoint, take_a_checkpoint)  # fmt: skip


def test_a_log_as_it_was_written_is_right(written: Log) -> None:
    verdict = written.check()
    assert verdict.fault is None
    assert verdict.rows > 60
    assert verdict.checkpoints == sum(row["act"] == CHECKPOINT for row in written.rows) > 3


def test_ten_thousand_tamperings_are_all_found(written: Log) -> None:
    drawing = random.Random(11)
    missed = []
    for turn in range(TAMPERINGS):
        kind = KINDS[turn % len(KINDS)]
        log = written.copy()
        kind(drawing, log)
        if log.check().fault is None:
            missed.append(kind.__name__)
    assert missed == []


@pytest.mark.parametrize("name", [*CHAINED, "mac"])
def test_the_first_row_that_was_edited_is_named(written: Log, name: str) -> None:
    drawing = random.Random(3)
    for number in (1, 17, len(written.rows)):
        log = written.copy()
        log.rows[number - 1][name] = forge(drawing, log.rows[number - 1], name)
        fault = log.check().fault
        assert fault is not None
        assert fault.number == number


def test_a_database_that_was_edited_by_hand_is_found(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    write_log(database, tmp_path, random.Random(1), 20)
    with database.read() as connection:
        assert verify_log(connection, file).fault is None
    with database.write() as connection:
        connection.execute(update(audit).where(audit.c.audit_id == 7).values(actor="staff:nobody"))
    with database.read() as connection:
        fault = verify_log(connection, file).fault
    assert fault is not None
    assert fault.number == 7


def test_an_act_that_is_rolled_back_leaves_no_gap(database: Database, tmp_path: Path) -> None:
    def fail() -> None:
        with database.write() as connection:
            record_act(connection, at=AT, actor="system", act="import")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.write() as connection:
        record_act(connection, at=AT, actor="system", act="import")
    with database.read() as connection:
        assert verify_log(connection, tmp_path / "none.jsonl") == Verdict(1, 0, None)


def make_old(database: Database) -> None:
    """The database as it was before the chain, with two acts."""
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE audit DROP COLUMN mac")
        connection.execute(delete(audit_head))
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0006'")
        for number in (3, 9):
            connection.exec_driver_sql(
                "INSERT INTO audit (audit_id, at, actor, act, detail) VALUES (?, ?, 'system', 'import', '{}')",
                (number, AT),
            )


def test_a_log_from_before_is_chained_in_its_order_once(tmp_path: Path) -> None:
    database = open_file(tmp_path / "old.db")
    database.migrate()
    database.vault.write_mark(MARK, None)  # an installation of then had none
    make_old(database)
    database.migrate()
    with database.write() as connection:
        record_act(connection, at=AT, actor="system", act="import")
    with database.read() as connection:
        assert verify_log(connection, tmp_path / "none.jsonl") == Verdict(3, 0, None)
    with database.write() as connection:
        connection.execute(delete(audit))
    make_old(database)
    with pytest.raises(BadLog, match="the store of keys knows that it was chained"):
        database.migrate()
    database.close()


def test_a_start_without_the_logs_end_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(audit_head).values(number=7))
    with pytest.raises(BadLog, match="Restore the newest backup"):
        database.migrate()
    with database.write() as connection:
        connection.execute(delete(audit_head))
    with pytest.raises(BadLog, match="Restore the newest backup"):
        database.migrate()


def test_a_changed_mark_is_found(database: Database, tmp_path: Path) -> None:
    write_log(database, tmp_path, random.Random(1), 20)
    told = database.vault.read_mark(MARK)
    assert told is not None
    database.vault.write_mark(MARK, told.replace('"begins": 0', '"begins": 9'))
    with database.read() as connection:
        fault = verify_log(connection, tmp_path / "audit.jsonl").fault
    assert fault is not None
    assert "store of keys" in str(fault)


def test_a_log_that_went_back_is_told_until_somebody_accepts_it(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    old = write_log(database, tmp_path, random.Random(1), 20)
    write_log(database, tmp_path, random.Random(2), 20)
    with database.write() as connection:  # a backup comes back
        connection.execute(delete(audit).where(audit.c.audit_id > len(old.rows)))
        connection.execute(update(audit_head).values(old.head))
    for _ in range(2):  # the gateway goes on signing, and does not hide it
        with database.read() as connection:
            assert verify_log(connection, file).fault is not None
        with database.write() as connection:
            record_act(connection, at=AT, actor="system", act="import")
            write_checkpoint(connection, file, at=AT)
    with database.write() as connection:
        assert accept_log(connection, file, at=AT).fault is None
    assert len(list(tmp_path.glob("audit.jsonl.until-*"))) == 1
    with database.write() as connection:
        write_checkpoint(connection, file, at=AT)
    with database.read() as connection:
        assert verify_log(connection, file).fault is None
    with database.write() as connection:
        connection.execute(update(audit).where(audit.c.audit_id == 7).values(actor="staff:nobody"))
    with database.write() as connection:
        fault = accept_log(connection, file, at=AT).fault
    assert fault is not None
    assert fault.number == 7


def test_every_column_is_in_the_chain() -> None:
    assert {*CHAINED, "mac"} == set(audit.c.keys())
