"""The master key's file: made once, kept to its owner, never made anew over rows that were sealed with it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data.errors import BadKey
from data.masterkey import open_master_key


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "candor.key"
    key = open_master_key(file, make=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_master_key(file, make=False) == key
    assert [path.name for path in file.parent.iterdir()] == ["candor.key"]


def test_two_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: open_master_key(tmp_path / "candor.key", make=True).secret, range(32)))
    assert len(set(keys)) == 1


def test_each_purpose_has_a_key_of_its_own_and_none_is_in_a_repr(tmp_path: Path) -> None:
    key = open_master_key(tmp_path / "candor.key", make=True)
    assert len({key.derive("people"), key.derive("audit"), key.secret}) == 3
    assert key.derive("audit") == key.derive("audit")
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr(key)


@pytest.mark.parametrize(("text", "said"), [("", "holds no key"), ("zz", "holds no key"), ("ab" * 31, "holds no key")])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "candor.key"
    file.touch(mode=0o600)
    file.write_text(text)
    with pytest.raises(BadKey, match=said):
        open_master_key(file, make=True)


def test_a_missing_file_and_one_open_to_others_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "candor.key"
    with pytest.raises(BadKey, match="CANDOR_KEY_FILE"):
        open_master_key(file, make=False)
    open_master_key(file, make=True)
    file.chmod(0o644)
    with pytest.raises(BadKey, match="chmod 600"):
        open_master_key(file, make=True)
