/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/batch-analyser.h"

#include <math.h>
#include <string.h>

#include <saliency/analyser.h>
#include "data.h"
#include <saliency/enrol.h>
#include "stream-maps.h"

static const guint lookaheads[] = { 25, 50, 100, 200 };

#define L G_N_ELEMENTS (lookaheads)

static SalTarget *
enrol (SalModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalEnrol) enrol = sal_enrol_new (model);
  g_autofree float *voice = data_voice (7, 64000);
  g_assert_true (sal_enrol_add (enrol, voice, 64000, &error));
  g_autoptr (SalSpeaker) speaker
      = sal_enrol_finish (enrol, "seven", NULL, &error);
  SalTarget *target = sal_target_new_speaker (model, speaker, &error);
  g_assert_no_error (error);
  return target;
}

/* What a SalAnalyser says. */
static void
analyse (SalModel *model, SalTarget *target, guint hop, guint lookahead,
    const float *sound, gsize n, float *activity, float *log_odds)
{
  g_autoptr (GError) error = NULL;
  SalAnalyserConfig config;
  sal_analyser_config_init (&config);
  config.hop = hop;
  config.lookahead = lookahead;
  config.cam.method = SAL_CAM_NONE;
  g_autoptr (SalAnalyser) analyser
      = sal_analyser_new (model, target, &config, &error);
  g_assert_no_error (error);
  sal_analyser_push (analyser, sound, n);
  sal_analyser_finish (analyser);
  SalMap *map;
  while ((map = sal_analyser_pop (analyser)) != NULL) {
    memcpy (activity + map->first_frame, map->activity,
        map->n_frames * sizeof (float));
    memcpy (log_odds + map->first_frame, map->log_odds,
        map->n_frames * sizeof (float));
    sal_map_unref (map);
  }
}

static void
check_equal (SalModel *model, guint hop, gsize n_samples)
{
  g_autoptr (SalTarget) known = sal_target_new_class (model, "spk2", NULL);
  g_autoptr (SalTarget) enrolled = enrol (model);
  SalTarget *targets[] = { known, enrolled };
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  n = MIN (n, n_samples);
  g_autoptr (EvalBatchAnalyser) batch
      = eval_batch_analyser_new (model, hop, lookaheads, L);
  gsize T = eval_batch_analyser_n_frames (batch, n);
  EvalTrace *traces = eval_traces_new (2 * L, T);
  g_assert_cmpuint (eval_batch_analyser_run (batch, sound, n, targets, 2,
                        traces),
      ==, T);
  for (guint i = 0; i < 2 * L; i++) {
    g_autofree float *activity = g_new0 (float, T + 1);
    g_autofree float *log_odds = g_new0 (float, T + 1);
    analyse (model, targets[i / L], hop, lookaheads[i % L], sound, n, activity,
        log_odds);
    g_assert_cmpmem (traces[i].activity, T * sizeof (float), activity,
        T * sizeof (float));
    g_assert_cmpmem (traces[i].log_odds, T * sizeof (float), log_odds,
        T * sizeof (float));
  }
  if (n == 101618) /* the test has seen speech and silence */
    g_assert_cmpfloat (data_magnitude (traces[0].activity, T), >, 0);
  eval_traces_free (traces, 2 * L);
}

static void
test_equals_the_analyser (gconstpointer name)
{
  g_autoptr (SalModel) model = data_load_model (name);
  check_equal (model, 25, G_MAXSIZE);
}

static SalModel *
load_calibrated (const char *more)
{
  return data_load_calibrated ("tiny", 0.5, 1, more);
}

static float
mean_log_odds (SalModel *model, const float *sound, gsize n)
{
  g_autoptr (SalTarget) target = enrol (model);
  g_autoptr (EvalBatchAnalyser) batch
      = eval_batch_analyser_new (model, 25, lookaheads, 1);
  gsize T = eval_batch_analyser_n_frames (batch, n);
  EvalTrace *trace = eval_traces_new (1, T);
  double sum = 0;
  eval_batch_analyser_run (batch, sound, n, &target, 1, trace);
  for (gsize t = 0; t < T; t++)
    sum += trace->log_odds[t];
  eval_traces_free (trace, 1);
  return (float) (sum / (double) T);
}

/* Voices that were heard decide, too. */
static void
test_equals_the_analyser_in_company (void)
{
  g_autoptr (SalModel) model = load_calibrated (DATA_COMPANY ("0.4", "0.6"));
  g_autoptr (SalModel) alone = load_calibrated ("\"background\": 5, ");
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  check_equal (model, 25, G_MAXSIZE);
  g_assert_cmpfloat (mean_log_odds (model, sound, n), !=,
      mean_log_odds (alone, sound, n));
}

static void
test_equals_the_analyser_at_another_hop (void)
{
  g_autoptr (SalModel) model = data_load_model ("tiny");
  check_equal (model, 37, G_MAXSIZE);
}

static void
test_equals_the_analyser_on_short_sound (void)
{
  const gsize lengths[] = { 0, 1, 399, 400, 2000, 4000, 4241, 32240, 33000 };
  g_autoptr (SalModel) model = data_load_model ("tiny");
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    check_equal (model, 25, lengths[i]);
}

/* A batch keeps nothing of what it heard before. */
static void
test_runs_do_not_depend_on_each_other (void)
{
  g_autoptr (SalModel) model = load_calibrated (DATA_COMPANY ("0.4", "0.6"));
  g_autoptr (SalTarget) target = enrol (model);
  gsize n;
  g_autofree float *sound = maps_sound (&n);
  g_autoptr (EvalBatchAnalyser) batch
      = eval_batch_analyser_new (model, 25, lookaheads, 1);
  gsize T = eval_batch_analyser_n_frames (batch, n);
  EvalTrace *first = eval_traces_new (1, T), *again = eval_traces_new (1, T);
  eval_batch_analyser_run (batch, sound, n, &target, 1, first);
  eval_batch_analyser_run (batch, sound + 5000, n - 5000, &target, 1, again);
  eval_batch_analyser_run (batch, sound, n, &target, 1, again);
  g_assert_cmpmem (first->activity, T * sizeof (float), again->activity,
      T * sizeof (float));
  g_assert_cmpmem (first->log_odds, T * sizeof (float), again->log_odds,
      T * sizeof (float));
  g_assert_cmpmem (first->baseline, T * sizeof (float), again->baseline,
      T * sizeof (float));
  eval_traces_free (first, 1);
  eval_traces_free (again, 1);
}

/* --- the usual gate ------------------------------------------------------ */

/* Sums of h and h cosine over the windows that hold frame t and end no later
 * than the one that settles it. */
static void
merge (const float *cosines, guint n_windows, guint hop, guint lookahead,
    gsize T, float *out)
{
  for (gsize t = 0; t < T; t++) {
    double sum = 0, weight = 0;
    for (guint k = 0; k < n_windows; k++) {
      gsize end = MIN ((gsize) (k + 1) * hop, T);
      gsize start = end > SAL_WINDOW_FRAMES ? end - SAL_WINDOW_FRAMES : 0;
      if (t >= end || t < start)
        continue;
      double h = 0.54
          - 0.46
              * cos (2 * G_PI * ((double) (t - start) + 0.5)
                  / (double) (end - start));
      sum += h * cosines[k];
      weight += h;
      if (end >= t + 1 + lookahead)
        break; /* frame t is settled with this window */
    }
    out[t] = (float) (sum / weight);
  }
}

static float
cosine_of (const float *a, const float *b, guint n)
{
  double ab = 0, aa = 0;
  for (guint i = 0; i < n; i++) {
    ab += (double) a[i] * b[i];
    aa += (double) a[i] * a[i];
  }
  return (float) (ab / sqrt (aa));
}

static void
test_baseline_is_the_merged_cosine (void)
{
  const guint hop = 25;
  const gsize n = 61003;
  g_autoptr (SalModel) model = data_load_model ("tiny");
  g_autoptr (SalTarget) target = sal_target_new_class (model, "spk2", NULL);
  const SalMelConfig *config = sal_model_get_mel_config (model);
  g_autofree float *sound = data_voice (2, n);
  g_autoptr (SalMel) mel = sal_mel_new (config, NULL);
  g_autoptr (SalNet) net = sal_net_new (model, SAL_WINDOW_FRAMES, 3, 1);
  gsize T = sal_mel_n_frames (mel, n), F = config->n_bands;
  guint n_windows = (guint) ((T + hop - 1) / hop);
  g_autofree float *log_mel = g_new (float, F *T);
  g_autofree float *window = g_new (float, F *SAL_WINDOW_FRAMES);
  g_autofree float *cosines = g_new (float, n_windows);
  sal_mel_process (mel, sound, n, log_mel);
  for (guint k = 0; k < n_windows; k++) {
    gsize end = MIN ((gsize) (k + 1) * hop, T);
    gsize start = end > SAL_WINDOW_FRAMES ? end - SAL_WINDOW_FRAMES : 0;
    for (gsize f = 0; f < F; f++)
      memcpy (window + f * (end - start), log_mel + f * T + start,
          (end - start) * sizeof (float));
    sal_net_forward (net, window, (guint) (end - start));
    cosines[k] = cosine_of (sal_net_get_embedding (net),
        sal_target_get_row (target), sal_model_get_embedding_size (model));
  }
  g_autoptr (EvalBatchAnalyser) batch
      = eval_batch_analyser_new (model, hop, lookaheads, L);
  EvalTrace *traces = eval_traces_new (L, T);
  eval_batch_analyser_run (batch, sound, n, &target, 1, traces);
  for (guint i = 0; i < L; i++) {
    g_autofree float *want = g_new (float, T);
    merge (cosines, n_windows, hop, lookaheads[i], T, want);
    data_assert_close ("merged cosine", traces[i].baseline, want, T, 2e-6);
  }
  eval_traces_free (traces, L);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/batch-analyser/equals-the-analyser/plain", "tiny",
      test_equals_the_analyser);
  g_test_add_data_func ("/batch-analyser/equals-the-analyser/mirrored",
      "sunine", test_equals_the_analyser);
  g_test_add_func ("/batch-analyser/equals-the-analyser/in-company",
      test_equals_the_analyser_in_company);
  g_test_add_func ("/batch-analyser/equals-the-analyser/at-another-hop",
      test_equals_the_analyser_at_another_hop);
  g_test_add_func ("/batch-analyser/equals-the-analyser/on-short-sound",
      test_equals_the_analyser_on_short_sound);
  g_test_add_func ("/batch-analyser/runs-do-not-depend-on-each-other",
      test_runs_do_not_depend_on_each_other);
  g_test_add_func ("/batch-analyser/baseline-is-the-merged-cosine",
      test_baseline_is_the_merged_cosine);
  int result = g_test_run ();
  data_clean ();
  return result;
}
