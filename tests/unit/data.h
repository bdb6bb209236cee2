/* SPDX-License-Identifier: GPL-2.0-or-later */
/* data.h: helpers of several tests: golden values, altered files, sounds, and comparisons that
 * report the largest difference
 */
#pragma once

#include <saliency/model.h>
#include "base/safetensors.h"

#define DATA_RATE 16000

/* Files of the tree.  All paths are (transfer full). */
char *data_path (const char *name);      /* in tests/golden */
char *data_shipped_model (void);         /* NULL if not in the tree */
char *data_temp_path (const char *name); /* in a folder of this process, removed by data_clean() */
void data_clean (void);

SalModel *data_load_model (const char *name); /* tests/golden/NAME.safetensors, or "shipped" */
SalSafetensors *data_load_values (const char *name);
gboolean data_has_tensor (SalSafetensors *file, const char *name);
float *data_read (SalSafetensors *file, const char *name, gsize *n);
float *data_read_matrix (SalSafetensors *file, const char *name, gsize shape[2]);
float *data_read_log_mel (guint n_bands,
    guint n_frames); /* the input of all networks, cut to [n_bands, n_frames] */

/* Altered files. */
GByteArray *data_file_bytes (const char *path);
char *data_write_temp (const char *name, const void *bytes, gsize size);
char *data_write_safetensors (const char *name, const char *header, const void *bytes, gsize size);
/* Copies the file at `path`, `from` in its header replaced by `to` (quotes as they are in the
 * header). */
char *data_edit_header (const char *path, const char *from, const char *to);
/* The same inside the model description; `from` and `to` have plain quotes, which the file escapes.
 */
char *data_edit_record (const char *path, const char *from, const char *to);
/* Copies a file without calibration and adds one: x = scale score + offset everywhere, and the
 * fields of `more`, "" or "name: value, ". */
char *data_calibrate (const char *path, double scale, double offset, const char *more);
SalModel *data_load_calibrated (const char *name, double scale, double offset,
    const char *more); /* such a copy of tests/golden/NAME.safetensors */
/* For `more`: cosines of the speaker clustering in a stream (session cohort). */
#define DATA_COMPANY(same, merge)                                                                  \
  "\"background\": 5, \"company\": {"                                                              \
  "\"same\": " same ", \"merge\": " merge ", \"prior\": -1, \"penalty\": 2, "                      \
  "\"noisy_scale\": 0.25, \"noisy_offset\": 3}, "
/* Copies the file at `path` with the bytes of a tensor, from `offset` on, all set to `byte`. */
char *data_fill_tensor (const char *path, const char *tensor, gsize offset, gsize size,
    guint8 byte);

/* Sounds, float32 PCM. */
float *data_voice (guint which, gsize n);  /* a made-up voice with syllables, RMS about -20 dB */
float *data_noise (guint32 seed, gsize n); /* uniform in [-1, 1) */

/* Comparisons: largest absolute difference, infinite if a value is not finite. */
double data_difference (const float *a, const float *b, gsize n);
double data_magnitude (const float *a, gsize n);
double data_correlation (const float *a, const float *b, gsize n);
/* Fails if the largest difference is above limit; the message has `what` and the difference. */
void data_assert_close (const char *what, const float *got, const float *want, gsize n,
    double limit);
/* The same with the difference divided by the largest magnitude of `want`. */
void data_assert_relative (const char *what, const float *got, const float *want, gsize n,
    double limit);
/* For arrays that rounding may change in places: at least `part` of the differences are within the
 * limit, and their root mean square is below `rms` times that of `want`. */
void data_assert_mostly (const char *what, const float *got, const float *want, gsize n,
    double limit, double part, double rms);
/* Moves `got` towards `want`, the golden values `name`, by the doubt of each value
 * (tests/golden/doubt.py).  Returns the part of the values with a doubt above 1e-3 of the largest.
 */
double data_forgive_doubt (SalSafetensors *values, const char *name, float *got, const float *want,
    gsize n);
void data_assert_finite (const char *what, const float *got, gsize n);
/* The values of an array that golden files keep: value k of n is element floor (k size / n). */
float *data_sampled (const float *array, gsize size, gsize n);
/* Error of this code whose message has all of these words; NULL ends. */
void data_assert_error (const GError *error, SalError code, ...) G_GNUC_NULL_TERMINATED;
