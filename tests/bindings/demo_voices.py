# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's voices, float32 at 16 kHz, read with libsndfile."""

import array
import ctypes
import os

RATE = 16000
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../examples/voices")


class Info(ctypes.Structure):
    """SF_INFO"""
    _fields_ = [("frames", ctypes.c_int64), ("samplerate", ctypes.c_int),
                ("channels", ctypes.c_int), ("format", ctypes.c_int),
                ("sections", ctypes.c_int), ("seekable", ctypes.c_int)]


def read(name, start, seconds):
    """Seconds of a file of the demo, from one time on."""
    library = ctypes.CDLL("libsndfile.so.1")
    library.sf_open.restype = ctypes.c_void_p
    for function in (library.sf_seek, library.sf_readf_float):
        function.restype = ctypes.c_int64
    info = Info()
    path = os.path.join(FOLDER, name).encode()
    file = ctypes.c_void_p(library.sf_open(path, 0x10, ctypes.byref(info)))
    assert file and (info.samplerate, info.channels) == (RATE, 1), path
    library.sf_seek(file, ctypes.c_int64(int(start * RATE)), 0)
    samples = (ctypes.c_float * int(seconds * RATE))()
    n = library.sf_readf_float(file, samples, ctypes.c_int64(len(samples)))
    library.sf_close(file)
    assert n == len(samples), path
    return array.array("f", samples)


def target(seconds):
    """slt, who is enrolled."""
    return read("slt.flac", 0, seconds)


def somebody_else(seconds):
    """rms, at most 3.8 s."""
    return read("conversation.flac", 4.44, seconds)
