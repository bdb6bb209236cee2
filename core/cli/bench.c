/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <saliency/analyser.h>
#include "network/geometry.h"
#include "compute/kernels/kernels.h"
#include "network/model-internal.h"
#include "cli/peak.h"

#define SEED 2022
#define WARM_UP 3 /* windows */
#define LEAST_FRAMES 16
#define MOST_FRAMES 2000

enum { FORWARD, CAM, DENSE, N_MEASURES };

static const struct {
  const char *key, *text;
} measures[N_MEASURES] = {
  [FORWARD] = { "ms_forward", "forward" },
  [CAM] = { "ms_cam", "forward, backward to S1, map of S1 to S4" },
  [DENSE] = { "ms_dense", "forward, dense score" },
};

/* What one window is computed with. */
typedef struct {
  const CliBench *options;
  SalNet *net;   /* goes down to S1 */
  SalNet *light; /* goes nowhere */
  SalScorer *scorer;
  SalCam *cam;
  SalCamConfig cam_config;
  guint n_frames; /* T */
  float *log_mel; /* [F, T] */
  float *map;     /* [F, T] */
  float *dense;   /* log-odds, [W] of S4 */
} Work;

typedef struct {
  double ms[N_MEASURES]; /* medians */
  double gflops, peak_gflops;
  gsize arena_bytes;
} Results;

static void
work_clear (Work *self)
{
  sal_net_free (self->net);
  sal_net_free (self->light);
  sal_scorer_free (self->scorer);
  sal_cam_free (self->cam);
  g_free (self->log_mel);
  g_free (self->map);
  g_free (self->dense);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static void
options_clear (CliBench *self)
{
  g_free (self->model_path);
  g_strfreev (self->files);
  sal_model_unref (self->model);
  sal_target_unref (self->target);
}

typedef CliBench Options;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* --- command line -------------------------------------------------------- */

static gboolean
check_range (const char *option, int value, int least, int most, GError **error)
{
  if (value >= least && value <= most)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s is %d, outside %d..%d", option, value, least, most);
  return FALSE;
}

static gboolean
check_numbers (const Options *self, GError **error)
{
  return check_range ("--windows", self->n_windows, 1, 100000, error)
      && check_range ("--frames", self->n_frames, LEAST_FRAMES, MOST_FRAMES,
          error)
      && check_range ("--threads", self->n_threads, 1, SAL_NET_MAX_THREADS,
          error)
      && check_range ("--max-streams", self->max_streams, 1, 1000, error);
}

static gboolean
parse (Options *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[] = { { "model", 'm', 0, G_OPTION_ARG_FILENAME,
                                 &self->model_path, "Model file", "FILE" },
    { "windows", 0, 0, G_OPTION_ARG_INT, &self->n_windows,
        "Of how many windows the median is taken (30)", "N" },
    { "frames", 0, 0, G_OPTION_ARG_INT, &self->n_frames,
        "Length of a window (200)", "T" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &self->n_threads,
        "How many work on a window (1)", "N" },
    { "streams", 0, 0, G_OPTION_ARG_NONE, &self->streams,
        "Instead: how many streams are kept up with, on all cores", NULL },
    { "max-streams", 0, 0, G_OPTION_ARG_INT, &self->max_streams,
        "No more streams than that (64)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->files, NULL,
        NULL },
    G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context,
      "Times one window, or runs more and more streams at once.");
  g_option_context_add_main_entries (context, entries, NULL);
  return cli_parse (context, &argc, &argv, &self->files, 0, 0, error)
      && check_numbers (self, error);
}

static gboolean
open_model (Options *self, GError **error)
{
  self->model = cli_load_model (self->model_path, error);
  if (self->model == NULL)
    return FALSE;
  if (sal_model_get_n_classes (self->model) == 0)
    return sal_error_set (error, SAL_ERROR_TARGET,
        "%s: knows no voices, so that there is no score to time",
        sal_model_get_path (self->model));
  self->target = sal_target_new_class (self->model,
      sal_model_get_class_name (self->model, 0), error);
  return self->target != NULL;
}

/* --- arithmetic ---------------------------------------------------------- */

/* Multiply-adds of the convolutions of a forward pass, each taken as it is
 * defined, whatever way it is computed. */
static double
count_multiply_adds (const SalDescription *record, guint n_frames)
{
  const SalTopology *t = &record->topology;
  double h = record->mel.n_bands, w = n_frames;
  double n_in = t->widths[0], sum = 9 * n_in * h * w;

  for (guint i = 0; i < SAL_STAGES; i++) {
    double n_out = t->widths[i];
    for (guint j = 0; j < t->blocks[i]; j++) {
      guint stride = j == 0 ? t->strides[i] : 1;
      h = ((guint) h - 1) / stride + 1;
      w = ((guint) w - 1) / stride + 1;
      sum += 9 * (n_in + n_out) * n_out * h * w;
      if (stride != 1 || n_in != n_out)
        sum += n_in * n_out * h * w; /* the shortcut */
      n_in = n_out;
    }
  }
  return sum;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
median (double *values, guint n)
{
  qsort (values, n, sizeof (double), compare_doubles);
  return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
}

/* --- measuring ----------------------------------------------------------- */

/* A window of noise, about as loud as speech is; S1 to S4 in the map. */
static void
open_work (Work *self, const CliBench *options)
{
  SalModel *model = options->model;
  guint T = (guint) options->n_frames;
  gsize size = (gsize) sal_model_get_mel_config (model)->n_bands * T;
  g_autoptr (GRand) noise = g_rand_new_with_seed (SEED);

  *self = (Work){ .options = options, .n_frames = T };
  self->net = sal_net_new (model, T, 0, (guint) options->n_threads);
  self->light
      = sal_net_new (model, T, SAL_STAGES - 1, (guint) options->n_threads);
  self->scorer = sal_scorer_new (model);
  self->cam = sal_cam_new (model, T);
  sal_cam_config_init (&self->cam_config);
  self->cam_config.layers = SAL_CAM_S1 | SAL_CAM_S2 | SAL_CAM_S3 | SAL_CAM_S4;
  self->log_mel = g_new (float, size);
  self->map = g_new (float, size);
  self->dense = g_new (float, T);
  for (gsize i = 0; i < size; i++)
    self->log_mel[i] = (float) g_rand_double_range (noise, 5, 15);
}

/* Returns: milliseconds */
static double
run_once (Work *self, guint measure)
{
  const SalTarget *target = self->options->target;
  gint64 begun = g_get_monotonic_time ();
  float peak;
  SalNet *net = measure == CAM ? self->net : self->light;

  sal_net_forward (net, self->log_mel, self->n_frames);
  if (measure == CAM)
    sal_cam_compute (self->cam, net, target, &self->cam_config, self->map,
        &peak);
  if (measure == DENSE)
    sal_scorer_dense (self->scorer, net, target, SAL_DENSE_COLUMNS,
        self->dense);
  return (double) (g_get_monotonic_time () - begun) / 1000;
}

/* One window of each measure after the other, so that all meet the same
 * disturbances. */
static void
measure (const CliBench *options, Results *results)
{
  const SalDescription *record = sal_model_get_description (options->model);
  guint n = (guint) options->n_windows;
  g_autofree double *ms = g_new (double, N_MEASURES *n);
  g_auto (Work) work = { 0 };
  CliProgress progress;

  open_work (&work, options);
  cli_progress_start (&progress, "timing");
  for (guint i = 0; i < WARM_UP + n; i++) {
    for (guint m = 0; m < N_MEASURES; m++) {
      double passed = run_once (&work, m);
      if (i >= WARM_UP)
        ms[m * n + i - WARM_UP] = passed;
    }
    cli_progress_update (&progress, i / (double) (WARM_UP + n));
  }
  cli_progress_end (&progress);
  for (guint m = 0; m < N_MEASURES; m++)
    results->ms[m] = median (ms + m * n, n);
  results->gflops = 2e-6 * count_multiply_adds (record, work.n_frames)
      / results->ms[FORWARD];
  results->peak_gflops = cli_peak_gflops ();
  results->arena_bytes = sal_net_get_size (work.net);
}

/* --- output -------------------------------------------------------------- */

void
cli_bench_count (JsonBuilder *builder, const char *key, gsize n)
{
  json_builder_set_member_name (builder, key);
  json_builder_add_int_value (builder, (gint64) n);
}

void
cli_bench_describe (const CliBench *self, JsonBuilder *builder)
{
  g_autofree char *cpu = cli_cpu_name ();

  cli_json_text (builder, "model", sal_model_get_name (self->model));
  cli_json_text (builder, "model_id", sal_model_get_id (self->model));
  cli_json_text (builder, "cpu", cpu);
  cli_json_text (builder, "kernels", sal_kernels_get ()->name);
}

static JsonNode *
to_json (const CliBench *options, const Results *results)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  cli_bench_describe (options, b);
  cli_bench_count (b, "threads", (gsize) options->n_threads);
  cli_bench_count (b, "frames", (gsize) options->n_frames);
  cli_bench_count (b, "windows", (gsize) options->n_windows);
  for (guint m = 0; m < N_MEASURES; m++)
    cli_json_number (b, measures[m].key, results->ms[m]);
  cli_json_number (b, "gflops", results->gflops);
  cli_json_number (b, "peak_gflops", results->peak_gflops);
  cli_bench_count (b, "arena_bytes", results->arena_bytes);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

static void
print_human (const CliBench *options, const Results *results)
{
  g_autofree char *cpu = cli_cpu_name ();

  printf ("%s on %s, %s: a window of %d frames, threads: %d, median of %d\n",
      sal_model_get_name (options->model), cpu, sal_kernels_get ()->name,
      options->n_frames, options->n_threads, options->n_windows);
  for (guint m = 0; m < N_MEASURES; m++)
    printf ("%8.2f ms    %s\n", results->ms[m], measures[m].text);
  printf ("%8.1f GFLOP/s in the forward pass, %.0f %% of the %.1f that a core "
          "does at best with %s\n",
      results->gflops, 100 * results->gflops / results->peak_gflops,
      results->peak_gflops, sal_kernels_get ()->name);
  printf ("%8.1f MB    beside the model\n",
      1e-6 * (double) results->arena_bytes);
}

static gboolean
run (Options *options, GError **error)
{
  Results results;

  if (!open_model (options, error))
    return FALSE;
  if (options->streams)
    return cli_bench_streams (options, error);
  measure (options, &results);
  if (options->json)
    return cli_write_json (to_json (options, &results), "-", error);
  print_human (options, &results);
  return TRUE;
}

int
cli_bench (int argc, char **argv)
{
  g_auto (Options) options = { .n_windows = 30,
    .max_streams = 64,
    .n_threads = 1,
    .n_frames = SAL_WINDOW_FRAMES };
  GError *error = NULL;
  gboolean ok = parse (&options, argc, argv, &error) && run (&options, &error);

  return cli_exit_code (ok, error);
}
