"""`python -m data.importers`: a summary and 0, or a sentence and 1; never a trace."""

import sqlite3
from pathlib import Path

import pytest

from data.importers.__main__ import main
from tests.kettles import ROOT, write_files


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CANDOR_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("CANDOR_SHOP_FILE", str(ROOT / "shop.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("CANDOR_DATABASE_URL", "CANDOR_NOW", "CANDOR_DEMO"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def read_fact(folder: Path, key: str) -> str:
    connection = sqlite3.connect(folder / "var" / "candor.db")
    try:
        return str(connection.execute("select value from shop where key = ?", (key,)).fetchone()[0])
    finally:
        connection.close()


def test_a_good_directory_is_imported_and_counted(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(write_files(settings / "kettles"))]) == 0
    assert "3  order lines" in capsys.readouterr().out
    assert read_fact(settings, "source") == '"own"'


def test_the_demo_starts_its_clock_on_the_morning_after_its_data(settings: Path) -> None:
    files = write_files(settings / "kettles", customers="customer_id\nanna\n")
    assert main([str(files), "--demo"]) == 0
    assert read_fact(settings, "imported_at").startswith('"2018-01-01T14:0')


def test_bad_rows_are_printed_one_a_line(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n"
    files = write_files(settings / "kettles", orders=f"{head}o1,a,2024-05-01,k1,0,1\no2,a,2024-05-01,zz,1,1\n")
    assert main([str(files)]) == 1
    printed = capsys.readouterr().err.splitlines()
    assert printed[0].startswith('orders.csv, line 2, column quantity: "0", expected ')
    assert printed[1].startswith('orders.csv, line 3, column product_id: "zz", expected ')
    assert printed[2] == "Nothing was imported."


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CANDOR_NOW", "yesterday", "CANDOR_NOW is 'yesterday'"),
        ("CANDOR_SHOP_FILE", "missing.toml", "missing.toml cannot be read"),
        ("CANDOR_DATABASE_URL", "sqlite:////proc/none/candor.db", "Nothing was imported."),
        ("CANDOR_DATABASE_URL", "nonsense", "CANDOR_DATABASE_URL"),
    ],
)
def test_a_setting_that_cannot_be_used_is_a_sentence(
    settings: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert main([str(write_files(settings / "kettles"))]) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed


def test_a_directory_that_is_not_there_is_a_sentence(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(settings / "nowhere")]) == 1
    assert "nowhere is no directory" in capsys.readouterr().err
