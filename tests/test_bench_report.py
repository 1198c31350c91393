"""What a benchmark writes: the commit that it measured, and the exit code of its promises."""

import ast
import json
from pathlib import Path

import pytest

from tests.benching import Row, read_commit, report
from tests.house import ROOT

BENCHES = sorted(path for path in (ROOT / "tests").glob("bench_*.py") if "report(" in path.read_text(encoding="utf-8"))


def test_the_commit_is_the_one_that_was_given(tmp_path: Path) -> None:
    rows = [Row("a.b", 2.0, "s", 1.0)]
    assert report("some", rows, command="make bench-some", commit="0123abc", root=tmp_path) == 1
    told = json.loads((tmp_path / "var" / "bench" / "some.json").read_text(encoding="utf-8"))
    assert (told["commit"], told["command"], told["rows"][0]["ok"]) == ("0123abc", "make bench-some", False)


def test_what_is_checked_out_can_be_read() -> None:
    assert len(read_commit()) >= 7


@pytest.mark.parametrize("bench", BENCHES, ids=lambda path: path.name)
def test_every_benchmark_reads_its_commit_before_anything_else(bench: Path) -> None:
    tree = ast.parse(bench.read_text(encoding="utf-8"))
    main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    assert ast.unparse(main.body[1]) == "commit = read_commit()"
