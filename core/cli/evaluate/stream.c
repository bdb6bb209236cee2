/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>

#include "cli/evaluate/protocol.h"
#include "picture/png.h"
#include "eval/streaming.h"
#include "eval/streaming-picture.h"
#include "cli/evaluate/table.h"

#define C EVAL_STREAMING_CONDITIONS
#define L EVAL_STREAMING_LOOKAHEADS
#define EVERY 4 /* frames, of the table of frames */

typedef struct {
  CliEvaluation *evaluation;
  EvalStreamingConfig config;
  EvalStreamingRow rows[C * L];
  CliTable *streams, *frames; /* NULL: not wanted */
  EvalStream *example;        /* the first one */
} Run;

static void
run_clear (Run *self)
{
  cli_table_free (self->streams);
  cli_table_free (self->frames);
  eval_stream_unref (self->example);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* --- JSON and text ------------------------------------------------------- */

static void
build_row (JsonBuilder *b, const EvalStreamingRow *row, guint condition,
    guint lookahead, guint n_streams)
{
  json_builder_begin_object (b);
  cli_evaluate_count (b, "lookahead_ms",
      eval_streaming_lookaheads_ms[lookahead]);
  cli_json_text (b, "condition", eval_streaming_conditions[condition]);
  cli_evaluate_count (b, "streams", n_streams);
  for (guint f = 0; f < EVAL_STREAMING_FIGURES; f++)
    cli_evaluate_number (b, eval_streaming_names[f], row->mean[f]);
  cli_evaluate_number (b, "auc_deviation", row->deviation[EVAL_STREAMING_AUC]);
  cli_evaluate_number (b, "pooled_auc", row->pooled_auc);
  cli_evaluate_number (b, "pooled_eer", row->pooled_eer);
  cli_evaluate_number (b, "pooled_baseline_auc", row->pooled_baseline_auc);
  cli_evaluate_number (b, "worst_auc", row->worst_auc);
  cli_evaluate_count (b, "worst_stream", row->worst);
  json_builder_end_object (b);
}

static JsonNode *
to_json (const Run *self)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  const EvalStreamingConfig *config = &self->config;

  json_builder_begin_object (b);
  cli_evaluate_describe (self->evaluation, b);
  cli_evaluate_count (b, "hop_ms", config->hop_ms);
  cli_evaluate_number (b, "enrol_seconds",
      config->known ? NAN : config->enrol_seconds);
  cli_evaluate_number (b, "stream_seconds", config->conversation.seconds);
  json_builder_set_member_name (b, "stream");
  json_builder_begin_array (b);
  for (guint i = 0; i < C * L; i++)
    build_row (b, &self->rows[i], i / L, i % L, config->n_streams);
  json_builder_end_array (b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

static void
print_table (const EvalStreamingRow *rows)
{
  printf ("condition  ahead    AUC  usual    EER   miss  alarm    kept  "
          "removed  switches (true)  absent\n");
  for (guint i = 0; i < C * L; i++) {
    const double *mean = rows[i].mean;
    printf ("%-9s%5u ms%7.4f%7.4f%6.1f%%%6.1f%%%6.1f%%%6.1fdB%7.1fdB"
            "%10.1f%7.1f%7.1f%%\n",
        eval_streaming_conditions[i / L], eval_streaming_lookaheads_ms[i % L],
        mean[EVAL_STREAMING_AUC], mean[EVAL_STREAMING_BASELINE_AUC],
        100 * mean[EVAL_STREAMING_EER], 100 * mean[EVAL_STREAMING_MISS],
        100 * mean[EVAL_STREAMING_FALSE_ALARM], mean[EVAL_STREAMING_KEPT],
        mean[EVAL_STREAMING_REMOVED], mean[EVAL_STREAMING_SWITCHES],
        mean[EVAL_STREAMING_TRUE_SWITCHES],
        100 * mean[EVAL_STREAMING_ABSENT_ABOVE]);
  }
}

/* --- tables -------------------------------------------------------------- */

static gboolean
open_tables (Run *self, GError **error)
{
  const CliEvaluation *evaluation = self->evaluation;
  g_autofree char *streams = cli_evaluate_path (evaluation, "streams.tsv");
  g_autofree char *frames = cli_evaluate_path (evaluation, "frames.tsv");
  g_autoptr (GString) header = g_string_new (
      "stream\tcondition\tlookahead_ms"
      "\ttarget\tabsent\tothers\tenrolled_seconds\tabsent_enrolled_seconds");

  for (guint f = 0; f < EVAL_STREAMING_FIGURES; f++)
    g_string_append_printf (header, "\t%s", eval_streaming_names[f]);
  self->streams = cli_table_open (streams, header->str, error);
  if (self->streams == NULL)
    return FALSE;
  if (!evaluation->options->frames)
    return TRUE;
  self->frames = cli_table_open (frames,
      "stream\tcondition\tlookahead_ms\t"
      "target\tabsent\ttime\tis_target\tspeech\tlog_odds\tactivity\tbaseline",
      error);
  return self->frames != NULL;
}

/* Returns: (transfer full): who else speaks, with commas between */
static char *
list_others (const EvalCorpus *corpus, const EvalConversation *talk)
{
  GString *names = g_string_new (NULL);

  for (guint v = 0; v < eval_corpus_get_n_voices (corpus); v++) {
    guint i = 0;
    while (i < talk->turns->len
        && g_array_index (talk->turns, EvalSpoken, i).voice != v)
      i++;
    if (v != talk->target && i < talk->turns->len)
      g_string_append_printf (names, "%s%s", names->len > 0 ? "," : "",
          eval_corpus_get_voice (corpus, v)->name);
  }
  return g_string_free (names, FALSE);
}

static void
add_streams (const Run *self, const EvalStream *stream)
{
  const EvalCorpus *corpus = self->evaluation->corpus;
  const EvalConversation *talk = stream->conversation;
  g_autofree char *others = list_others (corpus, talk);

  for (guint i = 0; i < C * L; i++) {
    const double *figures = stream->figures[i / L][i % L];
    cli_table_add (self->streams, "%u\t%s\t%u\t%s\t%s\t%s\t%.2f\t%.2f",
        stream->index, eval_streaming_conditions[i / L],
        eval_streaming_lookaheads_ms[i % L],
        eval_corpus_get_voice (corpus, talk->target)->name,
        eval_corpus_get_voice (corpus, talk->absent)->name, others,
        stream->enrolled[0], stream->enrolled[1]);
    for (guint f = 0; f < EVAL_STREAMING_FIGURES; f++)
      cli_table_add (self->streams, "\t%.6g", figures[f]);
    cli_table_add (self->streams, "\n");
  }
}

/* Every fourth frame of one condition, look-ahead and target. */
static void
add_frames (const Run *self, const EvalStream *stream, guint c, guint l,
    gboolean absent)
{
  const EvalConversation *talk = stream->conversation;
  const EvalTrace *trace = &stream->traces[c][absent * L + l];
  const char *name = eval_corpus_get_voice (self->evaluation->corpus,
      absent ? talk->absent : talk->target)
                         ->name;

  for (gsize t = 0; t < stream->n_frames; t += EVERY)
    cli_table_add (self->frames,
        "%u\t%s\t%u\t%s\t%d\t%.4f\t%d\t%d\t%.6g\t%.6g\t%.6g\n", stream->index,
        eval_streaming_conditions[c], eval_streaming_lookaheads_ms[l], name,
        absent, stream->first_seconds + (double) t * stream->frame_seconds,
        !absent && stream->is_target[t], stream->speech[t] != 0,
        trace->log_odds[t], trace->activity[t], trace->baseline[t]);
}

static gboolean
take (EvalStream *stream, gpointer data, GError **error)
{
  Run *self = data;

  if (self->example == NULL)
    self->example = eval_stream_ref (stream);
  if (self->streams != NULL)
    add_streams (self, stream);
  for (guint i = 0; self->frames != NULL && i < 2 * C * L; i++)
    add_frames (self, stream, i / (2 * L), i / 2 % L, i % 2 == 1);
  return TRUE;
}

/* --- the whole ----------------------------------------------------------- */

static void
progress (double part, gpointer data)
{
  const Run *self = data;

  cli_evaluate_progress (part, self->evaluation);
}

static gboolean
draw (const Run *self, const char *path, GError **error)
{
  const CliEvaluation *evaluation = self->evaluation;
  g_autofree char *title = g_strdup_printf ("Where a voice speaks: %s on "
                                            "%u streams of %s",
      sal_model_get_name (evaluation->model), self->config.n_streams,
      evaluation->options->split);

  return sal_png_save (eval_streaming_draw (title, self->rows, self->example,
                           evaluation->corpus),
      path, error);
}

static gboolean
write_files (const Run *self, GError **error)
{
  g_autofree char *json = cli_evaluate_path (self->evaluation, "stream.json");
  g_autofree char *png = cli_evaluate_path (self->evaluation, "stream.png");

  return cli_table_close (self->streams, error)
      && (self->frames == NULL || cli_table_close (self->frames, error))
      && cli_write_json (to_json (self), json, error)
      && draw (self, png, error);
}

static void
configure (Run *self, const CliEvaluate *options)
{
  EvalStreamingConfig *config = &self->config;

  eval_streaming_config_init (config);
  config->seed = (guint32) options->seed;
  config->known = options->known;
  config->n_threads = (guint) options->n_threads;
  if (options->n_trials > 0)
    config->n_streams = (guint) options->n_trials;
  config->take = take;
  config->progress = progress;
  config->data = self;
}

gboolean
cli_evaluate_stream (CliEvaluation *evaluation, GError **error)
{
  const CliEvaluate *options = evaluation->options;
  g_auto (Run) self = { .evaluation = evaluation };

  configure (&self, options);
  if (options->output != NULL && !open_tables (&self, error))
    return FALSE;
  gboolean ok = eval_streaming_run (evaluation->model, evaluation->corpus,
      &self.config, self.rows, error);
  cli_progress_end (&evaluation->progress);
  if (!ok || (options->output != NULL && !write_files (&self, error)))
    return FALSE;
  if (options->json)
    return cli_write_json (to_json (&self), "-", error);
  if (!options->quiet)
    print_table (self.rows);
  return TRUE;
}
