/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/probe.h"

#include "compute/vector.h"
#include "data.h"
#include "network/model-internal.h"

#define T 137
#define LEAST 16 /* frames: 0.16 s */

static SalModel *tiny;

/* A probe after a forward pass of T frames of a voice. */
static EvalProbe *
new_ear (void)
{
  const SalMelConfig *mel = sal_model_get_mel_config (tiny);
  EvalMapStyle style;
  eval_map_style_init (&style);
  EvalProbe *ear = eval_probe_new (tiny, T, &style);
  EvalConcatenation join
      = { .n_samples = (T - 1) * mel->hop + mel->window_length };
  g_autofree float *voice = data_voice (1, join.n_samples);
  join.samples = voice;
  eval_probe_listen (ear, &join);
  g_assert_cmpuint (ear->n_frames, ==, T);
  return ear;
}

/* The cosine of an embedding with that of the frames [first, first + n). */
static float
compare (const EvalProbe *ear, const float *embedding, guint first, guint n)
{
  guint E = sal_model_get_embedding_size (tiny);
  g_autoptr (SalNet) net = sal_net_new (tiny, n, SAL_STAGES - 1, 1);
  g_autofree float *part = g_new (float, ear->n_bands *n);
  g_autofree float *a = g_memdup2 (embedding, E * sizeof (float));
  for (guint f = 0; f < ear->n_bands; f++)
    for (guint t = 0; t < n; t++)
      part[f * n + t] = ear->log_mel[f * T + first + t];
  sal_net_forward (net, part, n);
  g_autofree float *b
      = g_memdup2 (sal_net_get_embedding (net), E * sizeof (float));
  sal_vector_normalise (a, E);
  sal_vector_normalise (b, E);
  return sal_vector_dot (a, b, E);
}

static const float *
listen (EvalProbe *ear, guint first, guint n)
{
  float wanted[T] = { 0 };
  for (guint t = first; t < first + n; t++)
    wanted[t] = 0.5f;
  return eval_probe_listen_cut (ear, wanted);
}

static void
test_all_frames (void)
{
  EvalProbe *ear = new_ear ();
  float cosine = compare (ear, listen (ear, 0, T), 0, T);
  g_assert_cmpfloat (cosine, >, 0.99999);
  eval_probe_free (ear);
}

static void
test_some_frames (void)
{
  EvalProbe *ear = new_ear ();
  const float *embedding = listen (ear, 40, 60);
  g_assert_cmpfloat (compare (ear, embedding, 40, 60), >, 0.99999);
  g_assert_cmpfloat (compare (ear, embedding, 0, T), <, 0.999);
  eval_probe_free (ear);
}

static void
test_too_few_frames (void)
{
  EvalProbe *ear = new_ear ();
  g_assert_null (listen (ear, 0, 0));
  g_assert_null (listen (ear, 100, LEAST - 1));
  g_assert_nonnull (listen (ear, 100, LEAST));
  eval_probe_free (ear);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  g_test_add_func ("/probe/cut/all-frames-are-the-intact-sound",
      test_all_frames);
  g_test_add_func ("/probe/cut/hears-only-what-is-wanted", test_some_frames);
  g_test_add_func ("/probe/cut/nothing-of-too-few-frames", test_too_few_frames);
  int result = g_test_run ();
  sal_model_unref (tiny);
  data_clean ();
  return result;
}
