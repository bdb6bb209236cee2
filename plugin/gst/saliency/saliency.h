/* SPDX-License-Identifier: GPL-2.0-or-later */
/* saliency.h: the whole of libgstsaliency-1.0, what the elements attach to buffers */
#pragma once

#include <gst/saliency/gstsaliencymeta.h>
