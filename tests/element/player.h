/* SPDX-License-Identifier: GPL-2.0-or-later */
/* player.h: a speakersaliency in a pipeline that plays in real time
 *
 * The voice-like sound of fixture.h from a live source, 16 kHz mono float, in buffers
 * of 10 ms, to a sink that throws away what comes too late.
 */
#pragma once

#include "fixture.h"

#define PLAYER_RATE 16000
#define PLAYER_BUFFER 160 /* PCM frames */
#define PLAYER_MAX_BUFFERS 4000

typedef struct {
  guint n_messages; /* "speakersaliency" */
  guint n_late;     /* of them */
  guint n_warnings; /* of the element */
  guint n_latency, n_enter, n_leave;
  char *warning;             /* text of the last one */
  guint n_qos, n_sink_qos;   /* of the element, of the sink */
  gint64 least_qos_interval; /* us between two of the element */
} PlayerCounts;

typedef struct {
  GstElement *pipeline, *element, *sink;
  Fixture sound;      /* the format of fixture_new_buffer() */
  gboolean is_silent; /* atomic: from the next buffer on */
  gint n_in, n_out;   /* atomic: buffers that reached and left the element */
  gint cost;          /* us, atomic: of a window, beside what it costs */
  GstClockTime first_pts;
  gint most_inside,
      least_inside; /* between the two, once the first one has left; of the streaming thread */
  float *out;       /* [PLAYER_MAX_BUFFERS * PLAYER_BUFFER]: what left */
  GMutex lock;
  GCond changed;
  PlayerCounts counts;   /* under the lock */
  GPtrArray *structures; /* of messages, if kept; under the lock */
  gint64 qos_time;
  guint64 n_dropped; /* by the sink; known once stopped */
} Player;

Player *player_new (const char *properties); /* of the element; in NULL */
void player_start (Player *self);            /* plays */
void player_stop (Player *self);             /* at once */
void player_free (Player *self);
void player_set_cost (Player *self, guint ms); /* of a window, beside what it costs */

/* Sleeps until @ms of sound have reached the element. */
void player_wait (Player *self, guint ms);

PlayerCounts player_get_counts (Player *self);
guint64 player_get_stat (Player *self, const char *field);

/* of ms [@from, @to) of what left: level in relation to what came in */
double player_get_gain (Player *self, guint from, guint to);

/* the largest change of the gain from one sample to the next, likewise */
double player_get_largest_step (Player *self, guint from, guint to);
