/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyser.h: target-speaker detection along a stream: who speaks when, with maps
 *
 * Mono PCM in; settled stretches of time out.  Window k of 200 frames ends at frame (k + 1) H (the
 * first ones are shorter, flagged partial); frame t is settled by the first window that ends at
 * least A frames after it.  The probability of an enrolled voice depends on the voices heard in the
 * stream before, if the model can tell voices apart; scores of windows, and maps before they are
 * weighted, do not.
 *
 * Usually a window is computed in the thread that pushes samples.  A program that must not wait
 * there defers: windows are taken, computed by another thread and given back, and a window that is
 * not back in time is replaced by the results of the windows before:
 *
 *   sal_analyser_set_deferred (analyser, TRUE);
 *   sal_analyser_push (analyser, samples, n_samples);
 *   if ((window = sal_analyser_take (analyser)) != NULL)
 *     ..                                   another thread: sal_analyser_compute (analyser, window)
 *   sal_analyser_give (analyser, window);  once it is back
 *   sal_analyser_settle (analyser, age);   what cannot wait any longer
 *   while ((map = sal_analyser_pop (analyser)) != NULL) ..
 *
 * Bindings compute windows where samples are pushed.
 */
#pragma once

#include <saliency/cam.h>
#include <saliency/map.h>
#include <saliency/window.h>

G_BEGIN_DECLS

/**
 * SAL_ANALYSER_MAX_TARGETS:
 *
 * Most targets of an analyser.
 *
 * Since: 0.2
 */
#define SAL_ANALYSER_MAX_TARGETS 16

/**
 * SAL_ANALYSER_MAX_WINDOWS:
 *
 * Most windows taken at a time.
 *
 * Since: 0.2
 */
#define SAL_ANALYSER_MAX_WINDOWS 3

/**
 * SAL_ANALYSER_MAX_AGE:
 *
 * Frames after which a window is no longer waited for.
 *
 * Since: 0.2
 */
#define SAL_ANALYSER_MAX_AGE 1000

/**
 * SalAnalyserConfig:
 * @hop: H, frames between two windows, 5..200
 * @lookahead: A, frames heard after a frame before it is settled, 0..200
 * @threads: threads that may work on a window, 1..64; results do not depend on it
 * @cam: how maps are made
 * @hold: frames for which the last probability holds where no window was computed in time, 0..1000
 * @late_pass: and is then 1, else 0
 * @trust_interval: the maps of one window in so many are tried for their faithfulness, four
 * forward passes each, 0..10000; 0: none
 *
 * Settings of an analyser.  Begin with sal_analyser_config_init(): later versions may use the
 * reserved space.
 *
 * Since: 0.2
 */
typedef struct {
  guint hop;
  guint lookahead;
  guint threads;
  SalCamConfig cam;
  guint hold;
  gboolean late_pass;
  guint trust_interval;
  /*< private >*/
  gpointer reserved[8];
} SalAnalyserConfig;

#define SAL_TYPE_ANALYSER_CONFIG (sal_analyser_config_get_type ())
SAL_API GType sal_analyser_config_get_type (void);

/**
 * sal_analyser_config_init:
 * @config: (out caller-allocates): filled in
 *
 * Hop 25 (250 ms), lookahead 50 (500 ms), one thread, the default map, hold 100 (1 s), then 0.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_config_init (SalAnalyserConfig *config);

/**
 * sal_analyser_config_set_cam:
 * @config: settings
 * @cam: copied into @config
 *
 * For bindings, which read a copy of a structure inside a structure.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_config_set_cam (SalAnalyserConfig *config, const SalCamConfig *cam);

/**
 * SalAnalyser:
 *
 * An analyser of one stream; one thread at a time, save for sal_analyser_compute().
 *
 * Since: 0.2
 */
typedef struct _SalAnalyser SalAnalyser;

#define SAL_TYPE_ANALYSER (sal_analyser_get_type ())
SAL_API GType sal_analyser_get_type (void);

/**
 * sal_analyser_new:
 * @model: a reference is taken; so for @target
 * @target: the only target, until sal_analyser_set_targets()
 * @config: (nullable): copied; %NULL: the defaults
 * @error: return location for a #GError
 *
 * Returns: (transfer full) (nullable): an analyser, not deferred, or %NULL and %SAL_ERROR_CONFIG,
 * or %SAL_ERROR_MISMATCH if @target was made for another model
 *
 * Since: 0.2
 */
SAL_API SalAnalyser *sal_analyser_new (SalModel *model, SalTarget *target,
    const SalAnalyserConfig *config, GError **error);

/**
 * sal_analyser_free: (skip)
 * @self: (transfer full) (nullable): an analyser; %NULL does nothing
 *
 * Windows that were taken are freed as well.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_free (SalAnalyser *self);

/**
 * sal_analyser_push:
 * @self: an analyser
 * @samples: (array length=n_samples): mono PCM in [-1, 1] at the model's rate; a sample that is not
 * finite counts as zero, one beyond %SAL_LOUDEST as that
 * @n_samples: any number
 *
 * Computes every window these samples complete, in the calling thread; results wait for
 * sal_analyser_pop(), however many.  They do not depend on how the stream is cut.  Once every kind
 * of window was seen, nothing is allocated but the maps of sal_analyser_pop().
 *
 * Deferred, windows that end here only become due; a newer one takes the place of the one before,
 * so push no more than a hop at a time to see them all.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_push (SalAnalyser *self, const float *samples, gsize n_samples);

/**
 * sal_analyser_push_bytes:
 * @self: an analyser
 * @samples: float32 in the machine's byte order, else as of sal_analyser_push()
 * @error: return location for a #GError
 *
 * sal_analyser_push() for bindings: no value becomes an object of its own.
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_FORMAT: nothing was pushed then
 *
 * Since: 0.2
 */
SAL_API gboolean sal_analyser_push_bytes (SalAnalyser *self, GBytes *samples, GError **error);

/**
 * sal_analyser_finish:
 * @self: an analyser
 *
 * End of the stream: one more window over the tail, if the last one did not end there, and all
 * remaining frames are settled; deferred, that window becomes due like any other.  Nothing may be
 * pushed before sal_analyser_reset().
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_finish (SalAnalyser *self);

/**
 * sal_analyser_pop:
 * @self: an analyser
 *
 * Returns: (transfer full) (nullable): the next settled stretch, in order and without holes, one
 * after the other for each target (SalMap.target); %NULL if none is ready
 *
 * Since: 0.2
 */
SAL_API SalMap *sal_analyser_pop (SalAnalyser *self);

/**
 * sal_analyser_reset:
 * @self: an analyser
 *
 * Forgets everything heard; frames count from 0 again.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_reset (SalAnalyser *self);

/**
 * sal_analyser_forget:
 * @self: an analyser
 *
 * Drops all knowledge of frames not settled, of voices heard and of the level range; time goes on.
 * No window that ended before is due any more; a window that was taken will be dropped.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_forget (SalAnalyser *self);

/**
 * sal_analyser_set_targets:
 * @self: an analyser
 * @targets: (array length=n_targets): that fit the model; references are taken
 * @n_targets: 1..SAL_ANALYSER_MAX_TARGETS
 *
 * From the next window on, deferred from the next that is taken.  A target that was there before
 * (the same pointer) keeps its results; frames that no later window covers are settled with zeros
 * for a new target.  May allocate.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_set_targets (SalAnalyser *self, SalTarget *const *targets,
    guint n_targets);

/**
 * sal_analyser_set_config:
 * @self: an analyser
 * @config: copied; hop and lookahead must be those of sal_analyser_new()
 * @error: return location for a #GError
 *
 * From the next window on, deferred from the next that is taken; hold and late_pass at once.  Room
 * for more threads or deeper layers is allocated when that window is computed.
 *
 * Returns: %FALSE and %SAL_ERROR_CONFIG if a field is out of range or must not change: nothing
 * changed then
 *
 * Since: 0.2
 */
SAL_API gboolean sal_analyser_set_config (SalAnalyser *self, const SalAnalyserConfig *config,
    GError **error);

/**
 * sal_analyser_get_delay:
 * @self: an analyser
 *
 * Returns: samples at the model's rate: the frame centred on sample n is settled once n + delay
 * samples were pushed, whatever n; deferred, if windows are given back at once
 *
 * Since: 0.2
 */
SAL_API guint sal_analyser_get_delay (const SalAnalyser *self);

/* --- deferred ------------------------------------------------------------ */

/**
 * sal_analyser_set_deferred: (skip)
 * @self: an analyser, no window of which is out
 * @deferred: %TRUE: windows are not computed by push and finish any more, but wait to be taken;
 * %FALSE: they are again, and so is now the one that waits
 *
 * May allocate.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_set_deferred (SalAnalyser *self, gboolean deferred);

/**
 * sal_analyser_get_due: (skip)
 * @self: an analyser
 * @seqnum: (out): of the window that sal_analyser_take() would give
 *
 * Returns: %FALSE if none is due
 *
 * Since: 0.2
 */
SAL_API gboolean sal_analyser_get_due (const SalAnalyser *self, guint64 *seqnum);

/**
 * sal_analyser_take: (skip)
 * @self: an analyser
 *
 * The window has its own copy of all it needs, with the targets and settings of now.
 *
 * Returns: (transfer full) (nullable): the newest window that is due, to be given back with
 *   sal_analyser_give(); those due before it are never computed.  %NULL if none is due, or
 *   SAL_ANALYSER_MAX_WINDOWS are out.  Silent windows, and those shorter than 16 frames, are never
 *   due: they are settled in their turn.  A window whose frames are all settled is not due.
 *
 * Since: 0.2
 */
SAL_API SalWindow *sal_analyser_take (SalAnalyser *self);

/**
 * sal_analyser_compute: (skip)
 * @self: an analyser
 * @window: taken from @self
 *
 * The work.  Any thread, one window at a time, while another thread uses @self otherwise; not while
 * @self is freed.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_compute (SalAnalyser *self, SalWindow *window);

/**
 * sal_analyser_give: (skip)
 * @self: an analyser
 * @window: (transfer full): computed, or not: then it counts as never taken
 *
 * Frames that it settles, and frames that earlier windows that were passed over should have
 * settled, become ready.  Its results for frames not settled count even if it comes after its own
 * were.  A window taken before sal_analyser_reset() or sal_analyser_forget() is dropped.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_give (SalAnalyser *self, SalWindow *window);

/**
 * sal_analyser_settle: (skip)
 * @self: an analyser
 * @age: frames
 *
 * Settles the frames that windows that ended @age or more frames ago would have settled, whether
 * they came back or not.  Frames of a window that did not are flagged %SAL_MAP_LATE: where no
 * window covered them they keep the last probability for a while (hold), their saliency is 0.
 * After sal_analyser_finish() 0 settles everything.  sal_analyser_push() does it with
 * %SAL_ANALYSER_MAX_AGE.
 *
 * Since: 0.2
 */
SAL_API void sal_analyser_settle (SalAnalyser *self, guint age);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalAnalyser, sal_analyser_free)

G_END_DECLS
