# SPDX-License-Identifier: GPL-2.0-or-later
"""Training steps on a CPU, which are bound by memory bandwidth: batch
normalisation, squeeze-and-excitation, shortcut and ReLU in one pass forward and
two backward, by models/fused.c, in bfloat16.

A map y [N, C, H, W] with mean m and deviation d of its batch becomes

    z = gamma (y - m) / d + beta
    out = relu (s z + r),   s = SE (mean of z over H, W) [N, C], or 1

which is a y + b + r with a, b [N, C].  Backward, with g = d loss / d out where
out > 0, D1 = sum g and D2 = sum g y over H, W:

    d loss / d s = gamma / d (D2 - m D1) + beta D1
    d loss / d z = s g + e,   e = d loss / d (mean of z) / (H W)
    d loss / d y = gamma / d (dz - mean dz - (y - m) / d mean (dz (y - m) / d))

where both means follow from D1 and D2.

models/fused.c is compiled by cc at run time; without a compiler PyTorch takes
the same step, more slowly.  `python3 models/fused.py` compares the fused
operations with PyTorch's in float32, and fails if an output or a gradient is
further away than TOLERANCE.
"""

import ctypes
import os
import platform
import subprocess
import sys
import tempfile

import requirements

requirements.need("torch")

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = ("-O3 -march=native -fno-math-errno -fno-trapping-math "
         "-fno-signed-zeros -fopenmp -shared -fPIC").split()
if platform.machine() == "x86_64":
    FLAGS.append("-mprefer-vector-width=512")
# Relative distance in norm from the same operations in float32: bfloat16 has
# eight bits of mantissa.
TOLERANCE = 0.01


def library(folder):
    """fused.c, compiled for this processor into the folder."""
    path = os.path.join(folder, "fused.so")
    built = subprocess.run(
        ["cc", *FLAGS, "-o", path, os.path.join(HERE, "fused.c")],
        stderr=subprocess.PIPE, text=True)
    if built.returncode:
        raise OSError(f"cc: {built.stderr.strip()}")
    return ctypes.CDLL(path)


def last(x):
    return x.contiguous(memory_format=torch.channels_last)


class Fused:
    """A network's steps through the library."""

    def __init__(self, lib):
        self.lib = lib

    def call(self, name, maps, coefficients, *flags):
        """maps and coefficients in the order of the C function's pointers."""
        n, c, h, w = maps[0].shape
        pointers = [ctypes.c_void_p(None if x is None else x.data_ptr())
                    for x in coefficients]
        failed = getattr(self.lib, name)(
            *pointers, ctypes.c_ssize_t(n), ctypes.c_ssize_t(h * w), c, *flags,
            torch.get_num_threads())
        if failed:
            raise ValueError(f"{name}: {c} channels")

    def stages(self, net, x):
        """As net.stages(x), whose parts must be in training."""
        y = Normed.apply(self, net.conv1(last(x[:, None])), None, True,
                         net.bn1, net.bn1.weight, net.bn1.bias)
        outputs = []
        for i in range(4):
            for block in getattr(net, f"layer{i + 1}"):
                y = self.block(block, y)
            outputs.append(y)
        return outputs

    def block(self, block, x):
        bn = block.bn1
        y = Normed.apply(self, block.conv1(x), None, True, bn, bn.weight,
                         bn.bias)
        r = x
        if isinstance(block.shortcut, torch.nn.Sequential):
            conv, bn = block.shortcut
            r = Normed.apply(self, conv(x), None, False, bn, bn.weight,
                             bn.bias)
        bn, fc = block.bn2, block.se.fc
        return Normed.apply(self, block.conv2(y), r, True, bn, bn.weight,
                            bn.bias, fc[0].weight, fc[0].bias, fc[2].weight,
                            fc[2].bias)


def gate(m, w1, b1, w2, b2):
    return torch.sigmoid(F.linear(F.relu(F.linear(m, w1, b1)), w2, b2))


class Normed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, fused, y, r, relu, bn, gamma, beta, *se):
        y = last(y.bfloat16())
        n, c, h, w = y.shape
        s1, s2 = torch.empty(2, n, c)
        fused.call("moments", [y], [y, s1, s2])
        count = n * h * w
        mean = s1.sum(0).double() / count
        variance = (s2.sum(0).double() / count - mean ** 2).clamp(min=0)
        inverse = torch.rsqrt(variance + bn.eps).float()
        bn.running_mean.lerp_(mean.float(), bn.momentum)
        bn.running_var.lerp_(variance.float() * count / (count - 1),
                             bn.momentum)
        mean = mean.float()
        scale = gamma * inverse
        shift = beta - scale * mean
        a, b = scale.expand(n, c), shift.expand(n, c)
        s = m = None
        if se:
            m = scale * s1 / (h * w) + shift
            with torch.autocast("cpu", enabled=False):
                s = gate(m, *se)
            a, b = a * s, b * s
        a, b = a.contiguous(), b.contiguous()
        r = None if r is None else last(r.bfloat16())
        out = torch.empty_like(y)
        fused.call("forward", [y], [y, r, a, b, out], int(relu))
        ctx.save_for_backward(y, out if r is not None else None, a, b, gamma,
                              beta, mean, inverse, s1, s, m, *se)
        ctx.fused, ctx.relu = fused, relu
        return out

    @staticmethod
    def backward(ctx, g):
        (y, out, a, b, gamma, beta, mean, inverse, s1, s, m,
         *se) = ctx.saved_tensors
        g = last(g.bfloat16())
        n, c, h, w = y.shape
        d = None if out is None else torch.empty_like(y)
        d1, d2 = torch.empty(2, n, c)
        ctx.fused.call("backward_sums", [y],
                       [g, y, out, a, b, d, d1, d2], int(ctx.relu))
        scale, count = gamma * inverse, n * h * w
        e, gradients = torch.zeros(n, c), []
        if se:
            ds = scale * (d2 - mean * d1) + beta * d1
            with torch.enable_grad(), torch.autocast("cpu", enabled=False):
                leaves = [t.detach().requires_grad_() for t in (m, *se)]
                dm, *gradients = torch.autograd.grad(gate(*leaves), leaves, ds)
            e = dm / (h * w)
            d1, d2 = s * d1 + dm, s * d2 + e * s1
        dbeta, dy_sum = d1.sum(0), d2.sum(0)
        dgamma = inverse * (dy_sum - mean * dbeta)
        k2 = -scale * inverse * dgamma / count
        k3 = scale * (e - dbeta / count) - k2 * mean
        dy = torch.empty_like(y)
        ctx.fused.call("backward_apply", [y], [
            g if d is None else d, y, a, b,
            scale.expand(n, c).contiguous() if s is None
            else (scale * s).contiguous(),
            k2.expand(n, c).contiguous(), k3.contiguous(), dy],
            int(ctx.relu and d is None))
        return (None, dy, d, None, None, dgamma, dbeta, *gradients)


def stages(net, folder):
    """A function like net.stages for training on a processor; net.stages
    itself where fused.c does not fit or cannot be compiled."""
    blocks = [b for i in range(4) for b in getattr(net, f"layer{i + 1}")]
    fits = (net.topology["block_order"] == net.topology["stem_order"]
            == "bn-relu" and net.topology["se_reduction"]
            and all(b.conv1.out_channels in (16, 32, 64, 128, 256)
                    for b in blocks))
    if not fits or next(net.parameters()).is_cuda:
        return net.stages
    try:
        fused = Fused(library(folder))
    except OSError as error:
        print(f"models/fused.c is not used, PyTorch is, more slowly: {error}",
              flush=True)
        return net.stages
    return lambda x: fused.stages(net, x)


def plain(y, r, bn, relu, se):
    z = bn(y)
    if se:
        z = z * gate(z.mean((2, 3)), *se)[:, :, None, None]
    z = z if r is None else z + r
    return F.relu(z) if relu else z


def differences(lib):
    """(name, relative distances of outputs and gradients) of operations from
    PyTorch's in float32."""
    torch.manual_seed(1)
    fused, size, hidden = Fused(lib), (6, 32, 20, 24), 4
    y, r, g = (last(torch.randn(size)).bfloat16() for _ in range(3))
    gates = [torch.randn(shape).requires_grad_() for shape in (
        (hidden, size[1]), (hidden,), (size[1], hidden), (size[1],))]
    for name, residual, relu, se in (
            ("norm", None, False, []), ("norm, ReLU", None, True, []),
            ("norm, SE, shortcut, ReLU", r, True, gates)):
        results = []
        for narrow in (False, True):
            bn = torch.nn.BatchNorm2d(size[1])
            bn.weight.data[:] = torch.linspace(-1, 2, size[1])
            bn.bias.data[:] = torch.linspace(1, -1, size[1])
            maps = [x.detach().to(torch.bfloat16 if narrow else torch.float32)
                    .requires_grad_() for x in (y, residual) if x is not None]
            second = maps[1] if residual is not None else None
            out = (Normed.apply(fused, maps[0], second, relu, bn, bn.weight,
                                bn.bias, *se) if narrow
                   else plain(maps[0], second, bn, relu, se))
            out.backward(g.to(out.dtype))
            grown = [*maps, bn.weight, bn.bias, *se]
            results.append([out.detach().float(), bn.running_mean,
                            bn.running_var] + [x.grad.float() for x in grown])
            for x in se:
                x.grad = None
        yield name, [((a - b).norm() / b.norm()).item()
                     for b, a in zip(*results)]


def main():
    with tempfile.TemporaryDirectory() as folder:
        lib = library(folder)
    worst = 0
    for name, distances in differences(lib):
        print(f"{name}:", " ".join(f"{d:.4f}" for d in distances))
        worst = max(worst, *distances)
    if not worst <= TOLERANCE:
        sys.exit(f"{worst:.4f} is above {TOLERANCE}")


if __name__ == "__main__":
    main()
