# SPDX-License-Identifier: GPL-2.0-or-later
"""The definitions, written out in float64 as plainly as possible: what the C
library must agree with."""

import numpy as np
import torch
import torch.nn.functional as F

import doubt
import reference

N_SAMPLED = 1009  # values kept of a large array; a prime, to meet all rows


def sampled(array):
    """Value k of n is element floor (k size / n) of the flat array."""
    flat = np.asarray(array, "f8").ravel()
    n = min(flat.size, N_SAMPLED)
    return flat[np.arange(n) * flat.size // n].astype("f4")


# --- front ends ------------------------------------------------------------

def htk_bank(n_bands):
    """Triangles from 0 to 8000 Hz, straight in Hz, [n_bands, 257]."""
    hz = np.linspace(0, 8000, 257)
    high = 2595 * np.log10(1 + 8000 / 700)
    edges = 700 * (10 ** (np.linspace(0, high, n_bands + 2) / 2595) - 1)
    return np.stack([np.interp(hz, edges[f:f + 3], [0, 1, 0], 0, 0)
                     for f in range(n_bands)])


def sunine_log_mel(samples, scale, n_bands):
    """As Sunine and voxceleb_trainer do it: torchaudio's MelSpectrogram."""
    x = torch.from_numpy(np.asarray(samples, "f8")) * scale
    x = F.pad(x[None, None], (1, 0), "reflect")[0, 0]
    x = x[1:] - 0.97 * x[:-1]
    window = torch.hamming_window(400, periodic=True, dtype=torch.float64)
    power = torch.stft(x, 512, 160, 400, window, center=True,
                       pad_mode="reflect", return_complex=True).abs() ** 2
    return np.log(htk_bank(n_bands) @ power.numpy() + 1e-6)


def wespeaker_log_mel(samples):
    """As Kaldi's fbank without dither, frame by frame."""
    x = np.asarray(samples, "f8") * 32768
    n = np.arange(400)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * n / 399)
    mel = lambda hz: 1127 * np.log(1 + hz / 700)  # noqa: E731
    edges = np.linspace(mel(20), mel(8000), 82)
    bin_mel = mel(np.arange(256) * 16000 / 512)
    bank = np.stack([np.interp(bin_mel, edges[f:f + 3], [0, 1, 0], 0, 0)
                     for f in range(80)])
    frames = []
    for start in range(0, len(x) - 400 + 1, 160):
        frame = x[start:start + 400]
        frame = frame - frame.mean()
        before = np.concatenate([frame[:1], frame[:-1]])
        spectrum = np.fft.rfft((frame - 0.97 * before) * window, 512)
        frames.append(bank @ np.abs(spectrum[:256]) ** 2)
    return np.log(np.maximum(np.array(frames).T, 1.1920929e-07))


def our_log_mel(samples):
    """Frames of 400, nothing padded, one added to energies of 16-bit PCM."""
    x = np.asarray(samples, "f8") * 32768
    x = x - 0.97 * np.concatenate([x[1:2], x[:-1]])
    window = torch.hamming_window(400, periodic=True, dtype=torch.float64)
    frames = torch.from_numpy(x).unfold(0, 400, 160) * window
    power = np.abs(np.fft.rfft(frames.numpy(), 512)) ** 2
    return np.log(htk_bank(80) @ power.T + 1)


LOG_MEL = {
    "ours": our_log_mel,
    "sunine": lambda x: sunine_log_mel(x, 32768, 80),
    "voxceleb": lambda x: sunine_log_mel(x, 1, 64),
    "wespeaker": wespeaker_log_mel,
}


# --- scores ----------------------------------------------------------------

def logits(embedding, head):
    """z of one embedding [E]; head is the record's kind and scale, rows and
    bias."""
    z = head["rows"] @ embedding
    if head["kind"] == "linear":
        return z + head["bias"]
    return head["scale"] * z / embedding.norm() / head["rows"].norm(dim=1)


def log_odds(embedding, head, target):
    """u_c = z_c - log sum_{j != c} exp z_j."""
    z = logits(embedding, head)
    others = torch.arange(len(z)) != target
    return z[target] - torch.log(torch.exp(z[others]).sum())


def posterior(embedding, head, target):
    """(1): the softmax of all classes."""
    return torch.softmax(logits(embedding, head), 0)[target]


def logit(embedding, head, target):
    return logits(embedding, head)[target]


SCORES = {"log-odds": log_odds, "posterior": posterior, "logit": logit}


def dense(net, s4, head, target, columns):
    """Log-odds of S4 cut to `columns` (odd) around each column."""
    width, reach = s4.shape[3], columns // 2
    values = []
    for j in range(width):
        part = s4[..., max(0, j - reach):min(width, j + reach + 1)]
        values.append(log_odds(net.embed(net.pool(part))[0], head,
                               target).item())
    return np.array(values)


# --- maps ------------------------------------------------------------------

def layer_cam(activation, gradient):
    """(6) (7), [K, H, W] -> [H, W]."""
    return F.relu((F.relu(gradient) * activation).sum(0)).numpy()


def signed_layer_cam(activation, gradient):
    return (gradient * activation).sum(0).numpy()


def weighted(weights, activation):
    """(3): the ReLU of a sum over channels."""
    return F.relu((weights[:, None, None] * activation).sum(0)).numpy()


def grad_cam(activation, gradient):
    """(2) (3)."""
    return weighted(gradient.mean((1, 2)), activation)


def grad_cam_plus_plus(activation, gradient):
    """(4), for the exponential of the score whose gradient it is."""
    square = gradient ** 2
    total = activation.sum((1, 2), keepdim=True)
    alpha = square / (2 * square + total * gradient ** 3)
    alpha = torch.where(gradient == 0, torch.zeros_like(alpha), alpha)
    return weighted((alpha * F.relu(gradient)).mean((1, 2)), activation)


METHODS = {"layer-cam": layer_cam, "signed-layer-cam": signed_layer_cam,
           "grad-cam": grad_cam, "grad-cam++": grad_cam_plus_plus}


def degridded(gradient):
    """Mean of 2x2 neighbours right and below, the edge repeated."""
    return F.avg_pool2d(F.pad(gradient[None], (0, 1, 0, 1), "replicate"), 2,
                        1)[0]


def resized_axis(x, n_out, scale):
    """Linear along the last axis; output i sits at (i + 1/2) scale - 1/2."""
    at = (np.arange(n_out) + 0.5) * scale - 0.5
    return np.stack([np.interp(at, np.arange(x.shape[-1]), row)
                     for row in x])


def resized(x, shape, scale):
    wide = resized_axis(x, shape[1], scale)
    return resized_axis(wide.T, shape[0], scale).T


def layer_map(method, activation, gradient, stride, shape):
    """[F, T] of one layer, before (8)."""
    return resized(METHODS[method](activation, gradient), shape, 1.0 / stride)


def min_max(s):
    """(8); what is flat shows nothing."""
    span = s.max() - s.min()
    return (s - s.min()) / span if span > 0 else 0 * s


def normalised(s, signed, gamma=5.0, percentile=100):
    largest = np.percentile(np.abs(s), percentile, method="nearest")
    s = np.clip(s, -largest, largest)
    if signed:
        return np.tanh(gamma * s / np.abs(s).max())
    s = min_max(s)
    return np.tanh(gamma * s / s.max()) if s.max() > 0 else s  # (9)


def fused(maps, signed, largest, **how):
    """Mean of the layers' maps [F, T], or their largest in magnitude."""
    maps = np.stack([normalised(m, signed, **how) for m in maps])
    if not largest:
        return maps.mean(0)
    which = np.abs(maps).argmax(0)
    return np.take_along_axis(maps, which[None], 0)[0]


def score_cam_masks(activation, stride, shape):
    """M_k of (5), [K, F, T]; zeros where A_k is flat."""
    return np.stack([min_max(resized(a, shape, 1.0 / stride))
                     for a in activation.numpy()])


def score_cam(activation, scores, stride, shape):
    """(5) with scores [K] of the masked inputs, 0 for flat channels."""
    wide = np.stack([resized(a, shape, 1.0 / stride)
                     for a in activation.numpy()])
    return np.maximum((np.asarray(scores)[:, None, None] * wide).sum(0), 0)


MAPS = {  # name: layers, largest instead of mean
    "s1": ([0], False), "s2": ([1], False), "s3": ([2], False),
    "s4": ([3], False), "all": ([0, 1, 2, 3], False),
    "all-max": ([0, 1, 2, 3], True),
}


def explanations(stages, gradients, strides, shape):
    """What comes of gradients: they and the maps, as many values of each as
    are kept."""
    out = {f"gradient-s{i + 1}": sampled(g) for i, g in enumerate(gradients)}
    strides = np.cumprod(strides)
    for prefix, method in (("layer", "layer-cam"),
                           ("signed", "signed-layer-cam")):
        maps = [layer_map(method, stages[i][0], gradients[i][0], strides[i],
                          shape) for i in range(4)]
        for name, (layers, largest) in MAPS.items():
            out[f"{prefix}-{name}"] = sampled(
                fused([maps[i] for i in layers], prefix == "signed", largest))
    return out


def network_values(net, head, record, log_mel, target):
    """Everything the C library is asked to reproduce, by name."""
    x = reference.normalise(torch.from_numpy(log_mel)[None],
                            record["frontend"])

    def score():
        stages = net.stages(x)
        embedding = net.embed(net.pool(stages[3]))
        return stages, log_odds(embedding[0], head, target)

    def explain(stages, gradients):
        return explanations(stages, gradients, record["topology"]["strides"],
                            log_mel.shape)

    stages, u = score()
    gradients = torch.autograd.grad(u, stages)
    stages = [s.detach() for s in stages]
    out = {f"s{i + 1}": sampled(s) for i, s in enumerate(stages)}
    out.update(explain(stages, gradients))
    out["log-odds"] = np.array([u.item()])
    with torch.no_grad():
        for columns in (1, 9):
            out[f"dense-{columns}"] = dense(net, stages[3], head, target,
                                            columns)
        out["embedding"] = net.embed(net.pool(stages[3])).numpy()
        part = net.embed(net.pool(stages[3][..., 3:12]))
    out["embedding-3-12"] = part.numpy()
    out = {k: np.asarray(v, "f4") for k, v in out.items()}
    for name, value in doubt.doubts(score, explain).items():
        out[f"{name}-doubt"] = value
    return out
