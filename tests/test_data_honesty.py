"""P8: what presses the customer is found, what informs is left alone. The sentences stand in tests/honesty/.

Every third sentence is kept apart: no pattern was written for it. On the others the check must be right; on those that are kept apart it
is measured, and the figures are the ones in docs/import.md.
"""

import re
from pathlib import Path

import pytest
import yaml

from data.check_texts import Finding, check_texts, list_unknown_languages, main
from data.honesty import find_line, find_pressure, load_kinds

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("en", "de", "es")
MAIN_KINDS = ("urgency", "scarcity", "shaming", "nagging", "pretending", "pressure")


def read_pressing() -> dict[str, dict[str, list[str]]]:
    told: dict[str, dict[str, list[str]]] = yaml.safe_load((ROOT / "tests/honesty/pressing.yml").read_text("utf-8"))
    return told


def read_fair() -> dict[str, list[str]]:
    told: dict[str, list[str]] = yaml.safe_load((ROOT / "tests/honesty/fair.yml").read_text("utf-8"))
    return told


def split(sentences: list[str]) -> tuple[list[str], list[str]]:
    """Those that patterns were written for, and every third, which is kept apart."""
    return [s for n, s in enumerate(sentences, 1) if n % 3], sentences[2::3]


WORKED_ON = [
    (s, kind) for kinds in read_pressing().values() for kind, listed in kinds.items() for s in split(listed)[0]
]
KEPT_APART = {
    lang: [s for listed in kinds.values() for s in split(listed)[1]] for lang, kinds in read_pressing().items()
}
FAIR = [s for listed in read_fair().values() for s in split(listed)[0]]


def test_there_are_enough_sentences() -> None:
    for lang, kinds in read_pressing().items():
        assert len({s for listed in kinds.values() for s in listed}) >= (100 if lang == "en" else 10)
    assert all(len(read_pressing()["en"][kind]) >= 25 for kind in MAIN_KINDS)
    assert len(set(read_fair()["en"])) >= 150
    assert set(read_fair()) == set(read_pressing()) == set(LANGUAGES)


@pytest.mark.parametrize(("text", "kind"), WORKED_ON)
def test_what_presses_is_found(text: str, kind: str) -> None:
    pressure = find_pressure(text)
    assert pressure is not None, kind
    assert pressure.better
    assert pressure.words.lower() in " ".join(text.replace("…", "...").lower().split())


@pytest.mark.parametrize("text", FAIR)
def test_what_informs_is_left_alone(text: str) -> None:
    assert find_pressure(text) is None


def test_the_figures_of_the_sentences_kept_apart_are_the_ones_in_the_docs() -> None:
    docs = " ".join((ROOT / "docs" / "import.md").read_text(encoding="utf-8").split())
    for lang, sentences in KEPT_APART.items():
        found = sum(find_pressure(text) is not None for text in sentences)
        fair = split(read_fair()[lang])[1]
        false = sum(find_pressure(text) is not None for text in fair)
        row = f"| {lang} | {found} of {len(sentences)} | {false} of {len(fair)} |"
        assert row in docs, row


def test_each_kind_alone_can_be_looked_for() -> None:
    text = "My name is Tom. Only 2 left!"
    assert {kind.name for kind in load_kinds() if find_pressure(text, kinds={kind.name})} == {"stock", "pretending"}


@pytest.mark.parametrize("text", ["Only 2 left", "Kettle, one left in stock", "Nur noch 2 auf Lager", "Solo quedan 2"])
def test_a_number_of_pieces_may_be_told_only_if_it_is_the_catalogues(text: str) -> None:
    number = 1 if "one" in text else 2
    assert find_pressure(text, stock=number) is None
    assert find_pressure(text, stock=number + 1) is not None
    assert find_pressure(text) is not None


@pytest.mark.parametrize("text", ["Hur\u200bry", "ＨＵＲＲＹ", "Don’t   wait", "last\nchance", "Ｌast chance"])
def test_letters_that_cannot_be_seen_or_look_alike_hide_nothing(text: str) -> None:
    assert find_pressure(text) is not None


def test_the_line_is_found_however_the_text_is_wrapped() -> None:
    assert find_line("One.\nTwo last\n  chance to", "last chance") == 2
    assert find_line("One.\nDon’t wait", "Don't wait") == 2
    assert find_line("One.", "nothing of it") == 1


# --- files of texts ---------------------------------------------------------------------------------------------------
def write_texts(folder: Path, text: str, lang: str = "en") -> Path:
    (folder / lang).mkdir(parents=True)
    (folder / lang / "talk.yml").write_text(text, encoding="utf-8")
    return folder


def test_no_text_of_ours_presses() -> None:
    assert [finding.describe() for finding in check_texts(ROOT / "texts")] == []
    assert list_unknown_languages(ROOT / "texts") == []


def test_a_finding_names_file_line_words_kind_and_a_better_wording(tmp_path: Path) -> None:
    folder = write_texts(
        tmp_path, 'greet:\n  kind: chat\n  say:\n    - "Hello."\n    - "Hello, I\'m Sarah, how can I help?"\n'
    )
    (finding,) = check_texts(folder)
    assert (finding.file, finding.line, finding.kind) == ("en/talk.yml", 5, "pretending")
    assert re.fullmatch(r'en/talk\.yml:5: pretending: "I\'m Sarah". Better: .{20,}\.', finding.describe())


PAIR = 'ask:\n  say: "May I?"\n  buttons:\n    - {title: "%s", payload: "/grant_consent"}\n    - {title: "%s", payload: "/decline_consent"}\n'


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("Yes, use it", "No, don't use it"),
        ("Ja, verwenden", "Nein, nicht verwenden"),
        ("Sí", "No"),
        ("Use it", "Leave it"),
    ],
)
def test_two_buttons_of_the_same_weight_are_left_alone(tmp_path: Path, yes: str, no: str) -> None:
    assert check_texts(write_texts(tmp_path, PAIR % (yes, no))) == []


@pytest.mark.parametrize(
    ("yes", "no", "kind"),
    [
        ("Yes, use it", "No, I hate saving", "shaming"),
        ("Yes, use it", "Maybe later", "nagging"),
        ("Yes, use it", "Go on", "uneven"),
        ("Yes", "No, go on without offers that are made for me", "uneven"),
        ("Yes, choose offers from all that I bought here", "No", "uneven"),
    ],
)
def test_a_no_that_is_not_as_plain_as_the_yes_is_found(tmp_path: Path, yes: str, no: str, kind: str) -> None:
    findings: list[Finding] = check_texts(write_texts(tmp_path, PAIR % (yes, no)))
    assert kind in [finding.kind for finding in findings]
    assert {finding.line for finding in findings} == {5}


def test_the_command_prints_the_place_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_texts(tmp_path / "bad", 'greet: "Last chance"\n')
    assert main([str(folder)]) == 1
    assert f"{folder}/en/talk.yml:1: urgency" in capsys.readouterr().out
    assert main([str(write_texts(tmp_path / "good", 'greet: "Hello."\n'))]) == 0
    assert main([str(tmp_path / "empty")]) == 2
    assert main([str(write_texts(tmp_path / "french", 'greet: "Bonjour."\n', lang="fr"))]) == 0
    assert "fr: no wording of this language is known" in capsys.readouterr().out
