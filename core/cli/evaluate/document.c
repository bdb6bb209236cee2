/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/evaluate/document.h"

#include <string.h>

#include "base/error.h"

/* In a format. */
#define STYLE                                                                  \
  "body { font: 16px/1.5 sans-serif; max-width: 76em; "                        \
  "margin: 2em auto; padding: 0 1em; color: #222 }\n"                          \
  "table { border-collapse: collapse; font-size: 14px; margin: 1em 0 }\n"      \
  "th, td { border-bottom: 1px solid #ccc; padding: .2em .7em; "               \
  "text-align: right; white-space: nowrap }\n"                                 \
  "th { border-bottom: 2px solid #888 }\n"                                     \
  "th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) "          \
  "{ text-align: left }\n"                                                     \
  "img { max-width: 100%% }\n"

/* What is being written. */
typedef enum { NOTHING, LIST, TABLE } Block;

struct _CliDocument {
  char *folder;
  GString *md, *html;
  Block block;
};

CliDocument *
cli_document_new (const char *title, const char *folder)
{
  CliDocument *self = g_new0 (CliDocument, 1);
  g_autofree char *shown = g_markup_escape_text (title, -1);

  self->folder = g_strdup (folder);
  self->md = g_string_new (NULL);
  self->html = g_string_new (NULL);
  g_string_append_printf (self->md, "# %s\n", title);
  g_string_append_printf (self->html,
      "<!DOCTYPE html>\n<html lang=\"en\">\n"
      "<meta charset=\"utf-8\">\n<title>%s</title>\n<style>\n" STYLE
      "</style>\n<h1>%s</h1>\n",
      shown, shown);
  return self;
}

void
cli_document_free (CliDocument *self)
{
  if (self == NULL)
    return;
  g_free (self->folder);
  g_string_free (self->md, TRUE);
  g_string_free (self->html, TRUE);
  g_free (self);
}

/* Ends a list or a table, unless it goes on. */
static void
begin (CliDocument *self, Block block)
{
  static const char *const opened[] = { "", "<ul>\n", "<table>\n" };
  static const char *const closed[] = { "", "</ul>\n", "</table>\n" };

  if (block != self->block) {
    g_string_append (self->html, closed[self->block]);
    g_string_append (self->html, opened[block]);
  }
  if (block != self->block || block == NOTHING)
    g_string_append_c (self->md, '\n');
  self->block = block;
}

/* Text as Markdown, in which some characters have a meaning. */
static char *
escape (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text++) {
    if (strchr ("\\`*_|<>[]", *text) != NULL)
      g_string_append_c (out, '\\');
    g_string_append_c (out, *text);
  }
  return g_string_free (out, FALSE);
}

void
cli_document_heading (CliDocument *self, guint level, const char *text)
{
  g_autofree char *shown = g_markup_escape_text (text, -1);
  g_autofree char *marks = g_strnfill (level, '#');
  g_autofree char *plain = escape (text);

  begin (self, NOTHING);
  g_string_append_printf (self->md, "%s %s\n", marks, plain);
  g_string_append_printf (self->html, "<h%u>%s</h%u>\n", level, shown, level);
}

void
cli_document_text (CliDocument *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *shown = g_markup_escape_text (text, -1);
  g_autofree char *plain = escape (text);
  begin (self, NOTHING);
  g_string_append_printf (self->md, "%s\n", plain);
  g_string_append_printf (self->html, "<p>%s</p>\n", shown);
}

void
cli_document_item (CliDocument *self, const char *mark, const char *text)
{
  g_autofree char *shown = g_markup_escape_text (text, -1);
  g_autofree char *plain = escape (text);

  begin (self, LIST);
  g_string_append_printf (self->md, "- **%s**: %s\n", mark, plain);
  g_string_append_printf (self->html, "<li><b>%s</b>: %s</li>\n", mark, shown);
}

void
cli_document_row (CliDocument *self, const char *const *cells, guint n)
{
  gboolean first = self->block != TABLE;
  char tag = first ? 'h' : 'd';

  begin (self, TABLE);
  g_string_append (self->html, "<tr>");
  for (guint i = 0; i < n; i++) {
    g_autofree char *shown = g_markup_escape_text (cells[i], -1);
    g_autofree char *plain = escape (cells[i]);
    g_string_append_printf (self->md, "| %s ", plain);
    g_string_append_printf (self->html, "<t%c>%s</t%c>", tag, shown, tag);
  }
  g_string_append (self->md, "|\n");
  g_string_append (self->html, "</tr>\n");
  if (!first)
    return;
  for (guint i = 0; i < n; i++)
    g_string_append (self->md, i < 2 ? "|---" : "|--:");
  g_string_append (self->md, "|\n");
}

gboolean
cli_document_picture (CliDocument *self, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *data = NULL;
  g_autoptr (GError) cause = NULL;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, &cause))
    return sal_error_set (error, SAL_ERROR_FILE, "%s", cause->message);
  g_autofree char *text = g_base64_encode ((const guchar *) data, length);
  begin (self, NOTHING);
  g_string_append_printf (self->md, "![%s](%s)\n", name, name);
  g_string_append_printf (self->html,
      "<p><img alt=\"%s\" src=\"data:image/png;base64,%s\"></p>\n", name, text);
  return TRUE;
}

gboolean
cli_document_save (CliDocument *self, const char *name, GError **error)
{
  const GString *texts[] = { self->md, self->html };
  const char *const ends[] = { "md", "html" };

  begin (self, NOTHING);
  g_string_truncate (self->md, self->md->len - 1);
  g_string_append (self->html, "</html>\n");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *file = g_strdup_printf ("%s.%s", name, ends[i]);
    g_autofree char *path = g_build_filename (self->folder, file, NULL);
    g_autoptr (GError) cause = NULL;
    if (!g_file_set_contents (path, texts[i]->str, (gssize) texts[i]->len,
            &cause))
      return sal_error_set (error, SAL_ERROR_FILE, "%s", cause->message);
  }
  return TRUE;
}
