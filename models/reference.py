# SPDX-License-Identifier: GPL-2.0-or-later
"""The speaker network and its front end in PyTorch: what training uses and
what the C library is tested against.

Everything is driven by the record that a model file carries under the
metadata key "speakersaliency".  Arrays are [.., F, T], time last.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

FRONTEND = {
    "sample_rate": 16000,
    "sample_scale": 32768,
    "dc_removal": "none",
    "preemphasis": "signal",
    "preemphasis_coefficient": 0.97,
    "window": "hamming-periodic",
    "window_length": 400,
    "hop": 160,
    "fft_size": 512,
    "window_placement": "left",
    "framing": "none",
    "spectrum": "power",
    "mel_formula": "htk",
    "mel_triangles": "hz",
    "f_min": 0,
    "f_max": 8000,
    "n_bands": 80,
    "log_floor": 1.0,
    "log_floor_mode": "add",
    "normalisation": "mean",
    "normalisation_epsilon": 0,
}

TOPOLOGY = {
    "widths": [32, 64, 128, 256],
    "blocks": [3, 4, 6, 3],
    "strides": [1, 2, 2, 2],
    "stem_order": "bn-relu",
    "block_order": "bn-relu",
    "stem_bias": False,
    "se_reduction": 8,
    "pooling": "mean-std",
    "pooling_epsilon": 1e-5,
    "embedding_bn_before": True,
    "embedding_bn_after": True,
    "embedding_size": 256,
}


# --- front end -------------------------------------------------------------

def taper(kind, length):
    """The analysis window named in the record, float64."""
    n = np.arange(length)
    period = length if kind.endswith("-periodic") else length - 1
    cosine = np.cos(2 * np.pi * n / period)
    if kind.startswith("hamming"):
        return 0.54 - 0.46 * cosine
    hann = 0.5 - 0.5 * cosine
    return hann ** 0.85 if kind == "povey" else hann


def mel_of(hz, formula):
    # "htk" and "kaldi" differ in the sixth digit only.
    if formula == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    return 1127.0 * np.log(1.0 + hz / 700.0)


def hz_of(mel, formula):
    if formula == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return 700.0 * (np.exp(mel / 1127.0) - 1.0)


def mel_bank(cfg):
    """Triangles of peak 1, [n_bands, fft_size / 2 + 1]."""
    low, high = (mel_of(cfg[k], cfg["mel_formula"]) for k in ("f_min", "f_max"))
    points = np.linspace(low, high, cfg["n_bands"] + 2)
    bins = np.arange(cfg["fft_size"] // 2 + 1) * (
        cfg["sample_rate"] / cfg["fft_size"])
    if cfg["mel_triangles"] == "hz":
        points = hz_of(points, cfg["mel_formula"])
    else:
        bins = mel_of(bins, cfg["mel_formula"])
    left, centre, right = points[:-2, None], points[1:-1, None], points[2:, None]
    rise = (bins - left) / (centre - left)
    fall = (right - bins) / (right - centre)
    return np.maximum(0.0, np.minimum(rise, fall))


def log_mel(samples, cfg):
    """Log-Mel of PCM in [-1, 1], [n_bands, T], not yet normalised; float64
    inside, so that it can serve as the truth."""
    x = np.asarray(samples, np.float64) * cfg["sample_scale"]
    a = cfg["preemphasis_coefficient"]
    if cfg["preemphasis"] == "signal":
        x = x - a * np.concatenate([x[1:2], x[:-1]])
    if cfg["framing"] == "reflect":
        x = np.pad(x, cfg["fft_size"] // 2, mode="reflect")
    length, size, hop = cfg["window_length"], cfg["fft_size"], cfg["hop"]
    offset = (size - length) // 2 if cfg["window_placement"] == "centre" else 0
    span = size if cfg["framing"] == "reflect" else length
    first = offset if cfg["framing"] == "reflect" else 0
    n_frames = 1 + (len(x) - span) // hop
    index = first + np.arange(length) + hop * np.arange(n_frames)[:, None]
    frames = x[index]
    if cfg["dc_removal"] == "frame":
        frames = frames - frames.mean(1, keepdims=True)
    if cfg["preemphasis"] == "frame":
        frames = frames - a * np.concatenate(
            [frames[:, :1], frames[:, :-1]], 1)
    padded = np.zeros((n_frames, size))
    padded[:, offset:offset + length] = frames * taper(cfg["window"], length)
    spectrum = np.abs(np.fft.rfft(padded))
    if cfg["spectrum"] == "power":
        spectrum = spectrum ** 2
    energy = mel_bank(cfg) @ spectrum.T
    floor = cfg["log_floor"]
    if cfg["log_floor_mode"] == "add":
        return np.log(energy + floor)
    return np.log(np.maximum(energy, floor))


def normalise(features, cfg):
    """Mean (and variance) over time of each band; torch, any leading shape."""
    if cfg["normalisation"] == "none":
        return features
    centred = features - features.mean(-1, keepdim=True)
    if cfg["normalisation"] == "mean":
        return centred
    variance = centred.square().mean(-1, keepdim=True)
    return centred / torch.sqrt(variance + cfg["normalisation_epsilon"])


# --- network ---------------------------------------------------------------

def ordered(order, bn, x):
    return F.relu(bn(x)) if order == "bn-relu" else bn(F.relu(x))


class SqueezeExcitation(nn.Module):
    def __init__(self, width, reduction):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(width, width // reduction), nn.ReLU(),
            nn.Linear(width // reduction, width), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean((2, 3)))[:, :, None, None]


class Block(nn.Module):
    def __init__(self, n_in, n_out, stride, topology):
        super().__init__()
        self.order = topology["block_order"]
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        reduction = topology["se_reduction"]
        self.se = (SqueezeExcitation(n_out, reduction) if reduction
                   else nn.Identity())
        self.shortcut = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False),
                nn.BatchNorm2d(n_out))

    def forward(self, x):
        y = ordered(self.order, self.bn1, self.conv1(x))
        y = self.se(self.bn2(self.conv2(y)))
        return F.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """Table 1 of Li, Li, Hamdulla, Wang 2022; input [B, F, T]."""

    def __init__(self, topology, n_bands):
        super().__init__()
        self.topology = topology
        widths = topology["widths"]
        self.conv1 = nn.Conv2d(1, widths[0], 3, 1, 1,
                               bias=topology["stem_bias"])
        self.bn1 = nn.BatchNorm2d(widths[0])
        width, height = widths[0], n_bands
        for i, (n_out, n_blocks, stride) in enumerate(
                zip(widths, topology["blocks"], topology["strides"])):
            layer = nn.Sequential()
            for j in range(n_blocks):
                layer.append(Block(width, n_out, stride if j == 0 else 1,
                                   topology))
                width = n_out
            height = (height - 1) // stride + 1
            setattr(self, f"layer{i + 1}", layer)
        n_pooled = 2 * width * height
        size = topology["embedding_size"]
        if topology["pooling"] == "attentive":
            hidden = topology["attention_size"]
            self.attention = nn.Sequential(
                nn.Conv1d(width * height, hidden, 1), nn.ReLU(),
                nn.BatchNorm1d(hidden), nn.Conv1d(hidden, width * height, 1))
        self.bn2 = (nn.BatchNorm1d(n_pooled)
                    if topology["embedding_bn_before"] else nn.Identity())
        self.fc = nn.Linear(n_pooled, size)
        self.bn3 = (nn.BatchNorm1d(size)
                    if topology["embedding_bn_after"] else nn.Identity())

    def stages(self, x):
        """Outputs S1..S4 of the four stages, each [B, C, H, W]."""
        y = ordered(self.topology["stem_order"], self.bn1,
                    self.conv1(x[:, None]))
        outputs = []
        for i in range(4):
            y = getattr(self, f"layer{i + 1}")(y)
            outputs.append(y)
        return outputs

    def pool(self, s4, weights=None):
        """Statistics of S4 over time, [B, 2 C H].  weights [B, W] of zeros
        and ones choose the columns; the variance is the unbiased one, but
        that under the attention's weights."""
        x = s4.flatten(1, 2)
        if weights is None:
            weights = x.new_ones(x.shape[0], x.shape[2])
        w = weights[:, None]
        kind, epsilon = (self.topology[k]
                         for k in ("pooling", "pooling_epsilon"))
        if kind == "attentive":
            z = self.attention(x).masked_fill(w == 0, -math.inf)
            p = torch.softmax(z, -1)
        else:
            p = w / w.sum(-1, keepdim=True)
        mean = (x * p).sum(-1)
        variance = ((x - mean[..., None]).square() * p).sum(-1)
        if kind == "attentive":
            spread = torch.sqrt(variance.clamp(min=epsilon))
        else:
            n = w.sum(-1)
            spread = variance * n / (n - 1).clamp(min=1)
            if kind == "mean-std":
                spread = torch.sqrt(spread + epsilon)
        return torch.cat([mean, spread], 1)

    def embed(self, pooled):
        """Embedding, not of unit length, [B, E]."""
        return self.bn3(self.fc(self.bn2(pooled)))

    def forward(self, x):
        return self.embed(self.pool(self.stages(x)[3]))


def logits(embedding, head, rows, bias=None):
    """z [B, N] of embeddings [B, E] as the record's head says: s <e, w> of
    unit lengths (cosine), or <e, w> + b (linear)."""
    if head["kind"] == "linear":
        return embedding @ rows.T + bias
    return head["scale"] * F.normalize(embedding) @ F.normalize(rows).T


def log_odds(z, target):
    """u_c = z_c - log sum_{j != c} exp z_j; design: the paper's posterior is
    its sigmoid.  z [B, N]."""
    others = [j for j in range(z.shape[1]) if j != target]
    return z[:, target] - torch.logsumexp(z[:, others], 1)


def n_parameters(module):
    return sum(math.prod(p.shape) for p in module.parameters())
