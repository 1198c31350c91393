"""Getting in, below the gateway: passwords, the pace of trying, codes of a phone, sessions, the last owner."""

import concurrent.futures
import time
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from data.database import Database
from data.errors import BadInput, Conflict, NotKnown
from data.passwords import check_new_password, is_outdated, make_temporary_password
from data.second_factor import (
    STEP_S,
    begin_second_factor,
    confirm_second_factor,
    count_recovery_codes,
    has_second_factor,
    remove_second_factor,
    take_code,
)
from data.sign_in_pace import (
    PACES,
    Attempt,
    begin_attempts,
    find_device,
    forgive_attempts,
    list_attempts,
    prove_device,
)
from data.staff import (
    TEMPORARY_S,
    Member,
    add_member,
    change_member,
    change_password,
    check_password,
    ensure_member,
    fetch_accounts,
    renew_hash,
    reset_password,
)
from data.staff_sessions import IDLE_S, LONGEST_S, end_one, fetch_sessions, find_session, start_session, touch_session
from data.tables import staff, staff_sessions
from data.tables_access import recovery_codes, second_factors, sign_in_tries
from tests.staffing import Machine, show_code

SAM = Member("sam", "Sam", "agent")
GOOD = "tulip river seven kite"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.fixture
def staffed(database: Database) -> Database:
    with database.write() as connection:
        ensure_member(connection, "sam", name="Sam", role="agent", password=GOOD)
        ensure_member(connection, "olga", name="Olga", role="owner", password=GOOD)
    return database


@pytest.mark.parametrize(
    "password",
    ["short", "elevenchars", "password1234", "qwertyuiop12", "123456789012", "aaaaaaaaaaaaaa", "Password123!", "fernhillfernhill", "olga.lindqvist1"],
)  # fmt: skip
def test_short_and_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(BadInput):
        check_new_password(password, names=("olga.lindqvist", "Olga Lindqvist", "Fernhill"))


@pytest.mark.parametrize(
    "password", [GOOD, "ünterwegs nach Kalk", "zxplfkwmrtgb", "日本の春は四月に来ますよね", make_temporary_password()]
)
def test_a_long_one_of_any_characters_is_taken(password: str) -> None:
    check_new_password(password, names=("olga", "Olga Lindqvist", "Fernhill Market"))


def test_a_very_long_password_is_looked_at_quickly() -> None:
    began = time.perf_counter()
    check_new_password("correct horse battery staple " * 30, names=("sam",))
    assert time.perf_counter() - began < 2
    with pytest.raises(BadInput):
        check_new_password("x" * 1001, names=("sam",))


def test_a_hash_of_old_parameters_is_made_anew_at_the_next_sign_in(staffed: Database) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    with staffed.write() as connection:
        connection.execute(update(staff).where(staff.c.username == "sam").values(password_hash=old))
        check_password(connection, "sam", GOOD)
        renew_hash(connection, "sam", GOOD)
        new = connection.execute(select(staff.c.password_hash).where(staff.c.username == "sam")).scalar_one()
        assert is_outdated(old)
        assert not is_outdated(new)
        assert check_password(connection, "sam", GOOD) == SAM
        renew_hash(connection, "sam", GOOD)
        assert connection.execute(select(staff.c.password_hash).where(staff.c.username == "sam")).scalar_one() == new


def test_a_temporary_password_ends(staffed: Database, machine: Machine) -> None:
    with staffed.write() as connection:
        temporary = add_member(connection, "new.one", name="New One", role="agent")
        assert check_password(connection, "new.one", temporary).name == "New One"
        machine.wait(TEMPORARY_S + 1)
        with pytest.raises(NotKnown):
            check_password(connection, "new.one", temporary)
        change_password(connection, "new.one", GOOD)
        assert check_password(connection, "new.one", GOOD).role == "agent"


@pytest.mark.parametrize("username", ["", "Sam", "a b", "x" * 33, "-sam", "sam\n"])
def test_an_odd_name_to_sign_in_with_is_refused(staffed: Database, username: str) -> None:
    with staffed.write() as connection, pytest.raises(BadInput):
        add_member(connection, username, name="Somebody", role="agent")


def test_the_last_owner_stays(staffed: Database) -> None:
    with staffed.write() as connection:
        for change in ({"disabled": True}, {"role": "agent"}):
            with pytest.raises(Conflict):
                change_member(connection, "olga", **change)
        temporary = add_member(connection, "ines", name="Ines", role="owner")
        with pytest.raises(Conflict):  # nobody knows whether ines can sign in
            change_member(connection, "olga", disabled=True)
        check_password(connection, "ines", temporary)
        change_password(connection, "ines", GOOD)
        assert change_member(connection, "olga", disabled=True).disabled
        with pytest.raises(Conflict):
            change_member(connection, "ines", role="supervisor")
        assert [a.username for a in fetch_accounts(connection)] == ["ines", "sam", "olga"]


# --- the pace --------------------------------------------------------------------------------------------------------


def fail(database: Database, attempts: list[Attempt]) -> float:
    with database.write() as connection:
        return begin_attempts(connection, attempts)


def test_after_five_failures_each_next_try_waits_longer(database: Database, machine: Machine) -> None:
    waits = []
    for _ in range(20):
        attempts = list_attempts("sam", "10.0.0.1", is_known_device=None)
        wait_s = fail(database, attempts)
        if wait_s:
            waits.append(round(wait_s))
            machine.wait(wait_s)
            assert fail(database, attempts) == 0
    assert waits[:5] == [2, 4, 8, 16, 32]
    assert waits == sorted(waits)
    assert max(waits) == PACES["pair"].longest_s


def test_a_try_during_a_wait_makes_it_no_longer(database: Database, machine: Machine) -> None:
    attempts = [Attempt("pair", "sam\n10.0.0.1")]
    for _ in range(5):
        fail(database, attempts)
    assert [round(fail(database, attempts)) for _ in range(50)] == [2] * 50


def test_nobody_locks_a_colleague_out(database: Database, machine: Machine) -> None:
    """Ten thousand failures from a hundred places: the colleague, elsewhere, waits 30 s at most; in their own browser not at all."""
    for number in range(10_000):
        if fail(database, list_attempts("sam", f"10.0.0.{number % 100}", is_known_device=None)):
            machine.wait(5)
    assert fail(database, list_attempts("sam", "192.0.2.7", is_known_device=None)) <= PACES["name"].longest_s
    with database.write() as connection:
        proof = prove_device(connection, "sam", "a-browser")
        device = find_device(connection, "sam", proof)
        assert device == "a-browser"
        assert begin_attempts(connection, list_attempts("sam", "192.0.2.7", is_known_device=device)) == 0


def test_a_proof_of_a_browser_is_for_one_name_and_cannot_be_made_up(database: Database) -> None:
    with database.read() as connection:
        proof = prove_device(connection, "sam", "a-browser")
        assert find_device(connection, "alex", proof) is None
        for forged in (None, "", "a-browser", "a-browser.", f"b{proof}", proof[:-1], "ä.ß"):
            assert find_device(connection, "sam", forged) is None


def test_guesses_at_once_get_no_further_than_one_after_the_other(database: Database) -> None:
    attempts = [Attempt("pair", "sam\n10.0.0.1")]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        went_on = sum(wait == 0 for wait in pool.map(lambda _: fail(database, attempts), range(60)))
    assert went_on == PACES["pair"].free


def test_success_forgets_failures_but_not_an_address(database: Database, machine: Machine) -> None:
    attempts = list_attempts("sam", "10.0.0.1", is_known_device=None)
    for _ in range(4):
        fail(database, attempts)
    with database.write() as connection:
        forgive_attempts(connection, attempts, fully=True)
        kept = connection.execute(select(sign_in_tries.c.failed)).scalars().all()
    assert kept == [3]  # of the address; its try of now is taken back


def test_what_was_typed_stands_nowhere(database: Database) -> None:
    fail(database, list_attempts("my secret password", "10.0.0.1", is_known_device=None))
    with database.read() as connection:
        rows = connection.execute(select(sign_in_tries)).all()
    assert len(rows) == 3
    assert not [row for row in rows if "secret" in str(row) or "10.0.0.1" in str(row)]


def test_old_failures_are_forgotten(database: Database, machine: Machine) -> None:
    attempts = [Attempt("pair", "sam\n10.0.0.1")]
    for _ in range(5):
        fail(database, attempts)
    machine.wait(3601)
    assert fail(database, [Attempt("pair", "alex\n10.0.0.1")]) == 0
    with database.read() as connection:
        assert len(connection.execute(select(sign_in_tries)).all()) == 1


# --- the phone -------------------------------------------------------------------------------------------------------


def set_up(database: Database, machine: Machine) -> tuple[str, list[str]]:
    with database.write() as connection:
        secret = begin_second_factor(connection, "sam")
        codes = confirm_second_factor(connection, "sam", show_code(secret, machine.now))
    assert codes is not None
    return secret, codes


def use(database: Database, code: str) -> bool:
    with database.write() as connection:
        return take_code(connection, "sam", code)


def test_codes_are_those_of_the_rfc(staffed: Database, machine: Machine) -> None:
    """RFC 6238, appendix B, SHA-1: the last six of its eight digits."""
    for at, eight in ((59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")):
        assert show_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) == eight[-6:]


def test_a_code_is_taken_once_and_one_step_off(staffed: Database, machine: Machine) -> None:
    secret, _ = set_up(staffed, machine)
    assert not use(staffed, show_code(secret, machine.now))  # it confirmed
    machine.wait(10 * STEP_S)
    before, now, after = (show_code(secret, machine.now + off * STEP_S) for off in (-1, 0, 1))
    assert use(staffed, f" {before[:3]} {before[3:]}\n")
    assert not use(staffed, before)
    assert use(staffed, after)
    assert not use(staffed, now)  # older than the one used last
    machine.wait(10 * STEP_S)
    for off in (-3, -2, 2, 3):
        assert not use(staffed, show_code(secret, machine.now + off * STEP_S))


def test_a_code_sent_twice_at_once_is_taken_once(staffed: Database, machine: Machine) -> None:
    secret, codes = set_up(staffed, machine)
    machine.wait(5 * STEP_S)
    for code in (show_code(secret, machine.now), codes[0]):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda _, code=code: use(staffed, code), range(16))) == 1


def test_recovery_codes_are_used_up_and_read_aloud(staffed: Database, machine: Machine) -> None:
    _, codes = set_up(staffed, machine)
    assert len(set(codes)) == 10
    assert use(staffed, codes[3].upper().replace("-", "  "))
    assert not use(staffed, codes[3])
    with staffed.write() as connection:
        assert count_recovery_codes(connection, "sam") == 9
        assert not take_code(connection, "olga", codes[4])
        assert remove_second_factor(connection, "sam")
        assert not take_code(connection, "sam", codes[5])


def test_what_is_not_confirmed_counts_for_nothing(staffed: Database, machine: Machine) -> None:
    with staffed.write() as connection:
        secret = begin_second_factor(connection, "sam")
        assert not has_second_factor(connection, "sam")
        assert not take_code(connection, "sam", show_code(secret, machine.now))
        assert confirm_second_factor(connection, "sam", "000000") is None
        again = begin_second_factor(connection, "sam")
        assert again != secret
        assert confirm_second_factor(connection, "sam", show_code(again, machine.now))
        with pytest.raises(Conflict):
            begin_second_factor(connection, "sam")


def test_the_database_alone_has_neither_secret_nor_codes(staffed: Database, machine: Machine, tmp_path: Path) -> None:
    secret, codes = set_up(staffed, machine)
    with staffed.read() as connection:
        stored = str(connection.execute(select(second_factors)).all()) + str(
            connection.execute(select(recovery_codes)).all()
        )
    found = b"".join(file.read_bytes() for file in tmp_path.glob("candor.db*"))
    for hidden in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert hidden not in stored
        assert hidden.encode() not in found


# --- sessions --------------------------------------------------------------------------------------------------------


def test_a_session_ends_after_15_idle_minutes(staffed: Database, machine: Machine) -> None:
    with staffed.write() as connection:
        token = start_session(connection, SAM, device="Firefox, Linux")
        machine.wait(IDLE_S - 1)
        assert find_session(connection, token)
        machine.wait(2)
        assert find_session(connection, token) is None
        assert fetch_sessions(connection, "sam") == []


def test_a_session_ends_after_12_hours_however_busy(staffed: Database, machine: Machine) -> None:
    with staffed.write() as connection:
        token = start_session(connection, SAM)
        used = 0
        while found := find_session(connection, token):
            used += 1
            assert found.member == SAM
            touch_session(connection, token)
            machine.wait(10 * 60)
        assert used == LONGEST_S // 600


def test_a_session_of_somebody_disabled_or_reset_is_known_for_it(staffed: Database, machine: Machine) -> None:
    with staffed.write() as connection:
        token = start_session(connection, SAM)
        found = find_session(connection, token)
        assert found is not None
        assert found.owes == ("second_factor",)
        reset_password(connection, "sam")
        owing = find_session(connection, token)
        assert owing is not None
        assert owing.owes == ("password", "second_factor")
        change_member(connection, "sam", disabled=True)
        assert find_session(connection, token) is None


def test_a_session_is_ended_by_its_name_and_by_its_own_member_alone(staffed: Database, machine: Machine) -> None:
    with staffed.write() as connection:
        start_session(connection, SAM)
        (row,) = fetch_sessions(connection, "sam")
        for username, session_id in (
            ("olga", row.session_id),
            ("sam", ""),
            ("sam", "%" * 16),
            ("sam", row.session_id[:8]),
        ):
            assert not end_one(connection, username, session_id)
        assert end_one(connection, "sam", row.session_id)
        assert connection.execute(select(staff_sessions)).all() == []


def test_a_database_of_before_keeps_its_staff(staffed: Database, machine: Machine) -> None:
    with staffed.write() as connection:
        for table in ("recovery_codes", "second_factors", "sign_in_tries"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("ALTER TABLE staff DROP COLUMN temporary_until")
        connection.exec_driver_sql("ALTER TABLE staff_sessions DROP COLUMN device")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0014'")
    staffed.migrate()
    with staffed.write() as connection:
        assert check_password(connection, "sam", GOOD) == SAM
        assert fetch_accounts(connection)[0].is_temporary is False
        assert find_session(connection, start_session(connection, SAM))
    assert set_up(staffed, machine)
