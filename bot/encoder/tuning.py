"""Tunes the encoder's last layers to the intents it is trained on, for some seconds on two cores.

The layers before stay frozen, so their output is computed once a text and only the last two layers run again each pass. Each
intent starts as the mean of its examples; what is learned is softmax over cosines (scale `SCALE`). Dropout made it worse: there
are few passes. TensorFlow is here because Rasa brings it; reading needs none (reader.Tail).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from encoder.weights import HEADS, LAYERS, NARROW, SIZE, TUNED

SCALE = 12.0
RATE = 8e-4
WARM_UP = 0.1
BATCH = 16
MOST_NORM = 1.0
MOST_PASSES, MOST_READ = 5, 4000
MOST_TEXTS, HARD_SHARE = 10_000, 0.4
NEIGHBOURS, CHUNK = 10, 500


@dataclass(frozen=True)
class Tuned:
    """The layers' tensors, the head, and which texts were learned from.

    The probability of intent i is softmax(SCALE · vector · weights + bias)[i].
    """

    tensors: dict[str, np.ndarray]
    weights: np.ndarray
    bias: np.ndarray
    chosen: np.ndarray


def count_passes(texts: int) -> int:
    """How often the examples are gone through: five times for few, once for many, so that the time stays bounded."""
    return int(np.clip(round(MOST_READ / max(texts, 1)), 1, MOST_PASSES))


def tune(
    tail: Mapping[str, np.ndarray],
    hidden: Sequence[np.ndarray],
    vectors: np.ndarray,
    labels: np.ndarray,
    *,
    most_texts: int = MOST_TEXTS,
    seed: int = 1,
) -> Tuned:
    """Learn the last layers and the head, from at most `most_texts` texts (`choose_texts`).

    Parameters
    ----------
    tail
        The layers' tensors as they were.
    hidden
        For each text (pieces, 384): what goes into them.
    vectors
        (texts, 384), the frozen encoder's, of length 1.
    labels
        (texts,), the number of each text's intent, from 0 without a gap.
    """
    import tensorflow as tf

    tf.random.set_seed(seed)
    random = np.random.RandomState(seed)
    chosen = choose_texts(vectors, labels, random, most_texts=most_texts)
    layers = {name: tf.Variable(tensor) for name, tensor in tail.items()}
    weights, bias = (tf.Variable(part) for part in _start(vectors, labels))
    body, head = list(layers.values()), [weights, bias]
    optimizer = tf.keras.optimizers.legacy.Adam(RATE)
    kinds = int(labels.max()) + 1
    hidden, labels = [hidden[index] for index in chosen], labels[chosen]
    signature = [tf.TensorSpec([None, None, SIZE]), tf.TensorSpec([None, None]), tf.TensorSpec([None], tf.int32)]

    @tf.function(input_signature=signature, autograph=False)
    def step(pieces, there, wanted):  # type: ignore[no-untyped-def]
        with tf.GradientTape() as tape:
            scores = SCALE * tf.matmul(_run(layers, pieces, there), weights) + bias
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(wanted, kinds), scores))
        slopes, _ = tf.clip_by_global_norm(tape.gradient(loss, body + head), MOST_NORM)
        optimizer.apply_gradients(zip(slopes, body + head, strict=True))

    passes = count_passes(len(labels))
    steps = passes * -(-len(labels) // BATCH)
    done = 0
    for _ in range(passes):
        for batch in _draw_batches(hidden, random):
            optimizer.learning_rate.assign(RATE * min(1.0, (done + 1) / (WARM_UP * steps)) * (1.0 - done / steps))
            pieces, there = _lay_out([hidden[index] for index in batch])
            step(pieces, there, labels[batch].astype(np.int32))
            done += 1
    return Tuned({name: layer.numpy() for name, layer in layers.items()}, weights.numpy(), bias.numpy(), chosen)


def choose_texts(
    vectors: np.ndarray, labels: np.ndarray, random: np.random.RandomState, *, most_texts: int = MOST_TEXTS
) -> np.ndarray:
    """The numbers of the texts that tuning learns from: all, or of many those whose nearest texts have other intents and a draw of the rest.

    The frozen readers know the easy ones already. With 8,000 of 13,000 chosen so the intents of lines by an unseen hand were read
    as well as with all, for two thirds of the time; with 8,000 drawn blindly 0.7 points worse.
    """
    if len(labels) <= most_texts:
        return np.arange(len(labels))
    ease = random.random_sample(len(labels)) * 1e-3  # ties fall by lot
    for begin in range(0, len(labels), CHUNK):
        near = vectors[begin : begin + CHUNK] @ vectors.T
        own = np.arange(len(near))
        near[own, begin + own] = -np.inf
        nearest = np.argpartition(-near, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        weights = np.exp(10.0 * (np.take_along_axis(near, nearest, axis=1) - 1.0))
        agrees = labels[nearest] == labels[begin : begin + CHUNK, None]
        ease[begin : begin + CHUNK] += (weights * agrees).sum(1) / weights.sum(1)
    order = np.argsort(ease)
    hard = int(HARD_SHARE * most_texts)
    return np.sort(np.concatenate([order[:hard], random.permutation(order[hard:])[: most_texts - hard]]))


def _start(vectors: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A head that says of which intent's examples a text is nearest to the mean."""
    means = np.stack([vectors[labels == label].mean(0) for label in range(int(labels.max()) + 1)])
    means = means - means.mean(0)
    weights = (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)).T
    return weights.astype(np.float32), np.zeros(len(means), np.float32)


def _draw_batches(hidden: Sequence[np.ndarray], random: np.random.RandomState) -> list[np.ndarray]:
    """The texts in a random order, those of about one length together: little is padded."""
    order = random.permutation(len(hidden))
    lengths = np.array([len(one) for one in hidden])
    window = BATCH * 12
    batches = []
    for begin in range(0, len(order), window):
        part = order[begin : begin + window]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[at : at + BATCH] for at in range(0, len(part), BATCH)]
    random.shuffle(batches)
    return batches


def _lay_out(texts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Side by side, (texts, longest, 384), and 1 where a piece is, 0 where none is."""
    pieces = np.zeros((len(texts), max(len(text) for text in texts), SIZE), np.float32)
    there = np.zeros(pieces.shape[:2], np.float32)
    for index, text in enumerate(texts):
        pieces[index, : len(text)] = text
        there[index, : len(text)] = 1
    return pieces, there


def _run(layers, hidden, there):  # type: ignore[no-untyped-def]
    """graph.build_tail with room for many texts, as TensorFlow's gradients need it."""
    import tensorflow as tf

    away = (1.0 - there)[:, None, None, :] * -1e4
    shape = tf.shape(hidden)

    def dense(value, name):  # type: ignore[no-untyped-def]
        return tf.matmul(value, layers[f"{name}.weight"], transpose_b=True) + layers[f"{name}.bias"]

    def norm(value, name):  # type: ignore[no-untyped-def]
        apart = value - tf.reduce_mean(value, -1, keepdims=True)
        spread = tf.reduce_mean(tf.square(apart), -1, keepdims=True)
        return (
            apart * tf.math.rsqrt(spread + 1e-12) * layers[f"{name}.LayerNorm.weight"]
            + layers[f"{name}.LayerNorm.bias"]
        )

    def split(value):  # type: ignore[no-untyped-def]
        return tf.transpose(tf.reshape(value, [shape[0], shape[1], HEADS, NARROW]), [0, 2, 1, 3])

    for number in range(LAYERS - TUNED, LAYERS):
        prefix = f"encoder.layer.{number}"
        query, key, seen = (
            split(dense(hidden, f"{prefix}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        shares = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * NARROW**-0.5 + away)
        joined = tf.transpose(tf.matmul(shares, seen), [0, 2, 1, 3])
        joined = tf.reshape(joined, [shape[0], shape[1], SIZE])
        said = dense(joined, f"{prefix}.attention.output.dense")
        hidden = norm(said + hidden, f"{prefix}.attention.output")
        wide = tf.nn.gelu(dense(hidden, f"{prefix}.intermediate.dense"))
        hidden = norm(dense(wide, f"{prefix}.output.dense") + hidden, f"{prefix}.output")
    mean = tf.reduce_sum(hidden * there[..., None], 1) / tf.reduce_sum(there, 1, keepdims=True)
    return tf.math.l2_normalize(mean, -1)
