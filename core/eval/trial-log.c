/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial-log.c: log of trial outcomes: resumed runs and merged shards */
#include "eval/trial-log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/json.h"
#include "base/tsv.h"

#define COMMAND "command" /* the command line: not a setting */

enum { SET, FORM, TRIAL, WHO, OUTCOMES = 8, N_COLUMNS };

static const char *const names[N_COLUMNS]
    = { "set", "form", "trial", "A", "B", "C", "X", "recordings", "outcomes" };

struct _EvalTrialLog {
  FILE *file; /* NULL: none */
  char *path;
  JsonNode *settings;
  guint n_values;
  GPtrArray *trials; /* of EvalTrialLogEntry */
  GHashTable *keys;  /* of the trials */
};

static void
trial_free (gpointer data)
{
  EvalTrialLogEntry *self = data;

  g_free (self->set);
  g_free (self->who);
  g_free (self->values);
  g_free (self);
}

static EvalTrialLog *
ledger_new (const char *path, guint n_values)
{
  EvalTrialLog *self = g_new0 (EvalTrialLog, 1);

  self->path = g_strdup (path);
  self->n_values = n_values;
  self->trials = g_ptr_array_new_with_free_func (trial_free);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
eval_trial_log_free (EvalTrialLog *self)
{
  if (self == NULL)
    return;
  if (self->file != NULL)
    fclose (self->file);
  g_free (self->path);
  g_clear_pointer (&self->settings, json_node_unref);
  g_ptr_array_unref (self->trials);
  g_hash_table_unref (self->keys);
  g_free (self);
}

static gboolean
fail (const EvalTrialLog *self, GError **error)
{
  return sal_error_set (error, SAL_ERROR_FILE, "%s: %s", self->path,
      g_strerror (errno));
}

/* --- settings ------------------------------------------------------------ */

static char *
member_text (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL ? json_to_string (node, FALSE) : g_strdup ("nothing");
}

/* Every member of one is in the other, with the same value. */
static gboolean
check_members (JsonObject *one, JsonObject *other, GError **error)
{
  g_autoptr (GList) members = json_object_get_members (one);

  for (GList *l = members; l != NULL; l = l->next) {
    if (g_str_equal (l->data, COMMAND))
      continue;
    g_autofree char *here = member_text (one, l->data);
    g_autofree char *there = member_text (other, l->data);
    if (!g_str_equal (here, there))
      return sal_error_set (error, SAL_ERROR_MISMATCH,
          "was made with other "
          "settings: %s is %s, not %s",
          (char *) l->data, here, there);
  }
  return TRUE;
}

static gboolean
check_settings (const EvalTrialLog *self, JsonNode *wanted, GError **error)
{
  JsonObject *here = json_node_get_object (self->settings);
  JsonObject *there = json_node_get_object (wanted);

  return check_members (here, there, error)
      && check_members (there, here, error);
}

/* --- trials -------------------------------------------------------------- */

static char *
key_of (const char *set, EvalConcatenationForm form, guint number)
{
  return g_strdup_printf ("%s %s %u", set, eval_concatenation_names[form],
      number);
}

gboolean
eval_trial_log_has (const EvalTrialLog *self, const char *set,
    EvalConcatenationForm form, guint number)
{
  g_autofree char *key = key_of (set, form, number);

  return g_hash_table_contains (self->keys, key);
}

/* Takes ownership of the trial in any case. */
static gboolean
take (EvalTrialLog *self, EvalTrialLogEntry *trial, GError **error)
{
  char *key = key_of (trial->set, trial->form, trial->number);

  g_ptr_array_add (self->trials, trial);
  return g_hash_table_add (self->keys, key)
      || sal_error_set (error, SAL_ERROR_MISMATCH,
          "trial %u of %s in the %s set comes twice", trial->number,
          eval_concatenation_names[trial->form], trial->set);
}

static float *
parse_values (const char *text, guint *n)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (float));

  while (*text != '\0') {
    char *end = NULL;
    float value = (float) g_ascii_strtod (text, &end);
    if (end == text || (*end != ' ' && *end != '\0'))
      return NULL;
    g_array_append_val (values, value);
    text = end + (*end == ' ');
  }
  *n = values->len;
  return (float *) g_array_free (g_steal_pointer (&values), FALSE);
}

static gboolean
find_form (const char *name, EvalConcatenationForm *form)
{
  guint i = 0;

  while (i < EVAL_CONCATENATION_FORMS
      && !g_str_equal (name, eval_concatenation_names[i]))
    i++;
  *form = (EvalConcatenationForm) i;
  return i < EVAL_CONCATENATION_FORMS;
}

/* A SalTsvTake. */
static gboolean
take_line (const char *const *fields, gpointer data, GError **error)
{
  EvalTrialLog *self = data;
  EvalConcatenationForm form;
  guint64 number;
  guint n = 0;

  if (!find_form (fields[FORM], &form))
    return sal_error_set (error, SAL_ERROR_FORMAT, "no form \"%s\"",
        fields[FORM]);
  if (!g_ascii_string_to_unsigned (fields[TRIAL], 10, 0, G_MAXUINT32, &number,
          NULL))
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "\"%s\" is no number of a trial", fields[TRIAL]);
  g_autofree float *values = parse_values (fields[OUTCOMES], &n);
  if (values == NULL || n == 0 || (self->n_values > 0 && n != self->n_values))
    return sal_error_set (error, SAL_ERROR_FORMAT,
        "%u numbers came out, not %u", n, self->n_values);
  self->n_values = n;
  EvalTrialLogEntry *trial = g_new (EvalTrialLogEntry, 1);
  *trial = (EvalTrialLogEntry){ g_strdup (fields[SET]), form, (guint) number,
    g_strjoin ("\t", fields[WHO], fields[WHO + 1], fields[WHO + 2],
        fields[WHO + 3], fields[WHO + 4], NULL),
    g_steal_pointer (&values) };
  return take (self, trial, error);
}

static gboolean
read_trials (EvalTrialLog *self, GError **error)
{
  g_autofree char *note = NULL;

  if (!sal_tsv_read (self->path, names, N_COLUMNS, &note, take_line, self,
          error))
    return FALSE;
  g_autoptr (JsonParser) parser
      = note == NULL ? NULL : sal_json_parse (note, strlen (note), error);
  if (parser == NULL) {
    if (note == NULL)
      sal_error_set (error, SAL_ERROR_FORMAT, "no settings in the first line");
    g_prefix_error (error, "%s: ", self->path);
    return FALSE;
  }
  self->settings = json_node_copy (json_parser_get_root (parser));
  return TRUE;
}

EvalTrialLog *
eval_trial_log_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (EvalTrialLog) self = ledger_new (path, 0);

  return read_trials (self, error) ? g_steal_pointer (&self) : NULL;
}

/* --- writing ------------------------------------------------------------- */

static gboolean
write_text (const EvalTrialLog *self, const char *text, GError **error)
{
  return (fputs (text, self->file) >= 0 && fflush (self->file) == 0)
      || fail (self, error);
}

static gboolean
write_trial (const EvalTrialLog *self, const EvalTrialLogEntry *trial,
    GError **error)
{
  g_autoptr (GString) line = g_string_new (NULL);
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (line, "%s\t%s\t%u\t%s\t", trial->set,
      eval_concatenation_names[trial->form], trial->number, trial->who);
  for (guint i = 0; i < self->n_values; i++) {
    if (i > 0)
      g_string_append_c (line, ' ');
    g_string_append (line,
        isnan (trial->values[i]) ? "nan"
                                 : g_ascii_formatd (number, sizeof number,
                                     "%.9g", trial->values[i]));
  }
  g_string_append_c (line, '\n');
  return write_text (self, line->str, error);
}

static gboolean
begin_file (const EvalTrialLog *self, GError **error)
{
  g_autofree char *settings = json_to_string (self->settings, FALSE);
  g_autofree char *header = g_strjoinv ("\t", (char **) names);
  g_autofree char *text
      = g_strconcat ("# ", settings, "\n", header, "\n", NULL);

  return write_text (self, text, error);
}

/* An incomplete last line is from an interrupted write. */
static gboolean
cut (const EvalTrialLog *self, gsize *length, GError **error)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents (self->path, &text, length, error))
    return FALSE;
  while (*length > 0 && text[*length - 1] != '\n')
    (*length)--;
  return ftruncate (fileno (self->file), (off_t) *length) == 0
      || fail (self, error);
}

static gboolean
open_file (EvalTrialLog *self, GError **error)
{
  int fd = g_open (self->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

  if (fd < 0)
    return fail (self, error);
  self->file = fdopen (fd, "a+");
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  return sal_error_set (error, SAL_ERROR_FILE,
      "%s: another process is writing it", self->path);
}

/* Loads an existing log, if its settings are the same. */
static gboolean
go_on (EvalTrialLog *self, JsonNode *wanted, GError **error)
{
  if (!read_trials (self, error))
    return FALSE;
  if (check_settings (self, wanted, error))
    return TRUE;
  g_prefix_error (error, "%s: ", self->path);
  return FALSE;
}

EvalTrialLog *
eval_trial_log_open (const char *path, JsonNode *settings, guint n_values,
    GError **error)
{
  g_return_val_if_fail (JSON_NODE_HOLDS_OBJECT (settings), NULL);
  g_return_val_if_fail (n_values > 0, NULL);
  g_autoptr (EvalTrialLog) self = ledger_new (path, n_values);
  gsize length = 0;

  if (path != NULL
      && (!open_file (self, error) || !cut (self, &length, error)
          || (length > 0 && !go_on (self, settings, error))))
    return NULL;
  g_clear_pointer (&self->settings, json_node_unref);
  self->settings = json_node_copy (settings);
  if (path != NULL && length == 0 && !begin_file (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
eval_trial_log_add (EvalTrialLog *self, const EvalTrialLogEntry *trial,
    GError **error)
{
  EvalTrialLogEntry *copy = g_new (EvalTrialLogEntry, 1);

  *copy = (EvalTrialLogEntry){ g_strdup (trial->set), trial->form,
    trial->number, g_strdup (trial->who),
    g_memdup2 (trial->values, self->n_values * sizeof (float)) };
  return take (self, copy, error)
      && (self->file == NULL || write_trial (self, copy, error));
}

/* --- fields, merging ----------------------------------------------------- */

JsonObject *
eval_trial_log_get_settings (const EvalTrialLog *self)
{
  return json_node_get_object (self->settings);
}

guint
eval_trial_log_get_n_values (const EvalTrialLog *self)
{
  return self->n_values;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const EvalTrialLogEntry *x = *(EvalTrialLogEntry *const *) a;
  const EvalTrialLogEntry *y = *(EvalTrialLogEntry *const *) b;
  int sets = strcmp (x->set, y->set);

  return sets != 0             ? sets
      : x->number != y->number ? (x->number < y->number ? -1 : 1)
                               : (int) x->form - (int) y->form;
}

const GPtrArray *
eval_trial_log_get_trials (EvalTrialLog *self)
{
  g_ptr_array_sort (self->trials, compare);
  return self->trials;
}

gboolean
eval_trial_log_merge (EvalTrialLog *self, const EvalTrialLog *other,
    GError **error)
{
  gboolean ok = check_settings (other, self->settings, error);

  if (ok && self->n_values == 0)
    self->n_values = other->n_values;
  if (ok && other->trials->len > 0 && other->n_values != self->n_values)
    ok = sal_error_set (error, SAL_ERROR_MISMATCH,
        "%u numbers came out of each trial, not %u", other->n_values,
        self->n_values);
  for (guint i = 0; ok && i < other->trials->len; i++)
    ok = eval_trial_log_add (self, g_ptr_array_index (other->trials, i), error);
  if (!ok)
    g_prefix_error (error, "%s: ", other->path);
  return ok;
}

gboolean
eval_trial_log_check (const EvalTrialLog *self, const char *set,
    const EvalConcatenationForm *forms, guint n_forms, guint n, GError **error)
{
  for (guint number = 0; number < n; number++)
    for (guint f = 0; f < n_forms; f++)
      if (!eval_trial_log_has (self, set, forms[f], number))
        return sal_error_set (error, SAL_ERROR_MISMATCH,
            "trial %u of %s in the %s set is missing", number,
            eval_concatenation_names[forms[f]], set);
  return TRUE;
}
