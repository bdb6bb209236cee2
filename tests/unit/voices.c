/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "voices.h"

#include <stdio.h>
#include <string.h>

#include "data.h"
#include "eval/manifest.h"

static void
row_free (gpointer data)
{
  EvalManifestRow *row = data;
  g_free (row->path);
  g_free (row->speaker);
  g_free (row);
}

/* A path encodes its sound: voice, utterance, milliseconds. */
GPtrArray *
voices_rows (guint n_targets, guint n_others, guint n_utterances,
    double seconds)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func (row_free);
  for (guint v = 0; v < n_targets + n_others; v++)
    for (guint i = 0; i < n_utterances; i++) {
      EvalManifestRow *row = g_new0 (EvalManifestRow, 1);
      row->seconds = seconds + 0.25 * i;
      row->path
          = g_strdup_printf ("%u %u %u", v, i, (guint) (1000 * row->seconds));
      row->speaker = g_strdup_printf ("spk%u", v);
      row->sex = v % 2 == 0 ? 'f' : 'm';
      row->source = (char *) "made up";
      row->split = (char *) (v < n_targets ? "t" : "o");
      g_ptr_array_add (rows, row);
    }
  return rows;
}

float *
voices_decode (const char *path, guint rate, gsize *n_samples, GError **error)
{
  guint voice, index, ms;
  if (sscanf (path, "%u %u %u", &voice, &index, &ms) != 3) {
    sal_error_set (error, SAL_ERROR_FILE, "%s: no such voice", path);
    return NULL;
  }
  g_assert_cmpuint (rate, ==, DATA_RATE);
  *n_samples = (gsize) ms * DATA_RATE / 1000;
  gsize pause = index * DATA_RATE / 8;
  float *samples = g_new0 (float, *n_samples);
  g_autofree float *sound = data_voice (voice, *n_samples);
  g_autofree float *noise = data_noise (100 * voice + index, *n_samples);
  for (gsize i = pause; i < *n_samples; i++)
    samples[i] = sound[i - pause] + 0.002f * noise[i];
  return samples;
}

EvalCorpus *
voices_corpus (const SalModel *model, guint n_targets, guint n_others,
    guint n_utterances, double seconds)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows
      = voices_rows (n_targets, n_others, n_utterances, seconds);
  EvalCorpus *corpus = eval_corpus_new (rows, "t", n_others > 0 ? "o" : NULL,
      sal_model_get_mel_config (model), voices_decode, &error);
  g_assert_no_error (error);
  return corpus;
}
