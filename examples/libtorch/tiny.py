#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Writes what prepare.py writes, for a tiny model with random weights and three made-up datasets.
import argparse
import itertools
import pathlib
import random

import layout

LAYERS, WIDTH, HEADS, KV_HEADS, FFN, VOCABULARY = 2, 32, 4, 2, 64, 64
FIRST_WORD = 8  # the ids before it are marks
MARKS = {"before": [1, 3, 5], "between": [2, 5, 1, 4, 5], "after": [2, 5]}
TRAIN_ROWS = {"copy": 60, "count": 40, "reverse": 20}
TEST_ROWS = 12


def shapes():
    kv = WIDTH // HEADS * KV_HEADS
    result = {"model.embed_tokens.weight": [VOCABULARY, WIDTH]}
    for layer in range(LAYERS):
        for name, shape in {
            "input_layernorm": [WIDTH],
            "self_attn.q_proj": [WIDTH, WIDTH],
            "self_attn.k_proj": [kv, WIDTH],
            "self_attn.v_proj": [kv, WIDTH],
            "self_attn.o_proj": [WIDTH, WIDTH],
            "post_attention_layernorm": [WIDTH],
            "mlp.gate_proj": [FFN, WIDTH],
            "mlp.up_proj": [FFN, WIDTH],
            "mlp.down_proj": [WIDTH, FFN],
        }.items():
            result[f"model.layers.{layer}.{name}.weight"] = shape
    result["model.norm.weight"] = [WIDTH]
    return result


def example(dataset, rng):
    """A question of 4 to 10 tokens and its answer of 2 to 8."""
    if dataset == "count":  # goes on where the question ends
        asked, answered = rng.randint(4, 10), rng.randint(2, 8)
        start = rng.randint(FIRST_WORD, VOCABULARY - asked - answered)
        return list(range(start, start + asked)), list(range(start + asked, start + asked + answered))
    question = [rng.randint(FIRST_WORD, VOCABULARY - 1) for _ in range(rng.randint(4, 10))]
    return question, (question if dataset == "copy" else question[::-1])[:8]


def main():
    arguments = argparse.ArgumentParser(description="Writes a tiny random model and three small datasets.")
    arguments.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="the folder to write")
    arguments.add_argument("--empty-answers", action="store_true", help="as no dataset should have them")
    arguments.add_argument("--source", default="tiny", help="what the datasets say that they were made of")
    given = arguments.parse_args()
    out = given.out

    rng = random.Random(1)
    metadata = {
        "hidden_size": str(WIDTH),
        "num_hidden_layers": str(LAYERS),
        "num_attention_heads": str(HEADS),
        "num_key_value_heads": str(KV_HEADS),
        "intermediate_size": str(FFN),
        "vocab_size": str(VOCABULARY),
        "rope_theta": "10000",
        "rms_norm_eps": "1e-05",
        "vocabulary": "tiny",
        "source": "tiny",
    }
    tensors = {name: ("F32", shape) for name, shape in shapes().items()}

    def weights():
        for name, (dtype, shape) in tensors.items():
            count = layout.product(shape)
            yield layout.buffer(dtype, (1.0 if "norm" in name else rng.gauss(0, 0.08) for _ in range(count)))

    layout.write(out / "model.safetensors", metadata, tensors, weights())
    for (name, rows), part in itertools.product(TRAIN_ROWS.items(), ("train", "test")):
        questions, answers = zip(*(example(name, rng) for _ in range(rows if part == "train" else TEST_ROWS)))
        if given.empty_answers:
            answers = [[] for _ in answers]
        metadata = {"vocabulary": "tiny", "source": given.source}
        layout.write_dataset(out / part / f"{name}.safetensors", metadata, questions, answers, MARKS)


if __name__ == "__main__":
    main()
