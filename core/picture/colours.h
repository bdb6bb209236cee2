/* SPDX-License-Identifier: GPL-2.0-or-later */
/* colours.h: the colours of pictures of saliency
 *
 * Sound is grey, louder is darker; evidence for the target lies over it in a warm
 * colour, evidence against it in a cool one, the stronger the more.
 */
#pragma once

#include <glib.h>

typedef struct {
  double r, g, b; /* 0..1 */
} SalColour;

#define SAL_COLOUR_RANGE_DB 50 /* below the loudest: drawn white */

extern const SalColour sal_colour_for;     /* saliency of +1 */
extern const SalColour sal_colour_against; /* saliency of -1 */

/**
 * sal_colour_mix:
 * @amount: of @b, 0..1
 */
SalColour sal_colour_mix (SalColour a, SalColour b, double amount);

/**
 * sal_colour_pixel:
 * @level: 0 quiet .. 1 loud; beyond that it is clamped
 * @saliency: -1..1, likewise
 *
 * Returns: 0x00RRGGBB
 */
guint32 sal_colour_pixel (float level, float saliency);

/**
 * sal_colour_speaker:
 *
 * Returns: a colour for speaker @index, unlike those of saliency; they repeat after six
 */
SalColour sal_colour_speaker (guint index);
