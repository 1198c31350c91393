"""A folder of a test's own in which steps and the supervisor work (ops/)."""

import os
from pathlib import Path

import pytest

from ops import commands, steps, supervise


def make_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point ops/ at `tmp_path`; nothing of the operator's own settings is seen."""
    var = tmp_path / "var"
    (var / "bot").mkdir(parents=True)
    for module, names in (
        (steps, {"ROOT": tmp_path, "VAR": var, "LOGS": var / "logs", "STATE": var / "state.json"}),
        (supervise, {"VAR": var, "LOGS": var / "logs", "RUN": var / "run"}),
        (commands, {"VAR": var, "ENVIRONMENTS": var / "env"}),
    ):
        for name, value in names.items():
            monkeypatch.setattr(module, name, value)
    for name in [name for name in os.environ if name.startswith("CANDOR_")]:
        monkeypatch.delenv(name)
    return tmp_path
