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
parse_turn (const char *line, GError **error)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", -1);
  double start, end;

  if (g_strv_length (fields) != 3) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "%u fields, not the 3 of start, end and name", g_strv_length (fields));
    return NULL;
  }
  if (!read_seconds (fields[0], &start) || !read_seconds (fields[1], &end)
      || end <= start) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "\"%s\" to \"%s\" is no stretch of time in seconds", fields[0],
        fields[1]);
    return NULL;
  }

  SalTurn *turn = g_new (SalTurn, 1);
  *turn = (SalTurn){ start, end, g_strstrip (g_strdup (fields[2])) };
  return turn;
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
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_strchomp (lines[i]);
    if (lines[i][0] == '\0' || lines[i][0] == '#')
      continue;
    SalTurn *turn = parse_turn (lines[i], error);
    if (turn == NULL) {
      g_prefix_error (error, "%s: line %u: ", path, i + 1);
      return NULL;
    }
    g_ptr_array_add (turns, turn);
  }
  return g_steal_pointer (&turns);
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
