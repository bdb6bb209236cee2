/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fft.h: one lock for FFTW's planner
 *
 * The planner has one process-wide state and no lock of its own; making and
 * destroying a plan needs this one, executing a plan does not.
 */
#pragma once

void sal_fft_planner_lock (void);
void sal_fft_planner_unlock (void);
