/* SPDX-License-Identifier: GPL-2.0-or-later */
/* second-speaker.h: second-speaker detection (diarization of an enrolment, by outliers)
 *
 * A recording is a series of cells, one short-time embedding each, as for the dense score.  Every
 * stretch of 1.6 s has a direction s, the mean of its cells.  It is compared with the recordings
 * outside its surroundings, in two ways:
 *
 *   z = (y - mu_s) / sigma_s              mean and deviation as in cohort.h
 *
 *   y = mean of the highest fifth of <s, r>, r the other stretches
 *   y = <s, r>, r the mean of all the rest
 *
 * The unit of z is the deviation of the cosines of s with cohort voices.  A person has several
 * manners of speaking and comes back to each: a stretch far from the mean of the rest still has
 * similar stretches, an interjection of a second voice has none.  A second voice that comes back
 * has similar stretches, too; the mean of the rest reveals it, by a limit that manners of one
 * person hardly reach.  A stretch below either limit is foreign and leaves the rest; this repeats
 * until nothing changes.
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
 * @cells: [n_cells, E], the length of each is its part of speech, [0, 1]
 * @foreign: (out caller-allocates): whether a cell belongs to a second voice, [n_cells]
 * @where: (out): the run of foreign cells that differs most
 *
 * The first voice is the one with most speech.  A stretch lies within one recording.  It is not
 * judged if less than half of it is speech, if less than 3 s of speech are left to compare it with,
 * or if the model's cohort has fewer than 30 voices.  Marking stops before most of the speech would
 * be foreign; a very varied voice may therefore have no foreign cell.
 *
 * Returns: whether there is a second voice; else no cell is foreign
 */
gboolean sal_second_speaker_find (const SalModel *model, const SalCells *recordings,
    guint n_recordings, const float *cells, gboolean *foreign, SalCells *where);
