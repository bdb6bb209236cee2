/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "cli/cli.h"
#include "voice/self-check.h"
#include "base/json.h"
#include "network/model-internal.h"

#define NAMES_SHOWN 6

typedef struct {
  char **files;
  gboolean verify;
  gboolean json;
} Options;

static gboolean
parse (Options *self, int argc, char **argv, GError **error)
{
  GOptionEntry entries[]
      = { { "verify", 0, 0, G_OPTION_ARG_NONE, &self->verify,
              "Compute what the model's maker computed, and compare", NULL },
          { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print JSON", NULL },
          G_OPTION_ENTRY_NULL };
  g_autoptr (CliOptions) options = cli_options_new ("[MODEL]",
      "Describes a model file; without one, the model that would be used.",
      NULL);

  cli_options_add (options, entries);
  return cli_options_parse (options, argc, argv, &self->files, 0, 1, error);
}

/* Returns: (transfer full): the record as it stands in the file */
static JsonNode *
read_record (const char *path, GError **error)
{
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, error);
  if (file == NULL)
    return NULL;

  const char *text = sal_safetensors_get_metadata (file, SAL_DESCRIPTION_KEY);
  g_autoptr (JsonParser) parser
      = text == NULL ? NULL : sal_json_parse (text, strlen (text), error);
  return parser == NULL ? NULL : json_node_copy (json_parser_get_root (parser));
}

static void
print_front_end (const SalMelConfig *mel)
{
  printf ("  front end   %u Hz, %u bands from %g to %g Hz, frames of %g ms "
          "every %g ms\n",
      mel->sample_rate, mel->n_bands, mel->f_min, mel->f_max,
      1000.0 * mel->window_length / mel->sample_rate,
      1000.0 * mel->hop / mel->sample_rate);
}

static void
print_topology (const SalTopology *t)
{
  const char *poolings[] = {
    [SAL_POOLING_MEAN_VARIANCE] = "mean and variance",
    [SAL_POOLING_MEAN_STD] = "mean and deviation",
    [SAL_POOLING_ATTENTIVE] = "attentive mean and deviation",
  };

  printf ("  network     widths %u, %u, %u, %u; blocks %u, %u, %u, %u; %s "
          "over time; embedding of %u\n",
      t->widths[0], t->widths[1], t->widths[2], t->widths[3], t->blocks[0],
      t->blocks[1], t->blocks[2], t->blocks[3], poolings[t->pooling],
      t->embedding_size);
}

static void
print_head (const SalModel *model, const SalDescription *record)
{
  guint n = sal_model_get_n_classes (model);

  if (record->head == SAL_HEAD_NONE) {
    printf ("  head        none: enrolled voices have nobody to be compared "
            "with\n");
    return;
  }
  if (record->head == SAL_HEAD_LINEAR)
    printf ("  head        linear: its own voices only\n");
  else
    printf ("  head        cosine, scale %g, margin %g\n", record->head_scale,
        record->head_margin);
  printf ("  voices      %u known", n);
  for (guint i = 0; i < MIN (n, NAMES_SHOWN); i++)
    printf ("%s%s", i == 0 ? ": " : ", ", sal_model_get_class_name (model, i));
  printf ("%s\n", n > NAMES_SHOWN ? ", .." : "");
}

static void
print_provenance (JsonObject *record)
{
  if (!json_object_has_member (record, "provenance"))
    return;
  JsonNode *node = json_object_get_member (record, "provenance");
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return;

  JsonObjectIter iter;
  const char *key;
  JsonNode *value;
  json_object_iter_init_ordered (&iter, json_node_get_object (node));
  while (json_object_iter_next_ordered (&iter, &key, &value)) {
    g_autofree char *text = JSON_NODE_HOLDS_VALUE (value)
            && json_node_get_value_type (value) == G_TYPE_STRING
        ? json_node_dup_string (value)
        : json_to_string (value, FALSE);
    printf ("  %s: %s\n", key, text);
  }
}

static void
print_human (const SalModel *model, JsonNode *record)
{
  const SalDescription *r = sal_model_get_description (model);

  printf ("%s: %s\n", sal_model_get_path (model), sal_model_get_name (model));
  printf ("  id          %s\n", sal_model_get_id (model));
  print_front_end (&r->mel);
  print_topology (&r->topology);
  print_head (model, r);
  printf ("  calibration %s\n",
      sal_model_check_calibration (model, NULL)
          ? "by amount of speech and look-ahead"
          : "none: probabilities are near 1 whoever speaks, so that mask "
            "refuses it");
  print_provenance (json_node_get_object (record));
}

static void
print_stages (const SalSelfCheckStage *stages, guint n)
{
  printf ("  stage        difference  tolerance\n");
  for (guint i = 0; i < n; i++)
    printf ("  %-12s%11.2g%11.2g%s\n", stages[i].stage, stages[i].difference,
        stages[i].tolerance,
        stages[i].difference <= stages[i].tolerance ? "" : "  WRONG");
}

static void
build_stages (JsonBuilder *b, const SalSelfCheckStage *stages, guint n)
{
  json_builder_set_member_name (b, "verify");
  json_builder_begin_array (b);
  for (guint i = 0; i < n; i++) {
    json_builder_begin_object (b);
    cli_json_text (b, "stage", stages[i].stage);
    cli_json_number (b, "difference", stages[i].difference);
    cli_json_number (b, "tolerance", stages[i].tolerance);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

static JsonNode *
to_json (const SalModel *model, JsonNode *record,
    const SalSelfCheckStage *stages, guint n_stages)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autofree char *path = g_filename_display_name (sal_model_get_path (model));

  json_builder_begin_object (b);
  cli_json_text (b, "file", path);
  cli_json_text (b, "name", sal_model_get_name (model));
  cli_json_text (b, "id", sal_model_get_id (model));
  cli_json_flag (b, "calibrated", sal_model_check_calibration (model, NULL));
  build_stages (b, stages, n_stages);
  json_builder_set_member_name (b, "record");
  json_builder_add_value (b, json_node_copy (record));
  json_builder_end_object (b);
  return json_builder_get_root (b);
}

static gboolean
run (const Options *options, GError **error)
{
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n_stages = 0;
  g_autoptr (GError) mismatch = NULL;
  g_autoptr (SalModel) model
      = cli_load_model (options->files != NULL ? options->files[0] : NULL,
          error);
  if (model == NULL)
    return FALSE;
  g_autoptr (JsonNode) record = read_record (sal_model_get_path (model), error);
  if (record == NULL)
    return FALSE;

  if (options->verify)
    sal_self_check_run (model, stages, &n_stages, &mismatch);
  if (options->json) {
    if (!cli_write_json (to_json (model, record, stages, n_stages), "-", error))
      return FALSE;
  } else {
    print_human (model, record);
    if (n_stages > 0)
      print_stages (stages, n_stages);
  }
  if (mismatch == NULL)
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&mismatch),
      "%s: ", sal_model_get_path (model));
  return FALSE;
}

int
cli_model (int argc, char **argv)
{
  Options options = { 0 };
  GError *error = NULL;
  gboolean ok = parse (&options, argc, argv, &error) && run (&options, &error);

  g_strfreev (options.files);
  return cli_exit_code (ok, error);
}
