#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trains the successors of the speaker networks that ship, stage by stage.

    models/train.py --corpus DIR --corpus DIR2 --work WORK

The networks that ship were trained by this program at revision 5f603cb, with
other stages and on one corpus (examples/docs/training.md).

The loss is AM-softmax (s = 30, margin 0.2) on windows of which three quarters
hold a change of speaker; it is applied to statistics of random stretches of S4
inside one speaker's part (models/sampler.py), heard through random channels
(models/channel.py).  Every speaker at other speeds is one speaker more.  Voices
are those of the split `train`: `dev`, `open` and `closed` are never trained on.
The half-width network comes first and starts from the small model that ships;
the full network starts from the channels of the half-width one (Net2Wider,
Chen, Goodfellow, Shlens 2016).

WORK/STAGE holds checkpoint, log and model file of a stage.  A run resumes from
the checkpoint, which is written every two minutes and on SIGTERM.
"""

import argparse
import hashlib
import itertools
import json
import os
import queue
import signal
import subprocess
import tempfile
import time

import requirements

requirements.need("numpy", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.multiprocessing  # noqa: E402
import torch.nn.functional as F  # noqa: E402

import corpus  # noqa: E402
import fused  # noqa: E402
import modelfile  # noqa: E402
import nonvoice  # noqa: E402
import reference  # noqa: E402
import sampler  # noqa: E402
import widen  # noqa: E402

SCALE, MARGIN = 30.0, 0.2
SPEEDS = (1.0, 0.9, 1.1)  # each makes every speaker one more
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = {
    "librispeech": "LibriSpeech train-clean-100 and dev-clean (CC BY 4.0)",
    "speech-commands": "Speech Commands (CC BY 4.0)",
    "speechocean762": "speechocean762 (CC BY 4.0)",
    "arabic-speech-commands": "Arabic Speech Commands (CC BY 4.0)",
    "vctk": "VCTK (CC BY 4.0)",
    "alphanumeric": "Alphanumeric Audio Dataset (MIT)",
    "cmu-arctic": "CMU ARCTIC (free for use)",
    "fsdd": "Free Spoken Digit Dataset (CC BY-SA 4.0)",
}

# start: an earlier stage, or a model file of this folder, now or in an earlier
# revision, with its SHA-256; width: factor on the widths of Table 1; frames:
# lengths of windows, in turn for each batch; rate: peak learning rate of AdamW.
STAGES = {
    "small": {"start": "resnet34se-small.safetensors", "sha256":
              "a054d585ed86b6d1bedb7a5ac7db9a17f9eda5a093cb6ecca34be61f3fca5ad3",
              "width": 0.5, "frames": [120, 200], "batch": 56, "steps": 4800,
              "rate": 1e-3, "seed": 9},
    "full": {"start": "small", "width": 1.0, "frames": [120, 200],
             "batch": 56, "steps": 4800, "rate": 7e-4, "seed": 10},
}
NAMES = {"full": "resnet34se", "small": "resnet34se-small"}


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--corpus", required=True, action="append",
                   help="folder of manifest.tsv (again for more)")
    p.add_argument("--work", required=True, help="folder for the log-Mel cache, "
                   "checkpoints, logs, model files and compiled code")
    p.add_argument("--stage", choices=STAGES, action="append",
                   help="only this one (again for more)")
    p.add_argument("--steps", type=int, help="length of the schedule instead "
                   "of the recipe's")
    p.add_argument("--minutes", type=float, help="end the schedule after so "
                   "many minutes from now, whatever the number of steps")
    p.add_argument("--export", action="store_true",
                   help="train nothing: write model files of the "
                   "checkpoints as they are")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    return p.parse_args()


def versions(name):
    """Contents of a file of this folder: now, and, newest first, in every
    revision that changed the file."""
    try:
        with open(os.path.join(HERE, name), "rb") as file:
            yield file.read()
    except FileNotFoundError:
        pass
    git = ["git", "-C", HERE]
    revisions = subprocess.run(
        [*git, "log", "--format=%H", "--", name], check=True,
        capture_output=True, text=True).stdout.split()
    for revision in revisions:
        shown = subprocess.run([*git, "show", f"{revision}:./{name}"],
                               capture_output=True)
        if shown.returncode == 0:  # else the revision deleted the file
            yield shown.stdout


def released(name, sha256):
    """Tensors and record of a model file of this folder, as it is or, if that
    is another, as an earlier revision had it."""
    for data in versions(name):
        if hashlib.sha256(data).hexdigest() == sha256:
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                return modelfile.read(file.name)
    raise SystemExit(f"{name}: neither the file nor a revision has the SHA-256 "
                     f"{sha256}")


def margin_loss(embedding, rows, labels, margin):
    """AM-softmax: cross-entropy of s (cos - m [j = c])."""
    cosine = F.normalize(embedding) @ F.normalize(rows).T
    target = F.one_hot(labels, rows.shape[0])
    loss = F.cross_entropy(SCALE * (cosine - margin * target), labels)
    return loss, (cosine.argmax(1) == labels).float().mean()


def schedule(step, progress):
    """Learning-rate factor: linear warm-up over 200 steps, half a cosine to
    zero."""
    return min(1.0, (step + 1) / 200) * 0.5 * (1 + np.cos(np.pi * progress))


def feed(batches, make, first):
    """Puts batches into a queue until the parent process is gone."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    batches.cancel_join_thread()
    parent = os.getppid()
    for step in itertools.count(first):
        batch = make(step)
        while os.getppid() == parent:
            try:
                batches.put(batch, timeout=5)
                break
            except queue.Full:
                pass
        else:
            return


class Trainer:
    def __init__(self, args, stage):
        self.args, self.stage = args, stage
        self.recipe = dict(STAGES[stage])
        if args.steps:
            self.recipe["steps"] = args.steps
        self.folder = os.path.join(args.work, stage)
        os.makedirs(self.folder, exist_ok=True)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(self.recipe["seed"])
        torch.set_num_threads(args.threads)
        self.read_voices()
        self.topology = dict(reference.TOPOLOGY)
        self.topology["widths"] = [int(w * self.recipe["width"])
                                   for w in reference.TOPOLOGY["widths"]]
        self.net = reference.ResNet(self.topology,
                                    reference.FRONTEND["n_bands"])
        self.net.to(self.device, memory_format=torch.channels_last)
        self.stages = fused.stages(self.net, self.folder)
        self.head = torch.nn.Parameter(torch.empty(
            len(self.names), self.topology["embedding_size"],
            device=self.device))
        self.optimizer = torch.optim.AdamW(
            [*self.net.parameters(), self.head], lr=self.recipe["rate"],
            weight_decay=0.02)
        self.step, self.progress, self.stopped = 0, 0.0, False
        self.path = os.path.join(self.folder, "checkpoint.pt")
        if os.path.exists(self.path):
            self.resume()
        else:
            self.start()

    def read_voices(self):
        """Classes, and log-Mel arrays with their labels."""
        rows = corpus.read_corpora(self.args.corpus)
        aside = corpus.set_aside(rows)
        train = [r for r in rows
                 if r["split"] == "train" and r["path"] not in aside]
        speakers = sorted({r["speaker"] for r in train})
        number = {name: i for i, name in enumerate(speakers)}
        people, seconds = [None] * len(speakers), [0.0] * len(speakers)
        for row in train:
            i = number[row["speaker"]]
            people[i] = row["source"], row["room"], row["sex"]
            seconds[i] += float(row["seconds"])
        self.n_speakers, self.seconds = len(speakers), sum(seconds)
        self.names = [name if speed == 1 else f"{name}@{speed}"
                      for speed in SPEEDS for name in speakers]
        self.names.append(nonvoice.NAME)
        self.closed_rows = [r for r in rows
                            if r["path"] in aside or r["split"] == "closed"
                            and r["speaker"] in number]
        self.sources = sorted({source for source, _, _ in people})
        parts = [corpus.features(train, reference.FRONTEND, self.args.work,
                                 speed, self.args.threads)
                 for speed in SPEEDS]
        labels = [i * self.n_speakers + number[row["speaker"]]
                  for i in range(len(SPEEDS)) for row in train]
        self.sampler = sampler.Sampler(
            parts, labels, sampler.Voices(people, seconds, len(SPEEDS)),
            self.recipe["seed"])

    def start(self):
        """Weights and class rows of an earlier stage or release; rows of new
        voices begin as the mean embedding of two stretches."""
        name = self.recipe["start"]
        if "sha256" in self.recipe:
            state, record = released(name, self.recipe["sha256"])
            known, rows = record["head"]["classes"], state["head.weight"]
        else:
            saved = torch.load(os.path.join(self.args.work, name,
                                            "checkpoint.pt"),
                               map_location="cpu")
            state, known, rows = saved["net"], saved["names"], saved["head"]
        with torch.no_grad():
            widen.fill(self.net, state, self.recipe["seed"])
        rows = dict(zip(known, F.normalize(rows)))
        new = [c for c, name in enumerate(self.names) if name not in rows]
        print(f"{self.stage}: {len(self.names)} classes, {len(new)} of them "
              "new", flush=True)
        self.sampler.rng = np.random.default_rng(self.recipe["seed"])
        windows = []
        for c in new:
            for _ in range(2):
                x = np.log(self.sampler.piece(c, 120)[0] + 1)
                windows.append((x - x.mean(1, keepdims=True)).astype("f2"))
        means = self.embed_all(windows).view(len(new), 2, -1).mean(1)
        rows.update(zip([self.names[c] for c in new], F.normalize(means)))
        self.head.data.copy_(torch.stack([rows[n] for n in self.names]))

    def resume(self):
        state = torch.load(self.path, map_location=self.device)
        self.net.load_state_dict(state["net"])
        self.head.data.copy_(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        self.progress = state.get("progress",
                                  self.step / self.recipe["steps"])

    def save(self):
        torch.save({"net": self.net.state_dict(), "head": self.head.data,
                    "names": self.names, "step": self.step,
                    "progress": self.progress, "recipe": self.recipe,
                    "optimizer": self.optimizer.state_dict()},
                   self.path + ".tmp")
        os.replace(self.path + ".tmp", self.path)

    def make(self, step):
        """The batch of a step, of one of the recipe's lengths, about equal
        work for each."""
        lengths = self.recipe["frames"]
        frames = lengths[step % len(lengths)]
        columns = frames
        for stride in self.topology["strides"]:
            columns = (columns - 1) // stride + 1
        n = self.recipe["batch"] * sum(lengths) // (frames * len(lengths))
        return self.sampler.batch(step, n, frames, columns)

    def update(self, x, labels, weights):
        """One step; returns loss and Top-1 over all stretches."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe["rate"] * schedule(self.step,
                                                         self.progress)
        x, labels, weights = (torch.from_numpy(a).to(self.device)
                              for a in (x, labels, weights))
        with torch.autocast(self.device, torch.bfloat16):
            s4 = self.stages(x)[3].float()
        pooled = torch.cat([self.net.pool(s4, weights[:, k]) for k in (0, 1)])
        loss, right = margin_loss(self.net.embed(pooled), self.head,
                                  torch.cat([labels[:, 0], labels[:, 1]]),
                                  MARGIN)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        return loss.item(), right.item()

    def advance(self):
        """Sets the progress of the schedule, from 0 to 1: by steps, or by the
        clock from the progress at which this run began."""
        if self.args.minutes is None:
            self.progress = self.step / self.recipe["steps"]
        else:
            part = (time.time() - self.began) / (60 * self.args.minutes)
            self.progress = (self.begin + (1 - self.begin) * min(1.0, part))

    def stop(self, *unused):
        self.stopped = True

    def feeder(self):
        """A queue of batches, and the process that makes them."""
        nonvoice.store()  # before the fork, so that it is made once
        context = torch.multiprocessing.get_context("fork")
        batches = context.Queue(4)
        context.Process(target=feed, daemon=True,
                        args=(batches, self.make, self.step)).start()
        return batches

    def run(self):
        """Trains to the end of the schedule; False if stopped before."""
        batches = self.feeder()
        signal.signal(signal.SIGTERM, self.stop)
        log = open(os.path.join(self.folder, "log.tsv"), "a", buffering=1)
        self.net.train()
        self.began, self.begin = time.time(), self.progress
        sums, n, began, saved = np.zeros(2), 0, time.time(), time.time()
        while self.progress < 1 and not self.stopped:
            batch = batches.get()
            sums += self.update(*batch)
            self.advance()
            n += len(batch[0])
            if self.step % 50 == 0:
                rate = n / (time.time() - began)
                line = (f"{self.stage}\t{self.step}\t{sums[0] / 50:.4f}\t"
                        f"{sums[1] / 50:.4f}\t{rate:.1f}")
                print(line, flush=True)
                log.write(line + "\n")
                sums, n, began = np.zeros(2), 0, time.time()
            if time.time() - saved > 120:
                self.save()
                saved = time.time()
        if self.progress >= 1:
            self.recipe["steps"] = self.step
        self.save()
        return not self.stopped

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
        """Top-1 over all kept classes on 200-frame windows of other
        utterances: of all, and by source; and the number of windows."""
        arrays = corpus.features(self.closed_rows, reference.FRONTEND,
                                 self.args.work, 1.0, self.args.threads)
        windows, labels, sources = [], [], []
        for row, array in zip(self.closed_rows, arrays):
            for start in range(0, array.shape[1] - 199, 200):
                part = array[:, start:start + 200].astype("f4")
                windows.append(part - part.mean(1, keepdims=True))
                labels.append(self.names.index(row["speaker"]))
                sources.append(row["source"])
        guess = (self.embed_all(windows) @ F.normalize(rows).T).argmax(1)
        right, sources = guess.numpy() == labels, np.array(sources)
        return right.mean(), {s: round(float(right[sources == s].mean()), 4)
                              for s in sorted(set(sources))}, len(windows)

    def kept(self):
        """Indices of the class rows of a model file: voices at their own speed
        (the others only served training), and the class without voice."""
        return [*range(self.n_speakers), len(self.names) - 1]

    def history(self):
        """This stage's recipe and those of the stages before it."""
        stages = [{"stage": self.stage, **self.recipe}]
        while stages[0]["start"] in STAGES:
            stage = stages[0]["start"]
            stages.insert(0, {"stage": stage, **STAGES[stage]})
        return stages

    def export(self):
        rows = self.head.data[self.kept()].cpu()
        top1, by_source, n = self.closed_top1(rows)
        print(f"{self.stage}: closed Top-1 {top1:.4f} of {n} windows, "
              f"{self.n_speakers} classes; {by_source}")
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
                "data": "; ".join(SOURCES.get(s, s) for s in self.sources),
                "seconds": round(self.seconds),
                "speakers": self.n_speakers,
                "speeds": SPEEDS,
                "recipe": "models/train.py " + json.dumps(self.history()),
                "closed_top1_2s": round(float(top1), 4),
                "closed_top1_2s_by_source": by_source,
            },
        }
        modelfile.write(os.path.join(self.folder, name + ".safetensors"),
                        self.net, rows, record)


def main():
    options = arguments()
    for stage in options.stage or STAGES:
        path = os.path.join(options.work, stage, "checkpoint.pt")
        if options.export and not os.path.exists(path):
            print(f"{stage}: no checkpoint to export: {path}")
            continue
        trainer = Trainer(options, stage)
        if not options.export and not trainer.run():
            break
        trainer.export()


if __name__ == "__main__":
    main()
