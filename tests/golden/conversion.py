#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Converted checkpoints compute what the published networks do.

    tests/golden/conversion.py RESULTS

The networks of published.py, with random weights, are saved as their toolkits
save them, converted, and compared with the library through the program RESULTS
(results.c).  Prints TAP; skips where PyTorch is missing.
"""

import argparse
import collections
import contextlib
import copy
import io
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "..", "..", "models")
SHIPPED = {name: os.path.join(MODELS, name + ".safetensors")
           for name in ("resnet34se", "resnet34se-small")}
sys.path[:0] = [MODELS, os.path.join(HERE, "..", "cli")]

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

import cases  # noqa: E402
import cohorts  # noqa: E402
import convert  # noqa: E402
import modelfile  # noqa: E402
import published  # noqa: E402
import tensorfile  # noqa: E402
from sounds import Tap, run  # noqa: E402

RESULTS = sys.argv[1]
SMALL = {"widths": (8, 16, 16, 24), "blocks": (1, 2, 1, 1), "size": 20,
         "n_classes": 4}
TARGET = 3  # class whose gradient is compared


def random_network(name, **sizes):
    """A published network with settled batch norms, float32, in use."""
    rng = np.random.default_rng(
        [cases.SEED, 4, list(published.NETWORKS).index(name)])
    net = published.NETWORKS[name](**sizes).double()
    cases.randomise(net, rng)
    mel = np.stack([net.log_mel(cases.voice(i, 16000)) for i in range(3)])
    cases.settle(net, net.normalised(torch.from_numpy(mel)), rng)
    return net.float().eval()


class Surroundings:
    """What Lightning keeps beside the weights: anything."""

    def __init__(self):
        self.rate = np.float64(0.001)


def save(path, tensors):
    """As the toolkits do: Lightning, PyTorch before 1.6, plain."""
    if path.endswith(".ckpt"):
        content = {"epoch": 3, "state_dict": tensors, "callbacks": {
            Surroundings: {"best": Surroundings()}}, "hyper_parameters":
                   argparse.Namespace(scale=30, margin=0.2)}
        torch.save(content, path)
    else:
        torch.save(tensors, path,
                   _use_new_zipfile_serialization=path.endswith(".pt"))


def converted(source, out, *words):
    """What convert.py says; raises CheckpointError."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        convert.convert(convert.arguments([source, "-o", out, *words]))
    return text.getvalue()


def refusal(source, out, *words):
    """Why convert.py refuses, or nothing if it does not."""
    try:
        converted(source, out, *words)
    except convert.CheckpointError as error:
        return str(error)
    return ""


# --- agreement --------------------------------------------------------------

def truth_of(net, samples):
    """Embedding, log-odds and its gradient by S1 of the published network."""
    net, s1 = copy.deepcopy(net).double(), []
    net.trunk.layer1.register_forward_hook(lambda *args: s1.append(args[2]))
    mel = torch.from_numpy(net.log_mel(samples))[None]
    embedding = net(net.normalised(mel))
    z = net.logits(embedding)[0]
    others = torch.arange(len(z)) != TARGET
    u = z[TARGET] - torch.logsumexp(z[others], 0)
    (gradient,) = torch.autograd.grad(u, s1)
    values = {"log_mel": mel, "embedding": embedding, "log_odds": u[None, None],
              "gradient_s1": gradient}
    return {k: v[0].detach().numpy() for k, v in values.items()}


def library_of(model, samples, folder):
    source, out = f"{folder}/in.safetensors", f"{folder}/out.safetensors"
    tensorfile.save(source, {"samples": samples})
    subprocess.run([RESULTS, model, f"class{TARGET}", source, out], check=True)
    return tensorfile.load(out)[0]


# float32 against float64 through 36 layers; the log-Mel where a frame is nearly
# silent.  A ReLU at rounding distance from 0 lets the gradient through in one
# arithmetic only: as a whole, PyTorch's own float32 is off by up to 3e-3.
LIMITS = {"log_mel": 1e-3, "embedding": 1e-4, "log_odds": 1e-4,
          "gradient_s1": 1e-2}


def difference(key, got, want):
    if got.shape != want.shape:
        return float("inf")
    error = got - want
    if key == "gradient_s1":
        return np.sqrt((error ** 2).sum() / (want ** 2).sum())
    scale = 1 if key == "log_mel" else np.abs(want).max()
    return np.abs(error).max() / scale


def check_agreement(tap, folder):
    """The released sizes, each in its toolkit's kind of file."""
    samples = cases.sound(19200)
    for name, suffix in (("sunine", ".ckpt"), ("voxceleb", ".model"),
                         ("wespeaker", ".pt")):
        net, model = random_network(name), f"{folder}/{name}.safetensors"
        save(f"{folder}/{name}{suffix}", net.state_dict())
        text = converted(f"{folder}/{name}{suffix}", model)
        tap.check(net.title in text, f"/convert/{name}/is-recognised", text)
        result = run("model", model, "--verify")
        tap.check(result.returncode == 0, f"/convert/{name}/verifies",
                  result.stderr)
        want = truth_of(net, samples)
        got = library_of(model, samples, folder)
        for key, limit in LIMITS.items():
            d = difference(key, got[key], want[key])
            print(f"# {name}: {key} differs by {d:.2g}")
            tap.check(d <= limit, f"/convert/{name}/{key}-agrees", d)


def steady_sound(n):
    """The same in every frame of 160 samples but for a little loudness: bands
    whose variance is near the epsilon of its normalisation."""
    t = np.arange(n)
    pulses = sum(np.cos(2 * np.pi * k * t / 160 + k * k) for k in range(1, 70))
    return (0.01 * pulses * (1 + 0.05 * np.sin(t / 3000))).astype("f4")


def faint(net, factor=1e-3):
    """With an S4 whose variance is near the epsilon of the pooling."""
    with torch.no_grad():
        for block in net.trunk.layer4:
            norms = [block.bn2]
            for shortcut in ("shortcut", "downsample"):
                norms += list(getattr(block, shortcut, []))[1:]
            for norm in norms:
                norm.weight *= factor
                norm.bias *= factor
        fc = getattr(net.trunk, "seg_1", None) or net.trunk.fc
        fc.weight /= factor
    return net


def check_epsilons(tap, folder):
    """Small constants, which loud sounds do not show."""
    for name in published.NETWORKS:
        for what, samples, net in (
                ("steady-sound", steady_sound(19200),
                 random_network(name, **SMALL)),
                ("faint-s4", cases.sound(19200),
                 faint(random_network(name, **SMALL)))):
            source, model = f"{folder}/e.pt", f"{folder}/e.safetensors"
            save(source, net.state_dict())
            converted(source, model)
            want = truth_of(net, samples)["embedding"]
            got = library_of(model, samples, folder)["embedding"]
            d = difference("embedding", got, want)
            print(f"# {name}: {what}: embedding differs by {d:.2g}")
            tap.check(d <= LIMITS["embedding"],
                      f"/convert/{name}/{what}-agrees", d)


def check_wrappings(tap, folder):
    """Prefixes and nestings seen in the wild; none changes a number."""
    nets = {n: random_network(n, **SMALL).state_dict()
            for n in published.NETWORKS}
    inner = {k[len("__S__."):]: v for k, v in nets["voxceleb"].items()
             if k.startswith("__S__.")}
    headless = {k: v for k, v in nets["wespeaker"].items()
                if k != "projection.weight"}
    wrappings = {
        "data-parallel": ("sunine", {f"module.{k}": v for k, v
                                     in nets["sunine"].items()}),
        "with-an-optimiser": ("voxceleb", {
            "model_state_dict": nets["voxceleb"], "epoch": 500}),
        "network-alone": ("voxceleb", {"model": inner}),
        "inside-another": ("wespeaker", {f"resnet.{k}": v for k, v
                                         in headless.items()}),
        "compiled": ("sunine", {f"_orig_mod.{k}": v for k, v
                                in nets["sunine"].items()}),
        "compiled-and-parallel": ("sunine", {
            f"module._orig_mod.{k}": v for k, v in nets["sunine"].items()}),
        "net": ("wespeaker", {"net": nets["wespeaker"], "epoch": 3}),
        "ema": ("wespeaker", {"ema": nets["wespeaker"],
                              "model": {"depth": 34}}),
        "ema-beside-the-model": ("wespeaker", {
            "ema": {k: v + 1 for k, v in nets["wespeaker"].items()},
            "model": nets["wespeaker"]}),
        "deep": ("wespeaker", {"model": {"module": {
            f"net.{k}": v for k, v in nets["wespeaker"].items()}}}),
        "copies-of-the-front-end-missing": ("sunine", {
            k: v for k, v in nets["sunine"].items()
            if not k.startswith("mel_trans")}),
    }
    for what, (name, content) in wrappings.items():
        source = f"{folder}/w.ckpt" if name == "wespeaker" else f"{folder}/w.pt"
        save(f"{folder}/plain.pt", nets[name])
        converted(f"{folder}/plain.pt", f"{folder}/plain.safetensors")
        save(source, content)
        converted(source, f"{folder}/wrapped.safetensors")
        want, record = modelfile.read(f"{folder}/plain.safetensors")
        got, other = modelfile.read(f"{folder}/wrapped.safetensors")
        same = all(torch.equal(v, want[k]) for k, v in got.items())
        keys = {k for k in want if not k.startswith("head.")}
        tap.check(same and keys <= got.keys() and all(
            record[k] == other[k] for k in ("frontend", "topology")),
            f"/convert/wrapped/{what}", what)


def check_formats(tap, folder):
    """bfloat16 and safetensors: the same numbers by other means."""
    tensors = random_network("wespeaker", **SMALL).state_dict()
    halves = {k: v.bfloat16() if v.is_floating_point() else v
              for k, v in tensors.items()}
    floats = {k: v.float() if v.is_floating_point() else v
              for k, v in halves.items()}
    save(f"{folder}/plain.pt", floats)
    converted(f"{folder}/plain.pt", f"{folder}/plain.safetensors")
    want, _ = modelfile.read(f"{folder}/plain.safetensors")
    sources = {"bfloat16.pt": halves, "bfloat16.model": halves}
    for name, content in sources.items():
        save(f"{folder}/{name}", content)
    arrays = {k: v.numpy() for k, v in floats.items()}
    write_safetensors(f"{folder}/floats.safetensors", arrays, "F32")
    write_safetensors(f"{folder}/halves.safetensors", arrays, "BF16")
    for name in (*sources, "floats.safetensors", "halves.safetensors"):
        converted(f"{folder}/{name}", f"{folder}/out.safetensors")
        got, _ = modelfile.read(f"{folder}/out.safetensors")
        tap.check(got.keys() == want.keys()
                  and all(torch.equal(v, want[k]) for k, v in got.items()),
                  f"/convert/format/{name}", name)
    why = refusal(f"{folder}/plain.safetensors", f"{folder}/out.safetensors")
    tap.check("a model file already" in why,
              "/convert/format/refuses-its-own-files", why)


def write_safetensors(path, arrays, dtype):
    """As the library safetensors does, floats in float32 or bfloat16."""
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, array in arrays.items():
        if array.dtype != np.float32:
            kind, blob = "I64", array.astype("<i8").tobytes()
        elif dtype == "BF16":
            kind = dtype
            blob = (np.atleast_1d(array).view("<u4") >> 16).astype(
                "<u2").tobytes()
        else:
            kind, blob = dtype, array.astype("<f4").tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(blobs))


# --- refusals ---------------------------------------------------------------

def shaped(**shapes):
    return {k: torch.zeros(v) for k, v in shapes.items()}


FOREIGN = {
    "speechbrain-resnet": ("SpeechBrain", {
        "conv1.weight": (8, 1, 3, 3), "layer1.0.conv1.weight": (8, 8, 3, 3),
        "layer1.0.conv3.weight": (8, 8, 1, 1), "norm_stats.weight": (64,),
        "attention.0.weight": (4, 32, 1), "fc_embed.weight": (16, 64)}),
    "resnetse34l": ("ResNetSE34L", {
        "__S__.conv1.weight": (16, 1, 7, 7), "__S__.attention": (128, 1),
        "__S__.layer1.0.conv1.weight": (16, 16, 3, 3)}),
    "speechbrain-ecapa": ("ECAPA", {
        "blocks.0.conv.conv.weight": (8, 80, 5),
        "mfa.conv.conv.weight": (24, 24, 1)}),
    "wespeaker-ecapa": ("ECAPA", {
        "layer1.conv.weight": (8, 80, 5),
        "layer2.se_res2block.0.conv.weight": (8, 8, 1)}),
    "something-else": ("not a checkpoint of Sunine ResNet34-SE, "
                       "voxceleb_trainer ResNetSE34V2, WeSpeaker ResNet34: "
                       "found encoder.weight", {"encoder.weight": (3, 3)}),
    "nothing": ("found no tensors", {}),
}


def damaged(tensors, what):
    """(tensors with one thing wrong, what the refusal must name)."""
    t = dict(tensors)
    if what == "missing":
        del t["speaker_encoder.layer2.1.bn2.running_var"]
        return t, "layer2.1.bn2.running_var is missing"
    if what == "left-over":
        t["speaker_encoder.seg_2.weight"] = torch.zeros(3)
        return t, "seg_2.weight"
    if what == "other-shape":
        name = "layer3.0.downsample.0.weight"
        t[f"speaker_encoder.{name}"] = torch.zeros(16, 16, 3, 3)
        return t, name
    if what == "mean-pooling":
        name = "speaker_encoder.fc.weight"
        t[name] = t[name][:, ::2]
        return t, "fc.weight"
    if what == "not-finite":
        t["speaker_encoder.bn3.bias"] = torch.full((20,), torch.nan)
        return t, "bn3.bias"
    if what == "negative-variance":
        name = "speaker_encoder.layer1.0.bn1.running_var"
        t[name] = -t[name]
        return t, "layer1.0.bn1.running_var has a variance of -"
    if what == "beyond-float32":
        name = "speaker_encoder.layer1.0.bn1.weight"
        t[name] = torch.full(t[name].shape, 1e300, dtype=torch.double)
        return t, "layer1.0.bn1.weight is not finite as it would be stored"
    if what == "no-numbers-come-out":
        name = "speaker_encoder.layer1.0.bn1.weight"
        t[name] = torch.full(t[name].shape, 3e38)
        return t, "no finite values"
    if what == "other-filters":
        t["mel_trans.1.mel_scale.fb"] = t["mel_trans.1.mel_scale.fb"].roll(1, 0)
        return t, "mel_trans.1.mel_scale.fb"
    if what == "other-window":
        t["mel_trans.1.spectrogram.window"] = torch.hann_window(400)
        return t, "mel_trans.1.spectrogram.window"
    t["module.speaker_encoder.bn3.bias"] = t["speaker_encoder.bn3.bias"]
    return t, "a second bn3.bias"


def check_refusals(tap, folder):
    source, out = f"{folder}/x.pt", f"{folder}/x.safetensors"

    def refused(name, expected, *words):
        why = refusal(source, out, *words)
        tap.check(bool(why) and expected in why and not os.path.exists(out),
                  f"/convert/refuses/{name}", f"{why!r} lacks {expected!r}")

    for name, (expected, shapes) in FOREIGN.items():
        save(source, shaped(**shapes))
        refused(name, expected)
    good = random_network("sunine", **SMALL).state_dict()
    for what in ("missing", "left-over", "other-shape", "mean-pooling",
                 "not-finite", "negative-variance", "beyond-float32",
                 "no-numbers-come-out", "other-filters", "other-window", "twice"):
        content, expected = damaged(good, what)
        save(source, content)
        refused(what, expected)
    save(source, good)
    with open(f"{folder}/names", "w") as file:
        file.write("ann\nbob\ncid\n")
    refused("other-number-of-names", "3 names", "--classes",
            f"{folder}/names")
    with open(source, "rb") as file:
        whole = file.read()
    for name, part in (("truncation", whole[:-1000]), ("text", b"conv1"),
                       ("emptiness", b"")):
        with open(source, "wb") as file:
            file.write(part)
        refused(name, "not a PyTorch checkpoint")
    torch.save(torch.nn.Linear(2, 2), source)
    refused("a-whole-module", "holds a whole object")


def check_command(tap, folder):
    """Exit codes and names of classes."""
    program = os.path.join(MODELS, "convert.py")
    source, out = f"{folder}/x.pt", f"{folder}/named.safetensors"
    save(source, random_network("wespeaker", **SMALL).state_dict())
    names = ["ann", "bob", "cid", "dot"]
    with open(f"{folder}/names", "w") as file:
        file.write("\n".join(names) + "\n")
    result = subprocess.run([program, source, "-o", out, "--name", "Paul",
                             "--classes", f"{folder}/names"],
                            capture_output=True, text=True)
    facts = json.loads(run("model", out, "--json").stdout)
    tap.check(result.returncode == 0 and facts["name"] == "Paul"
              and facts["record"]["head"]["classes"] == names,
              "/convert/command/names-model-and-classes", result.stderr)
    result = subprocess.run([program, f"{folder}/none.pt", "-o", out],
                            capture_output=True, text=True)
    tap.check(result.returncode == 1 and "none.pt" in result.stderr
              and "Traceback" not in result.stderr,
              "/convert/command/says-what-is-wrong", result.stderr)
    check_packages(tap, folder, program, source)


def check_packages(tap, folder, program, source):
    """Without numpy or PyTorch a line says what to install; no traceback."""
    for names in (("numpy",), ("torch",), ("numpy", "torch")):
        fakes = f"{folder}/without-{'-'.join(names)}"
        os.mkdir(fakes)
        for name in names:
            with open(f"{fakes}/{name}.py", "w") as file:
                file.write(f"raise ImportError('no {name}', name='{name}')\n")
        result = subprocess.run([program, source, "-o", f"{folder}/no.out"],
                                capture_output=True, text=True,
                                env={**os.environ, "PYTHONPATH": fakes})
        tap.check(result.returncode == 1
                  and len(result.stderr.splitlines()) == 1
                  and all(f"python3-{name}" in result.stderr for name in names)
                  and ("python3-torch" in result.stderr) == ("torch" in names),
                  f"/convert/command/without-{'-'.join(names)}",
                  result.stderr)


# --- hostile files ----------------------------------------------------------

class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def check_hostile(tap, folder):
    """Nothing runs, and the tensors beside it are still found."""
    mark = f"{folder}/mark"
    tensors = random_network("wespeaker", **SMALL).state_dict()
    for kind in (".pt", ".model"):
        source, out = f"{folder}/bomb{kind}", f"{folder}/bomb.safetensors"
        save(source, {"callback": Bomb(mark), "state_dict": tensors})
        text = converted(source, out)
        tap.check("WeSpeaker" in text and not os.path.exists(mark),
                  f"/convert/hostile/{kind[1:]}-runs-nothing", text)
        torch.load(source)  # the bomb is live
        tap.check(os.path.isdir(mark), f"/convert/hostile/{kind[1:]}-could-run",
                  "torch.load ran nothing")
        os.rmdir(mark)
    large = collections.OrderedDict(conv=torch.zeros(4))
    source = f"{folder}/large.model"
    save(source, large)
    with open(source, "rb") as file:
        raw = file.read()
    size = b"K\x04\x85"  # the shape (4,) as pickled
    with open(source, "wb") as file:
        file.write(raw.replace(size, b"K\x7f\x85"))
    why = refusal(source, f"{folder}/large.safetensors")
    tap.check("larger than its storage" in why,
              "/convert/hostile/tensor-larger-than-its-storage", why)


# --- front ends -------------------------------------------------------------

CHOICES = {
    "dc_removal": ("none", "frame"),
    "preemphasis": ("none", "signal", "frame"),
    "window": ("hamming", "hamming-periodic", "hann", "hann-periodic",
               "povey"),
    "window_placement": ("left", "centre"),
    "framing": ("none", "reflect"),
    "spectrum": ("magnitude", "power"),
    "mel_triangles": ("hz", "mel"),
    "log_floor_mode": ("add", "max"),
    "normalisation": ("none", "mean", "mean-variance"),
}
NUMBERS = {
    "sample_rate": 22050, "sample_scale": 16384,
    "preemphasis_coefficient": 0.96, "window_length": 399, "hop": 161,
    "fft_size": 1024, "f_min": 30, "f_max": 7900, "n_bands": 79,
    "log_floor": 2e-6,
    # Much less than the variance of log-Mel, some tens, changes nothing.
    "normalisation_epsilon": 1.0,
}
# Both formulas are multiples of ln (1 + v/700), so the corners of the
# triangles, evenly spaced between two frequencies, are the same in Hz, and so
# are the ratios that make their sides: the field has no effect at all.
WITHOUT_EFFECT = {"mel_formula": ("htk", "kaldi")}


def other_front_ends(frontend):
    """(what, front end) with each field changed to each legal other value."""
    for field, values in {**CHOICES, **WITHOUT_EFFECT}.items():
        for value in values:
            if value != frontend[field]:
                yield f"{field}-{value}", {**frontend, field: value}
    for field, value in NUMBERS.items():
        assert value != frontend[field]
        yield field, {**frontend, field: value}


def check_front_ends(tap, folder):
    paths = {k: v for k, v in SHIPPED.items() if os.path.exists(v)}
    for name in published.NETWORKS:
        save(f"{folder}/{name}.pt", random_network(name, **SMALL).state_dict())
        paths[name] = f"{folder}/{name}.safetensors"
        converted(f"{folder}/{name}.pt", paths[name])
    for name, path in paths.items():
        tensors, metadata = tensorfile.load(path)
        record = json.loads(metadata[modelfile.KEY])
        frontend = record["frontend"]
        tap.check(frontend.keys() == CHOICES.keys() | NUMBERS.keys()
                  | WITHOUT_EFFECT.keys(), f"/verify/{name}/every-field-has-"
                  "another-value", frontend.keys())
        for what, other in other_front_ends(frontend):
            edited = f"{folder}/edited.safetensors"
            metadata[modelfile.KEY] = json.dumps({**record, "frontend": other})
            tensorfile.save(edited, tensors, metadata)
            result = run("model", edited, "--verify")
            if what.split("-")[0] in WITHOUT_EFFECT:
                tap.check(result.returncode == 0,
                          f"/verify/{name}/need-not-notice-{what}",
                          result.stderr)
            else:
                tap.check(result.returncode == 1,
                          f"/verify/{name}/notices-{what}", result.stdout)


# --- voices -----------------------------------------------------------------

def check_cohort(tap, folder):
    nets = {name: random_network(name, **SMALL)
            for name in ("voxceleb", "wespeaker")}
    cohorts.check(tap, folder, nets, save, converted)


def main():
    torch.set_num_threads(1)
    tap = Tap()
    for check in (check_agreement, check_epsilons, check_wrappings,
                  check_formats, check_refusals, check_command, check_hostile,
                  check_front_ends, check_cohort):
        with tempfile.TemporaryDirectory() as folder:
            check(tap, folder)
    tap.finish()


if __name__ == "__main__":
    main()
