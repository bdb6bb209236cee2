/* SPDX-License-Identifier: GPL-2.0-or-later */
/* second-speaker.h: a second voice in recordings of one
 *
 * A recording comes as cells, one short-time embedding each, as the dense score has them.
 * Every stretch of 1.6 s has a direction s, the mean of its cells, and is compared with what
 * was heard elsewhere, its surroundings left out, in two ways:
 *
 *   z = (y - mu_s) / sigma_s              mean and deviation as in cohort.h
 *
 *   y = mean of the highest fifth of <s, r>, r the other stretches
 *   y = <s, r>, r the mean of all the rest
 *
 * The unit of z is how much the cosines of s with voices that it is not differ.  Somebody has
 * more than one manner of speaking and comes back to each, so that a stretch far from the mean
 * of the rest still has others like it; a lone one has not.  So has a second voice that comes
 * back: of it the mean of the rest tells, by a limit that manners hardly reach.  A stretch
 * below either limit is foreign and taken out of the rest; that is repeated until nothing
 * changes.
 */
#pragma once

#include <saliency/model.h>

/* Cells [first, first + n). */
typedef struct {
  gsize first, n;
} SalCells;

/**
 * sal_second_speaker_find:
 * @recordings: [n_recordings], one after the other, from cell 0 on
 * @cells: [n_cells, E], each as long as the part of it that is speech, [0, 1]
 * @foreign: (out caller-allocates): whether a cell is of a second voice, [n_cells]
 * @where: (out): the run of foreign cells that differs most
 *
 * The voice that has most of the speech is the first one.  A stretch lies in one recording; it is
 * not judged if less than half of it is speech, or less than 3 s of speech are left to compare it
 * with; none is if the model's cohort has fewer than 30 voices.  Marking stops before most of the
 * speech would be foreign, so that a very varied voice may have none.
 *
 * Returns: whether there is a second voice; else no cell is foreign
 */
gboolean sal_second_speaker_find (const SalModel *model, const SalCells *recordings,
    guint n_recordings, const float *cells, gboolean *foreign, SalCells *where);
