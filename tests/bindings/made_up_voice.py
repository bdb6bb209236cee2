# SPDX-License-Identifier: GPL-2.0-or-later
"""A made-up voice, float32."""

import array
import math
import random

RATE = 16000


def voice(seconds, pitch):
    """Harmonics with syllables, float32."""
    noise = random.Random(int(pitch))
    samples = array.array("f")
    for i in range(int(seconds * RATE)):
        t = i / RATE
        phase = 2 * math.pi * (pitch * t + 3 * math.sin(8.2 * t))
        tone = sum(math.sin(k * phase) / k for k in range(1, 12))
        samples.append(0.1 * (0.5 + 0.5 * math.sin(19.5 * t)) * tone
                       + 0.002 * noise.gauss(0, 1))
    return samples
