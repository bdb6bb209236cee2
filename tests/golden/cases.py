# SPDX-License-Identifier: GPL-2.0-or-later
"""What the golden files are about: sounds, front ends and small networks with
random weights, all from fixed seeds."""

import copy

import numpy as np
import torch

import convert
import reference

SEED = 20220701
N_CLASSES = 12
SCALE = 30.0
LENGTHS = (200, 137, 613)  # frames: the usual window, an odd one, a long one

FRONTENDS = {"ours": reference.FRONTEND}
for _name, _family in convert.FAMILIES.items():
    FRONTENDS[_name] = _family["frontend"]

SMALL = {**reference.TOPOLOGY, "widths": [4, 8, 12, 16], "se_reduction": 4,
         "blocks": [1, 2, 1, 1], "embedding_size": 16}

# Together they turn every switch of the topology at least once.
MODELS = {
    "tiny": (FRONTENDS["ours"], SMALL),
    "sunine": (FRONTENDS["sunine"], {
        **SMALL, "blocks": [3, 4, 6, 3], "block_order": "relu-bn",
        "pooling": "mean-variance", "pooling_epsilon": 0}),
    "voxceleb": (FRONTENDS["voxceleb"], {
        **SMALL, "blocks": [1, 2, 2, 1], "stem_order": "relu-bn",
        "block_order": "relu-bn", "stem_bias": True, "se_reduction": 2,
        "pooling": "attentive", "attention_size": 6,
        "embedding_bn_before": False, "embedding_size": 24}),
    "wespeaker": (FRONTENDS["wespeaker"], {
        **SMALL, "widths": [4, 8, 8, 16], "blocks": [2, 1, 2, 2],
        "se_reduction": 0, "pooling_epsilon": 1e-7,
        "embedding_bn_before": False, "embedding_bn_after": False,
        "embedding_size": 32}),
}


def voice(which, n, rate=16000):
    """n samples of a made-up voice: glottal pulses with a moving pitch through
    three resonances, syllables of a quarter of a second; float64, peak 0.3."""
    rng = np.random.default_rng([SEED, 1, which])
    t = np.arange(n) / rate
    pitch = (85 + 14 * which) * (1 + 0.08 * np.sin(2 * np.pi * 0.7 * t))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    formants = rng.uniform([300, 900, 2200], [800, 2000, 3500])
    x = np.zeros(n)
    for k in range(1, 45):
        hz = k * pitch
        gain = sum(1 / (1 + ((hz - f) / 120) ** 2) for f in formants)
        x += np.where(hz < 7000, (gain + 0.02) / np.sqrt(k), 0) * np.sin(
            k * phase)
    syllable = 0.15 + np.maximum(0, np.sin(2 * np.pi * 2.1 * t + which))
    x = x * syllable
    return 0.3 * x / np.abs(x).max() + 0.0005 * rng.standard_normal(n)


def sound(n):
    """n samples: a voice, another one, noise, digital silence, the first
    again, in PCM steps of 16 bits; float32."""
    cuts = (np.array([0, 0.3, 0.55, 0.7, 0.8, 1]) * n).astype(int)
    noise = np.random.default_rng([SEED, 2]).standard_normal(n)
    parts = [voice(0, n), voice(5, n), 0.05 * noise, 0 * noise, voice(0, n)]
    x = np.concatenate([p[a:b] for p, a, b in zip(parts, cuts, cuts[1:])])
    return (np.round(32768 * np.clip(x, -1, 1 - 2 ** -15)) / 32768).astype(
        "f4")


def randomise(net, rng):
    """He-like weights; batch norms with a random scale and offset."""
    for name, p in net.named_parameters():
        if p.dim() > 1:
            spread = (1.5 / p[0].numel()) ** 0.5
            p.data = torch.from_numpy(spread * rng.standard_normal(p.shape))
        elif name.endswith("weight"):
            p.data = torch.from_numpy(rng.uniform(0.6, 1.4, p.shape))
        else:
            p.data = torch.from_numpy(
                np.asarray(0.2 * rng.standard_normal(p.shape)))


def settle(net, x, rng):
    """Running statistics near those of the batch x, yet not equal to them, so
    that activations stay in range and no batch norm is trivial."""
    norms = [m for m in net.modules()
             if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = None
        norm.reset_running_stats()
    net.train()
    with torch.no_grad():
        net(x)
    net.eval()
    for norm in norms:
        mean, var = norm.running_mean, norm.running_var
        shape = tuple(mean.shape)
        mean += 0.2 * var.sqrt() * torch.from_numpy(rng.standard_normal(shape))
        var *= torch.from_numpy(rng.uniform(0.7, 1.4, shape))
        var += 1e-3


def network(name):
    """(net, rows [N, E], bias [N] or None, record) of a model of MODELS;
    class i is voice i."""
    frontend, topology = copy.deepcopy(MODELS[name])
    rng = np.random.default_rng([SEED, 3, list(MODELS).index(name)])
    net = reference.ResNet(topology, frontend["n_bands"]).double()
    randomise(net, rng)
    mels = [reference.log_mel(voice(i, 32240), frontend)[:, :200]
            for i in range(N_CLASSES)]
    x = reference.normalise(torch.from_numpy(np.stack(mels)), frontend)
    settle(net, x, rng)
    with torch.no_grad():
        embeddings = net(x)
    rows, bias = embeddings - embeddings.mean(0), None
    head = {"kind": "cosine", "scale": SCALE, "margin": 0.2}
    if name == "voxceleb":  # as that toolkit trains
        head = {"kind": "linear"}
        rows *= SCALE / (rows * embeddings).sum(1).mean()
        bias = torch.from_numpy(rng.standard_normal(N_CLASSES))
    record = {
        "version": 1, "name": name, "frontend": frontend,
        "topology": topology,
        "head": {**head, "classes": [f"spk{i}" for i in range(N_CLASSES)]},
        "cohort": "all",
        "provenance": {"data": "none: random weights", "seed": SEED,
                       "recipe": "tests/golden/make.py"},
    }
    return net.float(), rows, bias, record
