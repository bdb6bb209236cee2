/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sound.h: PCM of every format and layout from numbers, and back */
#pragma once

#include <gst/audio/audio.h>

extern const GstAudioFormat sound_formats[6];

/* @pcm: [n_frames, n_channels], in [-1, 1); planes of a planar buffer have a few bytes of 0x55
 * between them. */
GstBuffer *sound_new_buffer (const GstAudioInfo *info, const double *pcm, gsize n_frames);

/* [n_frames, n_channels] of all of a buffer; to be freed */
double *sound_read (const GstAudioInfo *info, GstBuffer *buffer, gsize *n_frames);

/* The distance between two values of that format around 0.1 */
double sound_step (GstAudioFormat format);
