/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#define DOMAIN "saliency" /* of the library, for GLib */

GST_DEBUG_CATEGORY (speaker_saliency_debug);
static GstDebugCategory *library_debug;

static GstDebugLevel
debug_level (GLogLevelFlags level)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return GST_LEVEL_ERROR;
  if (level & G_LOG_LEVEL_WARNING)
    return GST_LEVEL_WARNING;
  return level & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO) ? GST_LEVEL_INFO
                                                          : GST_LEVEL_DEBUG;
}

static void
log_of_library (const char *domain, GLogLevelFlags level, const char *text,
    gpointer user_data)
{
  GST_CAT_LEVEL_LOG (library_debug, debug_level (level), NULL, "%s", text);
  g_log_default_handler (domain, level, text, user_data);
}

void
gss_log_init (void)
{
  GST_DEBUG_CATEGORY_INIT (speaker_saliency_debug, "speakersaliency", 0,
      "where a known speaker is");
  library_debug = _gst_debug_category_new (DOMAIN, 0,
      "the library that speakersaliency is made of");
  g_log_set_handler (DOMAIN,
      G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION,
      log_of_library, NULL);
}
