#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# Turns a GGUF file of SmolLM2 into F32 weights with Hugging Face's names, and JSONL files into token ids.
# What is there already, made of the same files, is not made again.
import argparse
import functools
import hashlib
import json
import pathlib
import re
import sys

import gguf
import tokenizers

import layout

NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
# The model's chat form, without the words of a system before it.
MARKS = {
    "before": "<|im_start|>user\n",
    "between": "<|im_end|>\n<|im_start|>assistant\n",
    "after": "<|im_end|>\n",
}


def digest(*contents):
    total = hashlib.sha256()
    for content in contents:
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


class Original:
    """A GGUF file."""

    def __init__(self, path):
        try:
            self.reader = gguf.GGUFReader(path)
        except ValueError as error:
            sys.exit(f"{path}: {error}")
        for key, value in (("general.architecture", "llama"), ("tokenizer.ggml.pre", "smollm")):
            if self.field(key) != value:
                sys.exit(f"{path}: {key} is {self.field(key)} instead of {value}")
        tokens, merges = self.field("tokenizer.ggml.tokens"), self.field("tokenizer.ggml.merges")
        self.vocabulary = digest("\n".join(tokens).encode(), "\n".join(merges).encode())
        self.ids = {token: i for i, token in enumerate(tokens)}
        # No special tokens here, so that none is found in a text.
        self.tokenizer = tokenizers.Tokenizer(
            tokenizers.models.BPE(vocab=self.ids, merges=[tuple(merge.split(" ")) for merge in merges])
        )
        self.tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ])
        self.tokenizer.decoder = tokenizers.decoders.ByteLevel()

    def field(self, key):
        found = self.reader.get_field(key)
        return found.contents() if found else None

    def tokenize(self, texts):
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def mark(self, text):
        """The ids of a text that has special tokens."""
        ids = []
        for piece in re.split(r"(<\|\w+\|>)", text):
            ids += [self.ids[piece]] if piece.startswith("<|") else self.tokenize([piece])[0]
        return ids

    def write_model(self, path, source):
        heads, kv_heads = self.field("llama.attention.head_count"), self.field("llama.attention.head_count_kv")
        metadata = {
            "hidden_size": str(self.field("llama.embedding_length")),
            "num_hidden_layers": str(self.field("llama.block_count")),
            "num_attention_heads": str(heads),
            "num_key_value_heads": str(kv_heads),
            "intermediate_size": str(self.field("llama.feed_forward_length")),
            "vocab_size": str(len(self.ids)),
            "rope_theta": f"{self.field('llama.rope.freq_base'):.7g}",
            "rms_norm_eps": f"{self.field('llama.attention.layer_norm_rms_epsilon'):.7g}",
            "vocabulary": self.vocabulary,
            "source": source,
        }
        tensors = {}
        for tensor in self.reader.tensors:
            shape = [int(size) for size in reversed(tensor.shape)]
            tensors[self.name(tensor.name)] = ("F32", shape)

        def weights():
            for tensor in self.reader.tensors:
                values = gguf.dequantize(tensor.data, tensor.tensor_type)
                for part, count in (("attn_q", heads), ("attn_k", kv_heads)):
                    if f".{part}." in tensor.name:  # GGUF has the two halves of a head's rows interleaved
                        values = values.reshape(count, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
                yield values.astype("<f4").tobytes()

        layout.write(path, metadata, tensors, weights())

    @staticmethod
    def name(name):
        if name == "token_embd.weight":
            return "model.embed_tokens.weight"
        if name == "output_norm.weight":
            return "model.norm.weight"
        block = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", name)
        if not block or block[2] not in NAMES:
            sys.exit(f"no tensor {name} is known: this model has another form")
        return f"model.layers.{block[1]}.{NAMES[block[2]]}.weight"


def read_line(line):
    """The question and the answer of a line."""
    row = json.loads(line.decode("utf-8-sig"))
    question, more, answer = row["instruction"], row.get("input") or "", row["output"]
    for text in (question, more, answer):
        if not isinstance(text, str):
            raise ValueError("not a text")
        text.encode()  # fails if half of a surrogate pair is missing
    if not question or not answer:
        raise ValueError("nothing to learn")
    return question + "\n" + more if more else question, answer


def read_rows(path, content):
    rows, bad = [], 0
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            rows.append(read_line(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            bad += 1
    if bad:
        print(f"{path}: {bad} lines that are no examples are left out", file=sys.stderr)
    return rows


def kept_rows(path, content, keep):
    return [row for i, row in enumerate(read_rows(path, content)) if keep is None or keep(i)]


def find_datasets(data):
    """Yields part, file, and which of its rows, as a test of their numbers."""
    if (data / "train").is_dir():
        train, test = ({path.name for path in (data / part).glob("*.jsonl")} for part in ("train", "test"))
        if train != test:
            sys.exit(f"{data}: {', '.join(sorted(train ^ test))} in one of train and test only")
        for name in sorted(train):
            yield "train", data / "train" / name, None
            yield "test", data / "test" / name, None
    else:
        for path in sorted(data.glob("*.jsonl")):
            yield "train", path, lambda i: i % 10 != 9
            yield "test", path, lambda i: i % 10 == 9


def main():
    arguments = argparse.ArgumentParser(description="Turns a GGUF file of SmolLM2 and JSONL files into safetensors.")
    arguments.add_argument("--gguf", type=pathlib.Path, required=True, metavar="FILE", help="the model")
    arguments.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="the folder to write")
    arguments.add_argument("--model", type=pathlib.Path, metavar="FILE", help="the weights (model.safetensors in DIR)")
    arguments.add_argument("--data", type=pathlib.Path, metavar="DIR",
                           help="train/NAME.jsonl and test/NAME.jsonl, or NAME.jsonl of which a tenth is held out; "
                                "keys: instruction, input (may be left out), output")
    given = arguments.parse_args()

    model_source = digest(given.gguf.read_bytes())
    original = functools.cache(lambda: Original(given.gguf))  # slow to read: only if it is needed

    def is_there(path, source):
        return layout.read_metadata(path).get("source") == source

    model = given.model or given.out / "model.safetensors"
    if not is_there(model, model_source):
        original().write_model(model, model_source)
    if not given.data:
        return
    datasets = list(find_datasets(given.data))
    if not datasets:
        sys.exit(f"{given.data}: no JSONL files")
    for part in ("train", "test"):  # what was prepared of a dataset that is gone
        for path in (given.out / part).glob("*.safetensors"):
            if path.stem not in {of.stem for _, of, _ in datasets}:
                path.unlink()
    trained = {}  # content of each dataset's training file, and which of its rows
    for part, path, keep in datasets:
        content = path.read_bytes()
        if part == "train":
            trained[path.stem] = content, keep
        source = digest(model_source.encode(), content, part.encode() if keep else b"",
                        *([trained[path.stem][0]] if part == "test" else []))
        out = given.out / part / f"{path.stem}.safetensors"
        if is_there(out, source):
            continue
        rows = kept_rows(path, content, keep)
        if part == "test":  # what was trained on is no test
            known = set(kept_rows(path, *trained[path.stem]))
            new = [row for row in rows if row not in known]
            if len(new) < len(rows):
                print(f"{path}: {len(rows) - len(new)} rows to test with are among those to train with; they are left out",
                      file=sys.stderr)
            rows = new
        if not rows:
            sys.exit(f"{path}: nothing to {part} with")
        questions, answers = (original().tokenize(texts) for texts in zip(*rows))
        marks = {name: original().mark(text) for name, text in MARKS.items()}
        layout.write_dataset(out, {"vocabulary": original().vocabulary, "source": source}, questions, answers, marks)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(str(error))
