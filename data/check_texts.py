"""The check over every text that can be said: `python -m data.check_texts [folder]` prints each finding as file:line.

Looks at the values and the buttons' titles of `<folder>/<language>/*.yml`. In a pair of buttons of which one refuses, the no must be
as plain as the yes: it says no where the other says yes, and neither is much longer. Which wordings press: data/honesty.py.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from data.honesty import find_pressure, list_languages

REFUSES = ("/decline_", "/cancel_", "/continue_with_bot")
YES_AND_NO = {"yes": "no", "ja": "nein", "sí": "no", "si": "no"}
MOST_TIMES_AS_LONG = 2.5
UNEVEN = "uneven"
EVEN = 'make both as plain and as long: "Yes, use it" and "No, don\'t use it"'


@dataclass(frozen=True)
class Finding:
    """A text that presses: where it stands, its words, the kind, and what to write in its place."""

    file: str
    line: int
    words: str
    kind: str
    better: str

    def describe(self) -> str:
        """One line, as a compiler writes it, so that an editor finds the place."""
        return f'{self.file}:{self.line}: {self.kind}: "{self.words}". Better: {self.better}.'


def check_texts(folder: Path) -> list[Finding]:
    """Everything that presses in the texts of all languages of a folder, in order of file and line."""
    findings: list[Finding] = []
    for path in sorted(folder.glob("*/*.yml")):
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if root is not None:
            findings += _check_node(path.relative_to(folder).as_posix(), root)
    return sorted(findings, key=lambda finding: (finding.file, finding.line))


def list_unknown_languages(folder: Path) -> list[str]:
    """Languages of a folder that no wording is known of: their texts are looked at, and little is found."""
    return sorted({path.parent.name for path in folder.glob("*/*.yml")} - list_languages())


def _check_node(file: str, node: yaml.Node) -> Iterator[Finding]:
    if isinstance(node, yaml.ScalarNode):
        pressure = find_pressure(node.value)
        if pressure:
            line = node.start_mark.line + 1
            yield Finding(file, line, pressure.words, pressure.kind, pressure.better)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _check_node(file, child)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if key.value not in ("kind", "payload"):
                yield from _check_node(file, child)
            if key.value == "buttons":
                yield from _check_pair(file, child)


def _check_pair(file: str, node: yaml.Node) -> Iterator[Finding]:
    """Two buttons of which one refuses."""
    buttons = [{key.value: value for key, value in button.value} for button in node.value]
    if len(buttons) != 2 or not all({"title", "payload"} <= set(button) for button in buttons):
        return
    refusing = [button["payload"].value.startswith(REFUSES) for button in buttons]
    if sum(refusing) != 1:
        return
    no = buttons[refusing.index(True)]["title"]
    yes = buttons[refusing.index(False)]["title"]
    expected = YES_AND_NO.get(_first_word(yes.value))
    lengths = sorted((len(yes.value), len(no.value)))
    if (expected and _first_word(no.value) != expected) or lengths[1] > MOST_TIMES_AS_LONG * lengths[0]:
        yield Finding(file, no.start_mark.line + 1, f"{yes.value} / {no.value}", UNEVEN, EVEN)


def _first_word(title: str) -> str:
    return title.split()[0].strip(",.;:!").lower() if title.split() else ""


def main(arguments: list[str]) -> int:
    """Print what presses; 1 if anything does."""
    folder = Path(arguments[0] if arguments else "texts")
    files = len(list(folder.glob("*/*.yml")))
    if not files:
        print(f"{folder} holds no texts. Name a folder with <language>/<topic>.yml.", file=sys.stderr)
        return 2
    findings = check_texts(folder)
    for finding in findings:
        print(f"{folder}/{finding.describe()}")
    for lang in list_unknown_languages(folder):
        print(
            f"{folder}/{lang}: no wording of this language is known, so little can be found. Add some to data/pressing.yml."
        )
    print(f"{files} files of texts: {len(findings) or 'no'} findings.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
