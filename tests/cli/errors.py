#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to the command gives one line that names the file, exit code 1 and no
output file; wrong usage gives exit code 2."""

import json
import os
import struct
import tempfile

import sounds
from sounds import MODEL, Tap, run, voice, write_wav


def make_sounds(folder):
    """Unusable sound files, each with a piece of its message."""
    good = voice(3)
    names = {}

    def add(name, piece, samples=None):
        names[f"{folder}/{name}"] = piece
        if samples is not None:
            write_wav(f"{folder}/{name}", samples)

    add("short.wav", "10 ms", good[:160])
    add("zeros.wav", "zero", [0.0] * 48000)
    add("nan.wav", "not finite", good[:20000] + [float("nan")] + good[20000:])
    add("infinite.wav", "not finite", good[:99] + [float("inf")] + good[99:])
    add("clipped.wav", "full scale",
        [max(-1.0, min(1.0, 40 * s)) for s in good])
    add("nothing.wav", "0 ms", [])
    add("missing.wav", "No such file")
    add("folder.wav", "folder")
    os.mkdir(f"{folder}/folder.wav")
    add("empty.wav", "empty")
    open(f"{folder}/empty.wav", "wb").close()
    add("text.wav", "not a sound file")
    with open(f"{folder}/text.wav", "w") as file:
        file.write("this is no sound\n" * 100)
    return names


def damaged_models(folder):
    """Invalid model files, each with a piece of its message."""
    with open(MODEL, "rb") as file:
        raw = file.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8:8 + length]), raw[8 + length:]
    record = json.loads(header["__metadata__"]["speakersaliency"])
    names = {}

    def add(name, piece, text=None, raw=None):
        path = f"{folder}/{name}.safetensors"
        names[path] = piece
        if text is not None:
            text = text.encode()
            raw = struct.pack("<Q", len(text)) + text + data
        with open(path, "wb") as file:
            file.write(raw)

    def with_tensor(**changes):
        entry = {**header["conv1.weight"], **changes}
        return json.dumps({**header, "conv1.weight": entry})

    def with_record(record):
        metadata = {"speakersaliency": json.dumps(record)}
        return json.dumps({**header, "__metadata__": metadata})

    add("truncated", "beyond", raw=raw[:-1000])
    add("stub", "8 of the header length", raw=raw[:5])
    add("long-header", "only", raw=struct.pack("<Q", 1 << 62) + raw[8:])
    add("huge-header", "limit", raw=struct.pack("<Q", 100 << 20)
        + b"{" + b" " * (100 << 20))
    add("garbage", "JSON", text="[" * 100000)
    add("negative-shape", "not a count", text=with_tensor(shape=[-1, 1, 3, 3]))
    add("huge-shape", "overflows", text=with_tensor(shape=[1 << 40] * 4))
    add("wrong-shape", "its shape needs", text=with_tensor(shape=[5, 1, 3, 3]))
    add("wrong-dtype", "dtype", text=with_tensor(dtype="F31"))
    begin, end = header["conv1.weight"]["data_offsets"]
    add("overlap", "data", text=with_tensor(data_offsets=[begin + 2, end + 2]))
    at = 8 + length + begin
    add("nan", "not a number", raw=raw[:at] + b"\xff\x7f" + raw[at + 2:])
    add("unknown-field", "colour is unknown",
        text=with_record({**record, "colour": 1}))
    add("no-record", "not a model", text=json.dumps({**header,
                                                     "__metadata__": {}}))
    frontend = {**record["frontend"], "f_max": 9000}
    add("f-max", "Nyquist", text=with_record({**record, "frontend": frontend}))
    return names


def refused(tap, name, words, path, piece, left_over=()):
    result = run(*words)
    lines = result.stderr.splitlines()
    ok = (result.returncode == 1 and len(lines) == 1 and path in lines[0]
          and piece in lines[0] and not any(map(os.path.exists, left_over)))
    tap.check(ok, name, f"exit code {result.returncode}\n{result.stderr}")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        write_wav(f"{folder}/good.wav", voice(3))
        output = f"{folder}/output"
        os.mkdir(output)
        for path, piece in make_sounds(folder).items():
            name = os.path.basename(path)
            out = f"{output}/out"
            refused(tap, f"/cli/enrol/refuses/{name}",
                    ["enrol", "-m", MODEL, "-o", out, path], path, piece, [out])
            refused(tap, f"/cli/mask/refuses/{name}",
                    ["mask", "-m", MODEL, "-t", "spk0", path, "-o", out], path,
                    piece, [out])
            refused(tap, f"/cli/analyse/refuses/{name}",
                    ["analyse", "-m", MODEL, "-t", "spk0", path, "--json", out,
                     "--png", out + ".png"], path, piece, [out, out + ".png"])
        for path, piece in damaged_models(folder).items():
            refused(tap, f"/cli/model/refuses/{os.path.basename(path)}",
                    ["model", path], path, piece)
        missing = f"{folder}/missing.speaker"
        refused(tap, "/cli/mask/refuses/missing-speaker",
                ["mask", "-m", MODEL, "-t", missing, f"{folder}/good.wav",
                 "-o", f"{output}/out"], missing, "no such file",
                [f"{output}/out"])
        good = f"{folder}/good.wav"
        refused(tap, "/cli/mask/refuses/recording-as-speaker",
                ["mask", "-m", MODEL, "-t", good, good, "-o",
                 f"{output}/out"], good, "`speakersaliency enrol`",
                [f"{output}/out"])
        refuses_another_model(tap, folder)
        refuses_to_replace(tap, folder)
        tap.check(os.listdir(output) == [], "/cli/leaves-nothing-behind",
                  os.listdir(output))
    for words in ([], ["nonsense"], ["enrol"], ["mask", "a.wav"],
                  ["model", MODEL, "--no-such-option"]):
        result = run(*words)
        tap.check(result.returncode == 2,
                  f"/cli/usage/{'-'.join(words[:1]) or 'nothing'}",
                  f"exit code {result.returncode}\n{result.stderr}")
    tap.finish()


def refuses_to_replace(tap, folder):
    """A recording named as the output stays unchanged."""
    path = f"{folder}/good.wav"
    piece = "will not be replaced"
    for words in (["enrol", "-o", path, path],
                  ["mask", "-t", "spk0", path, "-o", path],
                  ["analyse", "-t", "spk0", path, "--png", path],
                  ["analyse", "-t", "spk0", path, "--json", path]):
        before = open(path, "rb").read()
        refused(tap, f"/cli/{words[0]}/refuses-to-replace{words[-2]}",
                [words[0], "-m", MODEL, *words[1:]], path, piece)
        tap.check(open(path, "rb").read() == before,
                  f"/cli/{words[0]}/keeps-the-recording{words[-2]}")


def refuses_another_model(tap, folder):
    speaker = f"{folder}/other.speaker"
    other = f"{sounds.DATA}/wespeaker.safetensors"
    made = run("enrol", "-m", other, "-o", speaker, f"{folder}/good.wav")
    tap.check(made.returncode == 0, "/cli/enrol/makes-a-speaker", made.stderr)
    refused(tap, "/cli/mask/refuses/speaker-of-another-model",
            ["mask", "-m", MODEL, "-t", speaker, f"{folder}/good.wav", "-o",
             f"{folder}/out.wav"], speaker, "wespeaker",
            [f"{folder}/out.wav"])


if __name__ == "__main__":
    main()
