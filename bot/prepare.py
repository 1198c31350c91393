"""Writes what the bot is trained on and reads: its responses, the shop's words, examples from the shop's questions.

    bot/domain/responses.yml           from texts/en/*.yml: every message without a placeholder
    bot/nlu/generated_questions.yml    from the shop's common questions
    var/bot/catalogue.json             from the catalogue: words for the finder
    var/bot/questions.json             the shop's common questions, to be found by meaning

All four are generated and git-ignored. They depend on nothing but their sources and are written only when they change, so
that `rasa train` finds its own fingerprints again. Whoever calls `prepare` reads the database; nothing here does. Run as
`python -m bot.prepare` from the repository's root it writes the responses alone: enough for `rasa train` without a shop.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.language.caution import asks_for_person
from bot.language.repair import SHORTEST

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = re.compile(r"\{[a-z_0-9]+\}")
MOST_WORDINGS_A_QUESTION = 9
SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")


def prepare(
    texts_dir: Path,
    types: Sequence[Mapping[str, Any]],
    questions: Sequence[Mapping[str, Any]],
    bot_dir: Path,
    var_dir: Path,
    *,
    products: Sequence[Mapping[str, Any]] = (),
    brands: Sequence[str] = (),
    sensitive: Sequence[Mapping[str, Any]] = (),
) -> list[Path]:
    """Write the four files and return those that changed.

    Parameters
    ----------
    texts_dir : Path
        `texts/en`.
    types : sequence of mappings
        `{type_id, title, words}` of each kind of product.
    questions : sequence of mappings
        `{question_id, title, wordings, answer}` of each common question.
    bot_dir, var_dir : Path
        `bot` and `var`; the words go to `var/bot`.
    products : sequence of mappings
        `{product_id, title, words}`, for a shop without categories.
    brands : sequence of str
        The brands of the catalogue.
    sensitive : sequence of mappings
        `{group, words}` of each group of sensitive goods.
    """
    examples = build_examples(questions)
    spoken = {
        **read_examples(bot_dir / "nlu"),
        "answers": [*examples, *(str(question["answer"]) for question in questions)],
    }
    known = sorted(collect_words(spoken))
    catalogue = build_catalogue(types, products=products, brands=brands, sensitive=sensitive, known=known)
    written = {
        bot_dir / "domain" / "responses.yml": dump_yaml(build_responses(load_entries(texts_dir))),
        bot_dir / "nlu" / "generated_questions.yml": dump_examples(examples),
        var_dir / "bot" / "catalogue.json": json.dumps(catalogue, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        var_dir / "bot" / "questions.json": json.dumps(list_questions(questions), ensure_ascii=False, indent=1) + "\n",
    }
    return [path for path, content in written.items() if write_if_changed(path, content)]


def load_entries(texts_dir: Path) -> dict[str, dict[str, Any]]:
    """Every message of a language by its address, `topic.key`."""
    entries: dict[str, dict[str, Any]] = {}
    for path in sorted(texts_dir.glob("*.yml")):
        for key, value in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            if isinstance(value, dict) and "kind" in value:
                entries[f"{path.stem}.{key}"] = value
    return entries


def build_responses(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Rasa's responses: one variant a sentence, each followed by its kind. A message with a placeholder is an action's to say."""
    responses: dict[str, list[dict[str, Any]]] = {}
    for address, entry in sorted(entries.items()):
        say = [entry["say"]] if isinstance(entry["say"], str) else list(entry["say"])
        buttons = [dict(button) for button in entry.get("buttons", ())]
        if any(PLACEHOLDER.search(text) for text in say) or any("<" in button["payload"] for button in buttons):
            continue
        topic, _, key = address.partition(".")
        custom = {"kind": entry["kind"], "key": address}
        variants = [{"text": text, **({"buttons": buttons} if buttons else {}), "custom": custom} for text in say]
        responses[f"utter_{topic}_{key}"] = variants
    return {"version": "3.1", "responses": responses}


def build_examples(questions: Iterable[Mapping[str, Any]]) -> list[str]:
    """Examples of ask_question: each question's title and its first wordings, without what Rasa would read as markup.

    A wish for a person is none: it is always that.
    """
    examples: dict[str, None] = {}
    for question in sorted(questions, key=lambda row: str(row["question_id"])):
        for wording in [question["title"], *list(question["wordings"])[:MOST_WORDINGS_A_QUESTION]]:
            plain = " ".join(re.sub(r"[\[\](){}]", " ", str(wording)).split())
            if plain and not asks_for_person(plain):  # a person is asked for, whatever file holds the words
                examples.setdefault(plain)
    return list(examples)


def list_questions(questions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`{id, title, wordings, sentences}` of each question, in the order of their ids: what encoder/questions.py learns."""
    return [
        {
            "id": str(question["question_id"]),
            "title": question["title"],
            "wordings": [wording for wording in dict.fromkeys(question["wordings"]) if wording != question["title"]],
            "sentences": [part for part in SENTENCE_END.split(str(question["answer"]).strip()) if part],
        }
        for question in sorted(questions, key=lambda row: str(row["question_id"]))
    ]


def build_catalogue(
    types: Iterable[Mapping[str, Any]],
    *,
    products: Iterable[Mapping[str, Any]] = (),
    brands: Iterable[str] = (),
    sensitive: Iterable[Mapping[str, Any]] = (),
    known: Sequence[str] = (),
) -> dict[str, Any]:
    """The finder's words (bot/language/catalogue.py), in the order of their ids."""
    return {
        "types": sorted(
            ({**_named(row), "type_id": row["type_id"]} for row in types), key=lambda row: str(row["type_id"])
        ),
        "products": sorted(
            ({**_named(row), "product_id": row["product_id"]} for row in products),
            key=lambda row: str(row["product_id"]),
        ),
        "brands": [{"title": brand, "words": []} for brand in sorted(set(brands))],
        "sensitive": sorted(
            ({"group": row["group"], "words": list(row["words"])} for row in sensitive),
            key=lambda row: str(row["group"]),
        ),
        "known": list(known),
    }


def read_examples(nlu_dir: Path) -> dict[str, list[str]]:
    """The hand-written training examples of the bot, by file."""
    examples: dict[str, list[str]] = {}
    for path in sorted(nlu_dir.glob("*.yml")):
        if path.name != "generated_questions.yml":
            blocks = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
            lines = [line for block in blocks for line in block["examples"].splitlines() if line.startswith("- ")]
            examples[path.stem] = [line[2:].strip() for line in lines]
    return examples


def collect_words(examples: Mapping[str, Sequence[str]]) -> set[str]:
    """Words that customers use and that therefore are no misspelt product.

    Where products are spoken of a word counts from the second time on: once it may be a misspelt product of ours.
    """
    seen: dict[str, int] = {}
    for topic, lines in examples.items():
        for line in lines:
            for word in set(re.findall(r"[a-z']+", line.lower())):
                seen[word] = seen.get(word, 0) + (1 if topic == "products" else 2)
    return {word for word, count in seen.items() if count >= 2 and len(word) >= SHORTEST}


def dump_examples(examples: Sequence[str]) -> str:
    """Rasa's training file of the questions; one without examples when the shop has no questions."""
    if not examples:
        return 'version: "3.1"\nnlu: []\n'
    return 'version: "3.1"\nnlu:\n  - intent: ask_question\n    examples: |\n' + "".join(
        f"      - {line}\n" for line in examples
    )


def dump_yaml(data: Mapping[str, Any]) -> str:
    """YAML as people write it, without anchors."""

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump(data, Dumper=Plain, allow_unicode=True, sort_keys=False, width=1000)


def write_if_changed(path: Path, content: str) -> bool:
    """Write the file when its content differs. True when it was written."""
    if path.exists() and path.read_text(encoding="utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return True


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": row["title"], "words": sorted(set(row.get("words", ())))}


def main() -> None:
    """Write the responses from the texts, and leave the shop's words to `make train`."""
    path = ROOT / "bot" / "domain" / "responses.yml"
    changed = write_if_changed(path, dump_yaml(build_responses(load_entries(ROOT / "texts" / "en"))))
    print(f"{path.relative_to(ROOT)}: {'written' if changed else 'unchanged'}")


if __name__ == "__main__":
    main()
