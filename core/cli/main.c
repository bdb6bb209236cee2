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
  g_autofree char *model = sal_model_get_default_path ();
  fprintf (out,
      "\nThe model is --model, else $SPEAKERSALIENCY_MODEL, else the one "
      "installed with the\nprogram; now %s\n"
      "Exit code: 0; 1 if the work failed; 2 if the command line is wrong.\n",
      model);
}

/* Returns: the exit code; -1 if there is no such command */
static int
run_command (int argc, char **argv)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (g_str_equal (argv[0], commands[i].name)) {
      g_autofree char *program
          = g_strconcat ("speakersaliency ", argv[0], NULL);
      g_set_prgname (program);
      return commands[i].run (argc, argv);
    }
  }
  return -1;
}

/* help COMMAND .. is COMMAND .. --help. */
static int
run_help (int argc, char **argv)
{
  g_autofree char **words = g_new0 (char *, argc + 1);

  for (int i = 1; i < argc; i++)
    words[i - 1] = argv[i];
  words[argc - 1] = (char *) "--help";
  return run_command (argc, words);
}

int
main (int argc, char **argv)
{
  static const char *const help[] = { "--help", "-h", "-?", "help", NULL };
  static const char *const version[] = { "--version", "version", NULL };
  const char *name = argc > 1 ? argv[1] : "";
  int code;

  setlocale (LC_CTYPE, "");
  g_set_prgname ("speakersaliency");
  if (g_strv_contains (help, name) && argc <= 2) {
    print_usage (stdout);
    return 0;
  }
  if (g_strv_contains (version, name)) {
    puts ("speakersaliency " SALIENCY_VERSION);
    return 0;
  }
  if (g_str_equal (name, "help")) {
    code = run_help (argc - 1, argv + 1);
    name = argv[2];
  } else {
    code = argc > 1 ? run_command (argc - 1, argv + 1) : -1;
  }
  if (code >= 0)
    return code;
  if (*name != '\0')
    g_printerr ("speakersaliency: no command \"%s\"\n", name);
  print_usage (stderr);
  return 2;
}
