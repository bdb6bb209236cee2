/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tally.h: from the figures of streams to those of all of them */
#pragma once

#include "eval/streaming.h"

typedef struct _SalTally SalTally;

SalTally *sal_tally_new (void);
void sal_tally_free (SalTally *self); /* NULL is a no-op */
void sal_tally_add (SalTally *self, const SalStream *stream);

/**
 * sal_tally_finish:
 * @rows: (out caller-allocates): [CONDITIONS, LOOKAHEADS]
 */
void sal_tally_finish (const SalTally *self, SalStreamingRow *rows);
