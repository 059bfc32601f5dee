# SPDX-License-Identifier: MIT
# The files that prepare.py and tiny.py write: safetensors, of a model or of a dataset's token ids.
import array
import json
import os
import pathlib
import sys

SIZES = {"F32": 4, "I32": 4, "I64": 8}
CODES = {"F32": "f", "I32": "i", "I64": "q"}


def buffer(dtype, numbers):
    """The bytes of numbers, little-endian."""
    numbers = array.array(CODES[dtype], numbers)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def write(path, metadata, tensors, buffers):
    """Writes tensors {name: (dtype, shape)}, whose bytes the iterable buffers has in the same order."""
    header, end = {"__metadata__": metadata}, 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + SIZES[dtype] * product(shape)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for data in buffers:
            file.write(data)
        if file.tell() != 8 + len(text) + end:
            raise RuntimeError(f"{part}: {file.tell()} bytes instead of {8 + len(text) + end}")
    part.replace(path)


def product(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def read_metadata(path):
    """The metadata of a file; empty if it is not there, not safetensors or cut off."""
    try:
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > 100_000_000:  # the format's own limit
                return {}
            header = json.loads(file.read(size))
            metadata = header.pop("__metadata__")
            end = max((tensor["data_offsets"][1] for tensor in header.values()), default=0)
            return metadata if os.stat(path).st_size == 8 + size + end else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_dataset(path, metadata, questions, answers, marks):
    """Writes lists of token ids, and the ids of the marks {name: ids} that stand around them."""

    def flat(rows):
        return [token for row in rows for token in row]

    def ends(rows):
        total = 0
        for row in rows:
            total += len(row)
            yield total

    columns = {
        "question_ends": ("I64", list(ends(questions))),
        "answer_ends": ("I64", list(ends(answers))),
        "questions": ("I32", flat(questions)),
        "answers": ("I32", flat(answers)),
    }
    columns.update((name, ("I32", marks[name])) for name in ("before", "between", "after"))
    write(
        path,
        dict(metadata, rows=str(len(questions))),
        {name: (dtype, [len(numbers)]) for name, (dtype, numbers) in columns.items()},
        (buffer(dtype, numbers) for dtype, numbers in columns.values()),
    )
