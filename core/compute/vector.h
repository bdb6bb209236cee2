/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vector.h: vectors and matrices of any alignment, row-major, in the calling thread
 *
 * What a network does outside its convolutions is too little for a BLAS whose threads would belong
 * to the host.
 */
#pragma once

#include <glib.h>

double sal_softplus (double x);           /* log (1 + e^x), without overflow */
void sal_vector_sort (float *x, gsize n); /* rising; in place, unlike qsort(), which may allocate */
float sal_vector_dot (const float *a, const float *b, gsize n);          /* sum a_i b_i */
void sal_vector_add_scaled (float *y, float a, const float *x, gsize n); /* y += a x */

/**
 * sal_vector_normalise:
 * @v: (inout): [n]; becomes of unit length, zeros stay zeros
 *
 * Returns: its length before
 */
float sal_vector_normalise (float *v, gsize n);

/* y [m] += s A x, A [m, n] */
void sal_matrix_vector (gsize m, gsize n, float s, const float *a, const float *x, float *y);

/* y [n] += s A^T x, A [m, n] */
void sal_matrix_transposed_vector (gsize m, gsize n, float s, const float *a, const float *x,
    float *y);

/* C [m, n] += A B, A [m, k], B [k, n] */
void sal_matrix_matrix (gsize m, gsize n, gsize k, const float *a, const float *b, float *c);

/* C [m, n] += A^T B, A [k, m], B [k, n] */
void sal_matrix_transposed_matrix (gsize m, gsize n, gsize k, const float *a, const float *b,
    float *c);
