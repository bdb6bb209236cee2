/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/probe.h"

#include "compute/vector.h"
#include "data.h"
#include "network/model-internal.h"

#define T 137
#define LEAST 16 /* frames: 0.16 s */

static SalModel *tiny;

/* An ear that has heard T frames of a voice. */
static SalEar *
new_ear (void)
{
  const SalMelConfig *mel = sal_model_get_mel_config (tiny);
  SalMapStyle style;
  sal_map_style_init (&style);
  SalEar *ear = sal_ear_new (tiny, T, &style);
  SalJoin join = { .n_samples = (T - 1) * mel->hop + mel->window_length };
  g_autofree float *voice = data_voice (1, join.n_samples);
  join.samples = voice;
  sal_ear_listen (ear, &join);
  g_assert_cmpuint (ear->n_frames, ==, T);
  return ear;
}

/* The cosine of an embedding with that of the frames [first, first + n). */
static float
compare (const SalEar *ear, const float *embedding, guint first, guint n)
{
  guint E = sal_model_get_embedding_size (tiny);
  g_autoptr (SalNet) net = sal_net_new (tiny, n, SAL_STAGES - 1, 1);
  g_autofree float *part = g_new (float, ear->n_bands * n);
  g_autofree float *a = g_memdup2 (embedding, E * sizeof (float));
  for (guint f = 0; f < ear->n_bands; f++)
    for (guint t = 0; t < n; t++)
      part[f * n + t] = ear->log_mel[f * T + first + t];
  sal_net_forward (net, part, n);
  g_autofree float *b
      = g_memdup2 (sal_net_get_embedding (net), E * sizeof (float));
  sal_unit_length (a, E);
  sal_unit_length (b, E);
  return sal_dot (a, b, E);
}

static const float *
listen (SalEar *ear, guint first, guint n)
{
  float wanted[T] = { 0 };
  for (guint t = first; t < first + n; t++)
    wanted[t] = 0.5f;
  return sal_ear_listen_cut (ear, wanted);
}

static void
test_all_frames (void)
{
  SalEar *ear = new_ear ();
  float cosine = compare (ear, listen (ear, 0, T), 0, T);
  g_assert_cmpfloat (cosine, >, 0.99999);
  sal_ear_free (ear);
}

static void
test_some_frames (void)
{
  SalEar *ear = new_ear ();
  const float *embedding = listen (ear, 40, 60);
  g_assert_cmpfloat (compare (ear, embedding, 40, 60), >, 0.99999);
  g_assert_cmpfloat (compare (ear, embedding, 0, T), <, 0.999);
  sal_ear_free (ear);
}

static void
test_too_few_frames (void)
{
  SalEar *ear = new_ear ();
  g_assert_null (listen (ear, 0, 0));
  g_assert_null (listen (ear, 100, LEAST - 1));
  g_assert_nonnull (listen (ear, 100, LEAST));
  sal_ear_free (ear);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  g_test_add_func ("/ear/cut/all-frames-are-the-intact-sound",
      test_all_frames);
  g_test_add_func ("/ear/cut/hears-only-what-is-wanted", test_some_frames);
  g_test_add_func ("/ear/cut/nothing-of-too-few-frames", test_too_few_frames);
  int result = g_test_run ();
  sal_model_unref (tiny);
  data_clean ();
  return result;
}
