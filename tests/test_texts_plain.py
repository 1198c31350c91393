"""Everything said in English can be read at about the age of 12: the grade of Flesch and Kincaid (1975), whose grade 7 is that age."""

import re
from statistics import mean

import pytest

from data.texts import Texts

MOST_OF_A_TOPIC, MOST_OF_A_TEXT = 6.0, 9.0
FEWEST_WORDS = 8  # of fewer the formula says nothing
_VOWELS = re.compile(r"[aeiouy]+")
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")


def count_syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end; a word has one at least."""
    low = word.lower()
    return max(1, len(_VOWELS.findall(low)) - (low.endswith("e") and not low.endswith("le")))


def find_grade(text: str) -> float:
    """The school year that a text asks for; a placeholder counts as a short word."""
    plain = re.sub(r"\{\w+\}", "milk", text)
    sentences = [part for part in _SENTENCE.split(plain) if re.search(r"\w", part)]
    words = re.findall(r"[A-Za-z']+", plain)
    return 0.39 * len(words) / len(sentences) + 11.8 * mean(map(count_syllables, words)) - 15.59


def list_said(texts: Texts) -> list[tuple[str, str]]:
    """Address and words of every message and fragment that is long enough to tell."""
    return [
        (address, text)
        for address, entry in texts.entries.items()
        for text in entry.say
        if len(re.findall(r"[A-Za-z']+", text)) >= FEWEST_WORDS
    ]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The cat sat on the mat. It was warm. The cat slept all day.", -3, 2),
        ("Notwithstanding contractual obligations, personalization necessitates comprehensive authorization.", 20, 60),
    ],
)
def test_the_formula_tells_plain_from_official(text: str, least: float, most: float) -> None:
    assert least <= find_grade(text) <= most


def test_every_topic_and_every_text_is_plain(texts: Texts) -> None:
    said = list_said(texts)
    topics = {address.split(".")[0] for address, _ in said}
    assert len(said) > 300
    hard = {
        topic: mean(find_grade(text) for address, text in said if address.startswith(f"{topic}.")) for topic in topics
    }
    assert {topic: grade for topic, grade in hard.items() if grade > MOST_OF_A_TOPIC} == {}
    assert [
        (address, round(grade, 1), text) for address, text in said if (grade := find_grade(text)) > MOST_OF_A_TEXT
    ] == []
