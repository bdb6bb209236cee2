/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/version.h>

void
sal_version (guint *major, guint *minor, guint *micro)
{
  if (major != NULL)
    *major = SAL_MAJOR_VERSION;
  if (minor != NULL)
    *minor = SAL_MINOR_VERSION;
  if (micro != NULL)
    *micro = SAL_MICRO_VERSION;
}
