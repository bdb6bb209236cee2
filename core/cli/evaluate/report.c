/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "cli/evaluate/document.h"
#include "cli/evaluate/all.h"
#include "base/json.h"
#include "eval/paper-check.h"
#include "base/error.h"

#define NONE "\xe2\x80\x93" /* a dash, for what there is not */
#define MOST 16             /* columns */
#define FILL "zero"         /* of deleted bins, in the report */

typedef struct {
  CliDocument *document;
  const char *folder;
} Report;

typedef struct {
  const char *key, *heading;
  double scale;
  int digits; /* -1: text */
} Column;

/* --- reading ------------------------------------------------------------- */

JsonNode *
cli_evaluate_read (const char *folder, const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".json", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  g_autoptr (JsonParser) parser = sal_json_parse (text, length, error);
  if (parser == NULL) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  return json_node_copy (json_parser_get_root (parser));
}

static const char *
text_of (JsonObject *object, const char *key)
{
  return json_object_get_string_member_with_default (object, key, "");
}

static double
number_of (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
      ? json_node_get_double (node)
      : NAN;
}

/* Returns: (transfer full): the array of that name, or an empty one */
static JsonArray *
array_of (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node)
      ? json_array_ref (json_node_get_array (node))
      : json_array_new ();
}

static char *
show (double value, int digits)
{
  return isfinite (value) ? g_strdup_printf ("%.*f", digits, value)
                          : g_strdup (NONE);
}

/* --- tables -------------------------------------------------------------- */

static void
add_headings (const Report *self, const Column *columns, guint n)
{
  const char *headings[MOST];

  for (guint c = 0; c < n; c++)
    headings[c] = columns[c].heading;
  cli_document_row (self->document, headings, n);
}

static void
add_object (const Report *self, JsonObject *object, const Column *columns,
    guint n)
{
  char *cells[MOST + 1] = { NULL };

  for (guint c = 0; c < n; c++)
    cells[c] = columns[c].digits < 0
        ? g_strdup (text_of (object, columns[c].key))
        : show (columns[c].scale * number_of (object, columns[c].key),
            columns[c].digits);
  cli_document_row (self->document, (const char *const *) cells, n);
  for (guint c = 0; c < n; c++)
    g_free (cells[c]);
}

static void
add_table (const Report *self, JsonArray *rows, const Column *columns, guint n)
{
  add_headings (self, columns, n);
  for (guint i = 0; i < json_array_get_length (rows); i++)
    add_object (self, json_array_get_object_element (rows, i), columns, n);
}

static JsonObject *
find (JsonArray *rows, const char *set, const char *form, JsonObject *like,
    const char *given)
{
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    if (g_str_equal (text_of (row, "set"), set)
        && g_str_equal (text_of (row, "form"), form)
        && g_str_equal (text_of (row, "method"), text_of (like, "method"))
        && g_str_equal (text_of (row, "layers"), text_of (like, "layers"))
        && g_str_equal (text_of (row, "given"), given))
      return row;
  }
  return NULL;
}

/* Top-1 of a map in one form: A / B / X given. */
static char *
show_form (JsonArray *rows, const char *set, const char *form, JsonObject *like)
{
  const char *const given[] = { "A", "B", "X" };
  g_autoptr (GString) cell = g_string_new (NULL);

  if (g_str_equal (text_of (like, "given"), "none"))
    return show (100 * number_of (find (rows, set, form, like, "none"), "top1"),
        1);
  for (guint i = 0; i < G_N_ELEMENTS (given); i++) {
    JsonObject *row = find (rows, set, form, like, given[i]);
    g_autofree char *value
        = show (row != NULL ? 100 * number_of (row, "top1") : NAN, 1);
    g_string_append_printf (cell, "%s%s", i > 0 ? " / " : "", value);
  }
  return g_string_free (g_steal_pointer (&cell), FALSE);
}

static void
add_map (const Report *self, JsonArray *rows, const char *set, JsonObject *like)
{
  char *cells[4 + EVAL_PAPER_FORMS] = { NULL };
  double auc = 0;

  cells[0] = g_strdup (text_of (like, "method"));
  cells[1] = g_strdup (text_of (like, "layers"));
  for (guint f = 0; f < EVAL_PAPER_FORMS; f++) {
    const char *form = eval_paper_rows[f].form;
    JsonObject *row = find (rows, set, form, like, text_of (like, "given"));
    cells[2 + f] = show_form (rows, set, form, like);
    auc += row != NULL ? number_of (row, "auc") / EVAL_PAPER_FORMS : NAN;
  }
  cells[2 + EVAL_PAPER_FORMS] = show (auc, 3);
  cells[3 + EVAL_PAPER_FORMS] = show (number_of (like, "trials"), 0);
  cli_document_row (self->document, (const char *const *) cells,
      G_N_ELEMENTS (cells));
  for (guint c = 0; c < G_N_ELEMENTS (cells); c++)
    g_free (cells[c]);
}

static void
add_paper (const Report *self, const char *name, const char *layers,
    guint which)
{
  const char *cells[4 + EVAL_PAPER_FORMS] = { name, layers };
  char values[EVAL_PAPER_FORMS][16];

  for (guint f = 0; f < EVAL_PAPER_FORMS; f++) {
    const EvalPaperRow *row = &eval_paper_rows[f];
    g_snprintf (values[f], sizeof values[f], "%.2f",
        which == 0       ? row->original
            : which == 1 ? row->s2
                         : row->all);
    cells[2 + f] = values[f];
  }
  cells[2 + EVAL_PAPER_FORMS] = cells[3 + EVAL_PAPER_FORMS] = NONE;
  cli_document_row (self->document, cells, G_N_ELEMENTS (cells));
}

/* --- sections ------------------------------------------------------------ */

static void
add_verdicts (const Report *self, const GPtrArray *verdicts)
{
  for (guint i = 0; i < verdicts->len; i++) {
    const EvalVerdict *verdict = g_ptr_array_index (verdicts, i);
    cli_document_item (self->document, eval_verdict_names[verdict->kind],
        verdict->text);
  }
}

static gboolean
add_table2 (const Report *self, JsonObject *report, GError **error)
{
  g_autoptr (JsonArray) rows = array_of (report, "table2");
  g_auto (GStrv) sets = g_strsplit (text_of (report, "sets"), ",", -1);
  const char *const headings[]
      = { "map", "layers", "A-B", "A-B-A", "B-A-B", "A-B-C", "AUC", "trials" };

  for (guint s = 0; sets[s] != NULL; s++) {
    g_autofree char *title = g_strdup_printf ("%s set", sets[s]);
    cli_document_heading (self->document, 3, title);
    cli_document_row (self->document, headings, G_N_ELEMENTS (headings));
    for (guint i = 0; i < json_array_get_length (rows); i++) {
      JsonObject *row = json_array_get_object_element (rows, i);
      if (g_str_equal (text_of (row, "set"), sets[s])
          && g_str_equal (text_of (row, "form"), eval_paper_rows[0].form)
          && strstr ("A none", text_of (row, "given")) != NULL)
        add_map (self, rows, sets[s], row);
    }
    add_paper (self, "the paper: original", "none", 0);
    add_paper (self, "the paper: layer-cam", "S2", 1);
    add_paper (self, "the paper: layer-cam", "S4+S3+S2+S1", 2);
  }
  return TRUE;
}

static gboolean
add_deletion (const Report *self, JsonObject *report, GError **error)
{
  static const Column columns[] = {
    { "method", "ranked by", 1, -1 },
    { "layers", "layers", 1, -1 },
    { "form", "form", 1, -1 },
    { "set", "set", 1, -1 },
    { "deletion_auc", "deletion", 1, 3 },
    { "deletion_auc_low", "from", 1, 3 },
    { "deletion_auc_high", "to", 1, 3 },
    { "insertion_auc", "insertion", 1, 3 },
    { "insertion_auc_low", "from", 1, 3 },
    { "insertion_auc_high", "to", 1, 3 },
    { "empty", "flat", 1, 0 },
    { "trials", "trials", 1, 0 },
  };
  g_autoptr (JsonArray) rows = array_of (report, "deletion");

  add_headings (self, columns, G_N_ELEMENTS (columns));
  for (guint i = 0; i < json_array_get_length (rows); i++) {
    JsonObject *row = json_array_get_object_element (rows, i);
    if (g_str_equal (text_of (row, "fill"), FILL))
      add_object (self, row, columns, G_N_ELEMENTS (columns));
  }
  return TRUE;
}

static gboolean
add_sanity (const Report *self, JsonObject *report, GError **error)
{
  static const Column columns[] = {
    { "method", "map", 1, -1 },
    { "layers", "layers", 1, -1 },
    { "stage", "changed", 1, -1 },
    { "set", "set", 1, -1 },
    { "correlation", "with the map as it was", 1, 2 },
    { "low", "from", 1, 2 },
    { "high", "to", 1, 2 },
    { "energy", "with the log-Mel", 1, 2 },
    { "trials", "trials", 1, 0 },
  };
  g_autoptr (JsonArray) rows = array_of (report, "sanity");

  add_table (self, rows, columns, G_N_ELEMENTS (columns));
  return TRUE;
}

/* The pictures are all there is. */
static gboolean
add_figures (const Report *self, JsonObject *report, GError **error)
{
  return TRUE;
}

static gboolean
add_verification (const Report *self, JsonObject *report, GError **error)
{
  static const Column columns[] = {
    { "seconds", "seconds", 1, 0 },
    { "windows", "pieces", 1, 0 },
    { "trials", "trials", 1, 0 },
    { "eer", "EER, %", 100, 2 },
    { "same_sex_eer", "same sex, %", 100, 2 },
    { "min_dcf", "minDCF", 1, 3 },
    { "cllr", "Cllr", 1, 3 },
    { "min_cllr", "least Cllr", 1, 3 },
    { "cosine_eer", "cosine EER, %", 100, 2 },
  };
  JsonNode *node = json_object_get_member (report, "verification");
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "verification.json has no \"verification\"");

  g_autoptr (JsonArray) rows
      = array_of (json_node_get_object (node), "durations");
  add_table (self, rows, columns, G_N_ELEMENTS (columns));
  return TRUE;
}

static gboolean
add_stream (const Report *self, JsonObject *report, GError **error)
{
  static const Column columns[] = {
    { "condition", "sound", 1, -1 },
    { "lookahead_ms", "look-ahead, ms", 1, 0 },
    { "auc", "AUC", 1, 4 },
    { "baseline_auc", "AUC of whole windows", 1, 4 },
    { "eer", "EER, %", 100, 1 },
    { "miss", "missed, %", 100, 1 },
    { "false_alarm", "false alarms, %", 100, 1 },
    { "kept_db", "target, dB", 1, 1 },
    { "removed_db", "others down, dB", 1, 1 },
    { "absent_above", "absent above 0.1, %", 100, 1 },
    { "streams", "streams", 1, 0 },
  };
  g_autoptr (JsonArray) rows = array_of (report, "stream");

  add_table (self, rows, columns, G_N_ELEMENTS (columns));
  return TRUE;
}

static gboolean
judge_table2 (const Report *self, JsonObject *report, const char *set,
    GPtrArray *verdicts, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, "table2.tsv", NULL);

  return eval_paper_check_of_table2 (path, set, verdicts, error);
}

static gboolean
judge_deletion (const Report *self, JsonObject *report, const char *set,
    GPtrArray *verdicts, GError **error)
{
  g_autoptr (JsonArray) rows = array_of (report, "deletion");

  eval_paper_check_of_deletion (rows, set, verdicts);
  return TRUE;
}

/* Pictures are those whose names begin with that of the experiment. */
static const struct {
  const char *name, *title, *text;
  gboolean (*add) (const Report *self, JsonObject *report, GError **error);
  gboolean (*judge) (const Report *self, JsonObject *report, const char *set,
      GPtrArray *verdicts, GError **error); /* NULL: not in the paper */
} sections[] = {
  { "table2", "Does a map find its speaker among others?  (Table 2)",
      "Pieces of speech of two or three speakers are joined; a map drawn for "
      "one of them masks what the network takes in. In each cell: how often, "
      "in %, that speaker is then recognised, the map drawn for A / for B, who "
      "speaks, too / for X, who is absent. High values of A and B are good; "
      "of X they mean that the mask itself carries the answer. AUC: how well "
      "the time course of the map of A tells the frames of A from others, 0.5 "
      "at random, mean of the forms. Rows of few trials are rough; all "
      "intervals and the trials of B and X are in table2.json.",
      add_table2, judge_table2 },
  { "deletion", "Does a map rank what decides?  (Figures 2 and 4)",
      "The most salient bins are deleted first, or inserted first. Areas under "
      "the curves of how often A is recognised, with 95 % intervals: deletion "
      "the lower the better, insertion the higher. Deleted bins become the "
      "mean of their band; other fills are in deletion.json. Flat: maps "
      "without a value above 0, whose order is random.",
      add_deletion, judge_deletion },
  { "sanity", "Do maps depend on what was learned, and for whom?",
      "Layers are scrambled one after the other from the top, or the map is "
      "drawn for B, who speaks too, or X, who is absent. Rank correlation with "
      "the map as it was, with 95 % intervals: a map that stays as it was, "
      "near 1, depends on neither.",
      add_sanity, NULL },
  { "figures", "What the maps look like (Figures 1 and 3)",
      "An utterance of A, and A among B, for every method and layer.",
      add_figures, NULL },
  { "verification", "Is a piece of speech that voice?",
      "Voices the model was not trained on, each enrolled from 20 s.",
      add_verification, NULL },
  { "stream", "When does an enrolled voice speak?",
      "Conversations of 60 s, clean and with noise.", add_stream, NULL },
};

#define N_SECTIONS G_N_ELEMENTS (sections)

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static gboolean
add_pictures (const Report *self, const char *name, GError **error)
{
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *file;

  if (folder == NULL)
    return FALSE;
  while ((file = g_dir_read_name (folder)) != NULL)
    if (g_str_has_prefix (file, name) && g_str_has_suffix (file, ".png"))
      g_ptr_array_add (names, g_strdup (file));
  g_ptr_array_sort (names, compare);
  for (guint i = 0; i < names->len; i++)
    if (!cli_document_picture (self->document, g_ptr_array_index (names, i),
            error))
      return FALSE;
  return TRUE;
}

/* --- what was run -------------------------------------------------------- */

static void
add_settings (const Report *self, JsonNode *const *reports, const char *command)
{
  JsonObject *any = NULL;

  for (guint i = 0; i < N_SECTIONS; i++)
    any = reports[i] != NULL ? json_node_get_object (reports[i]) : any;
  cli_document_heading (self->document, 2, "What was run");
  cli_document_text (self->document,
      "Model %s (%s), version %s of the "
      "program, manifest %s (SHA-256). All of it: %s. Each experiment alone, "
      "with -o and a folder:",
      text_of (any, "model"), text_of (any, "model_id"),
      text_of (any, "version"), text_of (any, "manifest_id"), command);
  for (guint i = 0; i < N_SECTIONS; i++) {
    if (reports[i] == NULL)
      continue;
    JsonObject *report = json_node_get_object (reports[i]);
    g_autofree char *text
        = g_strdup_printf ("split %s, seed %.0f: %s", text_of (report, "split"),
            number_of (report, "seed"), text_of (report, "command"));
    cli_document_item (self->document, sections[i].name, text);
  }
}

static void
count_verdicts (const Report *self, const GPtrArray *verdicts)
{
  guint n[EVAL_VERDICT_KINDS] = { 0 };

  for (guint i = 0; i < verdicts->len; i++)
    n[((const EvalVerdict *) verdicts->pdata[i])->kind]++;
  cli_document_text (self->document,
      "Of %u findings of the paper [Li2022] %u "
      "agree, %u agree in part (the same way, but less), %u do not agree, and "
      "%u cannot be told from so few trials; what is beyond the paper has no "
      "counterpart there. A gain agrees if its 95 %% interval is above 0 and "
      "reaches that of the paper or lies above it. The paper has other "
      "speakers, another corpus and a larger network: directions and orders "
      "can be compared, less so levels.",
      verdicts->len - n[EVAL_VERDICT_BEYOND], n[EVAL_VERDICT_AGREES],
      n[EVAL_VERDICT_PARTLY], n[EVAL_VERDICT_DIFFERS], n[EVAL_VERDICT_OPEN]);
}

static gboolean
judge_set (const Report *self, JsonNode *const *reports, const char *set,
    GError **error)
{
  g_autoptr (GPtrArray) verdicts
      = g_ptr_array_new_with_free_func (eval_verdict_free);

  for (guint i = 0; i < N_SECTIONS; i++)
    if (reports[i] != NULL && sections[i].judge != NULL
        && !sections[i].judge (self, json_node_get_object (reports[i]), set,
            verdicts, error))
      return FALSE;
  g_autofree char *title = g_strdup_printf ("%s set", set);
  cli_document_heading (self->document, 3, title);
  count_verdicts (self, verdicts);
  add_verdicts (self, verdicts);
  return TRUE;
}

static gboolean
judge (const Report *self, JsonNode *const *reports, GError **error)
{
  g_auto (GStrv) sets = reports[0] == NULL
      ? NULL
      : g_strsplit (text_of (json_node_get_object (reports[0]), "sets"), ",",
          -1);

  if (sets == NULL)
    return TRUE;
  cli_document_heading (self->document, 2, "Does it agree with the paper?");
  for (guint i = 0; sets[i] != NULL; i++)
    if (!judge_set (self, reports, sets[i], error))
      return FALSE;
  return TRUE;
}

/* --- the whole ----------------------------------------------------------- */

static gboolean
add_all (const Report *self, JsonNode *const *reports, const char *command,
    GError **error)
{
  add_settings (self, reports, command);
  if (!judge (self, reports, error))
    return FALSE;
  for (guint i = 0; i < N_SECTIONS; i++) {
    if (reports[i] == NULL)
      continue;
    cli_document_heading (self->document, 2, sections[i].title);
    cli_document_text (self->document, "%s", sections[i].text);
    if (!add_pictures (self, sections[i].name, error)
        || !sections[i].add (self, json_node_get_object (reports[i]), error))
      return FALSE;
  }
  cli_document_text (self->document,
      "[Li2022] P. Li, L. Li, A. Hamdulla, "
      "D. Wang, \"Reliable visualization for deep speaker recognition\", "
      "Interspeech 2022.");
  return cli_document_save (self->document, "report", error);
}

gboolean
cli_evaluate_write_report (const char *folder, const char *const *names,
    const char *command, GError **error)
{
  JsonNode *reports[N_SECTIONS] = { NULL };
  g_autoptr (CliDocument) document = cli_document_new (
      "Where a speaker is: maps of a speaker network, put to the test", folder);
  const Report self = { document, folder };
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < N_SECTIONS; i++) {
    if (!g_strv_contains (names, sections[i].name))
      continue;
    reports[i] = cli_evaluate_read (folder, sections[i].name, error);
    ok = reports[i] != NULL;
  }
  ok = ok && add_all (&self, reports, command, error);
  for (guint i = 0; i < N_SECTIONS; i++)
    g_clear_pointer (&reports[i], json_node_unref);
  return ok;
}
