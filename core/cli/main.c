/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speakersaliency: enrols voices, and shows or masks where they speak */
#include <locale.h>
#include <stdio.h>

#include "cli/cli.h"

static const struct {
  const char *name;
  int (*run) (int argc, char **argv);
  const char *summary;
} commands[] = {
  { "enrol", cli_enrol, "make a .speaker file from recordings of a voice" },
  { "analyse", cli_analyse, "find where a voice speaks, as picture and JSON" },
  { "mask", cli_mask, "quieten everything but a voice" },
  { "compare", cli_compare, "by how much each turn of a file was changed" },
  { "evaluate", cli_evaluate, "how well a model does on a corpus" },
  { "bench", cli_bench, "how fast a model is on this computer" },
  { "model", cli_model, "describe a model file, or verify it" },
};

static void
print_usage (FILE *out)
{
  fputs ("Usage: speakersaliency COMMAND [OPTION…] [FILE…]\n\n"
         "Commands; each has its own --help:\n",
      out);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (out, "  %-10s %s\n", commands[i].name, commands[i].summary);
  fputs (
      "\nThe model is --model, else $SPEAKERSALIENCY_MODEL, "
      "else\n" SALIENCY_DEFAULT_MODEL "\n"
      "Exit code: 0; 1 if the work failed; 2 if the command line is wrong.\n",
      out);
}

int
main (int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : "";

  setlocale (LC_CTYPE, "");
  g_set_prgname ("speakersaliency");
  if (g_str_equal (name, "--help") || g_str_equal (name, "-h")) {
    print_usage (stdout);
    return 0;
  }
  if (g_str_equal (name, "--version")) {
    puts ("speakersaliency " SALIENCY_VERSION);
    return 0;
  }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (g_str_equal (name, commands[i].name)) {
      g_autofree char *program = g_strconcat ("speakersaliency ", name, NULL);
      g_set_prgname (program);
      return commands[i].run (argc - 1, argv + 1);
    }
  }
  if (*name != '\0')
    g_printerr ("speakersaliency: no command \"%s\"\n", name);
  print_usage (stderr);
  return 2;
}
