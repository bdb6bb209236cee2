#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trains the speaker network on a corpus and writes a model file.

    models/train.py --corpus DIR --work DIR -o models/resnet34se.safetensors

AM-softmax (s = 30, margin annealed from 0 to 0.2) on windows most of which
hold a change of speaker, the loss applied to statistics of random stretches of
S4 inside one speaker's part.  Every speaker at 0.9 and 1.1 times the speed is one speaker more.  Stops and
resumes at any time: state is in --work.  --start FILE begins from a narrower model of the same shape by copying
channels (Net2Wider, Chen, Goodfellow, Shlens 2016).
"""

import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

import corpus
import modelfile
import reference
import widen

SCALE, MARGIN = 30.0, 0.2
# What makes the result, beside the corpus.
RECIPE = ("width", "speeds", "frames", "turns", "batch", "steps", "rate",
          "seed")


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", required=True, help="folder of manifest.tsv")
    p.add_argument("--work", required=True, help="cache, checkpoint and log")
    p.add_argument("-o", "--output", required=True, help="model file to write")
    p.add_argument("--data", default="LibriSpeech train-clean-100 and "
                   "dev-clean, VCTK (CC BY 4.0)", help="for the record")
    p.add_argument("--width", type=float, default=1.0, help="of Table 1's")
    p.add_argument("--start", help="narrower model file to widen")
    p.add_argument("--speeds", type=float, nargs="*", default=[1.0, 0.9, 1.1],
                   help="each makes every speaker one more; 1 comes first")
    p.add_argument("--everyone", action="store_true",
                   help="train on the development speakers, too")
    p.add_argument("--frames", type=int, default=200, help="per window")
    p.add_argument("--turns", type=float, default=0.7,
                   help="part of the windows that hold a change of speaker")
    p.add_argument("--batch", type=int, default=48)
    p.add_argument("--steps", type=int, default=3000)
    p.add_argument("--rate", type=float, default=2e-3, help="peak of AdamW")
    p.add_argument("--seed", type=int, default=1)
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
    warm = min(1.0, (step + 1) / 200)
    return warm * 0.5 * (1 + np.cos(np.pi * step / steps))


class Trainer:
    def __init__(self, args):
        self.args = args
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(args.seed)
        torch.set_num_threads(args.threads)
        rows = corpus.read_manifest(args.corpus)
        self.train_rows = [r for r in rows if r["split"] == "train"]
        hidden = set() if args.everyone else corpus.development(
            self.train_rows)
        self.sexes = {r["speaker"]: r["sex"] for r in self.train_rows
                      if r["speaker"] not in hidden}
        speakers = sorted(self.sexes)
        self.n_speakers = len(speakers)
        self.closed_rows = [r for r in rows if r["split"] == "closed"
                            and r["speaker"] in self.sexes]
        self.names = [name if speed == 1 else f"{name}@{speed}"
                      for speed in args.speeds for name in speakers]
        self.topology = dict(reference.TOPOLOGY)
        self.topology["widths"] = [
            int(w * args.width) for w in reference.TOPOLOGY["widths"]]
        net = reference.ResNet(self.topology, reference.FRONTEND["n_bands"])
        head = torch.empty(len(self.names), self.topology["embedding_size"])
        torch.nn.init.xavier_normal_(head)
        if args.start:
            head = widen.load_widened(net, args.start, head, args.seed)
        self.net = net.to(self.device, memory_format=torch.channels_last)
        self.head = torch.nn.Parameter(head.to(self.device))
        self.optimizer = torch.optim.AdamW(
            [*self.net.parameters(), self.head], lr=args.rate,
            weight_decay=0.02)
        self.step = 0
        self.path = os.path.join(args.work, "checkpoint.pt")
        if os.path.exists(self.path):
            self.resume()

    def resume(self):
        state = torch.load(self.path, map_location=self.device)
        self.net.load_state_dict(state["net"])
        self.head.data.copy_(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def save(self):
        torch.save({"net": self.net.state_dict(), "head": self.head.data,
                    "optimizer": self.optimizer.state_dict(),
                    "step": self.step}, self.path + ".tmp")
        os.replace(self.path + ".tmp", self.path)

    def update(self, x, labels, weights):
        """One step; returns loss and Top-1 over all stretches."""
        args = self.args
        for group in self.optimizer.param_groups:
            group["lr"] = args.rate * schedule(self.step, args.steps)
        margin = MARGIN * min(1.0, self.step / (0.5 * args.steps))
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

    def closed_top1(self):
        """Top-1 over all training speakers on 200-frame windows."""
        arrays = corpus.features(self.args.corpus, self.closed_rows,
                                 reference.FRONTEND, self.args.work)
        windows, labels = [], []
        for row, array in zip(self.closed_rows, arrays):
            for start in range(0, array.shape[1] - 199, 200):
                part = array[:, start:start + 200]
                windows.append(part - part.mean(1, keepdims=True))
                labels.append(self.names.index(row["speaker"]))
        self.net.eval()
        right, rows = 0, self.head[:self.n_speakers]
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16):
            for i in range(0, len(windows), 64):
                x = torch.from_numpy(np.stack(windows[i:i + 64]))
                e = F.normalize(self.net(x.to(self.device)).float())
                guess = (e @ F.normalize(rows).T).argmax(1).cpu()
                right += (guess == torch.tensor(labels[i:i + 64])).sum().item()
        self.net.train()
        return right / len(windows), len(windows)

    def run(self):
        args = self.args
        arrays, labels = [], []
        for i, speed in enumerate(args.speeds):
            everything = corpus.features(args.corpus, self.train_rows,
                                         reference.FRONTEND, args.work, speed)
            for row, array in zip(self.train_rows, everything):
                if row["speaker"] in self.sexes:
                    arrays.append(array)
                    labels.append(i * self.n_speakers
                                  + self.names.index(row["speaker"]))
        columns = args.frames
        for stride in self.topology["strides"]:
            columns = (columns - 1) // stride + 1
        sexes = [self.sexes[name] for name in self.names[:self.n_speakers]]
        sampler = corpus.Sampler(arrays, labels, sexes, args.frames, columns,
                                 args.turns, [args.seed, self.step])
        log = open(os.path.join(args.work, "log.tsv"), "a", buffering=1)
        self.net.train()
        sums, began = np.zeros(2), time.monotonic()
        while self.step < args.steps:
            sums += self.update(*sampler.batch(args.batch))
            if self.step % 50 == 0:
                seconds = time.monotonic() - began
                line = (f"{self.step}\t{sums[0] / 50:.4f}\t{sums[1] / 50:.4f}"
                        f"\t{50 * args.batch / seconds:.1f}")
                print(line, flush=True)
                log.write(line + "\n")
                sums, began = np.zeros(2), time.monotonic()
            if self.step % 250 == 0:
                self.save()
        self.save()

    def export(self):
        top1, n = self.closed_top1()
        print(f"closed Top-1 {top1:.4f} of {n} windows, "
              f"{self.n_speakers} speakers")
        record = {
            "version": 1,
            "name": os.path.basename(self.args.output).split(".")[0],
            "frontend": reference.FRONTEND,
            "topology": self.topology,
            "head": {"kind": "cosine", "scale": SCALE, "margin": MARGIN,
                     "classes": self.names[:self.n_speakers]},
            "cohort": "all",
            "provenance": {
                "data": self.args.data,
                "seconds": round(sum(float(r["seconds"])
                                     for r in self.train_rows)),
                "speakers": self.n_speakers,
                "recipe": "models/train.py " + json.dumps(
                    {k: getattr(self.args, k) for k in RECIPE}),
                "windows": self.step * self.args.batch,
                "closed_top1_2s": round(top1, 4),
            },
        }
        # Voices that exist: the changed speeds only taught.
        modelfile.write(self.args.output, self.net,
                        self.head.data[:self.n_speakers], record)


if __name__ == "__main__":
    trainer = Trainer(arguments())
    os.makedirs(trainer.args.work, exist_ok=True)
    trainer.run()
    trainer.export()
