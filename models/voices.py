#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Voices that no model of ours was trained on, from packages of Debian.

    apt-get install ffmpeg asterisk-core-sounds-en-g722 \\
        asterisk-core-sounds-es-g722 asterisk-core-sounds-fr-g722 \\
        asterisk-core-sounds-it-g722 asterisk-core-sounds-ru-g722 \\
        asterisk-prompt-es-co asterisk-prompt-fr-armelle \\
        asterisk-prompt-it-menardi-wav ktuberling-data drascula-spanish
    models/voices.py DIR

Prompts of telephone exchanges (CC BY-SA 3.0, CC BY 3.0 or GPL, some of them
narrow-band) and words spoken for a children's game (GPL), in thirteen
languages.  Each becomes a voice of recordings of about 12 s, prompts in random
order without the silence around them.  Of the game only languages that, by
their pitch, one person spoke are here.  Writes 16-bit WAV at 16 kHz and
DIR/manifest.tsv, in which all of these are of the split "voices".

Nine characters of an adventure (free as Debian has it), in one language and
before one microphone, are of the split "room": the names of the files say who
speaks.
"""

import csv
import glob
import os
import subprocess
import sys
import wave

import requirements

requirements.need("numpy")

import numpy as np  # noqa: E402

RATE = 16000
RECORDING, MOST, LEAST = 12, 240, 45  # seconds: of each, of a voice
ASTERISK = "/usr/share/asterisk/sounds"
GAME = "/usr/share/ktuberling/sounds"
ADVENTURE = "/usr/share/scummvm/drascula/es"
RAW = ".ALS"  # unsigned bytes at 11025 Hz
SOUNDS = (".g722", ".wav", ".gsm", ".ogg", ".opus", RAW)

# Folder, voice, sex.  Two folders may be of one voice.
VOICES = [
    (f"{ASTERISK}/en_US_f_Allison", "allison", "f"),
    (f"{ASTERISK}/es_MX_f_Allison", "allison", "f"),
    (f"{ASTERISK}/fr_CA_f_June", "june", "f"),
    (f"{ASTERISK}/it_IT_f_Menardi", "menardi", "f"),
    (f"{ASTERISK}/it_IT_m_Carlo", "carlo", "m"),
    (f"{ASTERISK}/ru_RU_f_IvrvoiceRU", "ivrvoice", "f"),
    (f"{ASTERISK}/es", "colombia", "f"),
    (f"{ASTERISK}/fr", "armelle", "f"),
    (f"{GAME}/de", "german", "m"),
    (f"{GAME}/el", "greek", "m"),
    (f"{GAME}/fr", "french", "m"),
    (f"{GAME}/gl", "galician", "f"),
    (f"{GAME}/lt", "lithuanian", "m"),
    (f"{GAME}/nn", "norwegian", "f"),
    (f"{GAME}/sl", "slovenian", "m"),
    (f"{GAME}/uk", "ukrainian", "f"),
    (f"{GAME}/wa", "walloon", "m"),
]
# What the names of the files begin with before their number, voice, sex.
ROOM = [
    ("", "hero", "m"), ("B", "b", "m"), ("BJ", "bj", "f"), ("D", "d", "m"),
    ("E", "e", "m"), ("I", "i", "m"), ("L", "l", "m"), ("T", "t", "m"),
    ("VB", "vb", "m"),
]


def decode(path):
    """int16 [n] at RATE, mono."""
    form = (["-f", "u8", "-ar", "11025", "-ac", "1"] if path.endswith(RAW)
            else [])
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", *form, "-i", path, "-f", "s16le", "-ac", "1",
         "-ar", str(RATE), "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, "<i2")


def trimmed(samples):
    """Without the silence around: what is 34 dB below the loudest 25 ms."""
    level = np.convolve(np.abs(samples.astype("f4")), np.ones(400) / 400,
                        "same")
    loud = np.flatnonzero(level > 0.02 * level.max())
    return samples[max(0, loud[0] - 800):loud[-1] + 1600]


def recordings(pattern):
    """Prompts joined, int16 [n] each."""
    files = sorted(path for path in glob.glob(pattern, recursive=True)
                   if path.endswith(SOUNDS))
    np.random.default_rng(1).shuffle(files)
    part, n, total = [], 0, 0
    for path in files:
        samples = decode(path)
        if len(samples) < 0.2 * RATE or np.abs(samples).max() < 500:
            continue
        part.append(trimmed(samples))
        n += len(part[-1])
        if n > RECORDING * RATE:
            yield np.concatenate(part)
            total += n
            part, n = [], 0
        if total > MOST * RATE:
            return


def write(path, samples):
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


def sources():
    """Pattern of paths, name, voice, sex, source, split of each."""
    for folder, voice, sex in VOICES:
        yield (f"{folder}/**", f"{voice}-{os.path.basename(folder)}", voice,
               sex, folder, "voices")
    for letters, voice, sex in ROOM:
        yield (f"{ADVENTURE}/{letters}[0-9]*", f"room-{voice}",
               f"room-{voice}", sex, ADVENTURE, "room")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = sys.argv[1]
    os.makedirs(root, exist_ok=True)
    with open(f"{root}/manifest.tsv", "w", newline="") as file:
        out = csv.writer(file, delimiter="\t")
        out.writerow(["path", "speaker", "sex", "source", "split", "seconds"])
        for pattern, name, voice, sex, source, split in sources():
            parts = list(recordings(pattern))
            seconds = sum(map(len, parts)) / RATE
            print(f"{name}: {seconds:.0f} s")
            if seconds < LEAST:
                sys.exit(f"{pattern}: {seconds:.0f} s of speech, not {LEAST}: "
                         "is its package installed?")
            for i, part in enumerate(parts):
                write(f"{root}/{name}-{i:02d}.wav", part)
                out.writerow([f"{name}-{i:02d}.wav", voice, sex, source,
                              split, f"{len(part) / RATE:.2f}"])


if __name__ == "__main__":
    main()
