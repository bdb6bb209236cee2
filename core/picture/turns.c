/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turns.c: reference turns (who speaks when), read from a file */
#include "picture/turns.h"

#include <math.h>

static void
turn_free (gpointer data)
{
  SalTurn *turn = data;

  g_free (turn->name);
  g_free (turn);
}

static gboolean
read_seconds (const char *text, double *seconds)
{
  char *end = NULL;

  *seconds = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*seconds) && *seconds >= 0;
}

static SalTurn *
turn_new (double start, double end, const char *name)
{
  SalTurn *turn = g_new (SalTurn, 1);

  *turn = (SalTurn){ start, end, g_strstrip (g_strdup (name)) };
  return turn;
}

static gboolean
set_bad_time (GError **error, const char *from, const char *joint,
    const char *to)
{
  g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
      "\"%s\" %s \"%s\" is no stretch of time in seconds", from, joint, to);
  return FALSE;
}

/* --- labels -------------------------------------------------------------- */

/* start, end and name, with tabs between, as Audacity exports labels. */
static gboolean
parse_label (const char *line, GPtrArray *turns, GError **error)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", -1);
  double start, end;

  if (g_strv_length (fields) != 3) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%u fields, not the 3 of start, end and name", g_strv_length (fields));
    return FALSE;
  }
  if (!read_seconds (fields[0], &start) || !read_seconds (fields[1], &end)
      || end <= start)
    return set_bad_time (error, fields[0], "to", fields[1]);
  g_ptr_array_add (turns, turn_new (start, end, fields[2]));
  return TRUE;
}

/* --- RTTM ---------------------------------------------------------------- */

/* Types of line of the Rich Transcription Time Marked format. */
static const char *const rttm_types[] = { "SPEAKER", "SPKR-INFO", "SEGMENT",
  "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH", "FILLER",
  "EDIT", "SU", "IP", "CB", "A/P", NULL };

enum { TYPE, FILE_ID, CHANNEL, START, DURATION, WORD, KIND, NAME };

/* Returns: (transfer full): the words of a line */
static char **
split_words (const char *line)
{
  g_auto (GStrv) parts = g_strsplit_set (line, " \t", -1);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_ptr_array_add (words, g_strdup (parts[i]));
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&words), FALSE);
}

static gboolean
is_rttm (char *const *words)
{
  return words[TYPE] != NULL && g_strv_contains (rttm_types, words[TYPE]);
}

/* Only SPEAKER lines are turns, and those of one recording. */
static gboolean
parse_rttm (char *const *words, GPtrArray *turns, char **recording,
    GError **error)
{
  double start, duration;

  if (!g_str_equal (words[TYPE], "SPEAKER"))
    return TRUE;
  guint n = g_strv_length ((char **) words);
  if (n <= NAME || n > 10) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%u fields, not the 8 to 10 of a SPEAKER line of RTTM", n);
    return FALSE;
  }
  if (*recording != NULL && !g_str_equal (*recording, words[FILE_ID])) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "turns of two recordings, \"%s\" and \"%s\"", *recording,
        words[FILE_ID]);
    return FALSE;
  }
  if (*recording == NULL)
    *recording = g_strdup (words[FILE_ID]);
  if (!read_seconds (words[START], &start)
      || !read_seconds (words[DURATION], &duration) || duration <= 0)
    return set_bad_time (error, words[START], "and", words[DURATION]);
  g_ptr_array_add (turns, turn_new (start, start + duration, words[NAME]));
  return TRUE;
}

/* --- a file -------------------------------------------------------------- */

static gboolean
parse_line (const char *line, GPtrArray *turns, char **recording,
    GError **error)
{
  g_auto (GStrv) words = split_words (line);

  if (line[0] == '\0' || line[0] == '#' || g_str_has_prefix (line, ";;"))
    return TRUE;
  return is_rttm (words) ? parse_rttm (words, turns, recording, error)
                         : parse_label (line, turns, error);
}

GPtrArray *
sal_turns_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_autofree char *text = NULL;
  gsize length = 0;
  g_autoptr (GError) cause = NULL;

  if (!g_file_get_contents (path, &text, &length, &cause)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s", cause->message);
    return NULL;
  }
  if (!g_utf8_validate (text, (gssize) length, NULL)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT, "%s: not UTF-8 text",
        path);
    return NULL;
  }

  g_autoptr (GPtrArray) turns = g_ptr_array_new_with_free_func (turn_free);
  g_autofree char *recording = NULL; /* of RTTM */
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_strchomp (lines[i]);
    if (!parse_line (lines[i], turns, &recording, error)) {
      g_prefix_error (error, "%s: line %u: ", path, i + 1);
      return NULL;
    }
  }
  return g_steal_pointer (&turns);
}

gboolean
sal_turns_have (const GPtrArray *turns, const char *name)
{
  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    if (g_str_equal (turn->name, name))
      return TRUE;
  }
  return FALSE;
}

char *
sal_turns_list_names (const GPtrArray *turns)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    if (g_hash_table_add (seen, turn->name))
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "",
          turn->name);
  }
  return g_string_free (list, FALSE);
}

guint
sal_turns_lanes (const GPtrArray *turns, guint *lanes)
{
  g_autofree double *free_from = g_new0 (double, turns->len + 1);
  guint n_lanes = 0;

  for (guint i = 0; i < turns->len; i++) {
    const SalTurn *turn = g_ptr_array_index (turns, i);
    guint lane = 0;
    while (lane < n_lanes && free_from[lane] > turn->start)
      lane++;
    free_from[lane] = turn->end;
    lanes[i] = lane;
    n_lanes = MAX (n_lanes, lane + 1);
  }
  return n_lanes;
}
