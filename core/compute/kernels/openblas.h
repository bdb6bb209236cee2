/* SPDX-License-Identifier: GPL-2.0-or-later */
/* openblas.h: OpenBLAS, loaded at run time where its matrix product is asked for
 *
 * It lives in the process of a host, whose threads it must leave alone.  Built for POSIX threads,
 * it starts threads when it is loaded; built without any, it gives wrong products when two threads
 * call it at once.  Built for OpenMP, it does neither, and computes small products in the calling
 * thread: this build is taken, or the one for POSIX threads where the host has loaded that itself.
 */
#pragma once

#include <glib.h>

/* Products of m n k up to here take one thread (interface/gemm.c: 4 times 65536, the thresholds
 * SMP_THRESHOLD_MIN and GEMM_MULTITHREAD_THRESHOLD). */
#define SAL_OPENBLAS_ONE_THREAD 262144

#define SAL_OPENBLAS_ROW_MAJOR 101
#define SAL_OPENBLAS_NO_TRANS 111

/* cblas_sgemm(); %NULL before sal_openblas_load() has returned %TRUE. */
extern void (*sal_openblas_sgemm) (int order, int trans_a, int trans_b, int m, int n, int k,
    float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);

/**
 * sal_openblas_load:
 *
 * One thread at a time.
 *
 * Returns: whether OpenBLAS is there
 */
gboolean sal_openblas_load (void);

/* (transfer none): its version and the processor it computes for; %NULL before it is loaded */
const char *sal_openblas_get_config (void);
