"""answers/*.md: what the staff may say in one go (data/importers/answers.py)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data import tables
from data.answers import FIELDS, fill_fields, find_fields
from data.demo.writing import ANSWERS
from data.errors import BadImport
from data.importers import ImportSummary, import_shop
from data.importers.answers import read_answers
from data.importers.checks import Check
from tests.kettles import NOW, Kettles, open_kettles, write_files

ROWS = ("answer_id", "title", "text", "lang")


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path) as opened:
        yield opened


def bring(kettles: Kettles, **files: str | bytes) -> ImportSummary:
    """Import the kettle shop with these answers and no other."""
    directory = write_files(kettles.folder / "files")
    (directory / "answers").mkdir(exist_ok=True)
    for path in (directory / "answers").iterdir():
        path.unlink()
    for name, text in files.items():
        (directory / "answers" / f"{name}.md").write_bytes(text.encode() if isinstance(text, str) else text)
    return import_shop(kettles.database, kettles.shop, directory, source="own", clock_now=NOW)


def test_the_folder_is_the_whole_list_and_without_it_nothing_changes(kettles: Kettles) -> None:
    hello = "---\ntitle: Hello\nlang: en\n---\nHello {customer_name},\nI look at {order_id}.\n\nA moment.\n"
    summary = bring(kettles, hello=hello, bye="---\ntitle: Bye\n---\nGoodbye.\n")
    assert summary.answers == 2
    assert kettles.rows(tables.answers, *ROWS) == [
        ("bye", "Bye", "Goodbye.", None),
        ("hello", "Hello", "Hello {customer_name}, I look at {order_id}.\n\nA moment.", "en"),
    ]
    bring(kettles, hello=hello.replace("title: Hello", "title: Good day"))
    assert kettles.rows(tables.answers, "answer_id", "title") == [("hello", "Good day")]
    (kettles.folder / "files" / "answers" / "hello.md").unlink()
    (kettles.folder / "files" / "answers").rmdir()
    kettles.bring()
    assert kettles.rows(tables.answers, "answer_id", "title") == [("hello", "Good day")]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("---\ntitle: A\n---\nDear {customer},\n", 4, "one of the fields {customer_name}"),
        ("---\ntitle: A\n---\nHello.\n{}\n", 5, "one of the fields"),
        ("---\ntitle: A\n---\n\n", 4, "nothing"),
        ("---\nlang: en\n---\nB\n", 1, "a title"),
        ("---\ntitle: A\nlang: English\n---\nB\n", 1, "such as en"),
        ("---\ntitle: A\n---\nSo hurry.\n", 4, "presses the customer"),
        ("---\ntitle: Last chance\n---\nB\n", 2, "presses the customer"),
        ("---\ntitle: A\n", 1, "front matter that does not end"),
        (b"---\ntitle: A\n---\nJ\xfcrg\n", 4, "the byte 0xFC"),
        ("---\ntitle: A\n---\n" + "long " * 400, 4, "1 to 1,500"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_by_file_and_line(
    kettles: Kettles, text: str | bytes, line: int, said: str
) -> None:
    with pytest.raises(BadImport) as caught:
        bring(kettles, odd=text)
    problem = caught.value.details["problems"][0]
    assert (problem["file"], problem["line"]) == ("answers/odd.md", line)
    assert said in caught.value.message
    assert kettles.rows(tables.products, "product_id") == []


def test_fields_are_filled_or_stay_to_be_seen() -> None:
    text = "{customer_name}: {order_id}, {order_id}, {my_name}"
    filled = fill_fields(text, {"customer_name": "Ann", "order_id": None, "my_name": "{order_id}"})
    assert filled == "Ann: {order_id}, {order_id}, {order_id}"
    assert find_fields(text) == ["customer_name", "order_id", "my_name"]
    assert find_fields("nothing to {fill}") == []


def test_the_demos_answers_can_be_imported_and_use_every_field() -> None:
    check = Check()
    written, notices = read_answers(check, ANSWERS)
    check.finish()
    assert written is not None
    assert len(written) >= 10
    assert notices == []
    assert {field for one in written for field in find_fields(one.text)} == set(FIELDS)
