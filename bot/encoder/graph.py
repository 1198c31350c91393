"""The sentence encoder as an ONNX graph: MiniLM-L6, 6 layers of 384 numbers, after BERT (Devlin et al. 2018).

One text at a time, so there is no padding and no mask, and a text's vector does not depend on what stands beside it (8-bit
products take their scale from all that is multiplied at once). The last `TUNED` layers are built a second time from tensors that
training has changed (tuning.py): the frozen ones serve everything, the tuned ones the intents.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from encoder.weights import HEADS, LAYERS, NARROW, SIZE, TUNED
from onnx import TensorProto, helper, numpy_helper

EPSILON = 1e-12


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.constant("zero", np.array([0], np.int64))
        self.constant("middle", np.array([1], np.int64))
        self.constant("apart", np.array([0, 0, HEADS, NARROW], np.int64))
        self.constant("whole", np.array([0, 0, SIZE], np.int64))
        self.constant("shrink", np.array(NARROW**-0.5, np.float32))
        self.constant("one", np.array(1.0, np.float32))
        self.constant("half", np.array(0.5, np.float32))
        self.constant("root", np.array(2**0.5, np.float32))

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operation: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def norm(self, value: str, tensors: Mapping[str, np.ndarray], prefix: str, name: str) -> str:
        weight = self.constant(f"{name}.weight", tensors[f"{prefix}.LayerNorm.weight"])
        bias = self.constant(f"{name}.bias", tensors[f"{prefix}.LayerNorm.bias"])
        return self.add("LayerNormalization", [value, weight, bias], name, axis=-1, epsilon=EPSILON)

    def dense(self, value: str, tensors: Mapping[str, np.ndarray], prefixes: list[str], name: str) -> str:
        weight = self.constant(f"{name}.weight", np.concatenate([tensors[f"{p}.weight"] for p in prefixes]).T)
        bias = self.constant(f"{name}.bias", np.concatenate([tensors[f"{p}.bias"] for p in prefixes]))
        return self.add("Add", [self.add("MatMul", [value, weight], f"{name}.product"), bias], name)

    def layer(self, hidden: str, tensors: Mapping[str, np.ndarray], number: int, name: str) -> str:
        """One layer: every piece looks at every other (attention), then each is worked on alone."""
        prefix = f"encoder.layer.{number}"
        looks = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        together = self.dense(hidden, tensors, looks, f"{name}.looks")
        self.nodes.append(helper.make_node("Split", [together], parts, axis=-1, num_outputs=3, name=f"{name}.split"))
        heads = []
        for part, axes in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True):
            split = self.add("Reshape", [part, "apart"], f"{part}.apart")
            heads.append(self.add("Transpose", [split], f"{part}.turned", perm=axes))
        scores = self.add("Mul", [self.add("MatMul", heads[:2], f"{name}.scores"), "shrink"], f"{name}.scaled")
        seen = self.add("MatMul", [self.add("Softmax", [scores], f"{name}.shares", axis=-1), heads[2]], f"{name}.seen")
        turned = self.add("Transpose", [seen], f"{name}.back", perm=[0, 2, 1, 3])
        joined = self.add("Reshape", [turned, "whole"], f"{name}.joined")
        said = self.dense(joined, tensors, [f"{prefix}.attention.output.dense"], f"{name}.said")
        kept = self.add("Add", [said, hidden], f"{name}.kept")
        hidden = self.norm(kept, tensors, f"{prefix}.attention.output", f"{name}.attended")
        wide = self.dense(hidden, tensors, [f"{prefix}.intermediate.dense"], f"{name}.wide")
        error = self.add("Erf", [self.add("Div", [wide, "root"], f"{name}.divided")], f"{name}.erf")
        gated = self.add("Mul", [wide, self.add("Add", [error, "one"], f"{name}.raised")], f"{name}.gated")
        bent = self.add("Mul", [gated, "half"], f"{name}.bent")
        narrow = self.dense(bent, tensors, [f"{prefix}.output.dense"], f"{name}.narrow")
        return self.norm(self.add("Add", [narrow, hidden], f"{name}.added"), tensors, f"{prefix}.output", name)

    def build(self, name: str, inputs: list[Any], outputs: list[Any]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.checker.check_model(model)
        return model


def build_encoder(tensors: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """From a text's pieces, (1, length) numbers, to `hidden` before the last layers, (1, length, 384), and `vector`, (1, 384)."""
    graph = _Graph()
    words = graph.constant("words", tensors["embeddings.word_embeddings.weight"].astype(np.float16))
    types = tensors["embeddings.token_type_embeddings.weight"]
    places = graph.constant("places", tensors["embeddings.position_embeddings.weight"] + types[0])
    length = graph.add("Shape", ["pieces"], "length", start=1, end=2)
    placed = graph.add("Slice", [places, "zero", length, "zero"], "placed")
    worded = graph.add("Cast", [graph.add("Gather", [words, "pieces"], "looked_up")], "worded", to=TensorProto.FLOAT)
    hidden = graph.norm(graph.add("Add", [worded, placed], "embedded"), tensors, "embeddings", "layer0")
    for number in range(LAYERS):
        name = "hidden" if number + 1 == LAYERS - TUNED else f"layer{number + 1}"
        hidden = graph.layer(hidden, tensors, number, name)
    graph.add("ReduceMean", [hidden, "middle"], "vector", keepdims=0)
    return graph.build(
        "encoder",
        [helper.make_tensor_value_info("pieces", TensorProto.INT64, [1, "length"])],
        [
            helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [1, "length", SIZE]),
            helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, SIZE]),
        ],
    )


def build_tail(tensors: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """The last layers alone, from `hidden` to `vector`."""
    graph = _Graph()
    value = "hidden"
    for number in range(LAYERS - TUNED, LAYERS):
        value = graph.layer(value, tensors, number, f"tuned{number + 1}")
    graph.add("ReduceMean", [value, "middle"], "vector", keepdims=0)
    return graph.build(
        "tail",
        [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [1, "length", SIZE])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, SIZE])],
    )


def save_narrow(model: onnx.ModelProto, path: Path) -> None:
    """Write the graph with the weights of its matrix products as 8-bit numbers, a scale a column.

    The embeddings stay as they are: with them in 8 bits too the vectors' cosine to the true ones falls from 0.99 to 0.86.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    wide = path.with_suffix(".wide")
    try:
        onnx.save(model, str(wide))
        quantize_dynamic(
            str(wide), str(path), op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8
        )
    finally:
        wide.unlink(missing_ok=True)
