"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("CANDOR_VAR") or ROOT / "var").absolute()
ENVIRONMENTS = ROOT / "var" / "env"
TOOLS = ENVIRONMENTS / "tools"
MAIN = ENVIRONMENTS / "main"
BOT = ENVIRONMENTS / "bot"
BASELINES = ENVIRONMENTS / "baselines"  # what the bot is measured beside; made only for that
ENCODER = ENVIRONMENTS / "encoder"
LOGS = VAR / "logs"


def find_binary(environment: Path, name: str) -> Path:
    """A program of an environment."""
    return environment / "bin" / name
