# SPDX-License-Identifier: GPL-2.0-or-later
"""Where gradients are not defined to the precision of float32.

A ReLU whose input is within rounding of 0 lets the gradient through in one
arithmetic and not in another, equally right.  How much that may change a
value is found by trying: such ReLUs are opened and closed by chance, in pairs
of opposite choices so that each is seen both ways, and the range of what comes
out is the value's doubt."""

from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F

# By the largest input of the layer: what forward passes in float32 are off
# by at most, whatever the order of their sums.
EDGE = 4e-6
N_PAIRS = 8


class Choice:
    """Which of the ReLUs at the edge are open in backward pass number k."""

    def __init__(self):
        self.generator, self.opposite = None, False

    def begin(self, k):
        self.generator = torch.Generator().manual_seed(k // 2)
        self.opposite = k % 2 == 1

    def draw(self, shape):
        chance = torch.rand(shape, generator=self.generator)
        return (chance < 0.5) != self.opposite

    def relu(self, x, inplace=False):
        """max(x, 0) whose gradient goes by the choice at the edge."""
        edge = x.detach().abs() <= EDGE * x.detach().abs().max()
        y = F.threshold(x, 0, 0)
        if y.requires_grad and edge.any():
            return AtEdge.apply(x, edge, self)
        return y


class AtEdge(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, edge, choice):
        ctx.save_for_backward(x > 0, edge)
        ctx.choice = choice
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, dy):
        open_, edge = ctx.saved_tensors
        draw = ctx.choice.draw(edge.shape)
        return dy * torch.where(edge, draw, open_), None, None


def doubts(score, values):
    """{name: range over the choices, by the largest magnitude} of the arrays
    in values(stages, gradients); score() gives stages and their score."""
    choice, found = Choice(), []
    with mock.patch.object(F, "relu", choice.relu):
        stages, u = score()
    for k in range(2 * N_PAIRS):
        choice.begin(k)
        gradients = torch.autograd.grad(u, stages, retain_graph=True)
        found.append(values([s.detach() for s in stages], gradients))
    out = {}
    for name in found[0]:
        all_ = np.stack([f[name] for f in found])
        largest = max(np.abs(all_).max(), 1e-30)
        out[name] = (np.ptp(all_, axis=0) / largest).astype("f2")
    return out
