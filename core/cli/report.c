/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "picture/turns.h"

/* Frame t stands for the hop around its centre. */
static double
frame_start (const CliSession *session, guint t)
{
  return MAX (0, session->centre + (t - 0.5) * session->period);
}

static double
mean_activity (const CliReport *self, double start, double end)
{
  double sum = 0;
  guint n = 0;

  for (guint t = 0; t < self->n_frames; t++) {
    double time = self->session->centre + t * self->session->period;
    if (time >= start && time < end) {
      sum += self->activity[t];
      n++;
    }
  }
  return n > 0 ? sum / n : 0;
}

static void
add_segment (CliReport *self, guint first, guint last)
{
  double start = frame_start (self->session, first);
  double end = MIN (frame_start (self->session, last), self->seconds);
  CliSegment segment = { start, end, mean_activity (self, start, end) };

  g_array_append_val (self->segments, segment);
}

/* The gate's hold bridges pauses; behind the last frame above it is cut off. */
static void
find_segments (CliReport *self)
{
  SalGateConfig config = self->session->gate;
  float low = config.threshold - config.hysteresis;
  g_autofree float *gain = g_new (float, self->n_frames + 1);

  config.floor_db = -120;
  config.attack_ms = config.release_ms = 0;
  g_autoptr (SalGate) gate
      = sal_gate_new (&config, 1, (float) (1000 * self->session->period), NULL);
  sal_gate_process (gate, self->activity, self->n_frames, gain);

  for (guint t = 0; t < self->n_frames; t++) {
    guint first = t;
    while (t < self->n_frames && gain[t] > 0.5f)
      t++;
    guint last = t;
    while (last > first && self->activity[last - 1] < low)
      last--;
    if (last > first)
      add_segment (self, first, last);
  }
}

void
cli_report_init (CliReport *self, const char *path, const CliSession *session,
    double seconds, GPtrArray *maps, GPtrArray *turns)
{
  *self = (CliReport){ .path = path,
    .session = session,
    .seconds = seconds,
    .maps = maps,
    .turns = turns };
  self->segments = g_array_new (FALSE, FALSE, sizeof (CliSegment));
  for (guint i = 0; i < maps->len; i++)
    self->n_frames += ((SalMap *) g_ptr_array_index (maps, i))->n_frames;
  self->activity = g_new (float, self->n_frames + 1);
  self->log_odds = g_new (float, self->n_frames + 1);

  guint t = 0;
  for (guint i = 0; i < maps->len; i++) {
    const SalMap *map = g_ptr_array_index (maps, i);
    memcpy (self->activity + t, map->activity, map->n_frames * sizeof (float));
    memcpy (self->log_odds + t, map->log_odds, map->n_frames * sizeof (float));
    t += map->n_frames;
  }
  find_segments (self);
}

void
cli_report_clear (CliReport *self)
{
  g_clear_pointer (&self->maps, g_ptr_array_unref);
  g_clear_pointer (&self->turns, g_ptr_array_unref);
  g_clear_pointer (&self->segments, g_array_unref);
  g_free (self->activity);
  g_free (self->log_odds);
}

static void
print_turns (const CliReport *self)
{
  const char *target = sal_target_get_name (self->session->target);

  printf ("true turns:\n   start     end  probability  who\n");
  for (guint i = 0; i < self->turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (self->turns, i);
    printf ("%8.2f%8.2f%13.2f  %s%s\n", turn->start, turn->end,
        mean_activity (self, turn->start, turn->end), turn->name,
        g_str_equal (turn->name, target) ? ", the target" : "");
  }
}

void
cli_report_print (const CliReport *self)
{
  double total = 0;

  for (guint i = 0; i < self->segments->len; i++) {
    CliSegment *s = &g_array_index (self->segments, CliSegment, i);
    total += s->end - s->start;
  }
  g_autofree char *name = g_filename_display_name (self->path);
  printf ("%s: %.1f s, of which %s speaks %.1f s\n", name, self->seconds,
      sal_target_get_name (self->session->target), total);
  if (self->segments->len > 0)
    printf ("   start     end  probability\n");
  for (guint i = 0; i < self->segments->len; i++) {
    CliSegment *s = &g_array_index (self->segments, CliSegment, i);
    printf ("%8.2f%8.2f%13.2f\n", s->start, s->end, s->probability);
  }
  if (self->turns != NULL)
    print_turns (self);
}

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
  json_builder_set_member_name (b, "degrid");
  json_builder_add_boolean_value (b, cam->degrid);
  if (cam->method == SAL_CAM_SCORE)
    cli_json_number (b, "channels", cam->channels);
  cli_json_number (b, "threshold", session->gate.threshold);
  cli_json_number (b, "hysteresis", session->gate.hysteresis);
  cli_json_number (b, "hold_ms", session->gate.hold_ms);
  json_builder_end_object (b);
}

static void
build_spoken (JsonBuilder *b, double start, double end, double probability)
{
  cli_json_number (b, "start", start);
  cli_json_number (b, "end", end);
  cli_json_number (b, "probability", probability);
}

static void
build_segments (JsonBuilder *b, const CliReport *self)
{
  json_builder_set_member_name (b, "segments");
  json_builder_begin_array (b);
  for (guint i = 0; i < self->segments->len; i++) {
    CliSegment *s = &g_array_index (self->segments, CliSegment, i);
    json_builder_begin_object (b);
    build_spoken (b, s->start, s->end, s->probability);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

static void
build_turns (JsonBuilder *b, const CliReport *self)
{
  const char *target = sal_target_get_name (self->session->target);

  json_builder_set_member_name (b, "turns");
  json_builder_begin_array (b);
  for (guint i = 0; i < self->turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (self->turns, i);
    json_builder_begin_object (b);
    cli_json_text (b, "name", turn->name);
    json_builder_set_member_name (b, "is_target");
    json_builder_add_boolean_value (b, g_str_equal (turn->name, target));
    build_spoken (b, turn->start, turn->end,
        mean_activity (self, turn->start, turn->end));
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
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
build_stretches (JsonBuilder *b, const CliReport *self)
{
  json_builder_set_member_name (b, "stretches");
  json_builder_begin_array (b);
  guint t = 0;
  for (guint i = 0; i < self->maps->len; i++) {
    const SalMap *map = g_ptr_array_index (self->maps, i);
    json_builder_begin_object (b);
    build_spoken (b, frame_start (self->session, t),
        frame_start (self->session, t + map->n_frames), map->probability);
    cli_json_number (b, "score", map->score);
    cli_json_number (b, "peak", map->peak);
    build_flags (b, map->flags);
    json_builder_end_object (b);
    t += map->n_frames;
  }
  json_builder_end_array (b);
}

static void
build_array (JsonBuilder *b, const char *key, const float *values, guint n)
{
  json_builder_set_member_name (b, key);
  json_builder_begin_array (b);
  for (guint t = 0; t < n; t++)
    json_builder_add_double_value (b, values[t]);
  json_builder_end_array (b);
}

static void
build_frames (JsonBuilder *b, const CliReport *self)
{
  json_builder_set_member_name (b, "frames");
  json_builder_begin_object (b);
  cli_json_number (b, "period", self->session->period);
  cli_json_number (b, "centre", self->session->centre);
  build_array (b, "activity", self->activity, self->n_frames);
  build_array (b, "log_odds", self->log_odds, self->n_frames);
  json_builder_end_object (b);
}

JsonNode *
cli_report_to_json (const CliReport *self)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autofree char *name = g_filename_display_name (self->path);
  const SalModel *model = self->session->model;

  json_builder_begin_object (b);
  cli_json_text (b, "file", name);
  cli_json_number (b, "seconds", self->seconds);
  cli_json_text (b, "model", sal_model_get_name (model));
  cli_json_text (b, "model_id", sal_model_get_id (model));
  json_builder_set_member_name (b, "calibrated");
  json_builder_add_boolean_value (b, sal_model_check_calibration (model, NULL));
  cli_json_text (b, "target", sal_target_get_name (self->session->target));
  build_settings (b, self->session);
  build_segments (b, self);
  if (self->turns != NULL)
    build_turns (b, self);
  build_stretches (b, self);
  build_frames (b, self);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}
