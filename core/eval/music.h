/* SPDX-License-Identifier: GPL-2.0-or-later */
/* music.h: made-up instrumental music
 *
 * Chords of plucked and bowed tones over a bass, with a melody and a drum: harmonic sound that
 * moves, as speech does, and is nobody's voice.
 */
#pragma once

#include <glib.h>

/**
 * eval_music_make:
 * @samples: (out caller-allocates): of mean square 1, [n]
 */
void eval_music_make (GRand *rand, guint rate, float *samples, gsize n);
