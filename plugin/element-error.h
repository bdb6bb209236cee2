/* SPDX-License-Identifier: GPL-2.0-or-later */
/* element-error.h: errors of the library as messages on the bus */
#pragma once

#include <gst/gst.h>

/**
 * gss_element_error_post:
 * @type: %GST_MESSAGE_ERROR or %GST_MESSAGE_WARNING
 * @path: the file @error is about
 *
 * No lock may be held.
 */
void gss_element_error_post (GstElement *element, GstMessageType type, const GError *error,
    const char *path);
