/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads OpenBLAS with dlopen(). */
#define G_LOG_DOMAIN "saliency"
#include "compute/kernels/openblas.h"

#include <dlfcn.h>

/* Results of openblas_get_parallel() */
enum { SEQUENTIAL, POSIX_THREADS, OPENMP };

void (*sal_openblas_sgemm) (int, int, int, int, int, int, float, const float *,
    int, const float *, int, float, float *, int);
static const char *config;

static const char *
describe (void *library)
{
  char *(*get_config) (void)
      = (char *(*) (void) ) dlsym (library, "openblas_get_config");
  return get_config != NULL ? get_config () : "OpenBLAS";
}

/* Takes the library if it is built for one of two kinds of threads. */
static gboolean
take (void *library, int kind, int other)
{
  int (*get_parallel) (void)
      = (int (*) (void)) dlsym (library, "openblas_get_parallel");
  void *sgemm = dlsym (library, "cblas_sgemm");
  if (get_parallel == NULL || sgemm == NULL
      || (get_parallel () != kind && get_parallel () != other)) {
    dlclose (library);
    return FALSE;
  }
  config = describe (library);
  *(void **) &sal_openblas_sgemm = sgemm;
  g_debug ("%s", config);
  return TRUE;
}

gboolean
sal_openblas_load (void)
{
  if (sal_openblas_sgemm != NULL)
    return TRUE;
  void *library = dlopen ("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD);
  if (library != NULL && take (library, POSIX_THREADS, OPENMP))
    return TRUE;
  library = dlopen (SAL_OPENBLAS_OPENMP, RTLD_NOW | RTLD_LOCAL);
  return library != NULL && take (library, OPENMP, OPENMP);
}

const char *
sal_openblas_get_config (void)
{
  return config;
}
