/* SPDX-License-Identifier: GPL-2.0-or-later */
/* description.h: model description, the JSON metadata of a model file
 *
 * The object under the metadata key "speakersaliency" describes front end, topology, head, cohort,
 * calibration, golden values and provenance.  Every choice in which popular checkpoints differ is a
 * field here, never code.  A field that is unknown, missing or out of range is refused by name; so
 * is a field without effect because of another field, unless it is 0 or "left".
 */
#pragma once

#include "network/calibration.h"
#include <saliency/mel.h>

#define SAL_DESCRIPTION_KEY "speakersaliency"
#define SAL_DESCRIPTION_VERSION 1
#define SAL_GOLDEN_STAGES 7 /* log-Mel, S1 .. S4, embedding, score */

typedef enum {
  SAL_NORMALISATION_NONE,
  SAL_NORMALISATION_MEAN,
  SAL_NORMALISATION_MEAN_VARIANCE
} SalNormalisation;
typedef enum { SAL_POOLING_MEAN_VARIANCE, SAL_POOLING_MEAN_STD, SAL_POOLING_ATTENTIVE } SalPooling;
typedef enum {
  SAL_HEAD_NONE,
  SAL_HEAD_COSINE,
  SAL_HEAD_LINEAR
} SalHead; /* score.h has the formulas */

typedef struct {
  guint widths[SAL_STAGES], blocks[SAL_STAGES], strides[SAL_STAGES];
  gboolean stem_relu_first, block_relu_first; /* ReLU before batch norm */
  gboolean stem_bias;
  guint se_reduction; /* 0: no squeeze-and-excitation */
  SalPooling pooling;
  float pooling_epsilon; /* pooling.h */
  guint attention_size;  /* A, hidden rows; 0 unless the pooling is attentive */
  gboolean embedding_bn_before, embedding_bn_after;
  guint embedding_size; /* E */
} SalTopology;

typedef struct {
  char *stage;
  float tolerance;
  guint n_values;
  guint64 *indices; /* into the flat array of the stage, [n_values] */
  float *values;    /* [n_values] */
} SalGoldenValues;

typedef struct {
  char *name;
  SalMelConfig mel;
  SalNormalisation normalisation; /* of each band over the window */
  float normalisation_epsilon;    /* added to the variance */
  SalTopology topology;
  SalHead head;
  float head_scale, head_margin; /* s, m of a cosine head, else 1, 0 */
  guint n_classes;
  char **classes;             /* %NULL-terminated */
  gboolean *in_cohort;        /* [n_classes] */
  SalCalibration calibration; /* empty curves if the description has none */
  guint n_golden;
  SalGoldenValues golden[SAL_GOLDEN_STAGES];
} SalDescription;

/**
 * sal_description_parse:
 * @text: JSON
 *
 * Returns: (transfer full) (nullable): a description, or %NULL and %SAL_ERROR_DESCRIPTION, which
 * names field, value and limit
 */
SalDescription *sal_description_parse (const char *text, GError **error);
void sal_description_free (SalDescription *self); /* NULL is a no-op */

/**
 * sal_description_line_pair:
 *
 * Returns: the lines at the contrasts of the description, in units of its log-Mel
 */
SalLinePair sal_description_line_pair (const SalDescription *self, SalLine noisy, SalLine clean);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SalDescription, sal_description_free)
