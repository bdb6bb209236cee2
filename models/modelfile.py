# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files: weights, record and golden values in one safetensors file."""

import json

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


def golden_values(net, rows, record, samples):
    """Values of every stage for `samples`, with relative tolerances."""
    cfg = record["frontend"]
    mel = reference.log_mel(samples, cfg)
    x = reference.normalise(torch.from_numpy(mel)[None], cfg).float()
    net.eval()
    with torch.no_grad():
        stages = net.stages(x)
        embedding = net.embed(net.pool(stages[3]))
    out = {"log_mel": {"tolerance": 1e-3, **picked(mel, 160)}}
    for i, stage in enumerate(stages):
        out[f"s{i + 1}"] = {"tolerance": 1e-3, **picked(stage)}
    out["embedding"] = {"tolerance": 1e-3, **picked(embedding)}
    if rows is not None:
        score = reference.log_odds(embedding, rows, 0, record["head"]["scale"])
        out["score"] = {"tolerance": 1e-2, **picked(score)}
    return out


def stored(name, tensor):
    """Matrices and filters as float16, the small rest as float32."""
    array = tensor.detach().float().cpu().contiguous().numpy()
    return array.astype("f2") if array.ndim > 1 else array


def write(path, net, rows, record):
    """Write net, class rows [N, E] (or None) and record to a model file.
    The golden values are those of the weights as stored."""
    tensors = {k: stored(k, v) for k, v in net.state_dict().items()
               if not k.endswith("num_batches_tracked")}
    if rows is not None:
        rows = torch.nn.functional.normalize(rows.float().cpu())
        tensors["head.weight"] = stored("head.weight", rows)
        rows = torch.from_numpy(tensors["head.weight"].astype("f4"))
    exact = reference.ResNet(record["topology"],
                             record["frontend"]["n_bands"])
    exact.load_state_dict(
        {k: torch.from_numpy(np.asarray(v, "f4")) for k, v in tensors.items()
         if not k.startswith("head.")}, strict=False)
    samples = golden_signal(16000, record["frontend"]["sample_rate"])
    tensors["golden.samples"] = samples
    record["golden"] = golden_values(exact, rows, record, samples)
    tensorfile.save(path, tensors, {KEY: json.dumps(record)})


def read(path):
    """(dict of torch tensors as float32, record)."""
    tensors, metadata = tensorfile.load(path)
    return ({k: torch.from_numpy(np.asarray(v, "f4"))
             for k, v in tensors.items()}, json.loads(metadata[KEY]))
