/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "picture/turns.h"

#define LEAST_POWER 1e-12 /* -120 dB: silence */

typedef struct {
  char *turns;
  char *target;
  char **files;
  gboolean json;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->turns);
  g_free (self->target);
  g_strfreev (self->files);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (Options *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[]
      = { { "turns", 0, 0, G_OPTION_ARG_FILENAME, &self->turns,
              "True turns: Audacity labels (start, end, name) or RTTM",
              "FILE" },
          { "target", 't', 0, G_OPTION_ARG_STRING, &self->target,
              "Name of the target in that file", "NAME" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL },
          G_OPTION_ENTRY_NULL };
  g_autoptr (CliOptions) options = cli_options_new ("BEFORE AFTER",
      "Prints by how many dB each turn was changed: RMS after against RMS "
      "before.",
      NULL);

  cli_options_add (options, entries);
  return cli_options_parse (options, argc, argv, &self->files, 2, 2, error)
      && cli_require (self->turns, "--turns", error)
      && cli_require (self->target, "--target", error);
}

/* Adds the power of the samples of a block that lie in each turn. */
static void
add_power (const CliReader *reader, const CliBlock *block, guint64 first,
    const GPtrArray *turns, double *power)
{
  double rate = cli_reader_get_rate (reader);
  guint n_channels = cli_reader_get_n_channels (reader);

  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    double n_samples = (turn->end - turn->start) * rate * n_channels;
    double from = MAX (turn->start * rate - first, 0);
    double to = MIN (turn->end * rate - first, block->n_frames);
    double sum = 0;
    gsize last = from < to ? (gsize) to * n_channels : 0;
    for (gsize j = (gsize) from * n_channels; j < last; j++)
      sum += (double) block->pcm[j] * block->pcm[j];
    power[i] += sum / n_samples;
  }
}

/* Returns: (transfer full) (nullable): mean power in each turn, [n_turns] */
static double *
measure (const char *path, const GPtrArray *turns, double *seconds,
    GError **error)
{
  g_autoptr (CliReader) reader = cli_reader_open (path, 0, error);
  g_autofree double *power = g_new0 (double, turns->len + 1);
  g_autoptr (GError) cause = NULL;
  guint64 n_read = 0;
  CliBlock block;

  if (reader == NULL)
    return NULL;
  while (cli_reader_next (reader, &block, &cause)) {
    add_power (reader, &block, n_read, turns, power);
    n_read += block.n_frames;
  }
  if (cause != NULL) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return NULL;
  }
  *seconds = cli_reader_get_seconds (reader);
  return g_steal_pointer (&power);
}

static gboolean
check_turns (const GPtrArray *turns, double seconds, const char *path,
    GError **error)
{
  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    if (turn->start < seconds)
      continue;
    g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
        "%s: the turn at %.3f s lies behind its end at %.3f s", path,
        turn->start, seconds);
    return FALSE;
  }
  return TRUE;
}

/* Mean change of the turns of the target, or of all others; NAN: none. */
static double
mean_change (const GPtrArray *turns, const double *change, const char *target,
    gboolean of_target)
{
  double sum = 0;
  guint n = 0;

  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    if (g_str_equal (turn->name, target) == of_target) {
      sum += change[i];
      n++;
    }
  }
  return n > 0 ? sum / n : NAN;
}

static void
print_table (const GPtrArray *turns, const double *change, const char *target)
{
  double means[] = { mean_change (turns, change, target, TRUE),
    mean_change (turns, change, target, FALSE) };

  printf ("   start     end   change  who\n");
  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    printf ("%8.2f%8.2f%6.1f dB  %s%s\n", turn->start, turn->end, change[i],
        turn->name, g_str_equal (turn->name, target) ? ", the target" : "");
  }
  if (!isnan (means[0]))
    printf ("%22.1f dB  mean of the target's turns\n", means[0]);
  if (!isnan (means[1]))
    printf ("%22.1f dB  mean of the others' turns\n", means[1]);
}

static void
build_mean (JsonBuilder *b, const char *key, double mean)
{
  if (!isnan (mean))
    cli_json_number (b, key, mean);
}

static JsonNode *
to_json (const GPtrArray *turns, const double *change, const char *target)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  cli_json_text (b, "target", target);
  build_mean (b, "target_change_db", mean_change (turns, change, target, TRUE));
  build_mean (b, "others_change_db",
      mean_change (turns, change, target, FALSE));
  json_builder_set_member_name (b, "turns");
  json_builder_begin_array (b);
  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    json_builder_begin_object (b);
    cli_json_text (b, "name", turn->name);
    cli_json_number (b, "start", turn->start);
    cli_json_number (b, "end", turn->end);
    cli_json_number (b, "change_db", change[i]);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

static gboolean
check_target (const GPtrArray *turns, const Options *options, GError **error)
{
  g_autofree char *names = sal_turns_list_names (turns);

  if (sal_turns_have (turns, options->target))
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_MISMATCH,
      "%s: no turn of \"%s\": there are turns of %s", options->turns,
      options->target, names);
  return FALSE;
}

static gboolean
run (const Options *options, GError **error)
{
  double seconds[2];
  g_autoptr (GPtrArray) turns = sal_turns_load (options->turns, error);
  if (turns == NULL || !check_target (turns, options, error))
    return FALSE;
  g_autofree double *before
      = measure (options->files[0], turns, &seconds[0], error);
  if (before == NULL)
    return FALSE;
  g_autofree double *after
      = measure (options->files[1], turns, &seconds[1], error);
  if (after == NULL)
    return FALSE;
  for (guint i = 0; i < 2; i++) {
    if (!check_turns (turns, seconds[i], options->files[i], error))
      return FALSE;
  }

  g_autofree double *change = g_new (double, turns->len + 1);
  for (guint i = 0; i < turns->len; i++)
    change[i] = 10
        * log10 (MAX (after[i], LEAST_POWER) / MAX (before[i], LEAST_POWER));
  if (options->json)
    return cli_write_json (to_json (turns, change, options->target), "-",
        error);
  print_table (turns, change, options->target);
  return TRUE;
}

int
cli_compare (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  GError *error = NULL;
  gboolean ok = parse (&options, argc, argv, &error) && run (&options, &error);

  return cli_exit_code (ok, error);
}
