/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/evaluate/protocol.h"
#include "eval/figures.h"

typedef struct {
  CliEvaluation *evaluation;
  EvalFiguresConfig config;
  JsonBuilder *builder;
} Run;

static void
run_clear (Run *self)
{
  g_clear_object (&self->builder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static const char *
name_of (const EvalSpeakerSets *cast, const EvalConcatenation *join, guint i)
{
  return eval_corpus_get_voice (eval_speaker_sets_get_corpus (cast),
      eval_speaker_sets_get_voice (cast, join->speakers[i]))
      ->name;
}

/* As in the paper: its Figure 1, or its Figure 3. */
static guint
number_of (const EvalConcatenation *join)
{
  return join->form == EVAL_CONCATENATION_A ? 1 : 3;
}

static char *
stem_of (const EvalSpeakerSets *cast, const EvalConcatenation *join)
{
  return g_strdup_printf ("figures-%u-%s-%u", number_of (join),
      eval_speaker_sets_get_set (cast), join->number + 1);
}

static void
build_texts (JsonBuilder *b, const char *key, const char *const *texts, guint n)
{
  json_builder_set_member_name (b, key);
  json_builder_begin_array (b);
  for (guint i = 0; i < n; i++)
    json_builder_add_string_value (b, texts[i]);
  json_builder_end_array (b);
}

static void
build_figure (const Run *self, const EvalSpeakerSets *cast,
    const EvalFigure *figure, const char *path)
{
  const EvalConcatenation *join = figure->join;
  EvalCorpus *corpus = eval_speaker_sets_get_corpus (cast);
  g_autofree char *png = g_strconcat (path, ".png", NULL);
  g_autofree char *svg = g_strconcat (path, ".svg", NULL);
  const char *speakers[EVAL_CONCATENATION_MOST],
      *recordings[EVAL_CONCATENATION_MOST];
  JsonBuilder *b = self->builder;
  guint n_empty = 0;

  for (guint i = 0; i < join->n_speakers; i++)
    speakers[i] = name_of (cast, join, i);
  for (guint i = 0; i < join->n_pieces; i++)
    recordings[i]
        = eval_corpus_get_utterance (corpus, join->utterances[i])->path;
  for (guint m = 0; m < EVAL_FIGURE_METHODS; m++)
    for (guint r = 0; r < EVAL_FIGURE_ROWS; r++)
      n_empty += figure->empty[m][r];
  json_builder_begin_object (b);
  cli_evaluate_count (b, "figure", number_of (join));
  cli_json_text (b, "set", eval_speaker_sets_get_set (cast));
  cli_json_text (b, "form", eval_concatenation_names[join->form]);
  cli_evaluate_count (b, "trial", join->number);
  build_texts (b, "speakers", speakers, join->n_speakers);
  build_texts (b, "recordings", recordings, join->n_pieces);
  cli_evaluate_count (b, "frames", figure->n_frames);
  cli_evaluate_count (b, "empty", n_empty);
  cli_json_text (b, "png", png);
  cli_json_text (b, "svg", svg);
  json_builder_end_object (b);
}

static gboolean
save (const Run *self, const EvalSpeakerSets *cast, const EvalFigure *figure,
    GError **error)
{
  const EvalConcatenation *join = figure->join;
  g_autofree char *stem = stem_of (cast, join);
  g_autofree char *path = cli_evaluate_path (self->evaluation, stem);
  g_autofree char *other = join->n_speakers > 1
      ? g_strdup_printf (", B is %s", name_of (cast, join, 1))
      : g_strdup ("");
  g_autofree char *title = g_strdup_printf ("What makes %s say A?  %s, %s set; "
                                            "A is %s%s",
      sal_model_get_name (self->evaluation->model),
      eval_concatenation_names[join->form], eval_speaker_sets_get_set (cast),
      name_of (cast, join, 0), other);

  if (!eval_figure_save (figure, cast, title, path, error))
    return FALSE;
  build_figure (self, cast, figure, path);
  if (!self->evaluation->options->json && !self->evaluation->options->quiet)
    printf ("%s.png, .svg: %s\n", path, title);
  return TRUE;
}

static gboolean
run_set (EvalSpeakerSets *cast, gpointer data, GError **error)
{
  Run *self = data;
  g_autoptr (GPtrArray) figures
      = g_ptr_array_new_with_free_func (eval_figure_free);

  if (!eval_figures_run (cast, &self->config, figures, error))
    return FALSE;
  cli_progress_end (&self->evaluation->progress);
  for (guint i = 0; i < figures->len; i++)
    if (!save (self, cast, g_ptr_array_index (figures, i), error))
      return FALSE;
  return TRUE;
}

static void
begin (Run *self)
{
  const CliEvaluate *options = self->evaluation->options;
  EvalFiguresConfig *config = &self->config;
  const char *methods[EVAL_FIGURE_METHODS];
  JsonBuilder *b = self->builder = json_builder_new ();

  eval_figures_config_init (config, (guint) options->n_trials);
  config->seed = (guint32) options->seed;
  config->n_threads = (guint) options->n_threads;
  config->progress = cli_evaluate_progress;
  config->data = self->evaluation;
  cli_evaluate_style (options, &config->style);
  if (options->piece > 0)
    config->seconds = options->piece;
  for (guint m = 0; m < EVAL_FIGURE_METHODS; m++)
    methods[m] = eval_map_methods[eval_figure_methods[m]].name;
  json_builder_begin_object (b);
  cli_evaluate_describe (self->evaluation, b);
  cli_evaluate_number (b, "piece_seconds", config->seconds);
  cli_evaluate_count (b, "trials", config->n_trials);
  cli_evaluate_count (b, "score_cam_channels", SAL_CAM_FEW_CHANNELS);
  cli_evaluate_describe_style (b, &config->style);
  build_texts (b, "methods", methods, EVAL_FIGURE_METHODS);
  build_texts (b, "rows", eval_figure_rows, EVAL_FIGURE_ROWS);
  json_builder_set_member_name (b, "figures");
  json_builder_begin_array (b);
}

gboolean
cli_evaluate_figures (CliEvaluation *evaluation, GError **error)
{
  const CliEvaluate *options = evaluation->options;
  g_auto (Run) self = { .evaluation = evaluation };

  if (!cli_require (options->output, "--output", error))
    return FALSE;
  begin (&self);
  if (!cli_evaluate_sets (evaluation, run_set, &self, error))
    return FALSE;
  json_builder_end_array (self.builder);
  json_builder_end_object (self.builder);
  g_autoptr (JsonNode) root = json_builder_get_root (self.builder);
  g_autofree char *path = cli_evaluate_path (evaluation, "figures.json");
  return cli_write_json (json_node_copy (root), path, error)
      && (!options->json || options->quiet
          || cli_write_json (json_node_copy (root), "-", error));
}
