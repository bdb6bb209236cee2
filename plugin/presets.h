/* SPDX-License-Identifier: GPL-2.0-or-later */
/* presets.h: GstPreset of the element
 *
 * A preset holds how the element works.  Whom it looks for, with which model, and what is toggled
 * while listening (bypass, solo-removed, post-messages) is no part of it; a saved preset also
 * remembers the targets, beside its properties.
 */
#pragma once

#include <gst/gst.h>

void gss_presets_init (GstPresetInterface *iface, gpointer data); /* a GInterfaceInitFunc */
