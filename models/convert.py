#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns a published PyTorch checkpoint into a model file, exactly.

    models/convert.py CHECKPOINT -o FILE [--name NAME]
                      [--classes FILE | --cohort DIR]

Knows Sunine's ResNet34 with squeeze-and-excitation (statistics pooling),
voxceleb_trainer's ResNetSE34V2 (attentive statistics) and WeSpeaker's ResNet34
(and what differs from them in widths and numbers of blocks only).  Front end
and order of layers are not in a checkpoint; they are those of the toolkit.
Every tensor must find its place; nothing in the file is run.
"""

import argparse
import collections
import hashlib
import math
import os
import re
import subprocess
import sys

import requirements

requirements.need("numpy", "torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402

import checkpoint  # noqa: E402
import corpus  # noqa: E402
import modelfile  # noqa: E402
import reference  # noqa: E402
from checkpoint import CheckpointError  # noqa: E402

# --- what the toolkits do ---------------------------------------------------

TORCHAUDIO = {
    **reference.FRONTEND, "window_placement": "centre", "framing": "reflect",
    "log_floor": 1e-6, "normalisation": "mean-variance",
    "normalisation_epsilon": 1e-5,
}
KALDI = {
    **reference.FRONTEND, "dc_removal": "frame", "preemphasis": "frame",
    "window": "hamming", "mel_formula": "kaldi", "mel_triangles": "mel",
    "f_min": 20, "log_floor": 1.1920929e-07, "log_floor_mode": "max",
}
# Topology here is what shapes do not show; scale is that of the training.
FAMILIES = {
    "sunine": {
        "title": "Sunine ResNet34-SE", "frontend": TORCHAUDIO,
        "scale": 30, "margin": 0.2,
        "topology": {"stem_order": "bn-relu", "block_order": "relu-bn",
                     "pooling": "mean-variance", "pooling_epsilon": 0}},
    "voxceleb": {
        "title": "voxceleb_trainer ResNetSE34V2",
        "frontend": {**TORCHAUDIO, "sample_scale": 1, "n_bands": 64},
        "scale": 30, "margin": 0,
        "topology": {"stem_order": "relu-bn", "block_order": "relu-bn",
                     "pooling": "attentive", "pooling_epsilon": 1e-5}},
    "wespeaker": {
        "title": "WeSpeaker ResNet34", "frontend": KALDI,
        "scale": 32, "margin": 0.2,
        "topology": {"stem_order": "bn-relu", "block_order": "bn-relu",
                     "pooling": "mean-std", "pooling_epsilon": 1e-7}},
}
STRIDES = [1, 2, 2, 2]

# --- names ------------------------------------------------------------------

# Where toolkits put a network in a dictionary, the first that is there; averages
# of weights come last.
NESTED = ("state_dict", "model_state_dict", "model", "net", "network",
          "module", "backbone", "encoder", "speaker_encoder", "weights",
          "params", "ema", "model_ema", "ema_state_dict", "state_dict_ema",
          "ema_model", "shadow")
# Of torch.compile, of parallel training, of the modules around the network.
PREFIXES = ("_orig_mod.", "module.", "_forward_module.", "speaker_encoder.",
            "__S__.", "model.", "net.", "network.", "backbone.", "resnet.",
            "ema_model.")
RENAMED = (
    (r"\.downsample\.", ".shortcut."),
    (r"^seg_1\.", "fc."),
    (r"^(loss\.W|projection\.weight)$", "head.weight"),
    (r"^__L__\.(softmax\.)?fc\.", "head."),
)
FRONT_END = re.compile(r"^(mel_trans|torchfb)\.")
HEAD = re.compile(r"^(head|loss|__L__|projection)\.")
# Counters, and what only training uses.
IGNORED = re.compile(r"(^|\.)num_batches_tracked$|^__L__\.angleproto\.[wb]$")

# First match wins.
REFUSED = (
    ("ECAPA-TDNN, which is no two-dimensional ResNet",
     lambda t: any(re.search(r"(^|\.)(mfa|res2net_block|se_res2block|"
                             r"convs\.\d+)\.", name) for name in t)),
    ("SpeechBrain's ResNet, whose blocks are pre-activated and have three "
     "convolutions",
     lambda t: "fc_embed.weight" in t or "norm_stats.weight" in t),
    ("ResNetSE34L, whose stem is 7x7 and strided",
     lambda t: t.get("conv1.weight", np.zeros(0)).shape[2:] == (7, 7)),
)


def has_network(content):
    """Whether a dictionary of tensors lies in this, however deep."""
    return isinstance(content, dict) and (
        any(isinstance(v, checkpoint.Tensor) for v in content.values())
        or any(has_network(content[k]) for k in NESTED if k in content))


def state_dict(content):
    """The arrays of a checkpoint by name, however deep they lie."""
    while isinstance(content, dict):
        inner = [k for k in NESTED if has_network(content.get(k))]
        if not inner:
            break
        content = content[inner[0]]
    if not isinstance(content, dict):
        raise CheckpointError("holds a whole object, not a dictionary of "
                              "tensors")
    return {k: v.array() for k, v in content.items()
            if isinstance(k, str) and isinstance(v, checkpoint.Tensor)}


def without_prefixes(tensors):
    out = {}
    for name, array in tensors.items():
        short = name
        while short.startswith(PREFIXES):
            short = short[short.index(".") + 1:]
        if short in out:
            raise CheckpointError(f"tensor {name}: there is a second {short}")
        out[short] = array
    return out


def renamed(tensors):
    """(arrays by the names of our files, class rows [N, E]; the file's names
    by ours)."""
    out, origin = {}, {}
    for name, array in tensors.items():
        ours = name
        for pattern, replacement in RENAMED:
            ours = re.sub(pattern, replacement, ours)
        if ours in out:
            raise CheckpointError(f"tensors {origin[ours]} and {name} are "
                                  "the same to this network")
        out[ours] = array.T if name == "loss.W" else array
        origin[ours] = name
    return out, origin


def summary(names):
    """Names in a line, alike ones counted."""
    counts = collections.Counter(
        "num_batches_tracked" if n.endswith("num_batches_tracked") else n
        for n in sorted(names))
    parts = [n if c == 1 else f"{n} ({c})" for n, c in counts.items()]
    return ", ".join(parts[:8]) + (", .." if len(parts) > 8 else "")


def family_of(tensors):
    """Which of FAMILIES has these tensors, prefixes removed."""
    for what, matches in REFUSED:
        if matches(tensors):
            raise CheckpointError(f"{what}: this network has no place for it")
    if {"conv1.weight", "layer1.0.conv1.weight"} <= tensors.keys():
        if "seg_1.weight" in tensors:
            return FAMILIES["wespeaker"]
        if "attention.0.weight" in tensors and "conv1.bias" in tensors:
            return FAMILIES["voxceleb"]
        if "bn2.weight" in tensors and "layer1.0.se.fc.0.weight" in tensors:
            return FAMILIES["sunine"]
    raise CheckpointError(
        "not a checkpoint of "
        + ", ".join(f["title"] for f in FAMILIES.values()) + ": found "
        + (summary(tensors) or "no tensors"))


# --- the record -------------------------------------------------------------

def need(tensors, name, n_dims):
    if name not in tensors:
        raise CheckpointError(f"tensor {name} is missing")
    shape = tensors[name].shape
    if len(shape) != n_dims or 0 in shape:
        raise CheckpointError(f"tensor {name} has shape {list(shape)}")
    return shape


def topology_of(tensors, family):
    """What the shapes show; whether they agree is seen later."""
    out = {**family["topology"], "strides": STRIDES, "blocks": []}
    out["widths"] = [need(tensors, f"layer{i}.0.conv1.weight", 4)[0]
                     for i in (1, 2, 3, 4)]
    for i in (1, 2, 3, 4):
        n = 0
        while f"layer{i}.{n}.conv1.weight" in tensors:
            n += 1
        out["blocks"].append(n)
    out["stem_bias"] = "conv1.bias" in tensors
    out["se_reduction"] = 0
    if "layer1.0.se.fc.0.weight" in tensors:
        hidden = need(tensors, "layer1.0.se.fc.0.weight", 2)[0]
        out["se_reduction"] = out["widths"][0] // hidden
    if out["pooling"] == "attentive":
        out["attention_size"] = need(tensors, "attention.0.weight", 3)[0]
    out["embedding_bn_before"] = "bn2.weight" in tensors
    out["embedding_bn_after"] = "bn3.weight" in tensors
    out["embedding_size"] = need(tensors, "fc.weight", 2)[0]
    return out


def frontend_of(tensors, family, topology):
    """The toolkit's, with as many bands as the file shows."""
    frontend = dict(family["frontend"])
    banks = [a for n, a in tensors.items()
             if FRONT_END.match(n) and n.endswith(".mel_scale.fb") and a.size]
    if banks:
        frontend["n_bands"] = banks[0].shape[-1]
    elif "attention.0.weight" in tensors:
        rows = tensors["attention.0.weight"].shape[1]
        frontend["n_bands"] = (rows // topology["widths"][3]
                               * math.prod(STRIDES))
    return frontend


def check_frontend(tensors, frontend):
    """Window, filters and pre-emphasis that a file carries must be ours."""
    ours = {
        "spectrogram.window":
            reference.taper(frontend["window"], frontend["window_length"]),
        "mel_scale.fb": reference.mel_bank(frontend).T,
        "flipped_filter":
            np.array([[[-frontend["preemphasis_coefficient"], 1.0]]]),
    }
    checked = []
    for name, array in tensors.items():
        kind = ".".join(name.split(".")[2:])
        if not FRONT_END.match(name) or kind not in ours or not array.size:
            continue
        if (array.shape != ours[kind].shape
                or np.abs(array - ours[kind]).max() > 1e-2):
            raise CheckpointError(f"tensor {name} is not that of the front "
                                  "end which this network is known with")
        checked.append(name)
    return checked


def check_tensors(tensors, expected, origin):
    """Exactly the expected names and shapes, and finite."""
    for name, shape in expected.items():
        if name not in tensors:
            raise CheckpointError(f"tensor {name} is missing")
        if tensors[name].shape != shape:
            raise CheckpointError(
                f"tensor {origin[name]} has shape "
                f"{list(tensors[name].shape)}, not {list(shape)}")
        if not np.isfinite(tensors[name]).all():
            raise CheckpointError(f"tensor {origin[name]} is not finite")
        if name.endswith(".running_var") and (tensors[name] < 0).any():
            raise CheckpointError(f"tensor {origin[name]} has a variance of "
                                  f"{tensors[name].min():g}, below 0")
    left = [origin[name] for name in tensors.keys() - expected.keys()]
    if left:
        hint = "; --cohort DIR replaces heads" if any(
            HEAD.match(name) for name in left) else ""
        raise CheckpointError(f"no place for tensors {summary(left)}{hint}")


# --- head -------------------------------------------------------------------

def class_names(path, n):
    if path is None:
        return [f"class{i}" for i in range(n)]
    with open(path, encoding="utf-8") as file:
        names = file.read().splitlines()
    if len(names) != n or len(set(names)) != n:
        raise CheckpointError(f"{path} has {len(names)} names, "
                              f"{len(set(names))} different ones; the head "
                              f"has {n} classes")
    return names


def head_of(tensors, family, classes):
    """(head of the record, rows or None, bias or None)."""
    rows, bias = tensors.get("head.weight"), tensors.get("head.bias")
    if rows is None:
        if classes is not None:
            raise CheckpointError("has no head to name the classes of")
        return {"kind": "none"}, None, None
    names = class_names(classes, len(rows))
    if bias is not None:
        return {"kind": "linear", "classes": names}, rows, bias
    return {"kind": "cosine", "scale": family["scale"],
            "margin": family["margin"], "classes": names}, rows, None


FRAMES, MAX_WINDOWS, MIN_FRAMES = 200, 10, 50


def windows(log_mel):
    """Pieces of two seconds that are at least half speech."""
    n = min(FRAMES, log_mel.shape[1])
    if n < MIN_FRAMES:
        return []
    speech = corpus.speech_frames(log_mel)
    return [log_mel[:, i:i + n]
            for i in range(0, log_mel.shape[1] - n + 1, n)
            if speech[i:i + n].mean() >= 0.5]


def cohort_head(net, frontend, family, folder):
    """Background voices for a network without a usable head: the speakers of
    a corpus, enrolled; rows are mean directions."""
    pieces = collections.defaultdict(list)
    for row in corpus.read_manifest(folder):
        if not {"path", "speaker"} <= row.keys():
            raise CheckpointError(f"{folder}/manifest.tsv needs the columns "
                                  "path and speaker")
        if row.get("split", "train") != "train":
            continue
        mine = pieces[row["speaker"]]
        if len(mine) < MAX_WINDOWS:
            sound = corpus.decode(os.path.join(folder, row["path"]))
            mine += windows(reference.log_mel(sound, frontend))
    names = sorted(name for name, mine in pieces.items() if mine)
    if len(names) < 2:
        raise CheckpointError(f"{folder}: a cohort needs two voices with half "
                              f"a second of speech, there are {len(names)}")
    rows = []
    for name in names:
        directions = [torch.nn.functional.normalize(
            net(reference.normalise(torch.from_numpy(piece)[None],
                                    frontend).float()))
            for piece in pieces[name][:MAX_WINDOWS]]
        rows.append(torch.cat(directions).mean(0))
    return {"kind": "cosine", "scale": family["scale"], "margin": 0,
            "classes": names}, torch.stack(rows)


# --- the whole --------------------------------------------------------------

def network(topology, n_bands, tensors, origin):
    net = reference.ResNet(topology, n_bands).eval()
    expected = {k: tuple(v.shape) for k, v in net.state_dict().items()
                if not k.endswith("num_batches_tracked")}
    size = topology["embedding_size"]
    if "head.weight" in tensors:
        n = need(tensors, "head.weight", 2)[0]
        expected["head.weight"] = (n, size)
        if "head.bias" in tensors:
            expected["head.bias"] = (n,)
    check_tensors(tensors, expected, origin)
    net.load_state_dict({k: torch.from_numpy(np.array(tensors[k], "f4"))
                         for k in expected if not k.startswith("head.")},
                        strict=False)
    return net


@torch.no_grad()
def convert(args):
    everything = without_prefixes(state_dict(checkpoint.load(args.checkpoint)))
    family = family_of(everything)
    ignored = {n for n in everything
               if IGNORED.search(n) or FRONT_END.match(n)}
    tensors, origin = renamed({n: a for n, a in everything.items()
                               if n not in ignored})
    if args.cohort:  # another head takes the place of the file's
        heads = {n for n in tensors if HEAD.match(n)}
        ignored |= {origin[n] for n in heads}
        tensors = {n: a for n, a in tensors.items() if n not in heads}
    topology = topology_of(tensors, family)
    frontend = frontend_of(everything, family, topology)
    checked = check_frontend(everything, frontend)
    net = network(topology, frontend["n_bands"], tensors, origin)
    if args.cohort:
        head, rows = cohort_head(net, frontend, family, args.cohort)
        bias = None
    else:
        head, rows, bias = head_of(tensors, family, args.classes)
        rows, bias = (None if a is None else torch.from_numpy(
            np.array(a, "f4")) for a in (rows, bias))
    with open(args.checkpoint, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    record = {
        "version": 1, "name": args.name, "frontend": frontend,
        "topology": topology, "head": head, "cohort": "all",
        "provenance": {"recipe": "models/convert.py",
                       "network": family["title"],
                       "checkpoint": os.path.basename(args.checkpoint),
                       "sha256": digest},
    }
    try:
        modelfile.write(args.output, net, rows, record, bias, exact=True)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    print(f"{args.checkpoint}: {family['title']}")
    print(f"  widths {topology['widths']}, blocks {topology['blocks']}, "
          f"{frontend['n_bands']} bands, embedding of "
          f"{topology['embedding_size']}")
    print(f"  head: {head['kind']}, {len(head.get('classes', []))} classes")
    print(f"  front end confirmed by: {summary(checked) or 'nothing'}")
    print(f"  ignored: {summary(ignored - set(checked)) or 'nothing'}")
    print("  no calibration: probabilities are near 1 whoever speaks, and "
          "mask refuses the model until models/calibrate.py gives it one")
    print(f"{args.output}: written; check it with speakersaliency model "
          f"{args.output} --verify")


def arguments(words=None):
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("checkpoint", help=".pt, .model, .ckpt, .bin, or "
                   ".safetensors")
    p.add_argument("-o", "--output", required=True, help="model file to write")
    p.add_argument("--name", help="of the model; else that of the output")
    names = p.add_mutually_exclusive_group()
    names.add_argument("--classes", metavar="FILE",
                       help="names of the head's classes, one a line")
    names.add_argument("--cohort", metavar="DIR",
                       help="folder of manifest.tsv: its speakers, of the "
                       "split \"train\" if it has any, become the background "
                       "voices, in place of the file's head")
    args = p.parse_args(words)
    if args.name is None:
        args.name = os.path.basename(args.output).split(".")[0]
    return args


if __name__ == "__main__":
    arguments_ = arguments()
    try:
        convert(arguments_)
    except (CheckpointError, OSError, ValueError,
            subprocess.CalledProcessError) as error:
        sys.exit(f"{arguments_.checkpoint}: {error}")
