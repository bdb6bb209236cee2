# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts a wide network from a narrow one (Net2Wider, Chen et al. 2016).

Output channels are repeated and input weights divided by the number of copies,
so the wide network computes what the narrow one did; a little noise makes the
copies part.
"""

import torch


def repeat_to(tensor, shape):
    """Tile every axis up to `shape`, an exact multiple."""
    reps = []
    for have, want in zip(tensor.shape, shape):
        if want % have:
            raise ValueError(f"cannot widen {have} to {want}")
        reps.append(want // have)
    return tensor.repeat(*reps), reps


def widened(name, tensor, shape, n_height):
    """Weights with an input axis are divided by its growth; the pooled axis
    is (statistic, channel, height), so channels repeat in blocks inside it."""
    if tensor.dim() == 0:
        return tensor
    if name.startswith(("fc.weight", "bn2.")):
        grow = shape[-1] // tensor.shape[-1]
        view = tensor.reshape(*tensor.shape[:-1], 2, -1, n_height)
        view = view.repeat(*[1] * (view.dim() - 2), grow, 1)
        out = view.reshape(shape)
        return out / grow if name == "fc.weight" else out
    out, reps = repeat_to(tensor, shape)
    return out / reps[1] if tensor.dim() > 1 and reps[1] > 1 else out


def fill(net, narrow, seed, noise=0.05):
    """Fill `net` from the state of one of the same shape and of the same
    widths, which is copied, or narrower ones."""
    generator = torch.Generator().manual_seed(seed)
    state = net.state_dict()
    n_height = state["fc.weight"].shape[1] // 2 // net.topology["widths"][-1]
    for name, wide in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        value = widened(name, narrow[name], wide.shape, n_height)
        if value.dim() > 1 and narrow[name].shape != wide.shape:
            spread = noise * value.std()
            value = value + spread * torch.randn(value.shape,
                                                 generator=generator)
        wide.copy_(value)
