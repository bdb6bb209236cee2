/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.h: setting a GError in one expression */
#pragma once

#include <saliency/error.h>

/**
 * sal_error_set:
 *
 * g_set_error() in a form that can be returned.
 *
 * Returns: %FALSE
 */
gboolean sal_error_set (GError **error, SalError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
