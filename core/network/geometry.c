/* SPDX-License-Identifier: GPL-2.0-or-later */
/* geometry.c: strides and receptive windows of the network */
#include "network/geometry.h"

guint
sal_geometry_frames_per_column (const SalTopology *topology)
{
  guint n = 1;
  for (guint i = 0; i < SAL_STAGES; i++)
    n *= topology->strides[i];
  return n;
}

guint
sal_geometry_out (guint in, guint stride)
{
  return (in - 1) / stride + 1;
}
