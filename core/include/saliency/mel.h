/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mel.h: log-Mel features from mono PCM
 *
 *   L[f,t] = ln (e + sum_k H[f,k] |X[k,t]|^2)
 *
 * with every choice a front end makes as a field of SalMelConfig; the front ends of Sunine,
 * voxceleb_trainer and WeSpeaker differ in nothing else.  The Mel scale is
 * 2595 log10 (1 + v/700) [OShaughnessy1987, p. 150]; H holds triangles of peak 1.
 * Arrays are row-major float32: F bands, K = fft_size/2 + 1 bins, T frames.
 */
#pragma once

#include <saliency/error.h>

G_BEGIN_DECLS

/**
 * SalPreemphasis:
 * @SAL_PREEMPHASIS_NONE: the signal as it is
 * @SAL_PREEMPHASIS_SIGNAL: y[n] = x[n] - a x[n-1] over the signal, y[0] = x[0] - a x[1]
 * @SAL_PREEMPHASIS_FRAME: the same in each frame, y[0] = x[0] - a x[0]
 *
 * How high frequencies are raised before the transform.
 *
 * Since: 0.2
 */
typedef enum { SAL_PREEMPHASIS_NONE, SAL_PREEMPHASIS_SIGNAL, SAL_PREEMPHASIS_FRAME } SalPreemphasis;

/**
 * SalTaper:
 * @SAL_TAPER_HAMMING: Hamming window, symmetric
 * @SAL_TAPER_HAMMING_PERIODIC: Hamming window, periodic
 * @SAL_TAPER_HANN: Hann window, symmetric
 * @SAL_TAPER_HANN_PERIODIC: Hann window, periodic
 * @SAL_TAPER_POVEY: Hann window to the power of 0.85, symmetric, as in Kaldi
 *
 * Window function of the short-time Fourier transform.
 *
 * Since: 0.2
 */
typedef enum {
  SAL_TAPER_HAMMING,
  SAL_TAPER_HAMMING_PERIODIC,
  SAL_TAPER_HANN,
  SAL_TAPER_HANN_PERIODIC,
  SAL_TAPER_POVEY
} SalTaper;

/**
 * SalFraming:
 * @SAL_FRAMING_NONE: only whole frames
 * @SAL_FRAMING_REFLECT: fft_size/2 samples mirrored at both ends of the signal
 *
 * How frames lie at the ends of a signal.
 *
 * Since: 0.2
 */
typedef enum { SAL_FRAMING_NONE, SAL_FRAMING_REFLECT } SalFraming;

/**
 * SalMelFormula:
 * @SAL_MEL_HTK: 2595 log10 (1 + v/700)
 * @SAL_MEL_KALDI: 1127 ln (1 + v/700): proportional, so that the triangles are the same
 *
 * Mel scale.
 *
 * Since: 0.2
 */
typedef enum { SAL_MEL_HTK, SAL_MEL_KALDI } SalMelFormula;

/**
 * SalMelConfig:
 * @sample_rate: Hz
 * @sample_scale: PCM in [-1, 1] is multiplied by this: 1 or 32768
 * @dc_removal: the mean of each frame is subtracted first
 * @preemphasis: where pre-emphasis is applied
 * @preemphasis_coefficient: a, [0, 1)
 * @window: window function
 * @window_length: samples, at most @fft_size
 * @hop: samples between two frames
 * @fft_size: samples, even
 * @window_centred: the window is centred in the FFT; else zeros follow on the right
 * @framing: what happens at the ends of a signal
 * @power: |X|^2, else |X|
 * @mel_formula: Mel scale
 * @triangles_in_mel: the sides of the triangles are straight in Mel, else in Hz
 * @f_min: Hz
 * @f_max: Hz, at most @sample_rate / 2
 * @n_bands: F
 * @log_floor: e, above 0
 * @floor_is_max: ln max (E, e), else ln (E + e)
 *
 * A front end, one field for each choice; the names are those of the description in a model file.
 * Begin with sal_mel_config_init(): later versions may use the reserved space.
 *
 * Since: 0.2
 */
typedef struct {
  guint sample_rate;
  float sample_scale;
  gboolean dc_removal;
  SalPreemphasis preemphasis;
  float preemphasis_coefficient;
  SalTaper window;
  guint window_length;
  guint hop;
  guint fft_size;
  gboolean window_centred;
  SalFraming framing;
  gboolean power;
  SalMelFormula mel_formula;
  gboolean triangles_in_mel;
  float f_min, f_max;
  guint n_bands;
  float log_floor;
  gboolean floor_is_max;
  /*< private >*/
  gpointer reserved[8];
} SalMelConfig;

#define SAL_TYPE_MEL_CONFIG (sal_mel_config_get_type ())
SAL_API GType sal_mel_config_get_type (void);

/**
 * sal_mel_config_init:
 * @config: (out caller-allocates): filled in
 *
 * The front end of the installed model: 16 kHz, 80 bands from 0 to 8000 Hz, windows of 25 ms every
 * 10 ms.
 *
 * Since: 0.2
 */
SAL_API void sal_mel_config_init (SalMelConfig *config);

/**
 * sal_mel_config_centre:
 * @config: a front end
 *
 * Returns: the sample on which frame 0 is centred; frame t is centred t hop later
 *
 * Since: 0.2
 */
SAL_API guint sal_mel_config_centre (const SalMelConfig *config);

/**
 * sal_mel_config_bands: (skip)
 * @config: a front end
 * @hz: (out caller-allocates): centre frequency of each band, [F], Hz
 *
 * The bands of a map.
 *
 * Since: 0.2
 */
SAL_API void sal_mel_config_bands (const SalMelConfig *config, float *hz);

/**
 * sal_mel_config_bands_bytes: (rename-to sal_mel_config_bands)
 * @config: a front end
 *
 * Returns: (transfer full): centre frequency of each band, float32 [F], Hz
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_mel_config_bands_bytes (const SalMelConfig *config);

/**
 * SAL_LOUDEST:
 *
 * Largest magnitude of a PCM sample, 80 dB above full scale: powers beyond it would not stay
 * finite.
 *
 * Since: 0.2
 */
#define SAL_LOUDEST 1e4f

/**
 * SalMel:
 *
 * A log-Mel front end; one thread at a time.
 *
 * Since: 0.2
 */
typedef struct _SalMel SalMel;

#define SAL_TYPE_MEL (sal_mel_get_type ())
SAL_API GType sal_mel_get_type (void);

/**
 * sal_mel_new:
 * @config: copied
 * @error: return location for a #GError
 *
 * Plans the FFT and builds H.  Takes the FFT planner lock.
 *
 * Returns: (transfer full) (nullable): a front end, or %NULL and %SAL_ERROR_CONFIG naming the first
 * field out of range
 *
 * Since: 0.2
 */
SAL_API SalMel *sal_mel_new (const SalMelConfig *config, GError **error);

/**
 * sal_mel_free: (skip)
 * @self: (transfer full) (nullable): a front end; %NULL does nothing
 *
 * Since: 0.2
 */
SAL_API void sal_mel_free (SalMel *self);

/**
 * sal_mel_n_frames:
 * @self: a front end
 * @n_samples: length of a whole signal
 *
 * Returns: T of that signal; 0 if it is shorter than one frame
 *
 * Since: 0.2
 */
SAL_API gsize sal_mel_n_frames (const SalMel *self, gsize n_samples);

/**
 * sal_mel_process: (skip)
 * @self: a front end
 * @samples: (array length=n_samples): a whole signal, PCM in [-1, 1]
 * @n_samples: how many
 * @out: (out caller-allocates): L, [F, T] with T = sal_mel_n_frames (self, n_samples); not
 * overlapping @samples
 *
 * Allocates, takes no lock.
 *
 * Since: 0.2
 */
SAL_API void sal_mel_process (SalMel *self, const float *samples, gsize n_samples, float *out);

/**
 * sal_mel_process_bytes: (rename-to sal_mel_process)
 * @self: a front end
 * @samples: a whole signal, float32 in the machine's byte order, PCM in [-1, 1]
 * @error: return location for a #GError
 *
 * sal_mel_process() for bindings.
 *
 * Returns: (transfer full) (nullable): L, float32 [F, T], or %NULL and %SAL_ERROR_FORMAT
 *
 * Since: 0.2
 */
SAL_API GBytes *sal_mel_process_bytes (SalMel *self, GBytes *samples, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalMel, sal_mel_free)

G_END_DECLS
