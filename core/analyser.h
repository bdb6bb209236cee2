/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyser.h: where a target is, along a stream
 *
 * Mono PCM in; settled stretches of time out.  Windows of 200 frames end at frames
 * H, 2H, .. (the first ones are shorter, flagged partial); frame t is settled by the
 * first window that ends at least A frames after it.
 */
#pragma once

#include "cam.h"
#include "map.h"

#define SAL_WINDOW_FRAMES 200

typedef struct {
  guint hop;       /* H, frames, 5..200 */
  guint lookahead; /* A, frames, 0..200 */
  guint threads;   /* that may work on a window, 1..64; results do not depend on it */
  SalCamConfig cam;
} SalAnalyserConfig;

/**
 * sal_analyser_config_init:
 *
 * Hop 25 (250 ms), lookahead 50 (500 ms), one thread and the default map.
 */
SAL_API void sal_analyser_config_init (SalAnalyserConfig *config);

typedef struct _SalAnalyser SalAnalyser; /* one thread at a time */

/**
 * sal_analyser_new:
 * @model: a reference is taken; so for @target
 * @config: (nullable): copied; %NULL: the defaults
 *
 * Returns: (transfer full) (nullable): an analyser, or %NULL and %SAL_ERROR_CONFIG, or
 *   %SAL_ERROR_MISMATCH if @target was made for another model
 */
SAL_API SalAnalyser *sal_analyser_new (SalModel *model, SalTarget *target, const SalAnalyserConfig *config, GError **error);
SAL_API void sal_analyser_free (SalAnalyser *self); /* NULL is a no-op */

/**
 * sal_analyser_push:
 * @samples: (array length=n_samples): mono PCM in [-1, 1] at the model's rate, any number; a sample that is
 *   not finite counts as zero, one beyond 10000 as that
 *
 * Computes every window these samples complete, in the calling thread; results wait for sal_analyser_pop(),
 * however many.  They do not depend on how the stream is cut.
 */
SAL_API void sal_analyser_push (SalAnalyser *self, const float *samples, gsize n_samples);

/**
 * sal_analyser_finish:
 *
 * End of the stream: one more window over the tail, if the last one did not end there, and all remaining
 * frames are settled.  Nothing may be pushed before sal_analyser_reset().
 */
SAL_API void sal_analyser_finish (SalAnalyser *self);

/**
 * sal_analyser_pop:
 *
 * Returns: (transfer full) (nullable): the next settled stretch, in order and without holes; %NULL if none is ready
 */
SAL_API SalMap *sal_analyser_pop (SalAnalyser *self);

/**
 * sal_analyser_reset:
 *
 * Forgets everything heard; frames count from 0 again.
 */
SAL_API void sal_analyser_reset (SalAnalyser *self);

/**
 * sal_analyser_set_target:
 *
 * From the next window on; frames that no later window covers are settled with zeros.  @target must fit the
 * model.
 */
SAL_API void sal_analyser_set_target (SalAnalyser *self, SalTarget *target);

/**
 * sal_analyser_get_delay:
 *
 * Returns: samples at the model's rate: the frame centred on sample n is settled once n + delay samples were
 *   pushed, whatever n
 */
SAL_API guint sal_analyser_get_delay (const SalAnalyser *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalAnalyser, sal_analyser_free)
