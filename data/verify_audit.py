"""`python -m data.verify_audit`: is the audit log as it was written? Names the first row that is not. `accept`: go on with it as it stands."""

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from data.audit_checks import Verdict, accept_log, verify_log
from data.audit_marks import MARK
from data.clock import read_shop_clock
from data.database import Database, open_database
from data.errors import BadLog, CandorError
from settings import BadSetting, read_settings


def main(arguments: list[str]) -> int:
    """Check, say what was found; 1 when something is wrong."""
    try:
        settings = read_settings()
        database = open_database(settings.database_url, keys_url=settings.keys_url, key_file=settings.key_file)
    except (BadSetting, CandorError) as error:
        print(str(error), file=sys.stderr)
        return 1
    try:
        if arguments == ["accept"]:
            verdict = _accept(database, settings.audit_file)
        else:
            database.migrate()
            with database.read() as connection:
                verdict = verify_log(connection, settings.audit_file)
    except BadLog as error:
        print(str(error), file=sys.stderr)
        return 1
    finally:
        database.close()
    if verdict.fault is not None:
        print(f"The audit log is not as it was written. {verdict.fault}", file=sys.stderr)
        print("If you restored a backup, this is what it shows; see docs/operate.md.", file=sys.stderr)
        return 1
    print(f"{verdict.rows:,} rows and {verdict.checkpoints:,} checkpoints, all as they were written.")
    return 0


def _accept(database: Database, file: Path) -> Verdict:
    """Go on with the log as it stands, if its rows hold together. If not, the store of keys knows what it knew."""
    known = database.vault.read_mark(MARK)
    database.vault.write_mark(MARK, None)
    is_done = False
    try:
        database.migrate()
        with database.write() as connection:
            at = read_shop_clock(connection, ZoneInfo("UTC")).stamp()
            verdict = accept_log(connection, file, at=at)
        is_done = verdict.fault is None
    finally:
        if not is_done:
            database.vault.write_mark(MARK, known)
    return verdict


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
