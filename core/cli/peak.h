/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peak.h: peak floating-point rate of a core, and the name of the processor */
#pragma once

#include <glib.h>

/**
 * cli_cpu_name:
 *
 * Returns: (transfer full): the model name that /proc/cpuinfo gives, "unknown" where there is none
 */
char *cli_cpu_name (void);

/**
 * cli_peak_gflops:
 *
 * Measures, for some 40 ms in the calling thread: independent chains of multiply-adds in registers,
 * as wide as the kernels have them (sal_kernels_get()), the best of many turns.  Nothing that reads
 * memory gets there.
 *
 * Returns: 1e9 float32 operations per second, a multiply-add counted as two
 */
double cli_peak_gflops (void);
