/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/report.h"

#include <stdio.h>

#include "picture/turns.h"
#include "mask/gate-internal.h"

/* A mean that grows. */
typedef struct {
  double sum;
  guint64 n;
} Mean;

struct _CliReport {
  char *name; /* of the recording, for display */
  const CliSession *session;
  const GPtrArray *turns;
  gboolean print;
  SalGate *gate;
  float low;        /* probability below which the target no longer speaks */
  GArray *segments; /* of CliSegment */
  Mean *of_turns;   /* [n_turns] */
  guint64 n_frames;
  gboolean open;     /* within a segment, */
  guint64 first;     /* whose first frame this is, */
  guint64 end;       /* behind its last frame above low, */
  Mean all, to_end;  /* and what its frames have, to now and to that end */
  GArray *gains;     /* of float, [n_frames] of a map */
  gboolean has_head; /* of the table: printed */
};

static double
mean_of (const Mean *self)
{
  return self->n > 0 ? self->sum / (double) self->n : 0;
}

double
cli_report_frame_start (const CliSession *session, guint64 t)
{
  return MAX (0, session->centre + ((double) t - 0.5) * session->period);
}

/* The gate's hold bridges pauses; it has no ramps. */
static SalGate *
new_gate (const CliSession *session)
{
  SalGateConfig config = session->gate;

  config.floor_db = -120;
  config.attack_ms = config.release_ms = 0;
  return sal_gate_new (&config, 1, (float) (1000 * session->period), NULL);
}

CliReport *
cli_report_new (const char *path, const CliSession *session,
    const GPtrArray *turns, gboolean print)
{
  CliReport *self = g_new0 (CliReport, 1);

  self->name = g_filename_display_name (path);
  self->session = session;
  self->turns = turns;
  self->print = print;
  self->gate = new_gate (session);
  self->low = session->gate.threshold - session->gate.hysteresis;
  self->segments = g_array_new (FALSE, FALSE, sizeof (CliSegment));
  self->of_turns = g_new0 (Mean, (turns != NULL ? turns->len : 0) + 1);
  self->gains = g_array_new (FALSE, FALSE, sizeof (float));
  return self;
}

void
cli_report_free (CliReport *self)
{
  if (self == NULL)
    return;
  sal_gate_free (self->gate);
  g_array_unref (self->segments);
  g_array_unref (self->gains);
  g_free (self->of_turns);
  g_free (self->name);
  g_free (self);
}

/* --- segments ------------------------------------------------------------ */

static void
print_segment (CliReport *self, const CliSegment *segment)
{
  if (!self->has_head)
    printf ("   start     end  probability\n");
  self->has_head = TRUE;
  printf ("%8.2f%8.2f%13.2f\n", segment->start, segment->end,
      segment->probability);
  fflush (stdout);
}

/* Behind its last frame above low a segment is cut off. */
static void
end_segment (CliReport *self, double seconds)
{
  double start = cli_report_frame_start (self->session, self->first);
  double end = cli_report_frame_start (self->session, self->end);
  CliSegment segment = { start, MIN (end, seconds), mean_of (&self->to_end) };

  self->open = FALSE;
  if (self->end <= self->first)
    return;
  g_array_append_val (self->segments, segment);
  if (self->print)
    print_segment (self, &segment);
}

static void
add_frame (CliReport *self, float activity, gboolean open)
{
  guint64 t = self->n_frames++;

  if (self->open && !open)
    end_segment (self, G_MAXDOUBLE);
  if (!open)
    return;
  if (!self->open) {
    self->open = TRUE;
    self->first = self->end = t;
    self->all = self->to_end = (Mean){ 0 };
  }
  self->all.sum += activity;
  self->all.n++;
  if (activity >= self->low) {
    self->end = t + 1;
    self->to_end = self->all;
  }
}

/* Adds what a map holds of each true turn. */
static void
add_turns (CliReport *self, const SalMap *map)
{
  double period = self->session->period;
  double begin = self->session->centre + (double) self->n_frames * period;

  for (guint i = 0; self->turns != NULL && i < self->turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (self->turns, i);
    if (turn->start > begin + map->n_frames * period || turn->end < begin)
      continue;
    for (guint t = 0; t < map->n_frames; t++) {
      double time
          = self->session->centre + (double) (self->n_frames + t) * period;
      if (time >= turn->start && time < turn->end) {
        self->of_turns[i].sum += map->activity[t];
        self->of_turns[i].n++;
      }
    }
  }
}

void
cli_report_push (CliReport *self, const SalMap *map)
{
  add_turns (self, map);
  g_array_set_size (self->gains, map->n_frames);
  float *gains = (float *) self->gains->data;
  sal_gate_process (self->gate, map->activity, map->n_frames, gains);
  for (guint t = 0; t < map->n_frames; t++)
    add_frame (self, map->activity[t], gains[t] > 0.5f);
}

/* --- the end ------------------------------------------------------------- */

static void
print_turns (const CliReport *self)
{
  const char *target = sal_target_get_name (self->session->target);

  printf ("true turns:\n   start     end  probability  speaker\n");
  for (guint i = 0; i < self->turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (self->turns, i);
    printf ("%8.2f%8.2f%13.2f  %s%s\n", turn->start, turn->end,
        mean_of (&self->of_turns[i]), turn->name,
        g_str_equal (turn->name, target) ? ", the target" : "");
  }
}

static void
print_summary (const CliReport *self, double seconds)
{
  double total = 0;

  for (guint i = 0; i < self->segments->len; i++) {
    const CliSegment *s = &g_array_index (self->segments, CliSegment, i);
    total += s->end - s->start;
  }
  printf ("%s: %.1f s, of which %s speaks %.1f s\n", self->name, seconds,
      sal_target_get_name (self->session->target), total);
  if (self->turns != NULL)
    print_turns (self);
}

void
cli_report_finish (CliReport *self, double seconds)
{
  if (self->open)
    end_segment (self, seconds);
  for (guint i = 0; i < self->segments->len; i++) {
    CliSegment *s = &g_array_index (self->segments, CliSegment, i);
    s->end = MIN (s->end, seconds);
  }
  if (self->print)
    print_summary (self, seconds);
}

const GArray *
cli_report_get_segments (const CliReport *self)
{
  return self->segments;
}

double
cli_report_get_turn (const CliReport *self, guint index)
{
  return mean_of (&self->of_turns[index]);
}
