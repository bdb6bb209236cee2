/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/evaluate/all.h"

#include <math.h>
#include <stdio.h>

#include "eval/manifest.h"

#define OPEN                                                                   \
  "open" /* the split of voices to be enrolled, if nobody names it             \
          */

typedef struct {
  int trials, score; /* score: trials with Score-CAM, -1: none of its own */
} Amount;

/* The usual amounts take an hour of two cores with AVX-512 with the full
 * model, half an hour with AVX2 with the small one. */
static const struct {
  const char *name;
  gboolean (*run) (CliEvaluation *self, GError **error);
  CliCost cost;
  gboolean open; /* of the split of voices to be enrolled, if there is one */
  Amount usual, quick;
} steps[] = {
  { "table2", cli_evaluate_table2, cli_cost_table2, FALSE, { 400, 20 },
      { 24, 2 } },
  { "deletion", cli_evaluate_deletion, cli_cost_deletion, FALSE, { 12, 10 },
      { 2, 1 } },
  { "sanity", cli_evaluate_sanity, cli_cost_sanity, FALSE, { 16, 2 },
      { 2, 0 } },
  { "figures", cli_evaluate_figures, cli_cost_figures, FALSE, { 2, -1 },
      { 1, -1 } },
  { "verification", cli_evaluate_verification, cli_cost_verification, TRUE,
      { 0, -1 }, { 100, -1 } },
  { "stream", cli_evaluate_stream, cli_cost_stream, TRUE, { 12, -1 },
      { 1, -1 } },
};

#define N_STEPS G_N_ELEMENTS (steps)

/* One step, made ready. */
typedef struct {
  CliEvaluate options;
  CliEvaluation evaluation;
  gboolean wanted; /* FALSE: no split for it, or there already */
  double seconds;  /* of one processor */
} Step;

typedef struct {
  CliEvaluation *whole;
  char *open; /* NULL: no such split */
  Step steps[N_STEPS];
} Run;

static void
run_clear (Run *self)
{
  g_free (self->open);
  for (guint i = 0; i < N_STEPS; i++) {
    cli_evaluation_clear (&self->steps[i].evaluation);
    g_free (self->steps[i].options.command);
  }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* --- making ready -------------------------------------------------------- */

static gboolean
find_open (Run *self, GError **error)
{
  const CliEvaluate *options = self->whole->options;
  g_autoptr (GPtrArray) rows
      = eval_manifest_load_all ((const char *const *) options->manifests,
          error);

  if (rows == NULL)
    return FALSE;
  if (options->open != NULL)
    self->open = g_strdup (options->open);
  for (guint i = 0; self->open == NULL && i < rows->len; i++) {
    const EvalManifestRow *row = g_ptr_array_index (rows, i);
    if (g_str_equal (row->split, OPEN))
      self->open = g_strdup (OPEN);
  }
  return TRUE;
}

static void
set_options (const Run *self, guint i, CliEvaluate *options)
{
  const CliEvaluate *given = self->whole->options;
  const Amount *amount = given->quick ? &steps[i].quick : &steps[i].usual;

  *options = *given;
  options->command = options->open = NULL;
  options->quick = FALSE;
  options->quiet = TRUE;
  options->n_trials = amount->trials;
  if (given->n_score < 0 || amount->score < 0)
    options->n_score = amount->score;
  if (steps[i].open) {
    options->split = self->open;
    options->known = FALSE;
  } else {
    options->others = NULL;
    options->frames = FALSE;
  }
  options->command = cli_evaluate_command (options, steps[i].name, TRUE);
}

static gboolean
is_same (JsonObject *object, const char *name, const char *value)
{
  return g_strcmp0 (json_object_get_string_member_with_default (object, name,
                        NULL),
             value)
      == 0;
}

/* Whether its report is there, made with the same settings. */
static gboolean
is_done (const Step *self, const char *name)
{
  const CliEvaluation *evaluation = &self->evaluation;
  g_autoptr (JsonNode) root
      = cli_evaluate_read (self->options.output, name, NULL);
  if (root == NULL)
    return FALSE;

  JsonObject *found = json_node_get_object (root);
  gboolean same = is_same (found, "command", self->options.command)
      && is_same (found, "version", SALIENCY_VERSION)
      && is_same (found, "manifest_id", evaluation->manifest_id)
      && is_same (found, "model_id", sal_model_get_id (evaluation->model));
  g_printerr ("%s: %s is there already%s\n", g_get_prgname (), name,
      same ? "" : ", but made with other settings: made anew");
  return same;
}

static gboolean
prepare (Run *self, guint i, double seconds_per_frame, GError **error)
{
  Step *step = &self->steps[i];
  guint n_threads = (guint) self->whole->options->n_threads;

  if (steps[i].open && self->open == NULL)
    return TRUE;
  set_options (self, i, &step->options);
  step->evaluation.options = &step->options;
  step->evaluation.model = sal_model_ref (self->whole->model);
  if (!cli_evaluate_open_corpus (&step->evaluation, error))
    return FALSE;
  step->wanted = !is_done (step, steps[i].name);
  step->seconds = steps[i].cost (&step->evaluation) * seconds_per_frame
      / (n_threads > 0 ? n_threads : g_get_num_processors ());
  return TRUE;
}

static char *
show_time (double seconds)
{
  return seconds < 90 ? g_strdup_printf ("%.0f s", ceil (seconds))
                      : g_strdup_printf ("%.0f min", ceil (seconds / 60));
}

/* Says what is to come. */
static double
announce (const Run *self)
{
  g_autoptr (GString) list = g_string_new (NULL);
  double sum = 0;

  for (guint i = 0; i < N_STEPS; i++) {
    if (!self->steps[i].wanted)
      continue;
    g_autofree char *time = show_time (self->steps[i].seconds);
    g_string_append_printf (list, "%s%s %s", sum > 0 ? ", " : "", steps[i].name,
        time);
    sum += self->steps[i].seconds;
  }
  if (sum > 0) {
    g_autofree char *time = show_time (sum);
    g_printerr ("%s: takes about %s: %s\n", g_get_prgname (), time, list->str);
  }
  return sum;
}

/* --- the whole ----------------------------------------------------------- */

static gboolean
run_steps (Run *self, double seconds, GError **error)
{
  double before = 0;

  for (guint i = 0; i < N_STEPS; i++) {
    Step *step = &self->steps[i];
    if (!step->wanted)
      continue;
    step->evaluation.label = steps[i].name;
    step->evaluation.begun = before / seconds;
    step->evaluation.share = step->seconds / seconds;
    cli_progress_start (&step->evaluation.progress, steps[i].name);
    if (!steps[i].run (&step->evaluation, error)) {
      cli_progress_end (&step->evaluation.progress);
      g_prefix_error (error, "%s: ", steps[i].name);
      return FALSE;
    }
    before += step->seconds;
  }
  return TRUE;
}

gboolean
cli_evaluate_all (CliEvaluation *whole, GError **error)
{
  const CliEvaluate *options = whole->options;
  g_auto (Run) self = { .whole = whole };
  double frame = cli_cost_of_frame (whole->model);
  const char *names[N_STEPS + 1] = { NULL };
  guint n = 0;

  if (!find_open (&self, error))
    return FALSE;
  for (guint i = 0; i < N_STEPS; i++) {
    if (!prepare (&self, i, frame, error))
      return FALSE;
    if (self.steps[i].evaluation.corpus != NULL)
      names[n++] = steps[i].name;
  }
  if (!run_steps (&self, announce (&self), error)
      || !cli_evaluate_write_report (options->output, names, options->command,
          error))
    return FALSE;
  g_autofree char *path = cli_evaluate_path (whole, "report.html");
  puts (path);
  return TRUE;
}
