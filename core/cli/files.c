/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

static GPtrArray *inputs; /* of char *, for the whole call */

void
cli_input_add (const char *path)
{
  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  if (inputs == NULL)
    inputs = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (inputs, g_strdup (path));
}

static gboolean
is_same_inode (const char *a, const char *b)
{
  GStatBuf x, y;

  return g_stat (a, &x) == 0 && g_stat (b, &y) == 0 && x.st_dev == y.st_dev
      && x.st_ino == y.st_ino;
}

gboolean
cli_is_same_file (const char *a, const char *b)
{
  g_autofree char *folder_a = g_path_get_dirname (a);
  g_autofree char *folder_b = g_path_get_dirname (b);
  g_autofree char *name_a = g_path_get_basename (a);
  g_autofree char *name_b = g_path_get_basename (b);

  return is_same_inode (a, b)
      || (g_str_equal (name_a, name_b) && is_same_inode (folder_a, folder_b));
}

static gboolean
check_inputs (const char *path, GError **error)
{
  for (guint i = 0; inputs != NULL && i < inputs->len; i++) {
    const char *input = g_ptr_array_index (inputs, i);
    if (cli_is_same_file (path, input)) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
          "%s: is the input %s and will not be replaced", path, input);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
cli_output_check (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_str_equal (path, "-")) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
        "-: this output is a file and does not go to standard output");
    return FALSE;
  }
  if (g_access (folder, W_OK) != 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: folder %s: %s", path,
        folder, g_strerror (errno));
    return FALSE;
  }
  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && !g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
        "%s: is not a regular file and will not be replaced", path);
    return FALSE;
  }
  return check_inputs (path, error);
}
