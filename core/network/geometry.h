/* SPDX-License-Identifier: GPL-2.0-or-later */
/* geometry.h: strides and windows of the network, and the sizes that follow from them */
#pragma once

#include "network/description.h"

#define SAL_WINDOW_LEAST_FRAMES 16 /* two columns of S4; shorter windows are not computed */
#define SAL_DENSE_COLUMNS 9        /* m of sal_scorer_dense(): 0.72 s */

guint sal_geometry_frames_per_column (
    const SalTopology *topology); /* frames of log-Mel per column of S4 */
guint sal_geometry_out (guint in,
    guint stride); /* rows or columns that a convolution of stride @stride leaves of @in */
