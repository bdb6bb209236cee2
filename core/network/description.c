/* SPDX-License-Identifier: GPL-2.0-or-later */
/* description.c: parsing the model description (JSON) */
#include "network/description.h"

#include <math.h>
#include <string.h>

#include "base/json-fields.h"

#define MAX_BYTES 2e9 /* of memory for one window; the paper's: 4e7 */

#define CHOICES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
take_stages (SalJsonFields *section, const char *field, guint *out, guint low,
    guint high)
{
  JsonArray *array
      = sal_json_take_array (section, field, SAL_STAGES, SAL_STAGES);
  for (guint i = 0; array != NULL && i < SAL_STAGES; i++) {
    double value;
    if (!sal_json_array_number (array, i, &value) || value != floor (value)
        || value < low || value > high) {
      sal_json_fields_fail (section,
          "entry %u of %s is not a whole number in %u..%u", i, field, low,
          high);
      return;
    }
    out[i] = (guint) value;
  }
}

/* Fields without effect because of other fields: a wrong value would go
 * unnoticed. */
static void
refuse_void_fields (const SalDescription *self, SalJsonFields *s)
{
  const SalMelConfig *mel = &self->mel;
  if (mel->preemphasis == SAL_PREEMPHASIS_NONE
      && mel->preemphasis_coefficient != 0)
    sal_json_fields_fail (s,
        "preemphasis_coefficient is %g, but preemphasis is "
        "none",
        mel->preemphasis_coefficient);
  if (self->normalisation != SAL_NORMALISATION_MEAN_VARIANCE
      && self->normalisation_epsilon != 0)
    sal_json_fields_fail (s,
        "normalisation_epsilon is %g, but normalisation "
        "divides by nothing",
        self->normalisation_epsilon);
  /* The place of a frame in the FFT changes phases only. */
  if (mel->framing == SAL_FRAMING_NONE && mel->window_centred)
    sal_json_fields_fail (s, "window_placement is centre, but framing is none");
}

static gboolean
parse_frontend (SalDescription *self, JsonNode *node, GError **error)
{
  SalJsonFields s;
  SalMelConfig *mel = &self->mel;
  if (!sal_json_fields_open (&s, "frontend", node, error))
    return sal_json_fields_close (&s);
  mel->sample_rate = sal_json_take_count (&s, "sample_rate", 8000, 48000);
  mel->sample_scale = sal_json_take_number (&s, "sample_scale", 1, 32768);
  mel->dc_removal
      = sal_json_take_choice (&s, "dc_removal", CHOICES ("none", "frame")) == 1;
  mel->preemphasis = sal_json_take_choice (&s, "preemphasis",
      CHOICES ("none", "signal", "frame"));
  mel->preemphasis_coefficient
      = sal_json_take_number (&s, "preemphasis_coefficient", 0, 0.9999);
  mel->window = sal_json_take_choice (&s, "window",
      CHOICES ("hamming", "hamming-periodic", "hann", "hann-periodic",
          "povey"));
  mel->window_length = sal_json_take_count (&s, "window_length", 2, 65536);
  mel->hop = sal_json_take_count (&s, "hop", 1, 65536);
  mel->fft_size = sal_json_take_count (&s, "fft_size", 2, 65536);
  mel->window_centred = sal_json_take_choice (&s, "window_placement",
                            CHOICES ("left", "centre"))
      == 1;
  mel->framing
      = sal_json_take_choice (&s, "framing", CHOICES ("none", "reflect"));
  mel->power
      = sal_json_take_choice (&s, "spectrum", CHOICES ("magnitude", "power"))
      == 1;
  mel->mel_formula
      = sal_json_take_choice (&s, "mel_formula", CHOICES ("htk", "kaldi"));
  mel->triangles_in_mel
      = sal_json_take_choice (&s, "mel_triangles", CHOICES ("hz", "mel")) == 1;
  mel->f_min = sal_json_take_number (&s, "f_min", 0, 24000);
  mel->f_max = sal_json_take_number (&s, "f_max", 1, 24000);
  mel->n_bands = sal_json_take_count (&s, "n_bands", 8, 256);
  mel->log_floor = sal_json_take_number (&s, "log_floor", 1e-30, 1e6);
  mel->floor_is_max
      = sal_json_take_choice (&s, "log_floor_mode", CHOICES ("add", "max"))
      == 1;
  self->normalisation = sal_json_take_choice (&s, "normalisation",
      CHOICES ("none", "mean", "mean-variance"));
  self->normalisation_epsilon
      = sal_json_take_number (&s, "normalisation_epsilon", 0, 1);
  if (self->normalisation == SAL_NORMALISATION_MEAN_VARIANCE
      && self->normalisation_epsilon <= 0)
    sal_json_fields_fail (&s,
        "normalisation_epsilon is 0; dividing by the "
        "deviation needs more");
  refuse_void_fields (self, &s);
  return sal_json_fields_close (&s);
}

static gboolean
parse_topology (SalDescription *self, JsonNode *node, GError **error)
{
  SalJsonFields s;
  SalTopology *t = &self->topology;
  if (!sal_json_fields_open (&s, "topology", node, error))
    return sal_json_fields_close (&s);
  take_stages (&s, "widths", t->widths, 1, 2048);
  take_stages (&s, "blocks", t->blocks, 1, 64);
  take_stages (&s, "strides", t->strides, 1, 2);
  t->stem_relu_first
      = sal_json_take_choice (&s, "stem_order", CHOICES ("bn-relu", "relu-bn"))
      == 1;
  t->block_relu_first
      = sal_json_take_choice (&s, "block_order", CHOICES ("bn-relu", "relu-bn"))
      == 1;
  t->stem_bias = sal_json_take_boolean (&s, "stem_bias");
  t->se_reduction = sal_json_take_count (&s, "se_reduction", 0, 64);
  for (guint i = 0; i < SAL_STAGES && !s.failed; i++)
    if (t->se_reduction > t->widths[i])
      sal_json_fields_fail (&s, "se_reduction is %u, more than the width %u",
          t->se_reduction, t->widths[i]);
  t->pooling = sal_json_take_choice (&s, "pooling",
      CHOICES ("mean-variance", "mean-std", "attentive"));
  t->pooling_epsilon = sal_json_take_number (&s, "pooling_epsilon", 0, 1);
  if (t->pooling == SAL_POOLING_ATTENTIVE)
    t->attention_size = sal_json_take_count (&s, "attention_size", 1, 4096);
  t->embedding_bn_before = sal_json_take_boolean (&s, "embedding_bn_before");
  t->embedding_bn_after = sal_json_take_boolean (&s, "embedding_bn_after");
  t->embedding_size = sal_json_take_count (&s, "embedding_size", 2, 4096);
  return sal_json_fields_close (&s);
}

static gboolean
parse_head (SalDescription *self, JsonNode *node, GError **error)
{
  SalJsonFields s;
  if (!sal_json_fields_open (&s, "head", node, error))
    return sal_json_fields_close (&s);
  self->head
      = sal_json_take_choice (&s, "kind", CHOICES ("none", "cosine", "linear"));
  self->head_scale = 1;
  if (self->head == SAL_HEAD_COSINE) {
    self->head_scale = sal_json_take_number (&s, "scale", 1, 1000);
    self->head_margin = sal_json_take_number (&s, "margin", 0, 1);
  }
  if (self->head != SAL_HEAD_NONE) {
    JsonArray *names = sal_json_take_array (&s, "classes", 2, 1000000);
    self->n_classes = names != NULL ? json_array_get_length (names) : 0;
    self->classes = g_new0 (char *, self->n_classes + 1);
    for (guint i = 0; i < self->n_classes; i++) {
      JsonNode *name = json_array_get_element (names, i);
      if (json_node_get_value_type (name) != G_TYPE_STRING)
        sal_json_fields_fail (&s, "entry %u of classes is not a string", i);
      self->classes[i] = g_strdup (s.failed ? "" : json_node_get_string (name));
    }
  }
  return sal_json_fields_close (&s);
}

/* "all", or a list of class numbers. */
static void
parse_cohort (SalDescription *self, SalJsonFields *s)
{
  JsonNode *node = sal_json_take (s, "cohort");
  if (node == NULL)
    return;
  self->in_cohort = g_new0 (gboolean, self->n_classes + 1);
  gboolean all = json_node_get_value_type (node) == G_TYPE_STRING
      && g_str_equal (json_node_get_string (node), "all");
  for (guint i = 0; i < self->n_classes; i++)
    self->in_cohort[i] = all;
  if (all)
    return;
  /* A class is compared with the others: the cohort needs two. */
  JsonArray *array = sal_json_take_array (s, "cohort", MIN (2, self->n_classes),
      self->n_classes);
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    double value;
    if (!sal_json_array_number (array, i, &value) || value != floor (value)
        || value < 0 || value >= self->n_classes) {
      sal_json_fields_fail (s,
          "entry %u of cohort is not the number of one of the %u classes", i,
          self->n_classes);
      return;
    }
    if (self->in_cohort[(guint) value]) {
      sal_json_fields_fail (s, "cohort has class %u twice", (guint) value);
      return;
    }
    self->in_cohort[(guint) value] = TRUE;
  }
}

static gboolean
parse_curve (SalCurve *curve, const char *name, JsonNode *node, GError **error)
{
  SalJsonFields s;
  const gsize stride = sizeof (SalLine) / sizeof (float);
  if (sal_json_fields_open (&s, name, node, error)) {
    JsonArray *at = sal_json_take_array (&s, "at", 1, SAL_CURVE_MAX_POINTS);
    curve->n = at != NULL ? json_array_get_length (at) : 0;
    sal_json_take_floats (&s, "at", curve->n, curve->at, 1, 1e-3, 1e3);
    for (guint i = 1; i < curve->n; i++)
      if (!(curve->at[i] > curve->at[i - 1]))
        sal_json_fields_fail (&s, "entry %u of at does not rise", i);
    sal_json_take_floats (&s, "scale", curve->n, &curve->lines[0].scale, stride,
        1e-3, 1e3);
    sal_json_take_floats (&s, "offset", curve->n, &curve->lines[0].offset,
        stride, -1e3, 1e3);
  }
  return sal_json_fields_close (&s);
}

static gboolean
parse_curves (SalCurvePair *pair, const char *name, JsonNode *node,
    GError **error)
{
  SalJsonFields s;
  g_autofree char *enrolled = g_strconcat (name, ": enrolled", NULL);
  g_autofree char *classes = g_strconcat (name, ": classes", NULL);
  if (sal_json_fields_open (&s, name, node, error)) {
    JsonNode *first = sal_json_take (&s, "enrolled");
    JsonNode *second = sal_json_take (&s, "classes");
    if (!s.failed)
      s.failed = !parse_curve (&pair->enrolled, enrolled, first, error)
          || !parse_curve (&pair->classes, classes, second, error);
  }
  return sal_json_fields_close (&s);
}

static gboolean
parse_presence (SalHmmConfig *config, JsonNode *node, GError **error)
{
  SalJsonFields s;
  if (sal_json_fields_open (&s, "calibration: presence", node, error)) {
    config->prior = sal_json_take_number (&s, "prior", 1e-3, 0.999);
    config->rate = sal_json_take_number (&s, "rate", 1e-3, 100);
    config->weight = sal_json_take_number (&s, "weight", 1e-3, 1000);
  }
  return sal_json_fields_close (&s);
}

static gboolean
parse_company (SalSessionCohortConfig *config, JsonNode *node, GError **error)
{
  SalJsonFields s;
  if (node == NULL)
    return TRUE;
  if (sal_json_fields_open (&s, "calibration: company", node, error)) {
    config->known = TRUE;
    config->same = sal_json_take_number (&s, "same", -1, 1);
    config->merge = sal_json_take_number (&s, "merge", -1, 1);
    config->prior = sal_json_take_number (&s, "prior", -100, 100);
    config->penalty = sal_json_take_number (&s, "penalty", -1e3, 1e3);
    config->noisy.scale = sal_json_take_number (&s, "noisy_scale", 1e-3, 1e3);
    config->noisy.offset = sal_json_take_number (&s, "noisy_offset", -1e3, 1e3);
  }
  return sal_json_fields_close (&s);
}

static gboolean
parse_calibration (SalDescription *self, JsonNode *node, GError **error)
{
  SalJsonFields s;
  SalCalibration *c = &self->calibration;
  sal_hmm_config_init (&c->presence);
  c->background = -INFINITY;
  if (node == NULL)
    return TRUE;
  if (sal_json_fields_open (&s, "calibration", node, error)) {
    JsonNode *window = sal_json_take (&s, "window"),
             *dense = sal_json_take (&s, "dense");
    JsonNode *noisy = sal_json_take (&s, "noisy");
    JsonNode *presence = sal_json_take (&s, "presence");
    JsonNode *company = sal_json_take_optional (&s, "company");
    if (sal_json_take_optional (&s, "background") != NULL)
      c->background = sal_json_take_number (&s, "background", -1e3, 1e3);
    c->noisy_db = sal_json_take_number (&s, "noisy_db", 0, 100);
    c->clean_db = sal_json_take_number (&s, "clean_db", 0, 100);
    if (!(c->clean_db > c->noisy_db))
      sal_json_fields_fail (&s, "clean_db is %g, not above noisy_db, %g",
          c->clean_db, c->noisy_db);
    if (!s.failed)
      s.failed
          = !parse_curves (&c->window, "calibration: window", window, error)
          || !parse_curves (&c->dense, "calibration: dense", dense, error)
          || !parse_curves (&c->noisy, "calibration: noisy", noisy, error)
          || !parse_presence (&c->presence, presence, error)
          || !parse_company (&c->company, company, error);
  }
  return sal_json_fields_close (&s);
}

static gboolean
parse_golden_stage (SalGoldenValues *golden, const char *stage, JsonNode *node,
    GError **error)
{
  SalJsonFields s;
  g_autofree char *name = g_strdup_printf ("golden: %.40s", stage);
  golden->stage = g_strdup (stage);
  if (!sal_json_fields_open (&s, name, node, error))
    return sal_json_fields_close (&s);
  golden->tolerance = sal_json_take_number (&s, "tolerance", 1e-9, 1);
  JsonArray *indices = sal_json_take_array (&s, "indices", 1, 4096);
  guint n = indices != NULL ? json_array_get_length (indices) : 0;
  JsonArray *values = sal_json_take_array (&s, "values", n, n);
  golden->n_values = values != NULL ? n : 0;
  golden->indices = g_new0 (guint64, n + 1);
  golden->values = g_new0 (float, n + 1);
  for (guint i = 0; i < golden->n_values; i++) {
    double index, value;
    if (!sal_json_array_number (indices, i, &index) || index < 0 || index > 1e12
        || index != floor (index)
        || !sal_json_array_number (values, i, &value)) {
      sal_json_fields_fail (&s, "entry %u is not a place and a value", i);
      break;
    }
    golden->indices[i] = (guint64) index;
    golden->values[i] = (float) value;
  }
  return sal_json_fields_close (&s);
}

static gboolean
parse_golden (SalDescription *self, JsonNode *node, GError **error)
{
  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node)
      || json_object_get_size (json_node_get_object (node))
          > SAL_GOLDEN_STAGES) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_DESCRIPTION,
        "record: golden is not an object of at most %d stages",
        SAL_GOLDEN_STAGES);
    return FALSE;
  }
  JsonObjectIter iter;
  const char *stage;
  JsonNode *values;
  json_object_iter_init_ordered (&iter, json_node_get_object (node));
  while (json_object_iter_next_ordered (&iter, &stage, &values))
    if (!parse_golden_stage (&self->golden[self->n_golden++], stage, values,
            error))
      return FALSE;
  return TRUE;
}

static gboolean
parse_root (SalDescription *self, JsonNode *root, GError **error)
{
  SalJsonFields s;
  if (!sal_json_fields_open (&s, "", root, error))
    return sal_json_fields_close (&s);
  sal_json_take_count (&s, "version", SAL_DESCRIPTION_VERSION,
      SAL_DESCRIPTION_VERSION);
  self->name = sal_json_take_string (&s, "name");
  sal_json_take_optional (&s, "provenance");
  JsonNode *frontend = sal_json_take (&s, "frontend");
  JsonNode *topology = sal_json_take (&s, "topology");
  JsonNode *head = sal_json_take (&s, "head");
  JsonNode *calibration = sal_json_take_optional (&s, "calibration");
  JsonNode *golden = sal_json_take_optional (&s, "golden");
  if (!s.failed)
    s.failed = !parse_frontend (self, frontend, error)
        || !parse_topology (self, topology, error)
        || !parse_head (self, head, error)
        || !parse_calibration (self, calibration, error)
        || !parse_golden (self, golden, error);
  parse_cohort (self, &s);
  return sal_json_fields_close (&s);
}

/* Activations of a window of two seconds: three arrays a block. */
static gboolean
check_size (const SalDescription *self, GError **error)
{
  const SalTopology *t = &self->topology;
  double h = self->mel.n_bands, w = 200, bytes = 0;
  for (guint i = 0; i < SAL_STAGES; i++) {
    h = ceil (h / t->strides[i]);
    w = ceil (w / t->strides[i]);
    bytes += 3.0 * t->blocks[i] * t->widths[i] * h * w * sizeof (float);
  }
  if (bytes <= MAX_BYTES)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_DESCRIPTION,
      "record: topology: a window would take %.3g bytes, more than %.3g", bytes,
      MAX_BYTES);
  return FALSE;
}

SalDescription *
sal_description_parse (const char *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_autoptr (GError) cause = NULL;
  g_autoptr (JsonParser) parser = sal_json_parse (text, strlen (text), &cause);
  if (parser == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_DESCRIPTION, "record: %s",
        cause->message);
    return NULL;
  }
  g_autoptr (SalDescription) self = g_new0 (SalDescription, 1);
  if (!parse_root (self, json_parser_get_root (parser), error))
    return NULL;
  g_autoptr (GError) mel_error = NULL;
  if (!sal_mel_config_check (&self->mel, &mel_error)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_DESCRIPTION,
        "record: frontend: %s", mel_error->message);
    return NULL;
  }
  if (!check_size (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sal_description_free (SalDescription *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_golden; i++) {
    g_free (self->golden[i].stage);
    g_free (self->golden[i].indices);
    g_free (self->golden[i].values);
  }
  g_free (self->name);
  g_strfreev (self->classes);
  g_free (self->in_cohort);
  g_free (self);
}

SalLinePair
sal_description_line_pair (const SalDescription *self, SalLine noisy,
    SalLine clean)
{
  float db = (float) ((self->mel.power ? 10 : 20) / G_LN10);
  return (SalLinePair){ .noisy = noisy,
    .clean = clean,
    .noisy_at = self->calibration.noisy_db / db,
    .clean_at = self->calibration.clean_db / db };
}
