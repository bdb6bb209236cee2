/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/report-json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "picture/turns.h"

#define FRAME_DIGITS "%.7g" /* of a float */
#define MAP_DIGITS "%.4g"
#define MEMBER 2 /* spaces before a member */

struct _CliReportJson {
  char *path;
  const CliSession *session;
  gboolean with_map;
  FILE *out;      /* standard output, or a file without a name */
  FILE *activity; /* likewise: of float, what waits for the end */
  FILE *log_odds;
  FILE *map; /* NULL if it is not wanted */
  guint64 n_frames;
  gboolean has_stretch;
};

static void
close_file (FILE *file)
{
  if (file != NULL && file != stdout)
    fclose (file);
}

void
cli_report_json_free (CliReportJson *self)
{
  if (self == NULL)
    return;
  close_file (self->out);
  close_file (self->activity);
  close_file (self->log_odds);
  close_file (self->map);
  g_free (self->path);
  g_free (self);
}

/* --- the beginning ------------------------------------------------------- */

static void
build_settings (JsonBuilder *b, const CliSession *session)
{
  const SalCamConfig *cam = &session->config.cam;

  json_builder_set_member_name (b, "settings");
  json_builder_begin_object (b);
  cli_json_number (b, "hop_ms", 1000 * session->config.hop * session->period);
  cli_json_number (b, "lookahead_ms",
      1000 * session->config.lookahead * session->period);
  cli_json_text (b, "method", cli_method_name (cam->method));
  json_builder_set_member_name (b, "layers");
  json_builder_begin_array (b);
  for (int i = 0; i < SAL_STAGES; i++) {
    char name[] = { 's', (char) ('1' + i), '\0' };
    if (cam->layers & (SAL_CAM_S1 << i))
      json_builder_add_string_value (b, name);
  }
  json_builder_end_array (b);
  cli_json_text (b, "fusion", cli_fusion_name (cam->fusion));
  cli_json_text (b, "score_function",
      cli_score_function_name (cam->score_function));
  cli_json_number (b, "gamma", cam->gamma);
  cli_json_number (b, "percentile", cam->percentile);
  cli_json_flag (b, "degrid", cam->degrid);
  if (cam->method == SAL_CAM_SCORE)
    cli_json_number (b, "channels", cam->channels);
  cli_json_number (b, "threshold", session->gate.threshold);
  cli_json_number (b, "hysteresis", session->gate.hysteresis);
  cli_json_number (b, "hold_ms", session->gate.hold_ms);
  json_builder_end_object (b);
}

/* Writes the members of an object, the last without a comma behind it. */
static void
print_members (CliReportJson *self, JsonBuilder *b, const char *behind)
{
  g_autoptr (JsonNode) root = json_builder_get_root (b);
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;
  gboolean first = TRUE;

  json_object_iter_init_ordered (&iter, json_node_get_object (root));
  while (json_object_iter_next_ordered (&iter, &key, &value)) {
    fprintf (self->out, "%s%*s\"%s\" : ", first ? "" : ",\n", MEMBER, "", key);
    cli_json_print (self->out, value, MEMBER);
    first = FALSE;
  }
  fputs (behind, self->out);
}

static void
print_head (CliReportJson *self, const char *recording)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autofree char *name = g_filename_display_name (recording);
  const SalModel *model = self->session->model;

  json_builder_begin_object (b);
  cli_json_text (b, "file", name);
  cli_json_text (b, "model", sal_model_get_name (model));
  cli_json_text (b, "model_id", sal_model_get_id (model));
  cli_json_flag (b, "calibrated", sal_model_check_calibration (model, NULL));
  cli_json_text (b, "target", sal_target_get_name (self->session->target));
  build_settings (b, self->session);
  json_builder_end_object (b);
  fputs ("{\n", self->out);
  print_members (self, b, ",\n  \"stretches\" : [");
}

CliReportJson *
cli_report_json_new (const char *path, const char *recording,
    const CliSession *session, gboolean with_map, GError **error)
{
  g_autoptr (CliReportJson) self = g_new0 (CliReportJson, 1);

  self->path = g_strdup (path);
  self->session = session;
  self->with_map = with_map;
  self->out = g_str_equal (path, "-") ? stdout : tmpfile ();
  self->activity = tmpfile ();
  self->log_odds = tmpfile ();
  self->map = with_map ? tmpfile () : NULL;
  if (self->out == NULL || self->activity == NULL || self->log_odds == NULL
      || (with_map && self->map == NULL)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "temporary file: %s",
        g_strerror (errno));
    return NULL;
  }
  print_head (self, recording);
  return g_steal_pointer (&self);
}

/* --- stretches ----------------------------------------------------------- */

static void
build_spoken (JsonBuilder *b, double start, double end, double probability)
{
  cli_json_number (b, "start", start);
  cli_json_number (b, "end", end);
  cli_json_number (b, "probability", probability);
}

static void
build_flags (JsonBuilder *b, SalMapFlags flags)
{
  static const char *const names[] = { "partial", "empty", "silence" };

  json_builder_set_member_name (b, "flags");
  json_builder_begin_array (b);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (flags & (1u << i))
      json_builder_add_string_value (b, names[i]);
  }
  json_builder_end_array (b);
}

static void
print_stretch (CliReportJson *self, const SalMap *map)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  const CliSession *session = self->session;

  json_builder_begin_object (b);
  build_spoken (b, cli_report_frame_start (session, self->n_frames),
      cli_report_frame_start (session, self->n_frames + map->n_frames),
      map->probability);
  cli_json_number (b, "score", map->score);
  cli_json_number (b, "peak", map->peak);
  build_flags (b, map->flags);
  json_builder_end_object (b);
  g_autoptr (JsonNode) root = json_builder_get_root (b);
  fprintf (self->out, "%s\n%*s", self->has_stretch ? "," : "", 2 * MEMBER, "");
  cli_json_print (self->out, root, 2 * MEMBER);
  self->has_stretch = TRUE;
}

void
cli_report_json_push (CliReportJson *self, const SalMap *map)
{
  print_stretch (self, map);
  fwrite (map->activity, sizeof (float), map->n_frames, self->activity);
  fwrite (map->log_odds, sizeof (float), map->n_frames, self->log_odds);
  for (guint t = 0; self->with_map && t < map->n_frames; t++)
    for (guint f = 0; f < map->n_bands; f++)
      fwrite (&map->saliency[f * map->n_frames + t], sizeof (float), 1,
          self->map);
  self->n_frames += map->n_frames;
}

/* --- the end ------------------------------------------------------------- */

static void
build_segments (JsonBuilder *b, const GArray *segments)
{
  json_builder_set_member_name (b, "segments");
  json_builder_begin_array (b);
  for (guint i = 0; i < segments->len; i++) {
    const CliSegment *s = &g_array_index (segments, CliSegment, i);
    json_builder_begin_object (b);
    build_spoken (b, s->start, s->end, s->probability);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

static void
build_turns (JsonBuilder *b, const CliReport *report, const GPtrArray *turns,
    const char *target)
{
  json_builder_set_member_name (b, "turns");
  json_builder_begin_array (b);
  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    json_builder_begin_object (b);
    cli_json_text (b, "name", turn->name);
    cli_json_flag (b, "is_target", g_str_equal (turn->name, target));
    build_spoken (b, turn->start, turn->end, cli_report_get_turn (report, i));
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

/* n numbers with commas between. */
static void
print_row (CliReportJson *self, FILE *from, guint64 n, const char *format)
{
  char text[CLI_JSON_NUMBER];
  float value = 0;

  fputc ('[', self->out);
  for (guint64 i = 0; i < n && fread (&value, sizeof value, 1, from) == 1; i++)
    fprintf (self->out, "%s%s", i > 0 ? ", " : "",
        isfinite (value)
            ? g_ascii_formatd (text, sizeof text, format, (double) value)
            : "null");
  fputc (']', self->out);
}

static void
print_array (CliReportJson *self, const char *key, FILE *from)
{
  rewind (from);
  fprintf (self->out, ",\n%*s\"%s\" : ", 2 * MEMBER, "", key);
  print_row (self, from, self->n_frames, FRAME_DIGITS);
}

/* A row for each frame, and the frequencies of its values. */
static void
print_map (CliReportJson *self)
{
  const SalMelConfig *mel = sal_model_get_mel_config (self->session->model);
  g_autofree float *bands_hz = g_new (float, mel->n_bands);
  char text[CLI_JSON_NUMBER];

  sal_mel_config_bands (mel, bands_hz);
  fprintf (self->out, ",\n%*s\"bands_hz\" : [", 2 * MEMBER, "");
  for (guint f = 0; f < mel->n_bands; f++)
    fprintf (self->out, "%s%s", f > 0 ? ", " : "",
        cli_json_format (bands_hz[f], text));
  fprintf (self->out, "],\n%*s\"saliency\" : [", 2 * MEMBER, "");
  rewind (self->map);
  for (guint64 t = 0; t < self->n_frames; t++) {
    fprintf (self->out, "%s\n%*s", t > 0 ? "," : "", 3 * MEMBER, "");
    print_row (self, self->map, mel->n_bands, MAP_DIGITS);
  }
  fprintf (self->out, "\n%*s]", 2 * MEMBER, "");
}

static void
print_frames (CliReportJson *self)
{
  char period[CLI_JSON_NUMBER], centre[CLI_JSON_NUMBER];

  fprintf (self->out,
      "  \"frames\" : {\n    \"period\" : %s,\n    \"centre\" : %s",
      cli_json_format (self->session->period, period),
      cli_json_format (self->session->centre, centre));
  print_array (self, "activity", self->activity);
  print_array (self, "log_odds", self->log_odds);
  if (self->with_map)
    print_map (self);
  fputs ("\n  }\n}\n", self->out);
}

gboolean
cli_report_json_finish (CliReportJson *self, const CliReport *report,
    double seconds, const GPtrArray *turns, GError **error)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  cli_json_number (b, "seconds", seconds);
  build_segments (b, cli_report_get_segments (report));
  if (turns != NULL)
    build_turns (b, report, turns, sal_target_get_name (self->session->target));
  json_builder_end_object (b);
  fputs (self->has_stretch ? "\n  ],\n" : "],\n", self->out);
  print_members (self, b, ",\n");
  print_frames (self);
  if (self->out != stdout)
    return cli_json_save (self->out, self->path, error);
  if (fflush (stdout) == 0 && !ferror (stdout))
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "-: %s", g_strerror (errno));
  return FALSE;
}
