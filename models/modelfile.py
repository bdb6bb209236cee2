# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files: weights, record and golden values in one safetensors file."""

import json
import os

import numpy as np
import torch

import reference
import tensorfile

KEY = "speakersaliency"


def golden_signal(n, rate):
    """A second of sound with voice-like harmonics and a little noise that dies
    away into silence, so that some of it lies around any log floor; float32,
    the same for ever."""
    t = np.arange(n) / rate
    pitch = 120 + 30 * np.sin(2 * np.pi * 1.3 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(k * phase) / k for k in range(1, 30))
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * 3.1 * t)
    noise = np.random.default_rng(7).standard_normal(n)
    samples = 0.1 * loudness * voice + 0.003 * noise
    n_fade, n_silence = 2 * n // 5, n // 10
    fade = 10.0 ** np.linspace(0, -7, n_fade)
    samples[n - n_silence - n_fade:n - n_silence] *= fade
    samples[n - n_silence:] = 0
    return samples.astype("f4")


def picked(array, n=16):
    """n values spread over the flat array, and where they are."""
    flat = np.asarray(array, "f8").ravel()
    index = np.unique(np.linspace(0, flat.size - 1, n).astype(int))
    return {"indices": index.tolist(),
            "values": [float(f"{v:.7g}") for v in flat[index]]}


def golden_values(net, rows, bias, record, samples):
    """Values of every stage for `samples`, with relative tolerances: ten times
    what float32 leaves."""
    cfg = record["frontend"]
    mel = reference.log_mel(samples, cfg)
    x = reference.normalise(torch.from_numpy(mel)[None], cfg).float()
    net.eval()
    with torch.no_grad():
        stages = net.stages(x)
        embedding = net.embed(net.pool(stages[3]))
    out = {"log_mel": {"tolerance": 1e-4, **picked(mel, 160)}}
    for i, stage in enumerate(stages):
        out[f"s{i + 1}"] = {"tolerance": 1e-4, **picked(stage)}
    out["embedding"] = {"tolerance": 1e-4, **picked(embedding)}
    if rows is not None:
        z = reference.logits(embedding, record["head"], rows, bias)
        score = reference.log_odds(z, 0)
        out["score"] = {"tolerance": 1e-3, **picked(score)}
    return out


def stored(tensor, exact):
    """Matrices and filters as float16, unless exact, the rest as float32."""
    array = tensor.detach().float().cpu().contiguous().numpy()
    return array.astype("f2") if array.ndim > 1 and not exact else array


def check(tensors, record):
    """The rules that the library has for what it reads, before it is written:
    everything is finite, no variance is negative, no class is nothing.
    Raises ValueError."""
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ValueError(f"tensor {name} is not finite as it would be "
                             f"stored, in {array.dtype}")
        if name.endswith(".running_var") and (array < 0).any():
            raise ValueError(f"tensor {name} has a variance of {array.min()}, "
                             "below 0")
    if record["head"]["kind"] == "cosine":
        empty = np.flatnonzero(~tensors["head.weight"].any(1))
        if empty.size:
            raise ValueError(f"tensor head.weight: row {empty[0]} is zero")


def write(path, net, rows, record, bias=None, exact=False):
    """Write net, class rows [N, E] (or None), with the biases [N] of a linear
    head, and record to a model file.  The golden values are those of the
    weights as stored.  Raises ValueError, and leaves nothing behind, if the
    library would refuse the file."""
    tensors = {k: stored(v, exact) for k, v in net.state_dict().items()
               if not k.endswith("num_batches_tracked")}
    if rows is not None:
        if record["head"]["kind"] == "cosine":
            rows = torch.nn.functional.normalize(rows.float().cpu())
        tensors["head.weight"] = stored(rows, exact)
        rows = torch.from_numpy(tensors["head.weight"].astype("f4"))
    if bias is not None:
        tensors["head.bias"] = stored(bias, exact)
        bias = torch.from_numpy(tensors["head.bias"])
    check(tensors, record)
    kept = reference.ResNet(record["topology"],
                            record["frontend"]["n_bands"])
    kept.load_state_dict(
        {k: torch.from_numpy(np.asarray(v, "f4")) for k, v in tensors.items()
         if not k.startswith("head.")}, strict=False)
    samples = golden_signal(16000, record["frontend"]["sample_rate"])
    tensors["golden.samples"] = samples
    record["golden"] = golden_values(kept, rows, bias, record, samples)
    try:
        text = json.dumps(record, allow_nan=False)
    except ValueError as error:
        raise ValueError("the network computes no finite values: its golden "
                         "values would be no numbers") from error
    tensorfile.save(path + ".part", tensors, {KEY: text})
    os.replace(path + ".part", path)


def read(path):
    """(dict of torch tensors as float32, record)."""
    tensors, metadata = tensorfile.load(path)
    return ({k: torch.from_numpy(np.asarray(v, "f4"))
             for k, v in tensors.items()}, json.loads(metadata[KEY]))
