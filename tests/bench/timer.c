/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-timer [--threads N] MODEL CLASS INPUT: times the library on demand
 *
 * INPUT is a safetensors file with "log_mel" [F, T].  Prints "ready"; then, for
 * each line of standard input, computes that window once and prints
 * milliseconds:
 *
 *   forward     the embedding
 *   backward    the same, and the gradients of the log-odds of CLASS by S4..S1
 *   dense       the embedding, and the log-odds around every column of S4
 *
 * "save PATH", after dense and backward, writes "embedding" [E], "dense" [W]
 * and "gradient_s1" [C, H, W], and prints "saved".
 */
#include <stdio.h>
#include <string.h>

#include "data.h"
#include "network/geometry.h"
#include <saliency/score.h>

typedef struct {
  SalNet *net;   /* backward pass to S1 */
  SalNet *light; /* without a backward pass */
  SalScorer *scorer;
  SalTarget *target;
  float *log_mel; /* [F, T] */
  guint n_frames; /* T */
  gsize E;
  float *dembedding; /* [E] */
  float *dense;      /* [W], room for T */
} Timer;

static void
forward (Timer *self)
{
  sal_net_forward (self->light, self->log_mel, self->n_frames);
}

static void
backward (Timer *self)
{
  sal_net_forward (self->net, self->log_mel, self->n_frames);
  sal_scorer_gradient (self->scorer, self->target, SAL_SCORE_LOG_ODDS,
      sal_net_get_embedding (self->net), self->dembedding);
  sal_net_backward (self->net, self->dembedding, 0);
}

static void
dense (Timer *self)
{
  forward (self);
  sal_scorer_dense (self->scorer, self->light, self->target, SAL_DENSE_COLUMNS,
      self->dense);
}

static const struct {
  const char *name;
  void (*run) (Timer *self);
} commands[] = {
  { "forward", forward },
  { "backward", backward },
  { "dense", dense },
};

static gboolean
save (const Timer *self, const char *path, GError **error)
{
  guint s1[3], s4[3];
  sal_net_get_stage (self->net, 0, s1);
  sal_net_get_stage (self->net, SAL_STAGES - 1, s4);
  const SalTensor tensors[] = {
    { "embedding", sal_net_get_embedding (self->net), 1, { self->E } },
    { "dense", self->dense, 1, { s4[2] } },
    { "gradient_s1", sal_net_get_gradient (self->net, 0), 3,
        { s1[0], s1[1], s1[2] } },
  };
  return sal_safetensors_save (path, tensors, G_N_ELEMENTS (tensors), NULL,
      error);
}

static gboolean
obey (Timer *self, const char *line, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (!g_str_equal (line, commands[i].name))
      continue;
    gint64 begun = g_get_monotonic_time ();
    commands[i].run (self);
    printf ("%.3f\n", (double) (g_get_monotonic_time () - begun) / 1000);
    return TRUE;
  }
  if (!g_str_has_prefix (line, "save "))
    return sal_error_set (error, SAL_ERROR_CONFIG,
        "\"%s\" is none of forward, backward, dense and save", line);
  if (!save (self, line + strlen ("save "), error))
    return FALSE;
  puts ("saved");
  return TRUE;
}

static gboolean
serve (Timer *self, GError **error)
{
  char line[4096];
  puts ("ready");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin) != NULL) {
    if (!obey (self, g_strchomp (line), error))
      return FALSE;
    fflush (stdout);
  }
  return TRUE;
}

static gboolean
run (SalModel *model, SalTarget *target, SalSafetensors *input, guint n_threads,
    GError **error)
{
  gsize F = sal_model_get_mel_config (model)->n_bands, shape[2];
  g_autofree float *log_mel = data_read_matrix (input, "log_mel", shape);
  if (shape[0] != F)
    return sal_error_set (error, SAL_ERROR_MISMATCH,
        "%s: %zu bands, the model has %zu", sal_safetensors_get_path (input),
        shape[0], F);
  gsize E = sal_model_get_embedding_size (model);
  g_autoptr (SalNet) net = sal_net_new (model, (guint) shape[1], 0, n_threads);
  g_autoptr (SalNet) light
      = sal_net_new (model, (guint) shape[1], SAL_STAGES - 1, n_threads);
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  g_autofree float *dembedding = g_new (float, E);
  g_autofree float *dense = g_new0 (float, shape[1]);
  Timer timer = { net, light, scorer, target, log_mel, (guint) shape[1], E,
    dembedding, dense };
  return serve (&timer, error);
}

int
main (int argc, char **argv)
{
  int n_threads = 1;
  GOptionEntry entries[]
      = { { "threads", 0, 0, G_OPTION_ARG_INT, &n_threads, "Threads", "N" },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context
      = g_option_context_new ("MODEL CLASS INPUT");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 4
      || n_threads < 1 || n_threads > SAL_NET_MAX_THREADS) {
    g_printerr ("bench-timer: %s\n",
        error != NULL ? error->message
                      : "MODEL CLASS INPUT and --threads 1..64 are wanted");
    return 2;
  }
  g_autoptr (SalModel) model = sal_model_load (argv[1], &error);
  g_autoptr (SalTarget) target
      = model != NULL ? sal_target_new_class (model, argv[2], &error) : NULL;
  g_autoptr (SalSafetensors) input
      = target != NULL ? sal_safetensors_load (argv[3], &error) : NULL;
  if (input != NULL && run (model, target, input, (guint) n_threads, &error))
    return 0;
  g_printerr ("bench-timer: %s\n", error->message);
  return 1;
}
