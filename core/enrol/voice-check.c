/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrol/voice-check.h"

#include <math.h>

#include <saliency/score.h>

#define NO_VOICE "(no voice)" /* the class, as models/nonvoice.py names it */
#define BLOCK_FRAMES 10       /* 100 ms */
/* dB.  Noise, hum, tones and steady chords have 0.0 to 1.2; 69 clean recordings
 * of voices 7.5 to 12.2, with noise 5 dB below the speech at least 1.9. */
#define LEAST_SPREAD 1.6f

/* Standard deviation of the means of blocks; blocks count if all their frames
 * do. */
static double
spread_of_band (const float *level, gsize n_frames, const gboolean *speech)
{
  double sum = 0, squares = 0;
  guint n = 0;

  for (gsize t = 0; t + BLOCK_FRAMES <= n_frames; t += BLOCK_FRAMES) {
    double mean = 0;
    guint n_speech = 0;
    for (guint i = 0; i < BLOCK_FRAMES; i++) {
      mean += level[t + i] / BLOCK_FRAMES;
      n_speech += speech[t + i] != FALSE;
    }
    if (n_speech < BLOCK_FRAMES)
      continue;
    sum += mean;
    squares += mean * mean;
    n++;
  }
  return n < 2 ? 0 : sqrt (MAX (0, squares / n - (sum / n) * (sum / n)));
}

float
sal_voice_check_spread (const float *log_mel, guint n_bands, gsize n_frames,
    const gboolean *speech, gboolean power)
{
  double sum = 0;

  for (guint f = 0; f < n_bands; f++)
    sum += spread_of_band (log_mel + f * n_frames, n_frames, speech);
  return (float) (sum / n_bands * (power ? 10 : 20) / G_LN10);
}

/* Pieces that the model takes for no voice rather than for any that it knows.
 */
static guint
count_no_voice (SalModel *model, const float *embeddings, guint n)
{
  g_autoptr (SalTarget) target = sal_target_new_class (model, NO_VOICE, NULL);
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  guint E = sal_model_get_embedding_size (model), n_found = 0;

  for (guint p = 0; target != NULL && p < n; p++) {
    SalScore score;
    sal_scorer_score (scorer, target, embeddings + (gsize) p * E, &score);
    n_found += score.log_odds > 0;
  }
  return n_found;
}

gboolean
sal_voice_check_run (SalModel *model, float spread, const float *embeddings,
    guint n, GError **error)
{
  if (spread < LEAST_SPREAD) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "no voice is heard: the sound is steady, as noise, hum or a chord is: "
        "its bands vary by %.1f dB, below %.1f dB",
        spread, LEAST_SPREAD);
    return FALSE;
  }
  guint n_found = count_no_voice (model, embeddings, n);
  if (2 * n_found <= n)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
      "no voice is heard: %u of %u pieces sound like noise, tones or music",
      n_found, n);
  return FALSE;
}
