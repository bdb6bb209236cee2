/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <saliency/analyser.h>
#include "cli/bench.h"
#include "eval/jobs.h"

#define SEED 2022
#define SECONDS 4 /* of sound in each stream, for each number of streams */

/* One stream; whichever thread holds the lock computes its next hop. */
typedef struct {
  GMutex lock;
  SalAnalyser *analyser;
  guint at;      /* hop of the sound that comes next */
  gint64 cpu_ns; /* that threads spent with it */
} Stream;

typedef struct {
  guint n;                       /* streams */
  double cpu_percent_per_stream; /* of one core */
  double realtime_factor;
  gsize rss_bytes; /* of the whole process, 0: not known */
} Row;

typedef struct {
  const CliBench *options;
  GPtrArray *streams; /* of Stream */
  GArray *rows;       /* of Row */
  float *sound;       /* [n_sound * hop] */
  guint n_sound;      /* hops */
  guint hop;          /* samples */
  double hop_seconds;
} Run;

static void
stream_free (gpointer data)
{
  Stream *self = data;

  g_mutex_clear (&self->lock);
  sal_analyser_free (self->analyser);
  g_free (self);
}

static void
run_clear (Run *self)
{
  g_clear_pointer (&self->streams, g_ptr_array_unref);
  g_clear_pointer (&self->rows, g_array_unref);
  g_free (self->sound);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* --- sound --------------------------------------------------------------- */

/* Noise with the slope of speech, about -6 dB per octave above 300 Hz, and four
 * syllables a second, never silent; RMS about -25 dB. */
static float *
make_sound (gsize n, guint rate)
{
  g_autoptr (GRand) noise = g_rand_new_with_seed (SEED);
  float *samples = g_new (float, n);
  double pole = exp (-2 * G_PI * 300 / rate), low = 0;

  for (gsize i = 0; i < n; i++) {
    double syllable = 0.55 - 0.45 * cos (2 * G_PI * 4 * (double) i / rate);
    low = pole * low + (1 - pole) * g_rand_double_range (noise, -1, 1);
    samples[i] = (float) (0.6 * syllable * low);
  }
  return samples;
}

/* --- streams ------------------------------------------------------------- */

static void
push_hop (const Run *self, Stream *stream)
{
  SalMap *map;

  sal_analyser_push (stream->analyser,
      self->sound + (gsize) (stream->at++ % self->n_sound) * self->hop,
      self->hop);
  while ((map = sal_analyser_pop (stream->analyser)) != NULL)
    sal_map_unref (map);
}

/* One more stream, elsewhere in the sound, that has heard whole windows. */
static gboolean
add_stream (Run *self, GError **error)
{
  const CliBench *options = self->options;
  Stream *stream = g_new0 (Stream, 1);

  g_mutex_init (&stream->lock);
  stream->at = 3 * self->streams->len;
  g_ptr_array_add (self->streams, stream);
  stream->analyser
      = sal_analyser_new (options->model, options->target, NULL, error);
  if (stream->analyser == NULL)
    return FALSE;
  double frame = self->hop_seconds / self->hop
      * sal_model_get_mel_config (options->model)->hop;
  guint n = (guint) ceil (SAL_WINDOW_FRAMES * frame / self->hop_seconds) + 1;
  for (guint i = 0; i < n; i++)
    push_hop (self, stream);
  return TRUE;
}

static gint64
thread_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A job: a hop of sound of one stream. */
static gpointer
run_hop (guint index, gpointer data, GError **error)
{
  Run *self = data;
  Stream *stream = self->streams->pdata[index % self->streams->len];

  g_mutex_lock (&stream->lock);
  gint64 begun = thread_ns ();
  push_hop (self, stream);
  stream->cpu_ns += thread_ns () - begun;
  g_mutex_unlock (&stream->lock);
  return stream;
}

static void
drop_hop (gpointer stream)
{
}

/* 0 where there is no /proc. */
static gsize
resident_bytes (void)
{
  g_autofree char *text = NULL;
  unsigned long n_pages = 0;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL)
      || sscanf (text, "%*u %lu", &n_pages) != 1)
    return 0;
  return n_pages * (gsize) sysconf (_SC_PAGESIZE);
}

/* As many streams as there are, on all cores. */
static gboolean
run_streams (Run *self, Row *row, GError **error)
{
  const EvalJobs jobs = { .run = run_hop, .drop = drop_hop };
  guint n = self->streams->len;
  guint n_hops = (guint) ceil (SECONDS / self->hop_seconds);
  gint64 cpu_ns = 0;

  for (guint i = 0; i < n; i++)
    ((Stream *) self->streams->pdata[i])->cpu_ns = 0;
  gint64 begun = g_get_monotonic_time ();
  if (!eval_jobs_run (&jobs, n * n_hops, MIN (n, g_get_num_processors ()), self,
          error))
    return FALSE;
  double wall = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  for (guint i = 0; i < n; i++)
    cpu_ns += ((Stream *) self->streams->pdata[i])->cpu_ns;
  double seconds = n_hops * self->hop_seconds;
  *row = (Row){ .n = n,
    .realtime_factor = seconds / wall,
    .cpu_percent_per_stream = 1e-7 * (double) cpu_ns / (n * seconds),
    .rss_bytes = resident_bytes () };
  return TRUE;
}

/* --- output -------------------------------------------------------------- */

static void
print_row (const Row *row)
{
  if (row->n == 1)
    printf ("streams   CPU of each   times real time   memory\n");
  printf ("%7u%12.1f %%%18.2f", row->n, row->cpu_percent_per_stream,
      row->realtime_factor);
  if (row->rss_bytes > 0)
    printf ("%6.0f MB", 1e-6 * (double) row->rss_bytes);
  printf ("\n");
  fflush (stdout);
}

static void
build_row (JsonBuilder *b, const Row *row)
{
  json_builder_begin_object (b);
  cli_bench_count (b, "n", row->n);
  cli_json_number (b, "cpu_percent_per_stream", row->cpu_percent_per_stream);
  cli_json_number (b, "realtime_factor", row->realtime_factor);
  if (row->rss_bytes > 0)
    cli_bench_count (b, "rss_bytes", row->rss_bytes);
  json_builder_end_object (b);
}

static JsonNode *
to_json (const Run *self)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  cli_bench_describe (self->options, b);
  cli_bench_count (b, "processors", g_get_num_processors ());
  cli_json_number (b, "hop_ms", 1000 * self->hop_seconds);
  cli_json_number (b, "seconds", SECONDS);
  json_builder_set_member_name (b, "streams");
  json_builder_begin_array (b);
  for (guint i = 0; i < self->rows->len; i++)
    build_row (b, &g_array_index (self->rows, Row, i));
  json_builder_end_array (b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

/* --- the whole ----------------------------------------------------------- */

static void
open_run (Run *self, const CliBench *options)
{
  const SalMelConfig *mel = sal_model_get_mel_config (options->model);
  SalAnalyserConfig config;

  sal_analyser_config_init (&config);
  self->options = options;
  self->streams = g_ptr_array_new_with_free_func (stream_free);
  self->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  self->hop = config.hop * mel->hop;
  self->hop_seconds = self->hop / (double) mel->sample_rate;
  self->n_sound = (guint) ceil (2 * SECONDS / self->hop_seconds);
  self->sound
      = make_sound ((gsize) self->n_sound * self->hop, mel->sample_rate);
}

gboolean
cli_bench_streams (const CliBench *options, GError **error)
{
  g_auto (Run) self = { 0 };
  Row row = { .realtime_factor = INFINITY };

  open_run (&self, options);
  while (row.realtime_factor >= 1 && row.n < (guint) options->max_streams) {
    if (!add_stream (&self, error) || !run_streams (&self, &row, error))
      return FALSE;
    g_array_append_val (self.rows, row);
    if (!options->json)
      print_row (&row);
  }
  if (options->json)
    return cli_write_json (to_json (&self), "-", error);
  return TRUE;
}
