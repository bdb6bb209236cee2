/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tally.h: from the figures of streams to those of all of them */
#pragma once

#include "eval/streaming.h"

typedef struct _EvalTally EvalTally;

EvalTally *eval_tally_new (guint n_conditions);
void eval_tally_free (EvalTally *self); /* NULL is a no-op */
void eval_tally_add (EvalTally *self, const EvalStream *stream);

/**
 * eval_tally_finish:
 * @rows: (out caller-allocates): [CONDITIONS, LOOKAHEADS]
 */
void eval_tally_finish (const EvalTally *self, EvalStreamingRow *rows);
