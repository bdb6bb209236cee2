/* SPDX-License-Identifier: GPL-2.0-or-later */
/* colours.c: colour map of spectrogram and saliency */
#include "picture/colours.h"

#include <math.h>

const SalColour sal_colour_for = { 0.88, 0.27, 0.00 };
const SalColour sal_colour_against = { 0.05, 0.38, 0.78 };

SalColour
sal_colour_mix (SalColour a, SalColour b, double amount)
{
  return (SalColour){ a.r + amount * (b.r - a.r), a.g + amount * (b.g - a.g),
    a.b + amount * (b.b - a.b) };
}

static guint32
byte (double value)
{
  return (guint32) lrint (255 * CLAMP (value, 0, 1));
}

guint32
sal_colour_pixel (float level, float saliency)
{
  double loud = CLAMP (level, 0, 1);
  double amount = CLAMP (fabsf (saliency), 0, 1);
  double light = 1 - 0.72 * loud;
  SalColour grey = { light, light, light };
  SalColour hue = saliency > 0 ? sal_colour_for : sal_colour_against;

  /* Even under full saliency loud stays darker than quiet: speech stays
   * visible. */
  SalColour tint
      = sal_colour_mix ((SalColour){ 1, 1, 1 }, hue, 0.55 + 0.45 * loud);
  SalColour c = sal_colour_mix (grey, tint, amount);
  return byte (c.r) << 16 | byte (c.g) << 8 | byte (c.b);
}

SalColour
sal_colour_speaker (guint index)
{
  static const SalColour colours[] = {
    { 0.60, 0.78, 0.70 },
    { 0.76, 0.70, 0.84 },
    { 0.87, 0.83, 0.58 },
    { 0.70, 0.70, 0.70 },
    { 0.85, 0.70, 0.74 },
    { 0.62, 0.74, 0.78 },
  };

  return colours[index % G_N_ELEMENTS (colours)];
}
