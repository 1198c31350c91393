"""The pages of the common questions: what the assistant names as its source."""

from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from data.importers.questions import Question, write_questions
from tests.databases import open_file
from tests.serving import StandIn, make_settings, serve

SHOWN = [
    Question("how paid?", 'Can I pay "later"?', (), "Yes.\n- by card\n<b>not bold</b>", "paid.md", "/privacy"),
    Question("back", "Can I bring it back?", ("return",), "Within 30 days.", "back.md", None),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder, bot = tmp_path_factory.mktemp("questions"), StandIn()
    database = open_file(folder / "candor.db")
    database.migrate()
    with serve(make_settings(folder, bot_port=bot.port)) as opened:
        yield opened
    database.close()
    bot.close()


def test_without_questions_the_page_says_so_and_with_them_it_lists_them_by_title(
    client: TestClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert "no answers yet" in client.get("/questions").text
    with client.app.state.house.database.write() as connection:  # type: ignore[attr-defined]
        write_questions(connection, SHOWN)
    page = client.get("/questions").text
    assert page.index("Can I bring it back?") < page.index("Can I pay")
    assert '<a href="/questions/back">' in page


def test_a_question_has_a_page_with_its_answer_and_nothing_in_it_is_markup(client: TestClient) -> None:
    with client.app.state.house.database.write() as connection:  # type: ignore[attr-defined]
        write_questions(connection, SHOWN)
    page = client.get("/questions/back").text
    assert "<h1>Can I bring it back?</h1>" in page
    assert "<p>Within 30 days.</p>" in page
    assert '<html lang="en">' in page
    other = client.get("/questions/how%20paid%3F")
    assert other.status_code == 200
    assert "<b>" not in other.text
    assert "<b>not bold</b>" in unescape(other.text)
    assert 'href="/privacy"' in other.text


def test_an_unknown_question_is_not_found(client: TestClient) -> None:
    assert client.get("/questions/nothing").status_code == 404
