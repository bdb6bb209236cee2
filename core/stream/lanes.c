/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/lanes.h"

#include "network/model-internal.h"
#include "voice/target-internal.h"

SalLinePair
sal_analyser_lines (const SalModel *model, const SalTarget *target,
    guint lookahead)
{
  const SalDescription *record = sal_model_get_description (model);
  const SalCalibration *c = &record->calibration;
  gboolean enrolled = sal_target_get_class (target) < 0;
  double seconds
      = (double) lookahead * record->mel.hop / record->mel.sample_rate;
  return sal_description_line_pair (record,
      sal_curve_at (enrolled ? &c->noisy.enrolled : &c->noisy.classes, seconds),
      sal_curve_at (enrolled ? &c->dense.enrolled : &c->dense.classes,
          seconds));
}

SalTimeline *
sal_analyser_timeline_new (const SalModel *model, const SalTarget *target,
    guint capacity, guint lookahead)
{
  const SalDescription *record = sal_model_get_description (model);
  SalLinePair lines = sal_analyser_lines (model, target, lookahead);
  return sal_timeline_new (record->mel.n_bands, capacity,
      (double) record->mel.hop / record->mel.sample_rate, &lines,
      &record->calibration.presence);
}

SalFrameRing *
sal_analyser_history_new (const SalModel *model, guint capacity)
{
  const SalMelConfig *mel = &sal_model_get_description (model)->mel;
  /* A window, what is heard at a time ahead of it, and what a frame is. */
  guint n_loud = SAL_WINDOW_FRAMES
      + (SAL_FRAME_RING_SAMPLES + mel->fft_size) / mel->hop + 2;
  return sal_frame_ring_new (mel->n_bands, capacity, mel->hop, n_loud);
}
