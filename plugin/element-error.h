/* SPDX-License-Identifier: GPL-2.0-or-later */
/* element-error.h: errors of the library as messages on the bus */
#pragma once

#include <gst/gst.h>

/**
 * gss_element_error_post:
 * @type: %GST_MESSAGE_ERROR or %GST_MESSAGE_WARNING
 * @path: the file @error is about
 * @file: of the source that posts; so @function and @line
 *
 * No lock may be held.  The debug text of the message names the library and its error.
 */
void gss_element_error_post (GstElement *element, GstMessageType type, const GError *error,
    const char *path, const char *file, const char *function, int line);

#define GSS_ELEMENT_ERROR(element, error, path)                                                    \
  gss_element_error_post (GST_ELEMENT (element), GST_MESSAGE_ERROR, error, path, __FILE__,         \
      G_STRFUNC, __LINE__)
#define GSS_ELEMENT_WARNING(element, error, path)                                                  \
  gss_element_error_post (GST_ELEMENT (element), GST_MESSAGE_WARNING, error, path, __FILE__,       \
      G_STRFUNC, __LINE__)
