/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/streaming.h"

#include <math.h>
#include <string.h>

#include <saliency/analyser.h>
#include "data.h"
#include "mask/gate-internal.h"
#include "mask/masker.h"
#include "eval/streaming-picture.h"
#include "voices.h"

#define C 3 /* clean, with noise at 20 and 10 dB */
#define L EVAL_STREAMING_LOOKAHEADS

static SalModel *tiny;

typedef struct {
  GPtrArray *streams; /* of EvalStream */
  EvalStreamingRow rows[C * L];
} Result;

static void
result_clear (Result *self)
{
  g_ptr_array_unref (self->streams);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

static gboolean
take (EvalStream *stream, gpointer data, GError **error)
{
  g_ptr_array_add (data, eval_stream_ref (stream));
  return TRUE;
}

static EvalStreamingConfig
config_of (guint n_streams, gboolean known, guint n_threads)
{
  EvalStreamingConfig config;
  eval_streaming_config_init (&config);
  config.n_streams = n_streams;
  config.known = known;
  config.n_threads = n_threads;
  config.enrol_seconds = 3;
  config.conversation.seconds = 14;
  config.take = take;
  return config;
}

static void
run (Result *self, const EvalStreamingConfig *config)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 3, 1, 4, 2);
  g_autoptr (GError) error = NULL;
  EvalStreamingConfig mine = *config;
  self->streams
      = g_ptr_array_new_with_free_func ((GDestroyNotify) eval_stream_unref);
  mine.data = self->streams;
  g_assert_true (eval_streaming_run (tiny, corpus, &mine, self->rows, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (self->streams->len, ==, config->n_streams);
}

static const EvalStream *
stream_at (const Result *self, guint i)
{
  return g_ptr_array_index (self->streams, i);
}

static void
test_threads_change_nothing (void)
{
  EvalStreamingConfig one = config_of (4, TRUE, 1);
  EvalStreamingConfig many = config_of (4, TRUE, 3);
  g_auto (Result) a = { 0 }, b = { 0 };
  run (&a, &one);
  run (&b, &many);
  for (guint i = 0; i < C * L; i++) {
    g_assert_cmpmem (a.rows[i].mean, sizeof a.rows[i].mean, b.rows[i].mean,
        sizeof b.rows[i].mean);
    g_assert_cmpfloat (a.rows[i].pooled_auc, ==, b.rows[i].pooled_auc);
    g_assert_cmpuint (a.rows[i].worst, ==, b.rows[i].worst);
  }
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpuint (stream_at (&a, i)->index, ==, i);
    g_assert_cmpmem (stream_at (&a, i)->figures,
        sizeof stream_at (&a, i)->figures, stream_at (&b, i)->figures,
        sizeof stream_at (&b, i)->figures);
  }
}

static void
test_targets_take_turns (void)
{
  EvalStreamingConfig config = config_of (4, TRUE, 2);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  for (guint i = 0; i < 4; i++) {
    const EvalConversation *talk = stream_at (&result, i)->conversation;
    g_assert_cmpuint (talk->target, ==, i % 3);
    g_assert_cmpuint (talk->absent, !=, talk->target);
    g_assert_cmpuint (talk->absent, <, 3);
  }
}

/* --- figures ------------------------------------------------------------- */

static double
counted_auc (const EvalStream *stream, const float *values)
{
  double sum = 0, pairs = 0;
  for (gsize i = 0; i < stream->n_frames; i++)
    for (gsize j = 0; j < stream->n_frames; j++)
      if (stream->speech[i] && stream->speech[j] && stream->is_target[i]
          && !stream->is_target[j]) {
        pairs++;
        sum += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
      }
  return sum / pairs;
}

/* Part of the frames of speech, of the target (1), others (0) or all (-1), that
 * are above a limit. */
static double
counted_part (const EvalStream *stream, const float *values, int of_target,
    double limit)
{
  double n = 0, above = 0;
  for (gsize t = 0; t < stream->n_frames; t++)
    if (stream->speech[t]
        && (of_target < 0 || of_target == (stream->is_target[t] != 0))) {
      n++;
      above += values[t] > limit;
    }
  return above / n;
}

static void
check_stream (const EvalStream *stream, guint c, guint l)
{
  const double *figures = stream->figures[c][l];
  const EvalTrace *present = &stream->traces[c][l];
  const EvalTrace *absent = &stream->traces[c][L + l];
  const double just_below = nextafterf (0.5f, 0);
  g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_AUC],
      counted_auc (stream, present->activity), 1e-9);
  g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_BASELINE_AUC],
      counted_auc (stream, present->baseline), 1e-9);
  g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_LOG_ODDS_AUC],
      counted_auc (stream, present->log_odds), 1e-9);
  g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_MISS],
      1 - counted_part (stream, present->activity, 1, just_below), 1e-9);
  g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_FALSE_ALARM],
      counted_part (stream, present->activity, 0, just_below), 1e-9);
  g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_ABSENT_ABOVE],
      counted_part (stream, absent->activity, -1, 0.1f), 1e-9);
  g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_TRUE_SWITCHES],
      eval_conversation_n_switches (stream->conversation) * 60 / 14.0, 1e-9);
}

static void
test_figures_are_those_of_the_frames (void)
{
  EvalStreamingConfig config = config_of (2, FALSE, 2);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  for (guint i = 0; i < C * L; i++) {
    const EvalStreamingRow *row = &result.rows[i];
    for (guint s = 0; s < 2; s++)
      check_stream (stream_at (&result, s), i / L, i % L);
    for (guint f = 0; f < EVAL_STREAMING_FIGURES; f++) {
      double a = stream_at (&result, 0)->figures[i / L][i % L][f];
      double b = stream_at (&result, 1)->figures[i / L][i % L][f];
      g_assert_cmpfloat_with_epsilon (row->mean[f], (a + b) / 2, 1e-9);
      g_assert_cmpfloat_with_epsilon (row->deviation[f], fabs (a - b) / G_SQRT2,
          1e-6);
    }
    double a
        = stream_at (&result, 0)->figures[i / L][i % L][EVAL_STREAMING_AUC];
    double b
        = stream_at (&result, 1)->figures[i / L][i % L][EVAL_STREAMING_AUC];
    g_assert_cmpfloat_with_epsilon (row->worst_auc, fmin (a, b), 1e-12);
    g_assert_cmpuint (row->worst, ==, b < a);
  }
  g_assert_cmpfloat (stream_at (&result, 0)->enrolled[0], >=, 3);
  g_assert_cmpfloat (stream_at (&result, 0)->enrolled[1], >=, 3);
}

/* --- against the parts that a program uses ------------------------------- */

/* The clean stream as the command would mask it: in pieces, through analyser,
 * gate and masker. */
static float *
mask_piecewise (const EvalStream *stream, SalTarget *target, guint lookahead)
{
  const SalMelConfig *mel = sal_model_get_mel_config (tiny);
  const EvalConversation *talk = stream->conversation;
  SalAnalyserConfig config;
  SalGateConfig gate_config;
  SalMaskerConfig plan = { .rate = mel->sample_rate,
    .n_channels = 1,
    .n_bands = 1,
    .frame_period = mel->hop / (double) mel->sample_rate,
    .frame_centre = sal_mel_config_centre (mel) / (double) mel->sample_rate };
  sal_analyser_config_init (&config);
  config.lookahead = lookahead;
  config.cam.method = SAL_CAM_NONE;
  sal_gate_config_init (&gate_config);
  g_autoptr (SalAnalyser) analyser
      = sal_analyser_new (tiny, target, &config, NULL);
  g_autoptr (SalGate) gate = sal_gate_new (&gate_config, 1,
      (float) (1000 * plan.frame_period), NULL);
  g_autoptr (SalMasker) masker = sal_masker_new (&plan, NULL);
  float *out = g_new (float, talk->n_samples);
  gsize n_out = 0;
  for (gsize at = 0; at <= talk->n_samples; at += 777) {
    gsize n = MIN (777, talk->n_samples - at);
    sal_analyser_push (analyser, talk->clean + at, n);
    if (n < 777)
      sal_analyser_finish (analyser);
    SalMap *map;
    while ((map = sal_analyser_pop (analyser)) != NULL) {
      g_autofree float *gains = g_new (float, map->n_frames);
      sal_gate_process (gate, map->activity, map->n_frames, gains);
      sal_masker_push_gains (masker, gains, map->n_frames);
      sal_map_unref (map);
    }
    sal_masker_push (masker, talk->clean + at, n);
    if (n < 777)
      sal_masker_finish (masker);
    n = sal_masker_get_n_ready (masker);
    sal_masker_pull (masker, out + n_out, n);
    n_out += n;
  }
  g_assert_cmpuint (n_out, ==, talk->n_samples);
  return out;
}

/* Change in dB over the frames of speech of the target or of others. */
static double
change_db (const EvalStream *stream, const float *after, gboolean of_target)
{
  double sums[2] = { 0, 0 };
  for (gsize t = 0; t < stream->n_frames; t++)
    if (stream->speech[t] && (stream->is_target[t] != 0) == of_target)
      for (gsize i = 200 + t * 160 - 80; i < 200 + t * 160 + 80; i++) {
        double x = stream->conversation->clean[i];
        sums[0] += x * x;
        sums[1] += (double) after[i] * after[i];
      }
  return 10 * log10 (sums[1] / sums[0]);
}

static void
test_mask_is_that_of_the_command (void)
{
  EvalStreamingConfig config = config_of (2, TRUE, 2);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  for (guint i = 0; i < 2; i++) {
    const EvalStream *stream = stream_at (&result, i);
    g_autofree char *name = g_strdup_printf ("spk%u", i);
    g_autoptr (SalTarget) target = sal_target_new_class (tiny, name, NULL);
    for (guint l = 0; l < L; l++) {
      g_autofree float *after = mask_piecewise (stream, target,
          eval_streaming_lookaheads_ms[l] / 10);
      const double *figures = stream->figures[0][l];
      g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_KEPT],
          change_db (stream, after, TRUE), 1e-6);
      g_assert_cmpfloat_with_epsilon (figures[EVAL_STREAMING_REMOVED],
          -change_db (stream, after, FALSE), 1e-6);
    }
  }
}

/* --- refusals ------------------------------------------------------------ */

static void
test_one_target_is_refused (void)
{
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 1, 3, 3, 2);
  EvalStreamingConfig config = config_of (1, FALSE, 1);
  EvalStreamingRow rows[C * L];
  g_autoptr (GError) error = NULL;
  config.take = NULL;
  g_assert_false (eval_streaming_run (tiny, corpus, &config, rows, &error));
  data_assert_error (error, SAL_ERROR_CONFIG, "at least 2", NULL);
}

static void
test_unknown_class_is_refused (void)
{
  g_autoptr (EvalCorpus) corpus
      = voices_corpus (tiny, sal_model_get_n_classes (tiny) + 2, 0, 3, 2);
  EvalStreamingConfig config
      = config_of (sal_model_get_n_classes (tiny) + 2, TRUE, 2);
  EvalStreamingRow rows[C * L];
  g_autoptr (GError) error = NULL;
  config.conversation.seconds = 4;
  config.conversation.min_turn = 1;
  config.take = NULL;
  g_assert_false (eval_streaming_run (tiny, corpus, &config, rows, &error));
  data_assert_error (error, SAL_ERROR_TARGET, NULL);
}

/* --- picture ------------------------------------------------------------- */

/* Pixels of a colour, no grey, in columns from x to end and rows from y on. */
static guint
count_coloured (cairo_surface_t *surface, int x, int end, int y)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  guint n = 0;
  for (; y < cairo_image_surface_get_height (surface); y++)
    for (int i = x; i < end; i++) {
      const guint8 *p = data + y * stride + 4 * i;
      n += MAX (p[0], MAX (p[1], p[2])) - MIN (p[0], MIN (p[1], p[2])) > 100;
    }
  return n;
}

/* The panels end 190 pixels before the right edge; beyond that, below the upper
 * one with its legend, there is only text. */
static void
test_picture_stays_in_its_panels (void)
{
  EvalStreamingConfig config = config_of (1, TRUE, 1);
  g_autoptr (EvalCorpus) corpus = voices_corpus (tiny, 3, 1, 4, 2);
  g_auto (Result) result = { 0 };
  run (&result, &config);
  cairo_surface_t *surface = eval_streaming_draw ("title", result.rows,
      stream_at (&result, 0), corpus);
  int width = cairo_image_surface_get_width (surface);
  int height = cairo_image_surface_get_height (surface);
  g_assert_cmpint (width, >=, 1000);
  g_assert_cmpuint (count_coloured (surface, 90, width - 190, 0), >, 5000);
  g_assert_cmpuint (count_coloured (surface, width - 185, width, height / 2),
      ==, 0);
  g_assert_cmpuint (count_coloured (surface, 0, 80, height / 2), ==, 0);
  cairo_surface_destroy (surface);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  g_test_add_func ("/streaming/threads-change-nothing",
      test_threads_change_nothing);
  g_test_add_func ("/streaming/targets-take-turns", test_targets_take_turns);
  g_test_add_func ("/streaming/figures-are-those-of-the-frames",
      test_figures_are_those_of_the_frames);
  g_test_add_func ("/streaming/mask-is-that-of-the-command",
      test_mask_is_that_of_the_command);
  g_test_add_func ("/streaming/picture-stays-in-its-panels",
      test_picture_stays_in_its_panels);
  g_test_add_func ("/streaming/refuses/one-target", test_one_target_is_refused);
  g_test_add_func ("/streaming/refuses/unknown-class",
      test_unknown_class_is_refused);
  int result = g_test_run ();
  sal_model_unref (tiny);
  return result;
}
