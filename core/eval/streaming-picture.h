/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streaming-picture.h: how well streams went, and how one of them went */
#pragma once

#include <cairo.h>

#include "eval/streaming-figures.h"

/**
 * eval_streaming_draw:
 * @rows: [CONDITIONS, LOOKAHEADS]
 * @example: drawn below: who truly speaks, and the probability of the target, clean, at 500 ms
 * @corpus: whose names are written
 *
 * Above, the AUC against the look-ahead, ours and the usual gate's.
 *
 * Returns: (transfer full): an image
 */
cairo_surface_t *eval_streaming_draw (const char *title, const EvalStreamingRow *rows,
    const EvalStream *example, const EvalCorpus *corpus);
