#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trains the speaker networks that ship, stage by stage.

    models/train.py --corpus DIR --work DIR

AM-softmax (s = 30, margin annealed from 0 to 0.2) on windows most of which
hold a change of speaker, the loss applied to statistics of random stretches of
S4 inside one speaker's part.  Every speaker at other speeds is one speaker
more.  A half-width network comes first; the full one starts from
its channels (Net2Wider, Chen, Goodfellow, Shlens 2016).  Both are first trained
without the development speakers, on whom decisions are made and calibration is
fitted, then for a short while with everyone.

Stops and resumes at any time: DIR/STAGE holds checkpoint, log and model file.
"""

import argparse
import json
import os
import time

import requirements

requirements.need("numpy", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

import corpus  # noqa: E402
import modelfile  # noqa: E402
import nonvoice  # noqa: E402
import reference  # noqa: E402
import widen  # noqa: E402

SCALE, MARGIN = 30.0, 0.2
SPEEDS = (1.0, 0.9, 1.1, 0.82, 1.2)  # each makes every speaker one more
TURNS = 0.7               # part of the windows that hold a change of speaker
DATA = "LibriSpeech train-clean-100 and dev-clean (CC BY 4.0)"

# width: of Table 1's; frames: lengths of windows, one of them for each batch;
# rate: peak of AdamW's; speeds: how many of SPEEDS; favoured: steps in which
# newcomers come up more often; longer, and others are taken for them.
STAGES = {
    "start": {"start": None, "everyone": False, "width": 0.5, "speeds": 3,
              "frames": [120], "batch": 64, "steps": 2400, "rate": 2e-3,
              "seed": 3},
    "second": {"start": "start", "everyone": False, "width": 0.5, "speeds": 3,
               "frames": [120, 200], "batch": 56, "steps": 600,
               "rate": 1e-3, "seed": 7},
    "small-dev": {"start": "second", "everyone": False, "width": 0.5,
                  "speeds": 5, "frames": [120, 200], "batch": 56,
                  "steps": 2400, "rate": 1.5e-3, "seed": 8},
    "full-dev": {"start": "small-dev", "everyone": False, "width": 1.0,
                 "speeds": 5, "frames": [120, 200], "batch": 56,
                 "steps": 700, "rate": 1e-3, "seed": 4},
    "full": {"start": "full-dev", "everyone": True, "width": 1.0, "speeds": 5,
             "favoured": 200, "frames": [200], "batch": 48, "steps": 1200,
             "rate": 5e-4, "seed": 5},
    "small": {"start": "small-dev", "everyone": True, "width": 0.5,
              "speeds": 5, "favoured": 250, "frames": [200], "batch": 64,
              "steps": 1000, "rate": 5e-4, "seed": 6},
}
NAMES = {"full": "resnet34se", "small": "resnet34se-small"}


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", required=True, help="folder of manifest.tsv")
    p.add_argument("--work", required=True, help="cache, checkpoints and logs")
    p.add_argument("--stage", choices=STAGES, action="append",
                   help="only this one (again for more)")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    return p.parse_args()


def margin_loss(embedding, rows, labels, margin):
    """AM-softmax: cross-entropy of s (cos - m [j = c])."""
    cosine = F.normalize(embedding) @ F.normalize(rows).T
    target = F.one_hot(labels, rows.shape[0])
    loss = F.cross_entropy(SCALE * (cosine - margin * target), labels)
    return loss, (cosine.argmax(1) == labels).float().mean()


def schedule(step, steps):
    """Learning-rate factor: linear warm-up, then half a cosine to zero."""
    warm = min(1.0, (step + 1) / min(200, steps / 5))
    return warm * 0.5 * (1 + np.cos(np.pi * step / steps))


class Trainer:
    def __init__(self, args, stage):
        self.args, self.stage = args, stage
        self.recipe = STAGES[stage]
        self.folder = os.path.join(args.work, stage)
        os.makedirs(self.folder, exist_ok=True)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(self.recipe["seed"])
        torch.set_num_threads(args.threads)
        self.read_voices()
        self.topology = dict(reference.TOPOLOGY)
        self.topology["widths"] = [int(w * self.recipe["width"])
                                   for w in reference.TOPOLOGY["widths"]]
        net = reference.ResNet(self.topology, reference.FRONTEND["n_bands"])
        head = torch.empty(len(self.names), self.topology["embedding_size"])
        torch.nn.init.xavier_normal_(head)
        self.sampler = corpus.Sampler(
            self.arrays, self.labels,
            [self.sexes[name] for name in self.names[:self.n_speakers]],
            TURNS, [self.recipe["seed"], 0])
        self.newcomers = []
        if self.recipe["start"]:
            self.start(net, head)
        self.net = net.to(self.device, memory_format=torch.channels_last)
        self.head = torch.nn.Parameter(head.to(self.device))
        self.optimizer = torch.optim.AdamW(
            [*self.net.parameters(), self.head], lr=self.recipe["rate"],
            weight_decay=0.02)
        self.step = 0
        self.path = os.path.join(self.folder, "checkpoint.pt")
        if os.path.exists(self.path):
            self.resume()

    def read_voices(self):
        """Classes, and log-Mel arrays with their labels."""
        rows = corpus.read_manifest(self.args.corpus)
        train_rows = [r for r in rows if r["split"] == "train"]
        hidden = (set() if self.recipe["everyone"]
                  else corpus.development(train_rows))
        self.sexes = {r["speaker"]: r["sex"] for r in train_rows
                      if r["speaker"] not in hidden}
        speakers = sorted(self.sexes)
        self.speeds = SPEEDS[:self.recipe["speeds"]]
        self.n_speakers = len(speakers)
        self.names = [name if speed == 1 else f"{name}@{speed}"
                      for speed in self.speeds for name in speakers]
        self.names.append(nonvoice.NAME)
        self.seconds = sum(float(r["seconds"]) for r in train_rows
                           if r["speaker"] in self.sexes)
        self.closed_rows = [r for r in rows if r["split"] == "closed"
                            and r["speaker"] in self.sexes]
        self.arrays, self.labels = [], []
        for i, speed in enumerate(self.speeds):
            everything = corpus.features(self.args.corpus, train_rows,
                                         reference.FRONTEND, self.args.work,
                                         speed)
            for row, array in zip(train_rows, everything):
                if row["speaker"] in self.sexes:
                    self.arrays.append(array)
                    self.labels.append(i * self.n_speakers
                                       + speakers.index(row["speaker"]))

    def start(self, net, head):
        """Weights and class rows of an earlier stage; voices it did not know
        begin as the mean embedding of a few windows."""
        state = torch.load(os.path.join(
            self.args.work, self.recipe["start"], "checkpoint.pt"),
            map_location="cpu")
        widen.fill(net, state["net"], self.recipe["seed"])
        rows = dict(zip(state["names"], F.normalize(state["head"])))
        new = []
        net.eval()
        for c, name in enumerate(self.names):
            if name in rows:
                head[c] = rows[name]
                continue
            new.append(c)
            x = np.stack([self.sampler.piece(c, 200)[0] for _ in range(6)])
            with torch.no_grad():
                e = net(torch.from_numpy(x - x.mean(2, keepdims=True)))
            head[c] = F.normalize(F.normalize(e).mean(0), dim=0)
        net.train()
        self.newcomers = new

    def resume(self):
        state = torch.load(self.path, map_location=self.device)
        self.net.load_state_dict(state["net"])
        self.head.data.copy_(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        self.sampler.reseed([self.recipe["seed"], self.step])

    def save(self):
        torch.save({"net": self.net.state_dict(), "head": self.head.data,
                    "names": self.names, "step": self.step,
                    "optimizer": self.optimizer.state_dict()},
                   self.path + ".tmp")
        os.replace(self.path + ".tmp", self.path)

    def draw(self):
        """A batch of windows of one of the recipe's lengths, about equal
        work for each."""
        lengths = self.recipe["frames"]
        frames = lengths[self.step % len(lengths)]
        favoured = self.step < self.recipe.get("favoured", 0)
        self.sampler.favour(self.newcomers if favoured else [])
        columns = frames
        for stride in self.topology["strides"]:
            columns = (columns - 1) // stride + 1
        n = self.recipe["batch"] * sum(lengths) // (frames * len(lengths))
        return self.sampler.batch(n, frames, columns)

    def update(self, x, labels, weights):
        """One step; returns loss and Top-1 over all stretches."""
        steps = self.recipe["steps"]
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe["rate"] * schedule(self.step, steps)
        margin = MARGIN
        if self.recipe["start"] is None:
            margin *= min(1.0, self.step / (0.5 * steps))
        x, labels, weights = (torch.from_numpy(a).to(self.device)
                              for a in (x, labels, weights))
        with torch.autocast(self.device, torch.bfloat16):
            s4 = self.net.stages(x)[3].float()
        pooled = torch.cat([self.net.pool(s4, weights[:, k]) for k in (0, 1)])
        loss, right = margin_loss(self.net.embed(pooled), self.head,
                                  torch.cat([labels[:, 0], labels[:, 1]]),
                                  margin)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        return loss.item(), right.item()

    def run(self):
        log = open(os.path.join(self.folder, "log.tsv"), "a", buffering=1)
        self.net.train()
        sums, n, began = np.zeros(2), 0, time.monotonic()
        while self.step < self.recipe["steps"]:
            batch = self.draw()
            sums += self.update(*batch)
            n += len(batch[0])
            if self.step % 50 == 0:
                seconds = time.monotonic() - began
                line = (f"{self.stage}\t{self.step}\t{sums[0] / 50:.4f}\t"
                        f"{sums[1] / 50:.4f}\t{n / seconds:.1f}")
                print(line, flush=True)
                log.write(line + "\n")
                sums, n, began = np.zeros(2), 0, time.monotonic()
            if self.step % 100 == 0:
                self.save()
        self.save()

    def embed_all(self, windows):
        """Embeddings of unit length, on the processor."""
        self.net.eval()
        out = []
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16):
            for i in range(0, len(windows), 64):
                x = torch.from_numpy(np.stack(windows[i:i + 64]).astype("f4"))
                out.append(F.normalize(
                    self.net(x.to(self.device)).float()).cpu())
        self.net.train()
        return torch.cat(out)

    def closed_top1(self, rows):
        """Top-1 over all classes on 200-frame windows of other utterances."""
        arrays = corpus.features(self.args.corpus, self.closed_rows,
                                 reference.FRONTEND, self.args.work)
        windows, labels = [], []
        for row, array in zip(self.closed_rows, arrays):
            for start in range(0, array.shape[1] - 199, 200):
                part = array[:, start:start + 200]
                windows.append(part - part.mean(1, keepdims=True))
                labels.append(self.names.index(row["speaker"]))
        guess = (self.embed_all(windows) @ F.normalize(rows).T).argmax(1)
        right = (guess == torch.tensor(labels)).float().mean().item()
        return right, len(windows)

    def kept(self):
        """The rows of a model file: voices that exist, for the changed speeds
        only taught, and what is no voice."""
        return [*range(self.n_speakers), len(self.names) - 1]

    def history(self):
        """This stage's recipe and those of the stages before it."""
        stage, stages = self.stage, []
        while stage:
            stages.insert(0, {"stage": stage, **STAGES[stage]})
            stage = STAGES[stage]["start"]
        return stages

    def export(self):
        rows = self.head.data[self.kept()].cpu()
        top1, n = self.closed_top1(rows)
        print(f"{self.stage}: closed Top-1 {top1:.4f} of {n} windows, "
              f"{self.n_speakers} classes")
        name = NAMES.get(self.stage, self.stage)
        record = {
            "version": 1,
            "name": name,
            "frontend": reference.FRONTEND,
            "topology": self.topology,
            "head": {"kind": "cosine", "scale": SCALE, "margin": MARGIN,
                     "classes": [self.names[c] for c in self.kept()]},
            "cohort": "all",
            "provenance": {
                "data": DATA,
                "seconds": round(self.seconds),
                "speakers": self.n_speakers,
                "speeds": self.speeds,
                "recipe": "models/train.py " + json.dumps(self.history()),
                "closed_top1_2s": round(top1, 4),
            },
        }
        modelfile.write(os.path.join(self.folder, name + ".safetensors"),
                        self.net, rows, record)


if __name__ == "__main__":
    options = arguments()
    for each in options.stage or STAGES:
        trainer = Trainer(options, each)
        trainer.run()
        trainer.export()
