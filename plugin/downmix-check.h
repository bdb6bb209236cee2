/* SPDX-License-Identifier: GPL-2.0-or-later */
/* downmix-check.h: phase cancellation: does the mono mix lose what the channels hold
 *
 * A channel that is the other one inverted, or delayed, cancels it in the mean.  Power of the
 * mix and mean power of the channels are compared over the loud parts of some seconds.
 */
#pragma once

#include <gst/audio/audio.h>

typedef struct _GssDownmixCheck GssDownmixCheck; /* one thread at a time */

GssDownmixCheck *gss_downmix_check_new (const GstAudioInfo *info);
void gss_downmix_check_free (GssDownmixCheck *self); /* NULL is a no-op */

/**
 * gss_downmix_check_push:
 * @audio: whose PCM frames from @first on are the next @n_frames
 *
 * Looks at a part of them.
 */
void gss_downmix_check_push (GssDownmixCheck *self, const GstAudioBuffer *audio, gsize first,
    gsize n_frames);

/**
 * gss_downmix_check_take:
 * @loss: (out): dB by which the mix is weaker than the channels, 10 or more
 *
 * Returns: whether the channels cancel; %TRUE once
 */
gboolean gss_downmix_check_take (GssDownmixCheck *self, double *loss);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GssDownmixCheck, gss_downmix_check_free)
