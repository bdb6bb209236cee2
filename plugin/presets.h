/* SPDX-License-Identifier: GPL-2.0-or-later */
/* presets.h: GstPreset of the element
 *
 * A preset holds the settings of analysis and mask.  Model, targets and the switches for listening
 * (bypass, solo-removed, post-messages) are not its properties; a saved preset has the targets as
 * metadata.
 */
#pragma once

#include <gst/gst.h>

void gss_presets_init (GstPresetInterface *iface, gpointer data); /* a GInterfaceInitFunc */
