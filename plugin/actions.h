/* SPDX-License-Identifier: GPL-2.0-or-later */
/* actions.h: action signals of the element: reset and enrolment */
#pragma once

#include <gst/gst.h>

void gss_actions_install (GstElementClass *klass); /* with their descriptions as metadata */
