"""Reads texts with the encoder that set-up made (`python -m encoder`)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MOST_PIECES = 128


@dataclass(frozen=True)
class Reading:
    """One text: `vector`, (384,), of length 1, says what it means; `hidden`, (pieces, 384), goes to the tuned layers."""

    vector: np.ndarray
    hidden: np.ndarray

    def fingerprint(self) -> str:
        """What Rasa knows a message's parts by; without it, it writes every number out in decimals, 20 s for 10,000 lines."""
        return hashlib.sha256(self.vector.tobytes() + self.hidden.tobytes()).hexdigest()


class Encoder:
    """A tokenizer and a graph, on one core."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "encoder.onnx").is_file():
            raise FileNotFoundError(f"There is no sentence encoder in {folder}. Run make setup; it builds one.")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_PIECES)
        self._session = open_session(str(folder / "encoder.onnx"))

    def read(self, text: str) -> Reading:
        """What a text means; its first 128 pieces count."""
        pieces = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        hidden, vector = self._session.run(["hidden", "vector"], {"pieces": pieces})
        return Reading(_unit(vector[0]), hidden[0])

    def read_all(self, texts: Sequence[str]) -> list[Reading]:
        """The same for many, one after the other, so that each reads as it will when it comes alone."""
        return [self.read(text) for text in texts]


class Tail:
    """The tuned last layers."""

    def __init__(self, graph: str | bytes) -> None:
        self._session = open_session(graph)

    def read(self, hidden: np.ndarray) -> np.ndarray:
        """The tuned vector, (384,), of length 1, of a text's hidden numbers."""
        return _unit(self._session.run(["vector"], {"hidden": hidden[None].astype(np.float32)})[0][0])


def open_session(graph: str | bytes) -> Any:
    """A graph on one core that gives back the memory of a long text."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
