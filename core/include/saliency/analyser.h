/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyser.h: where targets are, along a stream
 *
 * Mono PCM in; settled stretches of time out.  Window k of 200 frames ends at frame
 * (k + 1) H (the first ones are shorter, flagged partial); frame t is settled by the
 * first window that ends at least A frames after it.  How probable an enrolled voice is
 * depends on who was heard in the stream before, if the model can tell voices apart
 * (company.h); scores of windows and maps before they are weighted do not.
 *
 * Usually a window is computed where the samples come in.  A program that must not wait
 * there defers: windows are taken, computed by another thread and given back, and what
 * is not back in time is settled with what the windows before said:
 *
 *   sal_analyser_set_deferred (analyser, TRUE);
 *   sal_analyser_push (analyser, samples, n_samples);
 *   if ((window = sal_analyser_take (analyser)) != NULL)
 *     ..                                   another thread: sal_analyser_compute (analyser, window)
 *   sal_analyser_give (analyser, window);  once it is back
 *   sal_analyser_settle (analyser, age);   what cannot wait any longer
 *   while ((map = sal_analyser_pop (analyser)) != NULL) ..
 */
#pragma once

#include <saliency/cam.h>
#include <saliency/map.h>
#include "stream/window.h"

#define SAL_ANALYSER_MAX_TARGETS 16
#define SAL_ANALYSER_MAX_WINDOWS 3 /* taken at a time */
#define SAL_ANALYSER_MAX_AGE 1000  /* frames; older windows are never waited for */

typedef struct {
  guint hop;       /* H, frames, 5..200 */
  guint lookahead; /* A, frames, 0..200 */
  guint threads;   /* that may work on a window, 1..64; results do not depend on it */
  SalCamConfig cam;
  /* of frames that no window was computed for in time: */
  guint hold;           /* the last probability holds for so many frames, 0..1000 */
  gboolean late_pass;   /* and is then 1, else 0 */
  guint trust_interval; /* every which window's maps are tried, four forward passes each, 0..10000;
                           0: none */
} SalAnalyserConfig;

/**
 * sal_analyser_config_init:
 *
 * Hop 25 (250 ms), lookahead 50 (500 ms), one thread, the default map, hold 100 (1 s), then 0.
 */
SAL_API void sal_analyser_config_init (SalAnalyserConfig *config);

typedef struct _SalAnalyser SalAnalyser; /* one thread at a time, save for sal_analyser_compute() */

/**
 * sal_analyser_new:
 * @model: a reference is taken; so for @target
 * @target: the only one, until sal_analyser_set_targets()
 * @config: (nullable): copied; %NULL: the defaults
 *
 * Returns: (transfer full) (nullable): an analyser, not deferred, or %NULL and %SAL_ERROR_CONFIG,
 * or %SAL_ERROR_MISMATCH if @target was made for another model
 */
SAL_API SalAnalyser *sal_analyser_new (SalModel *model, SalTarget *target,
    const SalAnalyserConfig *config, GError **error);
SAL_API void sal_analyser_free (
    SalAnalyser *self); /* NULL is a no-op; windows that were taken go with it */

/**
 * sal_analyser_push:
 * @samples: (array length=n_samples): mono PCM in [-1, 1] at the model's rate, any number; a sample
 * that is not finite counts as zero, one beyond 10000 as that
 *
 * Computes every window these samples complete, in the calling thread; results wait for
 * sal_analyser_pop(), however many.  They do not depend on how the stream is cut.  Once every kind
 * of window was seen, nothing is allocated but what sal_analyser_pop() hands out.
 *
 * Deferred, windows that end here only become due; a newer one takes the place of the one before,
 * so push no more than a hop at a time to see them all.
 */
SAL_API void sal_analyser_push (SalAnalyser *self, const float *samples, gsize n_samples);

/**
 * sal_analyser_finish:
 *
 * End of the stream: one more window over the tail, if the last one did not end there, and all
 * remaining frames are settled; deferred, that window becomes due like any other.  Nothing may be
 * pushed before sal_analyser_reset().
 */
SAL_API void sal_analyser_finish (SalAnalyser *self);

/**
 * sal_analyser_pop:
 *
 * Returns: (transfer full) (nullable): the next settled stretch, in order and without holes, one
 * after the other for each target (SalMap.target); %NULL if none is ready
 */
SAL_API SalMap *sal_analyser_pop (SalAnalyser *self);
SAL_API void sal_analyser_reset (
    SalAnalyser *self); /* forgets everything heard; frames count from 0 again */

/**
 * sal_analyser_forget:
 *
 * Drops what is known of frames not settled, of voices heard and the contrast; time goes on.  No
 * window that ended before is due any more; one that was taken will be dropped.
 */
SAL_API void sal_analyser_forget (SalAnalyser *self);

/**
 * sal_analyser_set_targets:
 * @targets: (array length=n_targets): that fit the model; references are taken
 * @n_targets: 1..SAL_ANALYSER_MAX_TARGETS
 *
 * From the next window on, deferred from the next that is taken.  A target that was there before
 * (the same pointer) keeps what is known of it; of a new one frames that no later window covers are
 * settled with zeros. May allocate.
 */
SAL_API void sal_analyser_set_targets (SalAnalyser *self, SalTarget *const *targets,
    guint n_targets);

/**
 * sal_analyser_set_config:
 * @config: copied; hop and lookahead must be those of sal_analyser_new()
 *
 * From the next window on, deferred from the next that is taken; hold and late_pass at once.  What
 * more threads or deeper layers need is allocated by whoever computes that window.
 *
 * Returns: %FALSE and %SAL_ERROR_CONFIG if a field is out of range or must not change: nothing
 * changed then
 */
SAL_API gboolean sal_analyser_set_config (SalAnalyser *self, const SalAnalyserConfig *config,
    GError **error);

/**
 * sal_analyser_get_delay:
 *
 * Returns: samples at the model's rate: the frame centred on sample n is settled once n + delay
 * samples were pushed, whatever n; deferred, if windows are given back at once
 */
SAL_API guint sal_analyser_get_delay (const SalAnalyser *self);

/* --- deferred ------------------------------------------------------------ */

/**
 * sal_analyser_set_deferred:
 * @deferred: %TRUE: windows are not computed by push and finish any more, but wait to be taken;
 * %FALSE: they are again, and so is now the one that waits; no window may be out then
 *
 * May allocate.
 */
SAL_API void sal_analyser_set_deferred (SalAnalyser *self, gboolean deferred);

/**
 * sal_analyser_get_due:
 * @seqnum: (out): of the window that sal_analyser_take() would give
 *
 * Returns: %FALSE if none is due
 */
SAL_API gboolean sal_analyser_get_due (const SalAnalyser *self, guint64 *seqnum);

/**
 * sal_analyser_take:
 *
 * It has its own copy of all it needs, with the targets and settings of now.
 *
 * Returns: (transfer full) (nullable): the newest window that is due, to be given back with
 *   sal_analyser_give(); those due before it are never computed.  %NULL if none is due, or
 *   SAL_ANALYSER_MAX_WINDOWS are out.  Silent windows, and those shorter than 16 frames, are never
 * due: they are settled in their turn.  Nor is one any more all of whose frames are settled.
 */
SAL_API SalWindow *sal_analyser_take (SalAnalyser *self);

/**
 * sal_analyser_compute:
 *
 * The work.  Any thread, one window at a time, while another thread uses @self otherwise; not while
 * it is freed.
 */
SAL_API void sal_analyser_compute (SalAnalyser *self, SalWindow *window);

/**
 * sal_analyser_give:
 * @window: (transfer full): computed, or not: then it counts as never taken
 *
 * What it settles, and what earlier windows that were passed over should have settled, becomes
 * ready.  What it says of frames not settled counts even if it comes after its own were.  A window
 * taken before sal_analyser_reset() or sal_analyser_forget() is dropped.
 */
SAL_API void sal_analyser_give (SalAnalyser *self, SalWindow *window);

/**
 * sal_analyser_settle:
 * @age: frames
 *
 * Settles what windows that ended @age or more frames ago would have settled, whether they came
 * back or not; those that did not are flagged SAL_MAP_LATE: frames that no window covered keep the
 * last probability for a while (hold), their saliency is 0.  After sal_analyser_finish() 0 settles
 * everything.  sal_analyser_push() does it with SAL_ANALYSER_MAX_AGE.
 */
SAL_API void sal_analyser_settle (SalAnalyser *self, guint age);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalAnalyser, sal_analyser_free)
