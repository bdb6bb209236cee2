/* SPDX-License-Identifier: GPL-2.0-or-later */
/* properties.h: the GObject properties of speakersaliency */
#pragma once

#include "property-values.h"

/**
 * gss_properties_install:
 *
 * Installs all but those that can only be read, and marks their types as plugin API.
 */
void gss_properties_install (GObjectClass *klass);
