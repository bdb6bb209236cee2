/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fft.h: lock for the planner of the fast Fourier transform (FFTW)
 *
 * The planner has process-wide state and no lock.  Making and destroying a plan needs this lock;
 * executing a plan does not.
 */
#pragma once

void sal_fft_planner_lock (void);
void sal_fft_planner_unlock (void);
