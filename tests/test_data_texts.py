"""Everything that can be said: it is there, its placeholders are filled, its buttons do something, and it never presses (P8).

Call sites are read with `ast`, as far as that can see: an address in a variable is checked to exist, its facts are not.
"""

import ast
import json
import re
import string
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from data.texts import Entry, Texts, UnknownText, load_texts
from tests.test_bot_domain import KINDS, list_intents
from web.deeds import DEEDS, parse_payload

ROOT = Path(__file__).resolve().parent.parent
TOPICS = {path.stem for path in (ROOT / "texts" / "en").glob("*.yml")}
ADDRESS = re.compile(rf"(?:{'|'.join(sorted(TOPICS))})\.[a-z][a-z0-9_]*")
FILE_ENDINGS = ("csv", "json", "md", "yml", "html", "py", "parquet")
# Which argument is the address, by the name of the function that says it.
SPEAKERS = {"say": 0, "words": 0, "write_draft": 1, "write_disclosure": 1, "_say": 1, "_say_effect": 1}
# Facts that the function adds by itself, and arguments that are no facts.
GIVEN = {"_say_effect": {"category", "effect"}}
NO_FACTS = {"vary", "author", "buttons"}
GATEWAYS_OWN = {"try_again"}
CODE = [path for folder in ("data", "models", "web", "actions") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_texts(ROOT / "texts", "en")


def list_constants(node: ast.expr) -> list[str]:
    """The strings that an expression can be: a constant, or either side of an `if`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*list_constants(node.body), *list_constants(node.orelse)]
    return []


def list_said() -> Iterator[tuple[str, str, set[str], bool]]:
    """`(place, address, names of the facts given, whether there may be more)` of every call that says a text by its address."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            position = SPEAKERS.get(function)
            if position is None or len(node.args) <= position:
                continue
            names = {keyword.arg for keyword in node.keywords if keyword.arg} | GIVEN.get(function, set())
            is_open = any(keyword.arg is None for keyword in node.keywords)
            for address in list_constants(node.args[position]):
                if ADDRESS.fullmatch(address):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", address, names - NO_FACTS, is_open


def test_call_sites_are_found() -> None:
    assert len(list(list_said())) > 100


def test_every_call_gives_the_facts_that_its_text_needs(texts: Texts) -> None:
    for place, address, given, is_open in list_said():
        needed = texts.entry(address).fields
        assert is_open or needed <= given, f"{place} says {address} without {sorted(needed - given)}"


def test_every_call_of_a_message_names_one_that_has_a_kind(texts: Texts) -> None:
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "write_draft",
                "write_disclosure",
                "_say",
            ):
                for address in (a for argument in node.args for a in list_constants(argument)):
                    assert texts.entry(address).kind, f"{path.name}:{node.lineno}: {address} is a fragment"


def test_every_address_in_the_code_exists(texts: Texts) -> None:
    for path in CODE:
        if "data" in path.relative_to(ROOT).parts:  # names of columns look alike, and nothing is said there
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            is_part = node.value.endswith("_")  # the beginning of an f-string: the next test
            if ADDRESS.fullmatch(node.value) and not is_part and node.value.rpartition(".")[2] not in FILE_ENDINGS:
                assert node.value in texts.entries, f"{path.relative_to(ROOT)}:{node.lineno} says {node.value}"


def test_every_address_that_is_put_together_has_a_text(texts: Texts) -> None:
    """`f"reasons.label_{label}"`: something must begin so."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                start = str(node.values[0].value)
                if re.fullmatch(rf"(?:{'|'.join(TOPICS)})\.[a-z_]*", start):
                    assert [a for a in texts.entries if a.startswith(start)], f"{path.name}:{node.lineno}: {start}"


def test_every_category_of_the_shop_has_its_words(texts: Texts) -> None:
    for category in ("purchases", "offers", "preferences", "browsing", "fairness", "sensitive"):
        for address in (f"privacy.in_words_{category}", f"privacy.purpose_of_{category}"):
            assert texts.entry(address).say


def test_every_reason_has_its_words(texts: Texts) -> None:
    from models.features import GROUPS

    for group in GROUPS:
        assert texts.entry(f"reasons.{group.name}_short")
    for label in ("purchases", "offers", "preferences", "new", "popular", "own_order"):
        assert texts.entry(f"reasons.label_{label}")


def list_entries(texts: Texts) -> list[Entry]:
    return list(texts.entries.values())


def test_every_button_does_something(texts: Texts) -> None:
    known = set(DEEDS) | set(list_intents(domain=True)) | GATEWAYS_OWN
    for entry in list_entries(texts):
        for button in entry.buttons:
            assert set(button) == {"title", "payload"}, entry.address
            assert button["payload"].startswith("/"), entry.address
            name, facts = parse_payload(re.sub(r"<[a-z_]+>", "x", button["payload"]))
            assert name in known, f"{entry.address}: nothing does {name!r}"
            assert json.dumps(facts)


def test_every_payload_that_an_action_writes_does_something() -> None:
    known = set(DEEDS) | set(list_intents(domain=True)) | GATEWAYS_OWN
    for path in sorted((ROOT / "actions").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = re.match(r"/([a-z][a-z_]+)(?:\{|$)", node.value)
                assert found is None or found[1] in known, f"{path.name}:{node.lineno}: nothing does {found[1]!r}"


def test_a_consent_question_has_two_answers_of_the_same_weight(texts: Texts) -> None:
    entry = texts.entry("offers.ask_consent")
    assert [parse_payload(button["payload"])[0] for button in entry.buttons] == ["grant_consent", "decline_consent"]
    lengths = [len(button["title"].split()) for button in entry.buttons]
    assert max(lengths) - min(lengths) <= 1


def test_a_question_with_two_buttons_does_what_was_asked_first(texts: Texts) -> None:
    refusing = {"continue_with_bot", "decline_consent", "cancel_handoff", "keep_everything"}
    for entry in list_entries(texts):
        if len(entry.buttons) == 2 and any(button["title"].startswith("No") for button in entry.buttons):
            names = [parse_payload(button["payload"])[0] for button in entry.buttons]
            assert names[0] not in refusing, entry.address
            assert names[1] in refusing, entry.address


def test_every_message_has_a_kind_of_the_contract(texts: Texts) -> None:
    for entry in list_entries(texts):
        assert entry.kind is None or entry.kind in KINDS, entry.address
        assert entry.kind is not None or not entry.buttons, f"{entry.address}: a fragment has no buttons"
        assert entry.say, entry.address
        assert all(isinstance(text, str) and text.strip() for text in entry.say), entry.address
        is_letter = entry.address.startswith("mail.")  # the wire to the bot splits a message at blank lines
        assert is_letter or not any("\n\n" in text for text in entry.say), entry.address


def list_words(texts: Texts) -> Iterator[tuple[str, str]]:
    for entry in list_entries(texts):
        for text in (*entry.say, *(button["title"] for button in entry.buttons)):
            yield entry.address, text


def test_nothing_shouts_or_winks(texts: Texts) -> None:
    for address, text in list_words(texts):
        assert "!" not in text, address
        pictures = [c for c in text if ord(c) > 0x1F000 or unicodedata.category(c) == "So"]
        assert not pictures, f"{address}: {pictures}"
        assert "  " not in text, f"{address}: two spaces"


def test_nothing_flatters_or_shames(texts: Texts) -> None:
    words = re.compile(
        r"\b(?:great (?:choice|question)|good choice|valued customer|lucky|exclusive(?:ly)?|amazing|awesome|you(?:'ll| will) (?:miss|regret|lose)"
        r"|no thanks, i|are you sure|don't want to save|we(?:'re| are) sad)\b",
        re.IGNORECASE,
    )
    for address, text in list_words(texts):
        assert not words.search(text), f"{address}: {text}"


def test_a_disclosure_says_what_it_is(texts: Texts) -> None:
    for entry in list_entries(texts):
        if entry.kind == "disclosure":
            for text in entry.say:
                assert re.search(r"automated assistant|computer program", text), entry.address
                assert re.search(r"\bnot a person\b|^No\b", text), entry.address


def test_placeholders_are_names(texts: Texts) -> None:
    for entry in list_entries(texts):
        for text in entry.say:
            for _, name, form, conversion in string.Formatter().parse(text):
                assert name is None or re.fullmatch(r"[a-z][a-z0-9_]*", name), f"{entry.address}: {{{name}}}"
                assert not form, entry.address
                assert not conversion, entry.address


# --- the loader -----------------------------------------------------------------------------------------------------
@pytest.fixture
def small(tmp_path: Path) -> Texts:
    (tmp_path / "en").mkdir()
    entry = {
        "say": ["Hello {name}.", "Good day {name}.", "{name}, hello."],
        "kind": "chat",
        "buttons": [{"title": "Not <thing>", "payload": '/stop{"category":"<thing>"}'}],
    }
    (tmp_path / "en" / "talk.yml").write_text(yaml.safe_dump({"greet": entry, "label": "Send"}), encoding="utf-8")
    return load_texts(tmp_path, "en")


def test_the_same_key_says_the_same_variant_and_other_keys_all_of_them(small: Texts) -> None:
    said = {small.say("talk.greet", vary=str(n), name="Anna") for n in range(40)}
    assert said == {"Hello Anna.", "Good day Anna.", "Anna, hello."}
    assert len({small.say("talk.greet", vary="one", name="Anna") for _ in range(5)}) == 1
    assert small.say("talk.greet", name="Anna") == "Hello Anna."


def test_a_missing_fact_is_an_error_and_no_hole(small: Texts) -> None:
    with pytest.raises(KeyError, match="name"):
        small.say("talk.greet")


def test_an_unknown_text_says_where_to_add_it(small: Texts) -> None:
    with pytest.raises(UnknownText, match=r"talk\.yml"):
        small.say("talk.nothing")
    with pytest.raises(UnknownText, match="'xx'"):
        load_texts(ROOT / "texts", "xx")


def test_buttons_are_filled_in_title_and_payload(small: Texts) -> None:
    assert small.buttons("talk.greet", thing="browsing") == [
        {"title": "Not browsing", "payload": '/stop{"category":"browsing"}'}
    ]
    assert small.buttons("talk.label") == []


def test_a_text_is_known_by_its_wording(small: Texts) -> None:
    entry = small.entry("talk.greet")
    assert entry.fields == {"name"}
    assert entry.version == small.entry("talk.greet").version
    assert entry.version != Entry("talk.greet", ("Hello {name}.",)).version
    assert small.list_topic("talk") == {"greet": "Hello {name}.", "label": "Send"}
