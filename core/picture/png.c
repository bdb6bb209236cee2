/* SPDX-License-Identifier: GPL-2.0-or-later */
/* png.c: writing a PNG file */
#include "picture/png.h"

#include <cairo-svg.h>

static cairo_status_t
append (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static gboolean
write_file (const GByteArray *bytes, const char *path, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (g_file_set_contents (path, (const char *) bytes->data, bytes->len,
          &cause))
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: %s", path,
      cause->message);
  return FALSE;
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

  return write_file (png, path, error);
}

cairo_surface_t *
sal_svg_new (GByteArray *text, double width, double height)
{
  return cairo_svg_surface_create_for_stream (append, text, width, height);
}

gboolean
sal_svg_save (cairo_surface_t *surface, const GByteArray *text,
    const char *path, GError **error)
{
  cairo_surface_finish (surface);
  cairo_status_t status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    return write_file (text, path, error);
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: %s", path,
      cairo_status_to_string (status));
  return FALSE;
}
