/* SPDX-License-Identifier: GPL-2.0-or-later */
/* colours.h: colour map of spectrogram and saliency
 *
 * Sound is grey, loud is dark.  Evidence for the target is a warm tint, evidence against the target
 * a cool tint; strong evidence is a strong tint.
 */
#pragma once

#include <glib.h>

typedef struct {
  double r, g, b; /* 0..1 */
} SalColour;

#define SAL_COLOUR_RANGE_DB 50 /* levels so far below the loudest are white */

extern const SalColour sal_colour_for;     /* saliency of +1 */
extern const SalColour sal_colour_against; /* saliency of -1 */

/**
 * sal_colour_mix:
 * @amount: share of @b, 0..1
 */
SalColour sal_colour_mix (SalColour a, SalColour b, double amount);

/**
 * sal_colour_pixel:
 * @level: 0 quiet .. 1 loud, clamped
 * @saliency: -1..1, clamped
 *
 * Returns: 0x00RRGGBB
 */
guint32 sal_colour_pixel (float level, float saliency);

/**
 * sal_colour_speaker:
 *
 * Returns: a colour for speaker @index, distinct from saliency; colours repeat after six
 */
SalColour sal_colour_speaker (guint index);
