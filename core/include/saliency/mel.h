/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mel.h: log-Mel features from mono PCM
 *
 *   L[f,t] = ln (e + sum_k H[f,k] |X[k,t]|^2)
 *
 * with every choice a front end makes as a field of SalMelConfig; the records of
 * Sunine, voxceleb_trainer and WeSpeaker differ in nothing else.  The Mel scale is
 * 2595 log10 (1 + v/700) [OShaughnessy1987, p. 150]; H holds triangles of peak 1.
 * Arrays are row-major float32: F bands, K = fft_size/2 + 1 bins, T frames.
 */
#pragma once

#include <saliency/error.h>

typedef enum { SAL_PREEMPHASIS_NONE, SAL_PREEMPHASIS_SIGNAL, SAL_PREEMPHASIS_FRAME } SalPreemphasis;
typedef enum {
  SAL_TAPER_HAMMING,
  SAL_TAPER_HAMMING_PERIODIC,
  SAL_TAPER_HANN,
  SAL_TAPER_HANN_PERIODIC,
  SAL_TAPER_POVEY
} SalTaper;
typedef enum { SAL_FRAMING_NONE, SAL_FRAMING_REFLECT } SalFraming;
typedef enum { SAL_MEL_HTK, SAL_MEL_KALDI } SalMelFormula;

/**
 * SalMelConfig:
 *
 * One field for each choice; the names are those of the record in a model file.
 */
typedef struct {
  guint sample_rate;             /* Hz */
  float sample_scale;            /* PCM in [-1, 1] is multiplied by this: 1 or 32768 */
  gboolean dc_removal;           /* the mean of each frame is subtracted first */
  SalPreemphasis preemphasis;    /* SIGNAL: y[0] = x[0] - a x[1]; FRAME: y[0] = x[0] - a x[0] */
  float preemphasis_coefficient; /* a, [0, 1) */
  SalTaper window;
  guint window_length;       /* samples, <= fft_size */
  guint hop;                 /* samples */
  guint fft_size;            /* samples, even */
  gboolean window_centred;   /* in the FFT; else zeros on the right */
  SalFraming framing;        /* REFLECT: fft_size/2 samples mirrored at both ends */
  gboolean power;            /* |X|^2, else |X| */
  SalMelFormula mel_formula; /* 2595 log10 (1 + v/700), or 1127 ln (1 + v/700): proportional, so H
                                is the same */
  gboolean triangles_in_mel; /* sides straight in mel, else in Hz */
  float f_min, f_max;        /* Hz, f_max <= sample_rate/2 */
  guint n_bands;             /* F */
  float log_floor;           /* > 0 */
  gboolean floor_is_max;     /* ln max (E, floor), else ln (E + floor) */
} SalMelConfig;

#define SAL_LOUDEST 1e4f /* PCM: 80 dB above full scale; powers beyond it would not stay finite */

typedef struct _SalMel SalMel;

/**
 * sal_mel_config_check:
 * @config: a front end
 * @error: return location for a #GError
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_CONFIG naming the first field out of range
 */
SAL_API gboolean sal_mel_config_check (const SalMelConfig *config, GError **error);

/**
 * sal_mel_new:
 * @config: copied
 * @error: return location for a #GError
 *
 * Plans the FFT and builds H; a stream needs no other allocation.  Takes the FFT planner lock.
 *
 * Returns: (transfer full) (nullable): an extractor; %NULL and %SAL_ERROR_CONFIG if a field is out
 * of range
 */
SAL_API SalMel *sal_mel_new (const SalMelConfig *config, GError **error);
SAL_API void sal_mel_free (SalMel *self); /* NULL is a no-op */

/**
 * sal_mel_n_frames:
 *
 * Returns: T of a whole signal of @n_samples; 0 if it is shorter than one frame
 */
SAL_API gsize sal_mel_n_frames (const SalMel *self, gsize n_samples);

/**
 * sal_mel_max_frames:
 *
 * Returns: the most frames that pushing @n_samples, or finishing, can complete
 */
SAL_API gsize sal_mel_max_frames (const SalMel *self, gsize n_samples);

/**
 * sal_mel_process:
 * @samples: (array length=n_samples): a whole signal, PCM in [-1, 1]
 * @out: (out caller-allocates): L, [F, T] with T = sal_mel_n_frames (self, n_samples); not
 * overlapping @samples
 *
 * Forgets any stream begun with sal_mel_push().  Allocates; no lock; one thread at a time per
 * @self.
 */
SAL_API void sal_mel_process (SalMel *self, const float *samples, gsize n_samples, float *out);

/**
 * sal_mel_push:
 * @samples: (array length=n_samples): the next samples of a stream, any number
 * @frames: (out caller-allocates): the frames they complete, one after the other, [n, F] (time
 * first); room for sal_mel_max_frames()
 *
 * The frames are those of sal_mel_process(), to the bit, however the stream is cut.  No allocation.
 *
 * Returns: n, the number of frames written
 */
SAL_API gsize sal_mel_push (SalMel *self, const float *samples, gsize n_samples, float *frames);

/**
 * sal_mel_finish:
 * @frames: (out caller-allocates): the frames that need the end of the signal, [n, F]; room for
 *   sal_mel_max_frames (self, 0)
 *
 * Ends the stream, mirrors its end where the framing asks for that, and begins a new one.
 *
 * Returns: n, the number of frames written
 */
SAL_API gsize sal_mel_finish (SalMel *self, float *frames);
SAL_API void sal_mel_reset (SalMel *self); /* forgets the stream */

/**
 * sal_mel_config_centre:
 *
 * Returns: the sample on which frame 0 is centred; frame t is centred t hop later
 */
SAL_API guint sal_mel_config_centre (const SalMelConfig *config);

/**
 * sal_mel_config_bands:
 * @hz: (out caller-allocates): centre frequency of each band, [F], Hz
 */
SAL_API void sal_mel_config_bands (const SalMelConfig *config, float *hz);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalMel, sal_mel_free)
