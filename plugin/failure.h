/* SPDX-License-Identifier: GPL-2.0-or-later */
/* failure.h: errors of the library as messages on the bus */
#pragma once

#include <gst/gst.h>

/**
 * sal_failure_post:
 * @type: %GST_MESSAGE_ERROR or %GST_MESSAGE_WARNING
 * @path: the file @error is about
 *
 * No lock may be held.
 */
void sal_failure_post (GstElement *element, GstMessageType type, const GError *error, const char *path);
