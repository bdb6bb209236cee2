/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.h: the error domain
 *
 * Every message is lower case and names the value and the limit it broke; files are named by a
 * "path: " prefix.
 */
#pragma once

#include <saliency/types.h>

G_BEGIN_DECLS

/**
 * SalError:
 * @SAL_ERROR_FILE: a file cannot be opened, read or written
 * @SAL_ERROR_FORMAT: the bytes of a file, or bytes that were given, are not what their format
 * demands
 * @SAL_ERROR_DESCRIPTION: a field of a model's description is unknown, missing or out of range
 * @SAL_ERROR_CONFIG: a setting is out of range
 * @SAL_ERROR_MISMATCH: two things do not belong together, as a speaker made with another model
 * @SAL_ERROR_AUDIO: the sound cannot serve: empty, too short, silent, not finite
 * @SAL_ERROR_TARGET: there is no speaker of that name
 *
 * Causes of errors in the domain %SAL_ERROR.
 *
 * Since: 0.2
 */
typedef enum {
  SAL_ERROR_FILE,
  SAL_ERROR_FORMAT,
  SAL_ERROR_DESCRIPTION,
  SAL_ERROR_CONFIG,
  SAL_ERROR_MISMATCH,
  SAL_ERROR_AUDIO,
  SAL_ERROR_TARGET
} SalError;

/**
 * SAL_ERROR:
 *
 * The error domain of the library; its codes are those of #SalError.
 *
 * Since: 0.2
 */
#define SAL_ERROR (sal_error_quark ())

/**
 * sal_error_quark:
 *
 * Returns: the quark of %SAL_ERROR, "sal-error-quark".  Any thread.
 *
 * Since: 0.2
 */
SAL_API GQuark sal_error_quark (void);

G_END_DECLS
