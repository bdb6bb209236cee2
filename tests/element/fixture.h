/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fixture.h: a speakersaliency between two pads, and sound to push through it */
#pragma once

#include <gst/audio/audio.h>
#include <gst/check/gstharness.h>

typedef struct {
  GstElement *element;
  GstHarness *harness;
  GstBus *bus;
  GstAudioInfo info;
  guint64 n_pushed; /* PCM frames */
} Fixture;

/* Path of a file of the test data; to be freed. */
char *test_data (const char *name);

/* The file of a speaker enrolled with that model from the sound of fixture_new_buffer(); to be
 * removed and freed. */
char *new_speaker_file (const char *model_name);

/* "speakersaliency" with the small model, target spk0 and @properties ("mask=time ..."); to be
 * unreffed. */
GstElement *new_element (const char *properties);

/* Playing behind an upstream that is not live. */
Fixture *fixture_new (const char *properties, GstAudioFormat format, guint rate, guint n_channels);
void fixture_set_format (Fixture *self, GstAudioFormat format, guint rate, guint n_channels);
void fixture_set_layout (Fixture *self, GstAudioLayout layout);
void fixture_free (Fixture *self);

/* Voice-like sound, frames [first, first + n): the same for every way to cut it.  PTS, DURATION,
 * OFFSET and OFFSET_END are set; DISCONT on frame 0. */
GstBuffer *fixture_new_buffer (const Fixture *self, guint64 first, gsize n_frames);
GstFlowReturn fixture_push (Fixture *self, gsize n_frames);

/* All of @n_frames in buffers of @size (0: of random sizes), then EOS. */
void fixture_play (Fixture *self, guint64 n_frames, gsize size);

/* What left since the last call, in order; transfer full */
GPtrArray *fixture_take_buffers (Fixture *self);
GBytes *join_buffers (GPtrArray *buffers);

/* The structures of the messages "speakersaliency" since the last call. */
GPtrArray *fixture_take_messages (Fixture *self);
guint64 get_uint64 (const GstStructure *structure, const char *field);
double get_double (const GstStructure *structure, const char *field);
