#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The maps of every method are those of their formulas.

    tests/golden/methods.py METHODS

The formulas of truth.py, with gradients from autograd, in float64 (the masked
passes of the shipped model in float32), are compared with the library through
the program METHODS (methods.c).  Prints TAP; skips where PyTorch is missing.
"""

import copy
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "models"),
                os.path.join(HERE, "..", "cli")]

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

import make  # noqa: E402
import reference  # noqa: E402
import tensorfile  # noqa: E402
import truth  # noqa: E402
from sounds import Tap  # noqa: E402

PROGRAM = sys.argv[1]
# As the enumerations of cam.h and score.h number them.
METHODS = ("none", "layer-cam", "signed-layer-cam", "grad-cam", "grad-cam++",
           "score-cam")
SCORES = ("log-odds", "posterior", "logit")
FEW = 8  # channels of Score-CAM where all would take too long
BATCH = 16

# A ReLU of the network at rounding distance from 0 passes the gradient in one
# arithmetic only; peaks, which are of single places, show it most.
CORRELATION = {"score-cam": 0.999}
USUAL_CORRELATION = 0.9999
PEAK = 0.01


class Window:
    """One window of a network: activations, gradients by each score, and
    the embeddings of masked windows, all by the formulas."""

    def __init__(self, name, n_frames):
        self.path = make.model_path(name)
        net, self.head, record = make.stored_network(self.path)
        self.log_mel = make.input_log_mel()[
            :record["frontend"]["n_bands"], :n_frames].astype("f4")
        self.shape = self.log_mel.shape
        self.strides = np.cumprod(record["topology"]["strides"])
        self.x = reference.normalise(
            torch.from_numpy(self.log_mel.astype("f8"))[None],
            record["frontend"])
        stages = net.stages(self.x)
        embedding = net.embed(net.pool(stages[3]))[0]
        self.target = int(truth.logits(embedding, self.head).argmax())
        self.target_name = self.head["classes"][self.target]
        self.gradients = {}
        for score in SCORES:
            y = truth.SCORES[score](embedding, self.head, self.target)
            self.gradients[score] = [g[0] for g in torch.autograd.grad(
                y, stages, retain_graph=True)]
        self.stages = [s[0].detach() for s in stages]
        self.net = copy.deepcopy(net).float() if name == "shipped" else net
        self.masked = {}  # (layer, channel): embedding

    def strongest(self, layer, channels):
        means = self.stages[layer].mean((1, 2)).numpy()
        return np.argsort(-means, kind="stable")[:channels or len(means)]

    def embeddings(self, layer, chosen):
        """Of the windows that the chosen channels mask; None if flat."""
        missing = [k for k in chosen if (layer, k) not in self.masked]
        for i in range(0, len(missing), BATCH):
            part = missing[i:i + BATCH]
            masks = truth.score_cam_masks(
                self.stages[layer][part], self.strides[layer], self.shape)
            x = (self.x * torch.from_numpy(masks)).to(
                next(self.net.parameters()).dtype)
            with torch.no_grad():
                found = self.net(x).double()
            for k, e, mask in zip(part, found, masks):
                self.masked[layer, k] = e if mask.any() else None
        return [self.masked[layer, k] for k in chosen]

    def score_map(self, layer, score, channels):
        chosen = self.strongest(layer, channels)
        scores = [0.0 if e is None else truth.SCORES[score](
            e, self.head, self.target).item()
                  for e in self.embeddings(layer, chosen)]
        return truth.score_cam(self.stages[layer][chosen], scores,
                               self.strides[layer], self.shape)

    def map(self, job):
        """The map, and the largest magnitude before (8)."""
        layers, largest = truth.MAPS[job["kind"]]
        maps = []
        for i in layers:
            if job["method"] == "score-cam":
                maps.append(self.score_map(i, job["score"], job["channels"]))
                continue
            gradient = self.gradients[job["score"]][i]
            if job["degrid"] and i < 3:
                gradient = truth.degridded(gradient)
            maps.append(truth.layer_map(
                job["method"], self.stages[i], gradient, self.strides[i],
                self.shape))
        peak = max(np.percentile(np.abs(m), job["percentile"],
                                 method="nearest") for m in maps)
        return truth.fused(maps, job["method"] == "signed-layer-cam", largest,
                           gamma=job["gamma"],
                           percentile=job["percentile"]), peak

    def library(self, jobs, folder):
        source, out = f"{folder}/in.safetensors", f"{folder}/out.safetensors"
        numbers = [[METHODS.index(j["method"]),
                    sum(1 << i for i in truth.MAPS[j["kind"]][0]),
                    truth.MAPS[j["kind"]][1], SCORES.index(j["score"]),
                    j["channels"], j["percentile"], j["gamma"], j["degrid"]]
                   for j in jobs]
        tensorfile.save(source, {"log_mel": self.log_mel,
                                 "jobs": np.array(numbers, "f4")})
        subprocess.run([PROGRAM, self.path, self.target_name, source, out],
                       check=True)
        found = tensorfile.load(out)[0]
        return zip(found["maps"], found["peaks"])


def job(method, kind, score="log-odds", **other):
    return {"method": method, "kind": kind, "score": score, "channels": 0,
            "percentile": 100, "gamma": 5, "degrid": 0, **other}


def jobs_of_gradients():
    jobs = []
    for method in truth.METHODS:
        for score in SCORES:
            jobs += [job(method, kind, score) for kind in truth.MAPS]
        jobs += [job(method, "all", percentile=99, gamma=2),
                 job(method, "all", degrid=1)]
    return jobs


def jobs_of_score_cam(name):
    jobs = []
    few = FEW if name == "shipped" else 0
    for score in SCORES:
        jobs += [job("score-cam", kind, score, channels=few)
                 for kind in (("all",) if few else truth.MAPS)]
    jobs.append(job("score-cam", "s4", "posterior", channels=0))
    jobs += [job("score-cam", kind, "posterior", channels=few or 3)
             for kind in truth.MAPS if kind != "all"]
    jobs.append(job("score-cam", "s4", "logit", channels=few, percentile=99))
    return jobs


def describe(name, job):
    words = [name, job["method"], job["kind"], job["score"]]
    words += [f"{key}-{job[key]}" for key in ("channels", "percentile",
                                              "degrid")
              if job[key] != {"percentile": 100}.get(key, 0)]
    return "/cam/" + "/".join(words)


def agreement(got, want):
    """Correlation of two maps, 1 if both show nothing; and how far off, as a
    part, the second peak is."""
    (got, peak), (want, want_peak) = got, want
    if not want.any():
        return (0.0 if got.any() else 1.0), abs(peak - want_peak)
    return (np.corrcoef(got.ravel(), want.ravel())[0, 1],
            abs(peak / want_peak - 1))


def check_model(tap, name, n_frames, folder):
    window = Window(name, n_frames)
    jobs = jobs_of_gradients() + jobs_of_score_cam(name)
    worst = {}
    for j, got in zip(jobs, window.library(jobs, folder)):
        correlation, off = agreement(got, window.map(j))
        limit = CORRELATION.get(j["method"], USUAL_CORRELATION)
        tap.check(correlation >= limit and off <= PEAK, describe(name, j),
                  f"correlation {correlation:.6f}, peak off by {off:.2g}")
        found = worst.setdefault(j["method"], [1.0, 0.0])
        found[:] = min(found[0], correlation), max(found[1], off)
    for method, (correlation, off) in worst.items():
        print(f"# {name}: {method}: correlation at least 1 - "
              f"{1 - correlation:.2g}, peaks off by at most {off:.2g}")


def main():
    torch.set_num_threads(1)
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        check_model(tap, "tiny", 137, folder)
        check_model(tap, "voxceleb", 200, folder)
        if os.path.exists(make.SHIPPED):
            check_model(tap, "shipped", 200, folder)
    tap.finish()


if __name__ == "__main__":
    main()
