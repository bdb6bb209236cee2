/* SPDX-License-Identifier: GPL-2.0-or-later */
/* png.c: writing a PNG file */
#include "picture/png.h"

static cairo_status_t
append (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

gboolean
sal_png_save (cairo_surface_t *surface, const char *path, GError **error)
{
  g_autoptr (GByteArray) png = g_byte_array_new ();
  cairo_status_t status
      = cairo_surface_write_to_png_stream (surface, append, png);
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: %s", path,
        cairo_status_to_string (status));
    return FALSE;
  }

  g_autoptr (GError) cause = NULL;
  if (!g_file_set_contents (path, (const char *) png->data, png->len, &cause)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: %s", path,
        cause->message);
    return FALSE;
  }
  return TRUE;
}
