/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fft.c: lock for the planner of the fast Fourier transform (FFTW) */
#include "base/fft.h"

#include <glib.h>

static GMutex planner;

void
sal_fft_planner_lock (void)
{
  g_mutex_lock (&planner);
}

void
sal_fft_planner_unlock (void)
{
  g_mutex_unlock (&planner);
}
