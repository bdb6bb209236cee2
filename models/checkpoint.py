# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads PyTorch checkpoints, which are pickles and could run any code, without
running any: containers and arrays are rebuilt here, everything else becomes an
inert placeholder.

Both formats of torch.save: a zip archive with one stored file for each storage,
and, before PyTorch 1.6, pickles followed by the storages.  Beside them
safetensors files, which hold nothing but arrays.
"""

import collections
import math
import pickle
import struct
import zipfile

import numpy as np

import tensorfile

MAX_DIMS = 8
MODEL_KEY = "speakersaliency"  # metadata of our own model files
MAGIC = 0x1950a86a20f9469cfc6c  # the first pickle of the older format

DTYPES = {"DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2",
          "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2",
          "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
          "BFloat16Storage": tensorfile.BFLOAT16}


class CheckpointError(Exception):
    """Not a checkpoint, or not one that can be used; says why."""


class Inert:
    """Stands for whatever a pickle wants to make, takes everything, does
    nothing."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def nothing(self, *args, **kwargs):
        return None

    __init__ = __setstate__ = __setitem__ = nothing
    append = extend = add = update = nothing

    def __call__(self, *args, **kwargs):
        return self


class Sealed:
    """No pickle changes it once it is made."""

    def __setstate__(self, state):
        raise CheckpointError("a tensor that is something else, too")


class Storage(Sealed):
    """Numbers in a row; the older format delivers them after the pickle."""

    def __init__(self, dtype, n):
        if dtype not in DTYPES.values() or not isinstance(n, int):
            raise CheckpointError("a storage of unknown type")
        self.dtype, self.n, self.values = dtype, n, None
        self.itemsize = tensorfile.itemsize(dtype)

    def fill(self, raw):
        if len(raw) != self.n * self.itemsize:
            raise CheckpointError(f"a storage of {self.n} values has "
                                  f"{len(raw)} bytes")
        self.values = tensorfile.decode(raw, self.dtype)


class Tensor(Sealed):
    """A view of a storage, as torch._utils describes it in a pickle."""

    def __init__(self, storage, offset, shape, strides, *unused):
        self.storage, self.offset = storage, offset
        self.shape, self.strides = tuple(shape), tuple(strides)
        numbers = (offset, *self.shape, *self.strides)
        if (not isinstance(storage, Storage) or len(self.shape) > MAX_DIMS
                or len(self.shape) != len(self.strides)
                or not all(isinstance(n, int) and n >= 0 for n in numbers)):
            raise CheckpointError("a tensor of unknown shape")

    def array(self):
        """A copy of what lies in the storage, whatever the file says."""
        values, size = self.storage.values, math.prod(self.shape)
        if values is None:
            raise CheckpointError("a tensor without values")
        if size == 0:
            return np.zeros(self.shape, values.dtype)
        last = self.offset + sum(
            (n - 1) * stride for n, stride in zip(self.shape, self.strides))
        if max(last + 1, size) > len(values):
            raise CheckpointError("a tensor larger than its storage")
        return np.lib.stride_tricks.as_strided(
            values[self.offset:], self.shape,
            [s * values.itemsize for s in self.strides]).copy()


class Whole(Tensor):
    """A tensor that a file holds as an array."""

    def __init__(self, array):
        self.values = array

    def array(self):
        return self.values


def first_argument(value, *unused):
    return value


KNOWN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor"): Tensor,
    ("torch._utils", "_rebuild_tensor_v2"): Tensor,
    ("torch._utils", "_rebuild_parameter"): first_argument,
    ("torch._utils", "_rebuild_parameter_with_state"): first_argument,
}


class Unpickler(pickle.Unpickler):
    """Knows the names above and no others."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        if module.split(".")[0] == "torch" and name.endswith("Storage"):
            raise CheckpointError(f"values of type {name}")
        return KNOWN.get((module, name), Inert)

    def persistent_load(self, key):
        kind, *rest = key
        if kind != "storage":  # "module": source text, not needed
            return first_argument(*rest)
        dtype, name, _, n, *view = rest
        if view not in ([], [None]):
            raise CheckpointError("a storage that is a view of another")
        return self.storages.setdefault(name, Storage(dtype, n))


def read_archive(path):
    with zipfile.ZipFile(path) as archive:
        entries = {i.filename: i for i in archive.infolist()}
        pickles = [n for n in entries if n.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise CheckpointError("an archive without data.pkl")
        if any(i.compress_type != zipfile.ZIP_STORED
               for i in entries.values()):
            raise CheckpointError("a compressed archive, which torch.save "
                                  "does not write")
        folder = pickles[0][:-len("data.pkl")]
        order = folder + "byteorder"
        if order in entries and archive.read(order).strip() != b"little":
            raise CheckpointError("values are not little-endian")
        with archive.open(pickles[0]) as file:
            unpickler = Unpickler(file)
            content = unpickler.load()
        for name, storage in unpickler.storages.items():
            storage.fill(archive.read(f"{folder}data/{name}"))
        return content


def read_sequence(path):
    with open(path, "rb") as file:
        if Unpickler(file).load() != MAGIC:
            raise CheckpointError("a pickle, but not PyTorch's")
        Unpickler(file).load()  # version of the format
        if not Unpickler(file).load()["little_endian"]:
            raise CheckpointError("values are not little-endian")
        unpickler = Unpickler(file)
        content = unpickler.load()
        for name in Unpickler(file).load():
            storage = unpickler.storages[name]
            (n,) = struct.unpack("<q", file.read(8))
            if n != storage.n:
                raise CheckpointError(f"a storage of {storage.n} values has "
                                      f"{n}")
            storage.fill(file.read(n * storage.itemsize))
        return content


def read_safetensors(path):
    tensors, metadata = tensorfile.load(path)
    if MODEL_KEY in metadata:
        raise CheckpointError("a model file already")
    return {name: Whole(array) for name, array in tensors.items()}


def reader_of(path):
    """The function that reads a file, by how it begins."""
    with open(path, "rb") as file:
        head = file.read(9)
    if head[:4] == b"PK\3\4":
        return read_archive
    # A safetensors file begins with the length of a header of JSON.
    return read_safetensors if head[8:] == b"{" else read_sequence


def load(path):
    """What torch.save or safetensors wrote, with Tensor for tensors."""
    try:
        return reader_of(path)(path)
    except OSError as error:
        raise CheckpointError(error.strerror or str(error)) from error
    except CheckpointError as error:
        raise CheckpointError(f"cannot be read: {error}") from error
    except Exception as error:  # damaged pickles fail in every way there is
        raise CheckpointError("not a PyTorch checkpoint: "
                              f"{type(error).__name__}: {error}") from error
