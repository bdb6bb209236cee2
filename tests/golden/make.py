#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the golden files that the C tests compare with, or checks them.

    tests/golden/make.py            writes everything beside this script
    tests/golden/make.py --check    recomputes, compares, prints TAP

NAME.safetensors are whole models, small and random; values/NAME.safetensors
hold what PyTorch computes with them in float64, values/mel.safetensors the
log-Mel of one sound with four front ends; NAME-doubt says how far a value is
not defined (doubt.py).  models/resnet34se.safetensors, if it is there, gives
values/shipped.safetensors.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL_FOLDER = os.path.join(HERE, "..", "..", "models")
SHIPPED = os.path.join(MODEL_FOLDER, "resnet34se.safetensors")
sys.path.insert(0, MODEL_FOLDER)

try:
    import numpy as np
    import torch
except ImportError as error:
    if "--check" in sys.argv:
        print(f"1..0 # SKIP {error}")
        sys.exit(0)
    raise

import cases  # noqa: E402
import modelfile  # noqa: E402
import reference  # noqa: E402
import tensorfile  # noqa: E402
import truth  # noqa: E402

# Recomputed values differ by the order of float64 sums, and stored models by
# that before rounding to float16 (2^-11), as doubts are.
TOLERANCE = {"values": 1e-5, "model": 1e-3, "doubt": 1e-3}


def metadata():
    return {"seed": str(cases.SEED), "torch": torch.__version__,
            "numpy": np.__version__,
            "python": sys.version.split()[0]}


def model_path(name):
    return SHIPPED if name == "shipped" else os.path.join(
        HERE, f"{name}.safetensors")


def values_path(name):
    return os.path.join(HERE, "values", f"{name}.safetensors")


def stored_network(path):
    """(net, head, record) of a model file, float64."""
    tensors, record = modelfile.read(path)
    net = reference.ResNet(record["topology"], record["frontend"]["n_bands"])
    head = {**record["head"], "rows": tensors.pop("head.weight").double()}
    if head["kind"] == "linear":
        head["bias"] = tensors.pop("head.bias").double()
    state = {k: v for k, v in tensors.items() if not k.startswith("golden.")}
    for key in net.state_dict():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.zeros((), dtype=torch.long)
    net.load_state_dict(state)
    return net.double().eval(), head, record


def mel_values():
    """One sound, not a multiple of the hop, and its log-Mel four ways."""
    samples = cases.sound(12345)
    out = {"samples": samples}
    for name, frontend in cases.FRONTENDS.items():
        mel = truth.LOG_MEL[name](samples)
        other = reference.log_mel(samples, frontend)
        largest = np.abs(mel - other).max()
        if mel.shape != other.shape or largest > 1e-4:
            raise SystemExit(f"models/reference.py: {name} log-Mel differs "
                             f"by {largest:.3g}")
        out[name] = mel.astype("f4")
    return out


def input_log_mel():
    """What every network is given: [80, 613], kept as float16."""
    samples = cases.sound(160 * (max(cases.LENGTHS) - 1) + 400)
    return reference.log_mel(samples, reference.FRONTEND).astype("f2")


def network_values(name):
    net, head, record = stored_network(model_path(name))
    whole = input_log_mel().astype("f8")
    out = {}
    for length in cases.LENGTHS:
        part = whole[:record["frontend"]["n_bands"], :length]
        for key, value in truth.network_values(net, head, record, part,
                                               target=3).items():
            out[f"{length}/{key}"] = value
    return out


def values(name):
    if name == "mel":
        return mel_values()
    if name == "input":
        return {"log-mel": input_log_mel()}
    return network_values(name)


def names_of_values():
    names = ["mel", "input"] + list(cases.MODELS)
    return names + ["shipped"] if os.path.exists(SHIPPED) else names


def write_model(name, path):
    net, rows, bias, record = cases.network(name)
    modelfile.write(path, net, rows, record, bias)
    tensors, kept = tensorfile.load(path)
    tensorfile.save(path, tensors, {**kept, **metadata()})


def write_all():
    os.makedirs(os.path.join(HERE, "values"), exist_ok=True)
    for name in cases.MODELS:
        write_model(name, model_path(name))
    for name in names_of_values():
        tensorfile.save(values_path(name), values(name), metadata())


def difference(new, old, kind):
    """Largest over all arrays, relative to each array's magnitude, by what is
    allowed."""
    if new.keys() != old.keys():
        return float("inf"), "names of tensors"
    worst, where = 0.0, ""
    for key in new:
        a, b = (np.asarray(x[key], "f8") for x in (new, old))
        if a.shape != b.shape:
            return float("inf"), f"shape of {key}"
        d = np.abs(a - b).max() / max(np.abs(b).max(), 1e-12)
        d /= TOLERANCE["doubt" if key.endswith("-doubt") else kind]
        if not d <= worst:
            worst, where = d, key
    return worst, where


def check():
    """Prints TAP: one line for each file in the tree."""
    jobs = [("model", n) for n in cases.MODELS]
    jobs += [("values", n) for n in names_of_values()]
    print(f"1..{len(jobs)}")
    for number, (kind, name) in enumerate(jobs, 1):
        path = model_path(name) if kind == "model" else values_path(name)
        if kind == "model":
            fresh = os.path.join(os.environ.get("TMPDIR", "/tmp"),
                                 f"golden-{os.getpid()}.safetensors")
            write_model(name, fresh)
            new = tensorfile.load(fresh)[0]
            os.unlink(fresh)
        else:
            new = values(name)
        worst, where = difference(new, tensorfile.load(path)[0], kind)
        ok = "ok" if worst <= 1 else "not ok"
        print(f"{ok} {number} - {kind} {name}: largest difference "
              f"{worst:.3g} of what is allowed {where}", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    check() if "--check" in sys.argv else write_all()
