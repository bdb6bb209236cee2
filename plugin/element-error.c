/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "element-error.h"

#include <saliency/error.h>

static GstResourceError
resource_error (const GError *error, const char *path)
{
  if (error->domain != SAL_ERROR)
    return GST_RESOURCE_ERROR_FAILED;
  switch (error->code) {
  case SAL_ERROR_FILE:
    return g_file_test (path, G_FILE_TEST_EXISTS)
        ? GST_RESOURCE_ERROR_READ
        : GST_RESOURCE_ERROR_NOT_FOUND;
  case SAL_ERROR_TARGET:
    return GST_RESOURCE_ERROR_NOT_FOUND;
  case SAL_ERROR_FORMAT:
  case SAL_ERROR_DESCRIPTION:
    return GST_RESOURCE_ERROR_READ;
  default:
    return GST_RESOURCE_ERROR_SETTINGS;
  }
}

void
gss_element_error_post (GstElement *element, GstMessageType type,
    const GError *error, const char *path, const char *file,
    const char *function, int line)
{
  gst_element_message_full (element, type, GST_RESOURCE_ERROR,
      resource_error (error, path), g_strdup (error->message),
      g_strdup_printf ("found by libsaliency: %s %d",
          g_quark_to_string (error->domain), error->code),
      file, function, line);
}
