/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h: debug categories: "speakersaliency" of the element, "saliency" of the library
 *
 * To be included last: it defines GST_CAT_DEFAULT.
 */
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN (speaker_saliency_debug);

#undef GST_CAT_DEFAULT
#define GST_CAT_DEFAULT speaker_saliency_debug

/**
 * gss_log_init:
 *
 * Makes the categories.  What the library logs with GLib (domain "saliency") goes to its category
 * from now on, and still to GLib's handler for whoever set G_MESSAGES_DEBUG.
 */
void gss_log_init (void);
