"""Every language says all that English says: the same keys, kinds, buttons and facts, in its own words; and which language is chosen."""

import re
import string
from pathlib import Path

import pytest

from data.notices import Notice, load_notices
from data.shop import read_shop
from data.texts import Entry, Texts, choose_texts, load_languages, load_texts

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "texts"
LANGUAGES = sorted(folder.name for folder in TEXTS.iterdir() if folder.is_dir() and folder.name != "en")
ALIKE: dict[str, set[str]] = {
    "de": {
        "pages.column_name",
        "pages.staff_name",
        "pages.staff_online",
        "pages.staff_team",
        "privacy.group_conversations",
    },
    "es": {"pages.staff_minutes", "pages.staff_hours", "privacy.group_conversations"},
}
"""What is written in a language as it is in English: words and marks that both have."""


@pytest.fixture(scope="module", params=LANGUAGES)
def other(request: pytest.FixtureRequest) -> Texts:
    return load_texts(TEXTS, request.param)


def list_pairs(texts: Texts, other: Texts) -> list[tuple[Entry, Entry]]:
    return [(entry, other.entry(address)) for address, entry in texts.entries.items()]


def find_fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_language_besides_english_is_there() -> None:
    assert set(LANGUAGES) == set(ALIKE), (
        "a language without its list of words that are alike, or a list without a language"
    )


def test_the_shop_speaks_every_language_that_has_a_folder() -> None:
    assert set(read_shop(ROOT / "shop.toml").languages) == {"en", *LANGUAGES}


def test_a_language_has_englishs_keys_and_no_other(texts: Texts, other: Texts) -> None:
    assert sorted(texts.entries.keys() - other.entries.keys()) == []
    assert sorted(other.entries.keys() - texts.entries.keys()) == []


def test_kinds_are_englishs(texts: Texts, other: Texts) -> None:
    assert [one.address for one, own in list_pairs(texts, other) if one.kind != own.kind] == []


def test_buttons_do_what_englishs_do_in_the_same_order(texts: Texts, other: Texts) -> None:
    def list_payloads(entry: Entry) -> list[str]:
        return [button["payload"] for button in entry.buttons]

    assert [one.address for one, own in list_pairs(texts, other) if list_payloads(one) != list_payloads(own)] == []


def test_every_variant_names_the_facts_that_english_names(texts: Texts, other: Texts) -> None:
    """A fact that is left out is one that the customer is not told; one too many is an error when it is said."""
    wrong = []
    for one, own in list_pairs(texts, other):
        least = set.intersection(*(find_fields(text) for text in one.say))
        wrong += [(one.address, text) for text in own.say if not least <= find_fields(text) <= one.fields] or (
            [(one.address, "of all variants")] if own.fields != one.fields else []
        )
    assert wrong == []


def test_there_are_as_many_variants_and_none_twice(texts: Texts, other: Texts) -> None:
    few = [one.address for one, own in list_pairs(texts, other) if len(own.say) < len(one.say)]
    assert few == []
    assert [own.address for own in other.entries.values() if len(set(own.say)) < len(own.say)] == []


def test_nothing_is_left_in_english(texts: Texts, other: Texts) -> None:
    alike = set()
    for one, own in list_pairs(texts, other):
        titles = zip((b["title"] for b in one.buttons), (b["title"] for b in own.buttons), strict=True)
        same = {text for text in {*one.say} & {*own.say} if re.search(r"[^\W\d_]", re.sub(r"\{.*?\}", "", text))}
        if same or any(title == of_own for title, of_own in titles):
            alike.add(one.address)
    assert alike == ALIKE[other.lang]


def test_nothing_shouts(other: Texts) -> None:
    said = [(own.address, text) for own in other.entries.values() for text in own.say]
    assert [one for one in said if "!" in one[1] or "¡" in one[1] or "  " in one[1]] == []


def test_lists_that_pages_split_have_englishs_length(texts: Texts, other: Texts) -> None:
    for key, mark in (("pages.numbers", " "), ("pages.starters", "|")):
        assert len(other.say(key).split(mark)) == len(texts.say(key).split(mark)), key


@pytest.mark.parametrize("notice", load_notices(), ids=lambda notice: notice.address)
def test_every_notice_says_who_what_why_how_long_and_how_to_stop(texts: Texts, other: Texts, notice: Notice) -> None:
    for spoken in (texts, other):
        words = spoken.entry(notice.address).say[0]
        assert all(label in words for label in spoken.say("pages.consent_labels").split("|"))


@pytest.mark.parametrize(
    ("wanted", "lang"),
    [
        ((), "en"),
        ((None, ""), "en"),
        (("es",), "es"),
        (("es-MX",), "es"),
        (("ES_mx",), "es"),
        (("es-Latn-AR-valencia",), "es"),
        (("pt",), "pt-BR"),
        (("pt-PT",), "pt-BR"),
        (("pt-BR-x-shop",), "pt-BR"),
        (("fr", "es-ES", "en"), "es"),
        (("fr",), "en"),
        (("e",), "en"),
        (("-", "es"), "es"),
        (("x" + "-a" * 40_000, "es"), "es"),  # a stranger's header costs no time
        (("fr",) * 10_000 + ("es",), "en"),
    ],
)
def test_a_locale_is_spoken_by_its_language_and_an_unknown_one_by_the_first(
    wanted: tuple[str | None, ...], lang: str
) -> None:
    languages = {one: Texts(one, {}) for one in ("en", "es", "pt-BR")}
    assert choose_texts(languages, *wanted).lang == lang


def test_the_shops_languages_are_loaded_the_first_first() -> None:
    languages = ("es", "en")
    loaded = load_languages(TEXTS, languages)
    assert tuple(loaded) == languages
    assert choose_texts(loaded, "fr").lang == "es"
