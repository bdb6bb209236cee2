/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aligned.h: large arrays for vectors */
#pragma once

#include <glib.h>

/**
 * sal_aligned_new:
 *
 * Large ones ask the system for large pages, which spares a pass over weights of many megabytes
 * most of its page walks.
 *
 * Returns: (transfer full): @n floats, zero, aligned to 64 bytes; free with g_aligned_free()
 */
float *sal_aligned_new (gsize n);
