/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speaker-sets.c: closed-set and open-set speaker identification */
#include "eval/speaker-sets.h"

#include <math.h>

#include "compute/vector.h"
#include "network/model-internal.h"

typedef struct {
  guint voice, label;
} Speaker;

struct _EvalSpeakerSets {
  SalModel *model;
  EvalCorpus *corpus;
  gboolean known;
  GArray *speakers;      /* of Speaker */
  GPtrArray *targets;    /* of SalTarget, by label */
  gboolean *is_enrolled; /* by utterance */
};

static int
class_of (const SalModel *model, const EvalCorpus *corpus, guint voice)
{
  return sal_model_find_class (model,
      eval_corpus_get_voice (corpus, voice)->name);
}

guint
eval_speaker_sets_count (const SalModel *model, const EvalCorpus *corpus,
    gboolean known)
{
  guint n = 0;

  for (guint v = 0; v < eval_corpus_get_n_targets (corpus); v++)
    n += (class_of (model, corpus, v) >= 0) == known;
  return n;
}

static gboolean
add_classes (EvalSpeakerSets *self, GError **error)
{
  for (guint c = 0; c < sal_model_get_n_classes (self->model); c++) {
    SalTarget *target = sal_target_new_class (self->model,
        sal_model_get_class_name (self->model, c), error);
    if (target == NULL)
      return FALSE;
    g_ptr_array_add (self->targets, target);
  }
  return TRUE;
}

static gboolean
enrol (EvalSpeakerSets *self, guint voice, guint32 seed, double seconds,
    GError **error)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed + voice);
  g_autoptr (GArray) order = eval_corpus_shuffle (self->corpus, voice, rand);
  g_autoptr (GArray) used = g_array_new (FALSE, FALSE, sizeof (guint));
  double net_seconds;
  SalTarget *target = eval_corpus_enrol (self->corpus, self->model, voice,
      order, used, seconds, &net_seconds, error);

  if (target == NULL)
    return FALSE;
  g_ptr_array_add (self->targets, target);
  for (guint i = 0; i < used->len; i++)
    self->is_enrolled[g_array_index (used, guint, i)] = TRUE;
  return TRUE;
}

static gboolean
fill (EvalSpeakerSets *self, guint32 seed, double seconds, GError **error)
{
  if (self->known && !add_classes (self, error))
    return FALSE;
  for (guint v = 0; v < eval_corpus_get_n_targets (self->corpus); v++) {
    int class = class_of (self->model, self->corpus, v);
    if ((class >= 0) != self->known)
      continue;
    Speaker speaker = { v, self->known ? (guint) class : self->targets->len };
    if (!self->known && !enrol (self, v, seed, seconds, error))
      return FALSE;
    g_array_append_val (self->speakers, speaker);
  }
  if (self->speakers->len > 0)
    return TRUE;
  return sal_error_set (error, SAL_ERROR_TARGET,
      "no speaker is %s the model was trained on",
      self->known ? "one" : "other than those");
}

EvalSpeakerSets *
eval_speaker_sets_new (SalModel *model, EvalCorpus *corpus, gboolean known,
    guint32 seed, double enrol_seconds, GError **error)
{
  g_autoptr (EvalSpeakerSets) self = g_new0 (EvalSpeakerSets, 1);

  self->model = sal_model_ref (model);
  self->corpus = corpus;
  self->known = known;
  self->speakers = g_array_new (FALSE, FALSE, sizeof (Speaker));
  self->targets
      = g_ptr_array_new_with_free_func ((GDestroyNotify) sal_target_unref);
  self->is_enrolled
      = g_new0 (gboolean, eval_corpus_get_n_utterances (corpus) + 1);
  return fill (self, seed, enrol_seconds, error) ? g_steal_pointer (&self)
                                                 : NULL;
}

void
eval_speaker_sets_free (EvalSpeakerSets *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->speakers);
  g_ptr_array_unref (self->targets);
  g_free (self->is_enrolled);
  sal_model_unref (self->model);
  g_free (self);
}

guint
eval_speaker_sets_get_n_speakers (const EvalSpeakerSets *self)
{
  return self->speakers->len;
}

guint
eval_speaker_sets_get_voice (const EvalSpeakerSets *self, guint speaker)
{
  return g_array_index (self->speakers, Speaker, speaker).voice;
}

guint
eval_speaker_sets_get_label (const EvalSpeakerSets *self, guint speaker)
{
  return g_array_index (self->speakers, Speaker, speaker).label;
}

guint
eval_speaker_sets_get_n_labels (const EvalSpeakerSets *self)
{
  return self->targets->len;
}

const SalTarget *
eval_speaker_sets_get_target (const EvalSpeakerSets *self, guint label)
{
  return g_ptr_array_index (self->targets, label);
}

const char *
eval_speaker_sets_get_set (const EvalSpeakerSets *self)
{
  return self->known ? "closed" : "open";
}

SalModel *
eval_speaker_sets_get_model (const EvalSpeakerSets *self)
{
  return self->model;
}

EvalCorpus *
eval_speaker_sets_get_corpus (const EvalSpeakerSets *self)
{
  return self->corpus;
}

gboolean
eval_speaker_sets_is_enrolled (const EvalSpeakerSets *self, guint utterance)
{
  return self->is_enrolled[utterance];
}

/* Without the scale of the head and the length of the embedding, common factors
 * of all logits of a cosine head; a linear head has biases, but no scale. */
int
eval_speaker_sets_recognise (const EvalSpeakerSets *self,
    const float *embedding)
{
  const SalDescription *record = sal_model_get_description (self->model);
  const float *rows = sal_model_get_rows (self->model);
  const float *biases = sal_model_get_biases (self->model);
  guint E = sal_model_get_embedding_size (self->model);
  float most = -INFINITY;
  int best = -1;

  for (guint c = 0; c < sal_model_get_n_classes (self->model); c++) {
    float logit
        = sal_vector_dot (embedding, rows + (gsize) c * E, E) + biases[c];
    if (!(logit > most) || !(self->known || record->in_cohort[c]))
      continue;
    most = logit;
    best = self->known ? (int) c : -1;
  }
  for (guint i = 0; !self->known && i < self->targets->len; i++) {
    float logit = sal_vector_dot (embedding,
        sal_target_get_row (eval_speaker_sets_get_target (self, i)), E);
    if (!(logit > most))
      continue;
    most = logit;
    best = (int) i;
  }
  return best;
}
