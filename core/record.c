/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <math.h>
#include <string.h>

#include "json.h"

#define MAX_BYTES 2e9 /* of memory for one window; Table 1 takes 4e7 */

/* A section being read: members are taken out one by one; what is left over at
 * the end is unknown.  The first failure is kept, later reads do nothing. */
typedef struct {
  const char *name;    /* as in messages */
  JsonObject *object;
  GHashTable *taken;   /* member names, a set */
  GError **error;
  gboolean failed;
} Section;

static void G_GNUC_PRINTF (2, 3)
fail (Section *section, const char *format, ...)
{
  if (section->failed)
    return;
  va_list args;
  va_start (args, format);
  g_autofree char *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (section->error, SAL_ERROR, SAL_ERROR_RECORD, "record: %s%s%s",
      section->name, *section->name ? ": " : "", message);
  section->failed = TRUE;
}

static JsonNode *
take_optional (Section *section, const char *field)
{
  g_hash_table_add (section->taken, (gpointer) field);
  return json_object_get_member (section->object, field);
}

static JsonNode *
take (Section *section, const char *field)
{
  JsonNode *node = take_optional (section, field);
  if (node == NULL)
    fail (section, "field %s is missing", field);
  return section->failed ? NULL : node;
}

static gboolean
section_open (Section *section, const char *name, JsonNode *node,
    GError **error)
{
  *section = (Section){ .name = name, .error = error };
  section->taken = g_hash_table_new (g_str_hash, g_str_equal);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node)) {
    fail (section, "not an object");
    return FALSE;
  }
  section->object = json_node_get_object (node);
  return TRUE;
}

/* Returns FALSE if anything in the section was wrong. */
static gboolean
section_close (Section *section)
{
  JsonObjectIter iter;
  const char *member;
  JsonNode *node;
  if (section->object != NULL) {
    json_object_iter_init (&iter, section->object);
    while (json_object_iter_next (&iter, &member, &node))
      if (!g_hash_table_contains (section->taken, member))
        fail (section, "field %.40s is unknown", member);
  }
  g_hash_table_unref (section->taken);
  return !section->failed;
}

static double
take_number (Section *section, const char *field, double low, double high)
{
  JsonNode *node = take (section, field);
  if (node == NULL)
    return low;
  GType type = json_node_get_value_type (node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE) {
    fail (section, "%s is not a number", field);
    return low;
  }
  double value = type == G_TYPE_INT64 ? (double) json_node_get_int (node)
                                      : json_node_get_double (node);
  if (!(value >= low && value <= high)) {
    fail (section, "%s is %g, outside %g..%g", field, value, low, high);
    return low;
  }
  return value;
}

static guint
take_count (Section *section, const char *field, guint low, guint high)
{
  double value = take_number (section, field, low, high);
  if (value != floor (value))
    fail (section, "%s is %g, not a whole number", field, value);
  return (guint) value;
}

static gboolean
take_boolean (Section *section, const char *field)
{
  JsonNode *node = take (section, field);
  if (node == NULL)
    return FALSE;
  if (json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    fail (section, "%s is neither true nor false", field);
  return json_node_get_boolean (node);
}

/* Index of the field's value among the NULL-terminated choices. */
static int
take_choice (Section *section, const char *field, const char *const *choices)
{
  JsonNode *node = take (section, field);
  if (node == NULL)
    return 0;
  const char *text = json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node) : "(not a string)";
  for (int i = 0; choices[i] != NULL; i++)
    if (g_str_equal (choices[i], text))
      return i;
  g_autofree char *list = g_strjoinv (", ", (char **) choices);
  fail (section, "%s is \"%.40s\", not one of: %s", field, text, list);
  return 0;
}

#define CHOICES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static char *
take_string (Section *section, const char *field)
{
  JsonNode *node = take (section, field);
  if (node == NULL)
    return g_strdup ("");
  if (json_node_get_value_type (node) != G_TYPE_STRING) {
    fail (section, "%s is not a string", field);
    return g_strdup ("");
  }
  return g_strdup (json_node_get_string (node));
}

static JsonArray *
take_array (Section *section, const char *field, guint least, guint most)
{
  JsonNode *node = take (section, field);
  if (node == NULL)
    return NULL;
  JsonArray *array
      = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL) {
    fail (section, "%s is not a list", field);
    return NULL;
  }
  guint length = json_array_get_length (array);
  if (length < least || length > most) {
    fail (section, "%s has %u entries, outside %u..%u", field, length, least,
        most);
    return NULL;
  }
  return array;
}

/* Entry i of a list as a number; FALSE if it is none. */
static gboolean
array_number (JsonArray *array, guint i, double *value)
{
  JsonNode *node = json_array_get_element (array, i);
  GType type = json_node_get_value_type (node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = type == G_TYPE_INT64 ? (double) json_node_get_int (node)
                                : json_node_get_double (node);
  return isfinite (*value);
}

static void
take_stages (Section *section, const char *field, guint *out, guint low,
    guint high)
{
  JsonArray *array = take_array (section, field, SAL_RECORD_STAGES,
      SAL_RECORD_STAGES);
  for (guint i = 0; array != NULL && i < SAL_RECORD_STAGES; i++) {
    double value;
    if (!array_number (array, i, &value) || value != floor (value)
        || value < low || value > high) {
      fail (section, "entry %u of %s is not a whole number in %u..%u", i, field,
          low, high);
      return;
    }
    out[i] = (guint) value;
  }
}

/* --- sections ------------------------------------------------------------ */

/* Fields that others make void: any value would compute the same, and nobody
 * would notice a wrong one. */
static void
refuse_void_fields (const SalRecord *self, Section *s)
{
  const SalMelConfig *mel = &self->mel;
  if (mel->preemphasis == SAL_PREEMPHASIS_NONE
      && mel->preemphasis_coefficient != 0)
    fail (s, "preemphasis_coefficient is %g, but preemphasis is none",
        mel->preemphasis_coefficient);
  if (self->normalisation != SAL_NORMALISATION_MEAN_VARIANCE
      && self->normalisation_epsilon != 0)
    fail (s, "normalisation_epsilon is %g, but normalisation divides by "
        "nothing", self->normalisation_epsilon);
  /* Where a frame lies in the FFT turns phases only. */
  if (mel->framing == SAL_FRAMING_NONE && mel->window_centred)
    fail (s, "window_placement is centre, but framing is none");
}

static gboolean
parse_frontend (SalRecord *self, JsonNode *node, GError **error)
{
  Section s;
  SalMelConfig *mel = &self->mel;
  if (!section_open (&s, "frontend", node, error))
    return section_close (&s);
  mel->sample_rate = take_count (&s, "sample_rate", 8000, 48000);
  mel->sample_scale = take_number (&s, "sample_scale", 1, 32768);
  mel->dc_removal
      = take_choice (&s, "dc_removal", CHOICES ("none", "frame")) == 1;
  mel->preemphasis
      = take_choice (&s, "preemphasis", CHOICES ("none", "signal", "frame"));
  mel->preemphasis_coefficient
      = take_number (&s, "preemphasis_coefficient", 0, 0.9999);
  mel->window = take_choice (&s, "window", CHOICES ("hamming",
      "hamming-periodic", "hann", "hann-periodic", "povey"));
  mel->window_length = take_count (&s, "window_length", 2, 65536);
  mel->hop = take_count (&s, "hop", 1, 65536);
  mel->fft_size = take_count (&s, "fft_size", 2, 65536);
  mel->window_centred
      = take_choice (&s, "window_placement", CHOICES ("left", "centre")) == 1;
  mel->framing = take_choice (&s, "framing", CHOICES ("none", "reflect"));
  mel->power
      = take_choice (&s, "spectrum", CHOICES ("magnitude", "power")) == 1;
  mel->mel_formula = take_choice (&s, "mel_formula", CHOICES ("htk", "kaldi"));
  mel->triangles_in_mel
      = take_choice (&s, "mel_triangles", CHOICES ("hz", "mel")) == 1;
  mel->f_min = take_number (&s, "f_min", 0, 24000);
  mel->f_max = take_number (&s, "f_max", 1, 24000);
  mel->n_bands = take_count (&s, "n_bands", 8, 256);
  mel->log_floor = take_number (&s, "log_floor", 1e-30, 1e6);
  mel->floor_is_max
      = take_choice (&s, "log_floor_mode", CHOICES ("add", "max")) == 1;
  self->normalisation = take_choice (&s, "normalisation",
      CHOICES ("none", "mean", "mean-variance"));
  self->normalisation_epsilon
      = take_number (&s, "normalisation_epsilon", 0, 1);
  if (self->normalisation == SAL_NORMALISATION_MEAN_VARIANCE
      && self->normalisation_epsilon <= 0)
    fail (&s, "normalisation_epsilon is 0; dividing by the deviation needs "
        "more");
  refuse_void_fields (self, &s);
  return section_close (&s);
}

static gboolean
parse_topology (SalRecord *self, JsonNode *node, GError **error)
{
  Section s;
  SalTopology *t = &self->topology;
  if (!section_open (&s, "topology", node, error))
    return section_close (&s);
  take_stages (&s, "widths", t->widths, 1, 2048);
  take_stages (&s, "blocks", t->blocks, 1, 64);
  take_stages (&s, "strides", t->strides, 1, 2);
  t->stem_relu_first
      = take_choice (&s, "stem_order", CHOICES ("bn-relu", "relu-bn")) == 1;
  t->block_relu_first
      = take_choice (&s, "block_order", CHOICES ("bn-relu", "relu-bn")) == 1;
  t->stem_bias = take_boolean (&s, "stem_bias");
  t->se_reduction = take_count (&s, "se_reduction", 0, 64);
  for (guint i = 0; i < SAL_RECORD_STAGES && !s.failed; i++)
    if (t->se_reduction > t->widths[i])
      fail (&s, "se_reduction is %u, more than the width %u", t->se_reduction,
          t->widths[i]);
  t->pooling = take_choice (&s, "pooling",
      CHOICES ("mean-variance", "mean-std", "attentive"));
  t->pooling_epsilon = take_number (&s, "pooling_epsilon", 0, 1);
  if (t->pooling == SAL_POOLING_ATTENTIVE)
    t->attention_size = take_count (&s, "attention_size", 1, 4096);
  t->embedding_bn_before = take_boolean (&s, "embedding_bn_before");
  t->embedding_bn_after = take_boolean (&s, "embedding_bn_after");
  t->embedding_size = take_count (&s, "embedding_size", 2, 4096);
  return section_close (&s);
}

static gboolean
parse_head (SalRecord *self, JsonNode *node, GError **error)
{
  Section s;
  if (!section_open (&s, "head", node, error))
    return section_close (&s);
  self->head = take_choice (&s, "kind", CHOICES ("none", "cosine", "linear"));
  self->head_scale = 1;
  if (self->head == SAL_HEAD_COSINE) {
    self->head_scale = take_number (&s, "scale", 1, 1000);
    self->head_margin = take_number (&s, "margin", 0, 1);
  }
  if (self->head != SAL_HEAD_NONE) {
    JsonArray *names = take_array (&s, "classes", 2, 1000000);
    self->n_classes = names != NULL ? json_array_get_length (names) : 0;
    self->classes = g_new0 (char *, self->n_classes + 1);
    for (guint i = 0; i < self->n_classes; i++) {
      JsonNode *name = json_array_get_element (names, i);
      if (json_node_get_value_type (name) != G_TYPE_STRING)
        fail (&s, "entry %u of classes is not a string", i);
      self->classes[i] = g_strdup (s.failed ? "" : json_node_get_string (name));
    }
  }
  return section_close (&s);
}

/* "all", or a list of class numbers. */
static void
parse_cohort (SalRecord *self, Section *s)
{
  JsonNode *node = take (s, "cohort");
  if (node == NULL)
    return;
  self->in_cohort = g_new0 (gboolean, self->n_classes + 1);
  gboolean all = json_node_get_value_type (node) == G_TYPE_STRING
      && g_str_equal (json_node_get_string (node), "all");
  for (guint i = 0; i < self->n_classes; i++)
    self->in_cohort[i] = all;
  if (all)
    return;
  /* A class is compared with the others, so one alone has nobody. */
  JsonArray *array = take_array (s, "cohort", MIN (2, self->n_classes),
      self->n_classes);
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    double value;
    if (!array_number (array, i, &value) || value != floor (value) || value < 0
        || value >= self->n_classes) {
      fail (s, "entry %u of cohort is not the number of one of the %u classes",
          i, self->n_classes);
      return;
    }
    if (self->in_cohort[(guint) value]) {
      fail (s, "cohort has class %u twice", (guint) value);
      return;
    }
    self->in_cohort[(guint) value] = TRUE;
  }
}

/* The numbers of a list into entry i of an array of structs. */
static void
take_floats (Section *section, const char *field, guint n, float *out,
    gsize stride, double low, double high)
{
  JsonArray *array = take_array (section, field, n, n);
  for (guint i = 0; array != NULL && i < n; i++) {
    double value;
    if (!array_number (array, i, &value) || value < low || value > high) {
      fail (section, "entry %u of %s is not a number in %g..%g", i, field, low,
          high);
      return;
    }
    out[i * stride] = (float) value;
  }
}

static gboolean
parse_curve (SalCurve *curve, const char *name, JsonNode *node, GError **error)
{
  Section s;
  const gsize stride = sizeof (SalLine) / sizeof (float);
  if (section_open (&s, name, node, error)) {
    JsonArray *at = take_array (&s, "at", 1, SAL_CURVE_MAX_POINTS);
    curve->n = at != NULL ? json_array_get_length (at) : 0;
    take_floats (&s, "at", curve->n, curve->at, 1, 1e-3, 1e3);
    for (guint i = 1; i < curve->n; i++)
      if (!(curve->at[i] > curve->at[i - 1]))
        fail (&s, "entry %u of at does not rise", i);
    take_floats (&s, "scale", curve->n, &curve->lines[0].scale, stride, 1e-3,
        1e3);
    take_floats (&s, "offset", curve->n, &curve->lines[0].offset, stride, -1e3,
        1e3);
  }
  return section_close (&s);
}

static gboolean
parse_curves (SalCurvePair *pair, const char *name, JsonNode *node,
    GError **error)
{
  Section s;
  g_autofree char *enrolled = g_strconcat (name, ": enrolled", NULL);
  g_autofree char *classes = g_strconcat (name, ": classes", NULL);
  if (section_open (&s, name, node, error)) {
    JsonNode *first = take (&s, "enrolled"), *second = take (&s, "classes");
    if (!s.failed)
      s.failed = !parse_curve (&pair->enrolled, enrolled, first, error)
          || !parse_curve (&pair->classes, classes, second, error);
  }
  return section_close (&s);
}

static gboolean
parse_presence (SalPresenceConfig *config, JsonNode *node, GError **error)
{
  Section s;
  if (section_open (&s, "calibration: presence", node, error)) {
    config->prior = take_number (&s, "prior", 1e-3, 0.999);
    config->rate = take_number (&s, "rate", 1e-3, 100);
    config->weight = take_number (&s, "weight", 1e-3, 1000);
  }
  return section_close (&s);
}

static gboolean
parse_calibration (SalRecord *self, JsonNode *node, GError **error)
{
  Section s;
  SalCalibration *c = &self->calibration;
  sal_presence_config_init (&c->presence);
  c->background = -INFINITY;
  if (node == NULL)
    return TRUE;
  if (section_open (&s, "calibration", node, error)) {
    JsonNode *window = take (&s, "window"), *dense = take (&s, "dense");
    JsonNode *noisy = take (&s, "noisy"), *presence = take (&s, "presence");
    if (take_optional (&s, "background") != NULL)
      c->background = take_number (&s, "background", -1e3, 1e3);
    c->noisy_db = take_number (&s, "noisy_db", 0, 100);
    c->clean_db = take_number (&s, "clean_db", 0, 100);
    if (!(c->clean_db > c->noisy_db))
      fail (&s, "clean_db is %g, not above noisy_db, %g", c->clean_db,
          c->noisy_db);
    if (!s.failed)
      s.failed
          = !parse_curves (&c->window, "calibration: window", window, error)
          || !parse_curves (&c->dense, "calibration: dense", dense, error)
          || !parse_curves (&c->noisy, "calibration: noisy", noisy, error)
          || !parse_presence (&c->presence, presence, error);
  }
  return section_close (&s);
}

static gboolean
parse_golden_stage (SalGoldenValues *golden, const char *stage, JsonNode *node,
    GError **error)
{
  Section s;
  g_autofree char *name = g_strdup_printf ("golden: %.40s", stage);
  golden->stage = g_strdup (stage);
  if (!section_open (&s, name, node, error))
    return section_close (&s);
  golden->tolerance = take_number (&s, "tolerance", 1e-9, 1);
  JsonArray *indices = take_array (&s, "indices", 1, 4096);
  guint n = indices != NULL ? json_array_get_length (indices) : 0;
  JsonArray *values = take_array (&s, "values", n, n);
  golden->n_values = values != NULL ? n : 0;
  golden->indices = g_new0 (guint64, n + 1);
  golden->values = g_new0 (float, n + 1);
  for (guint i = 0; i < golden->n_values; i++) {
    double index, value;
    if (!array_number (indices, i, &index) || index < 0 || index > 1e12
        || index != floor (index)
        || !array_number (values, i, &value)) {
      fail (&s, "entry %u is not a place and a value", i);
      break;
    }
    golden->indices[i] = (guint64) index;
    golden->values[i] = (float) value;
  }
  return section_close (&s);
}

static gboolean
parse_golden (SalRecord *self, JsonNode *node, GError **error)
{
  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node)
      || json_object_get_size (json_node_get_object (node))
          > SAL_GOLDEN_STAGES) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_RECORD,
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
parse_root (SalRecord *self, JsonNode *root, GError **error)
{
  Section s;
  if (!section_open (&s, "", root, error))
    return section_close (&s);
  take_count (&s, "version", SAL_RECORD_VERSION, SAL_RECORD_VERSION);
  self->name = take_string (&s, "name");
  take_optional (&s, "provenance");
  JsonNode *frontend = take (&s, "frontend");
  JsonNode *topology = take (&s, "topology");
  JsonNode *head = take (&s, "head");
  JsonNode *calibration = take_optional (&s, "calibration");
  JsonNode *golden = take_optional (&s, "golden");
  if (!s.failed)
    s.failed = !parse_frontend (self, frontend, error)
        || !parse_topology (self, topology, error)
        || !parse_head (self, head, error)
        || !parse_calibration (self, calibration, error)
        || !parse_golden (self, golden, error);
  parse_cohort (self, &s);
  return section_close (&s);
}

/* What the activations of a window of two seconds take: three arrays a
 * block. */
static gboolean
check_size (const SalRecord *self, GError **error)
{
  const SalTopology *t = &self->topology;
  double h = self->mel.n_bands, w = 200, bytes = 0;
  for (guint i = 0; i < SAL_RECORD_STAGES; i++) {
    h = ceil (h / t->strides[i]);
    w = ceil (w / t->strides[i]);
    bytes += 3.0 * t->blocks[i] * t->widths[i] * h * w * sizeof (float);
  }
  if (bytes <= MAX_BYTES)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_RECORD,
      "record: topology: a window would take %.3g bytes, more than %.3g",
      bytes, MAX_BYTES);
  return FALSE;
}

SalRecord *
sal_record_parse (const char *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_autoptr (GError) cause = NULL;
  g_autoptr (JsonParser) parser
      = sal_json_parse (text, strlen (text), &cause);
  if (parser == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_RECORD, "record: %s",
        cause->message);
    return NULL;
  }
  g_autoptr (SalRecord) self = g_new0 (SalRecord, 1);
  if (!parse_root (self, json_parser_get_root (parser), error))
    return NULL;
  g_autoptr (GError) mel_error = NULL;
  if (!sal_mel_config_check (&self->mel, &mel_error)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_RECORD, "record: frontend: %s",
        mel_error->message);
    return NULL;
  }
  if (!check_size (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sal_record_free (SalRecord *self)
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
