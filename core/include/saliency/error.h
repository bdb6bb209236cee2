/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.h: the error domain
 *
 * Every message is lower case and names the value and the limit it broke; files
 * are named by a "path: " prefix.
 */
#pragma once

#include <saliency/types.h>

/**
 * SalError:
 * @SAL_ERROR_FILE: a file cannot be opened, read or written
 * @SAL_ERROR_FORMAT: the bytes of a file are not what its format demands
 * @SAL_ERROR_DESCRIPTION: a field of a model's record is unknown, missing or out of range
 * @SAL_ERROR_CONFIG: a setting is out of range
 * @SAL_ERROR_MISMATCH: things that do not belong together, as a speaker made with another model
 * @SAL_ERROR_AUDIO: sound that cannot serve: empty, too short, silent, not finite
 * @SAL_ERROR_TARGET: no speaker of that name
 */
typedef enum {
  SAL_ERROR_FILE,
  SAL_ERROR_FORMAT,
  SAL_ERROR_DESCRIPTION,
  SAL_ERROR_CONFIG,
  SAL_ERROR_MISMATCH,
  SAL_ERROR_AUDIO,
  SAL_ERROR_TARGET,
} SalError;

#define SAL_ERROR (sal_error_quark ())
SAL_API GQuark sal_error_quark (void);

/**
 * sal_error_set:
 *
 * g_set_error() in a form that can be returned.
 *
 * Returns: %FALSE
 */
gboolean sal_error_set (GError **error, SalError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
