# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading and writing safetensors files with nothing but numpy.

Layout: 8 bytes little-endian header length, a JSON header padded with spaces
to a multiple of 8, then the tensors' bytes in the order of the header.
"""

import json
import struct

import numpy as np

DTYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}

BFLOAT16 = "bfloat16"  # the upper halves of float32, which numpy does not know
# What is read beside those.
FOREIGN = {"F64": "<f8", "BF16": BFLOAT16, "I32": "<i4", "I16": "<i2",
           "I8": "i1", "U8": "u1", "BOOL": "?"}


def itemsize(dtype):
    """Bytes of a value; dtype is numpy's or BFLOAT16."""
    return 2 if dtype == BFLOAT16 else np.dtype(dtype).itemsize


def decode(raw, dtype):
    """An array of the values in some bytes; bfloat16 becomes float32."""
    if dtype != BFLOAT16:
        return np.frombuffer(raw, dtype)
    return (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")


def save(path, tensors, metadata=None):
    """Write a dict of arrays; metadata is a dict of strings."""
    header = {"__metadata__": metadata} if metadata else {}
    blobs, offset = [], 0
    for name, array in tensors.items():
        array = np.ascontiguousarray(array)
        dtype = next(k for k, v in DTYPES.items() if array.dtype == v)
        blob = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load(path):
    """Return (dict of arrays, metadata dict)."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = decode(data[begin:end], {**DTYPES, **FOREIGN}[entry["dtype"]])
        tensors[name] = array.reshape(entry["shape"]).copy()
    return tensors, metadata
