/* SPDX-License-Identifier: GPL-2.0-or-later */
/* default-model.c: the path of the model that was installed with the library
 *
 * The loader says where the library lies; the model lies in the same prefix.
 */
#define _GNU_SOURCE /* dladdr */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "network/default-model-path.h"
#include <saliency/model.h>

#define VARIABLE "SPEAKERSALIENCY_MODEL"
#define MOST_FOLDERS                                                           \
  6 /* from PREFIX/lib/TRIPLET/gstreamer-1.0 up, and one more */

/* Returns: (transfer full) (nullable): the model in a folder above a file */
static char *
find_above (const char *file)
{
  g_autofree char *path = realpath (file, NULL);

  for (guint i = 0; path != NULL && i < MOST_FOLDERS; i++) {
    g_autofree char *folder = g_path_get_dirname (path);
    g_autofree char *model
        = g_build_filename (folder, SALIENCY_MODEL_PLACE, NULL);
    if (g_file_test (model, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer (&model);
    g_free (path);
    path = g_steal_pointer (&folder);
  }
  return NULL;
}

/* Where the library lies, if it is a shared one: of a program the loader knows
 * only by which name it was called. */
static char *
find_beside_library (void)
{
  Dl_info info;

  if (dladdr ((void *) find_beside_library, &info) == 0
      || info.dli_fname == NULL || strchr (info.dli_fname, '/') == NULL)
    return NULL;
  return find_above (info.dli_fname);
}

char *
sal_model_get_default_path (void)
{
  const char *named = g_getenv (VARIABLE);

  if (named != NULL && *named != '\0')
    return g_strdup (named);
  char *path = find_beside_library ();
  if (path == NULL)
    path = find_above ("/proc/self/exe");
  return path != NULL ? path : g_strdup (SALIENCY_DEFAULT_MODEL);
}
