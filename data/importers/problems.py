"""What is wrong with a file, told so that a person finds the place: file, line, column, value, what was expected."""

from dataclasses import asdict, dataclass

from data.errors import BadImport

MOST_TOLD = 20
LONGEST_VALUE = 60


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file. `line` is as an editor counts it; `value` as it was found."""

    file: str
    line: int | None
    column: str | None
    value: str
    expected: str

    def describe(self) -> str:
        place = (
            self.file
            + (f", line {self.line}" if self.line else "")
            + (f", column {self.column}" if self.column else "")
        )
        return f"{place}: {self.value}, expected {self.expected}."


def show_value(value: str | None, longest: int = LONGEST_VALUE) -> str:
    """A value as it can stand in a message: quoted, shortened, control characters visible; or "nothing"."""
    if value is None:
        return "nothing"
    shown = value if len(value) <= longest else value[: longest - 3] + "..."
    return (
        '"' + shown.translate({code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}) + '"'
    )


def build_error(problems: list[Problem], count: int) -> BadImport:
    """The error that tells up to `MOST_TOLD` of `count` problems; nothing was imported."""
    told = problems[:MOST_TOLD]
    message = told[0].describe()
    if count > 1:
        more = "one more problem" if count == 2 else f"{count - 1} more problems"
        message += f" There {'is' if count == 2 else 'are'} {more}."
    return BadImport(message + " Nothing was imported.", problems=[asdict(problem) for problem in told], count=count)
