/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h: the command line of a subcommand
 *
 * GOption parses it.  Beside that, a second name or path for one option is refused, and --help
 * shows the default of every number.
 */
#pragma once

#include <glib.h>

typedef struct _CliOptions CliOptions;

/**
 * cli_options_new:
 * @arguments: (nullable): the arguments beside the options, as --help shows them
 * @summary: one or two sentences for --help
 * @data: (nullable): handed to the callbacks of entries
 *
 * Returns: (transfer full): a command line without options
 */
CliOptions *cli_options_new (const char *arguments, const char *summary, gpointer data);
void cli_options_free (CliOptions *self); /* NULL is a no-op */

/**
 * cli_options_add:
 * @entries: (array zero-terminated=1): copied; the values they point to hold the defaults
 *
 * --help shows a number's value as its default, unless it is NAN or the description ends with a
 * parenthesis.
 */
void cli_options_add (CliOptions *self, const GOptionEntry *entries);

/**
 * cli_options_parse:
 * @files: (out) (nullable) (array zero-terminated=1): the arguments that are no options; %NULL if
 *   there are none
 * @n_min: least number of files; @n_max: the largest
 *
 * --help prints and ends the program.
 *
 * Returns: %TRUE, or %FALSE and G_OPTION_ERROR
 */
gboolean cli_options_parse (CliOptions *self, int argc, char **argv, char ***files, guint n_min,
    guint n_max, GError **error);

/**
 * cli_require:
 *
 * Returns: %TRUE if @value is set, else %FALSE and G_OPTION_ERROR that names @option
 */
gboolean cli_require (const char *value, const char *option, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliOptions, cli_options_free)
