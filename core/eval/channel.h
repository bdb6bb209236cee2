/* SPDX-License-Identifier: GPL-2.0-or-later */
/* channel.h: simulated transmission channels and rooms
 *
 * Each function changes mono PCM in place; the length stays.  Filters have zero phase, so that
 * turns stay where they were.
 */
#pragma once

#include <saliency/error.h>

/**
 * eval_channel_telephone:
 *
 * Telephone bandwidth: 300 to 3400 Hz, nothing from 3900 Hz up, as after sampling at 8 kHz.
 */
void eval_channel_telephone (float *samples, gsize n, guint rate);

/**
 * eval_channel_high_pass:
 * @order: of a Butterworth filter run forward and backward
 */
void eval_channel_high_pass (float *samples, gsize n, guint rate, double hz, guint order);

/**
 * eval_channel_a_law:
 *
 * Quantises as G.711 does, with 8 bits a sample; at telephone bandwidth.
 */
void eval_channel_a_law (float *samples, gsize n, guint rate);

/**
 * eval_channel_hum:
 * @level_db: RMS of the hum, dB of full scale
 *
 * Adds mains hum: 50 Hz and its harmonics up to 1 kHz, 6 dB less for each octave.
 */
void eval_channel_hum (GRand *rand, float *samples, gsize n, guint rate, double level_db);

/**
 * eval_channel_room:
 * @t60: reverberation time, seconds, > 0
 * @direct_db: energy of the direct sound against all that follows
 * @n_taps: (out): t60 in samples, and one
 *
 * A room impulse response: the direct sound, six early reflections within 40 ms, then exponentially
 * decaying noise whose decay is faster in the treble (Moorer 1979).
 *
 * Returns: (transfer full): [n_taps], of energy 1; the direct sound is tap 0
 */
float *eval_channel_room (GRand *rand, guint rate, double t60, double direct_db, gsize *n_taps);

/**
 * eval_channel_convolve:
 * @taps: (array length=n_taps): what goes beyond the end is cut off
 */
void eval_channel_convolve (float *samples, gsize n, const float *taps, gsize n_taps);

/**
 * eval_channel_lose:
 * @packet: samples of a packet
 * @part: of the packets, [0, 1]: each is lost on its own
 *
 * Lost packets become silence: no concealment.
 */
void eval_channel_lose (GRand *rand, float *samples, gsize n, gsize packet, double part);
