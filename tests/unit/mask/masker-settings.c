/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mask/masker.h"

#include <math.h>

#define BANDS 4

static const float bands_hz[BANDS] = { 200, 800, 2000, 6000 };

static SalMaskerConfig
config_of (guint rate, guint n_channels, guint n_bands)
{
  return (SalMaskerConfig){
    .rate = rate,
    .n_channels = n_channels,
    .n_bands = n_bands,
    .bands_hz = bands_hz,
    .frame_period = 0.01,
    .frame_centre = 0.0125,
  };
}

static void
refuse (SalMaskerConfig config, const char *what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalMasker) masker = sal_masker_new (&config, &error);
  if (masker != NULL)
    g_test_fail_printf ("%s was accepted", what);
  else
    g_assert_error (error, SAL_ERROR, SAL_ERROR_CONFIG);
}

static void
test_rejects_bad_settings (void)
{
  const float falling[BANDS] = { 200, 800, 700, 6000 };
  const float nan[BANDS] = { 200, NAN, 700, 6000 };
  SalMaskerConfig config = config_of (48000, 2, BANDS);
  refuse (config_of (0, 2, BANDS), "rate 0");
  refuse (config_of (48000, 0, BANDS), "no channels");
  refuse (config_of (48000, 2, 0), "no bands");
  config.frame_period = 0;
  refuse (config, "frame period 0");
  config.frame_period = NAN;
  refuse (config, "frame period nan");
  config = config_of (48000, 2, BANDS);
  config.frame_centre = NAN;
  refuse (config, "frame centre nan");
  config = config_of (48000, 2, BANDS);
  config.bands_hz = falling;
  refuse (config, "falling bands");
  config.bands_hz = nan;
  refuse (config, "band at nan");
  config.bands_hz = NULL;
  refuse (config, "several bands without frequencies");
  sal_masker_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/masker/rejects-bad-settings", test_rejects_bad_settings);
  return g_test_run ();
}
