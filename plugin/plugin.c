/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gstspeakersaliency.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (speakersaliency, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, speakersaliency,
    "Where in a sound a known speaker is, and why", plugin_init,
    PACKAGE_VERSION, "GPL", GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
