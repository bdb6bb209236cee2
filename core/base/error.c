/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.c: the error domain of the library (GError) */
#include "base/error.h"

/* clang-format puts blanks into the name that G_DEFINE_QUARK() is given. */
GQuark
sal_error_quark (void)
{
  return g_quark_from_static_string ("sal-error-quark");
}

gboolean
sal_error_set (GError **error, SalError code, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, SAL_ERROR, code, message);
  return FALSE;
}
