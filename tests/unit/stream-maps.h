/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream-maps.h: a sound, an analyser, and what must be true of its maps
 *
 * Arrays of maps are of SalMap and own them.
 */
#pragma once

#include <saliency/analyser.h>

float *maps_sound (
    gsize *n); /* a voice, 2.6 s of digital silence, another voice; odd numbers of samples */
SalAnalyserConfig maps_config (guint hop, guint lookahead); /* else the defaults */
SalTarget *maps_target (SalModel *model, const char *name); /* a class */
SalAnalyser *maps_analyser (SalModel *model, const char *name, const SalAnalyserConfig *config);

GPtrArray *maps_new (void);
void maps_pop (SalAnalyser *analyser, GPtrArray *maps); /* all that is ready */
GPtrArray *maps_analyse (SalAnalyser *analyser, const float *sound, gsize n,
    gsize chunk);                                         /* pushed in chunks; 0: random ones */
GPtrArray *maps_of (const GPtrArray *maps, guint target); /* of one target */
const SalMap *maps_at (const GPtrArray *maps, guint i);

gsize maps_n_frames (SalModel *model, gsize n_samples);
void maps_assert_same_map (const SalMap *a,
    const SalMap *b); /* to the bit, save for the place of the target */
void maps_assert_same (const GPtrArray *a, const GPtrArray *b);
void maps_assert_good (const GPtrArray *maps); /* values in range and finite */
gsize maps_assert_tiles (
    const GPtrArray *maps); /* of one target, from frame 0; returns the frames */
