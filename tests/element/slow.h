/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slow.h: windows that take longer, of all elements or of one
 *
 * The functions of the library that compute windows are interposed: the program's own are called,
 * which sleep beside.
 */
#pragma once

#include <glib.h>

void slow_set_cost (guint us); /* of every window from now on, beside what it costs */
void slow_follow (
    gint *cost); /* atomic, us: of the windows that the calling thread computes, besides */
