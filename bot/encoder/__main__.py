"""Makes the encoder from the weights at set-up: `python -m encoder FOLDER` in bot/, with the bot's own Python.

FOLDER/encoder.onnx     the graph, 8-bit products
FOLDER/tail.npz         the last layers as they were before any tuning, for training
FOLDER/tokenizer.json   how a text is cut into pieces
"""

import shutil
import sys
from pathlib import Path

import numpy as np
from encoder.graph import build_encoder, save_narrow
from encoder.weights import LAYERS, SHA256, TOKENIZER_SHA256, TUNED, WeightsError, check_file, find_folder, read_tensors


def make_encoder(folder: Path) -> None:
    """Write the three files; the graph last, so that it is there only if all are."""
    weights = find_folder()
    check_file(weights / "model.safetensors", SHA256)
    check_file(weights / "tokenizer.json", TOKENIZER_SHA256)
    tensors = read_tensors(weights / "model.safetensors")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(weights / "tokenizer.json", folder / "tokenizer.json")
    last = tuple(f"encoder.layer.{number}." for number in range(LAYERS - TUNED, LAYERS))
    np.savez(folder / "tail.npz", **{name: tensor for name, tensor in tensors.items() if name.startswith(last)})
    save_narrow(build_encoder(tensors), folder / "encoder.onnx")


def main(words: list[str]) -> int:
    """Make it, or say in a sentence why not."""
    if len(words) != 1:
        print("usage: python -m encoder FOLDER", file=sys.stderr)
        return 2
    try:
        make_encoder(Path(words[0]))
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
