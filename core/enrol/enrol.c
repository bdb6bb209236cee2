/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enrol.c: speaker enrolment from recordings, with quality advice */
#include <saliency/enrol.h>

#include <math.h>
#include <string.h>

#include "compute/vector.h"
#include "enrol/expected-errors.h"
#include "network/geometry.h"
#include "enrol/second-speaker.h"
#include <saliency/target.h>
#include <saliency/score.h>
#include "network/model-internal.h"
#include <saliency/net.h>
#include "signal/noise-floor.h"
#include "signal/speech-activity.h"

#define WINDOW_FRAMES 200 /* two seconds */
#define STEP_FRAMES 100
#define MIN_SPEECH_FRAMES 50 /* half a second */
#define CELL_COLUMNS 9       /* of S4 in a cell */
#define FOREIGN_PART 0.25f   /* least foreign part of a rejected piece */
#define SURE_LLR 2.0f        /* odds of 7 to 1: of the voice after all */
#define FULL_SCALE 0.999f

/* What is known of a recording, for the advice. */
typedef struct {
  SalEnrolRecording facts;
  SalCells cells;
  guint64 n_samples, n_clipped, n_speech, n_signal;
  double energy; /* sum of the mean squares of speech frames */
  double signal; /* the same above the noise, minus the noise */
  double noise;  /* mean square */
} Recording;

struct _SalEnrol {
  SalModel *model;
  SalMel *mel;
  SalNet *net;
  guint E;
  guint cell_frames;
  float *columns;     /* embeddings of a window, [W, E] */
  GArray *embeddings; /* of the pieces, [P, E] */
  GArray *pieces;     /* SalPiece, [P] */
  GArray *cells;      /* [n, E], for second-speaker.h */
  GArray *recordings; /* Recording */
  GArray *pending;    /* samples of the unfinished recording */
};

SalEnrol *
sal_enrol_new (SalModel *model)
{
  g_return_val_if_fail (model != NULL, NULL);
  SalEnrol *self = g_new0 (SalEnrol, 1);
  self->model = sal_model_ref (model);
  /* Loading the model has checked this configuration. */
  self->mel = sal_mel_new (&sal_model_get_description (model)->mel, NULL);
  self->net = sal_net_new (model, WINDOW_FRAMES, SAL_STAGES - 1, 1);
  self->E = sal_model_get_embedding_size (model);
  self->cell_frames = sal_model_get_frames_per_column (model);
  self->columns = g_new (float, WINDOW_FRAMES *(gsize) self->E);
  self->embeddings = g_array_new (FALSE, FALSE, sizeof (float));
  self->pieces = g_array_new (FALSE, FALSE, sizeof (SalPiece));
  self->cells = g_array_new (FALSE, TRUE, sizeof (float));
  self->recordings = g_array_new (FALSE, FALSE, sizeof (Recording));
  self->pending = g_array_new (FALSE, FALSE, sizeof (float));
  return self;
}

void
sal_enrol_free (SalEnrol *self)
{
  if (self == NULL)
    return;
  sal_model_unref (self->model);
  sal_mel_free (self->mel);
  sal_net_free (self->net);
  g_free (self->columns);
  g_array_unref (self->embeddings);
  g_array_unref (self->pieces);
  g_array_unref (self->cells);
  g_array_unref (self->recordings);
  g_array_unref (self->pending);
  g_free (self);
}

static double
frame_seconds (const SalEnrol *self)
{
  const SalMelConfig *mel = &sal_model_get_description (self->model)->mel;
  return (double) mel->hop / mel->sample_rate;
}

static float
decibels (double power)
{
  return (float) (10 * log10 (power));
}

/* --- one recording ------------------------------------------------------- */

/* A recording in progress. */
typedef struct {
  const float *log_mel; /* [F, T] */
  gsize T;
  const float *energy;    /* [T] */
  const gboolean *speech; /* [T] */
  Recording *recording;
} Hearing;

static gboolean
check_samples (const float *samples, gsize n_samples, GError **error)
{
  for (gsize i = 0; i < n_samples; i++)
    if (!(fabsf (samples[i]) <= SAL_LOUDEST)) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
          "sample %" G_GSIZE_FORMAT " is %s", i,
          isnan (samples[i])       ? "not a number"
              : isinf (samples[i]) ? "infinite"
                                   : "far above full scale");
      return FALSE;
    }
  return TRUE;
}

static void
forward (SalEnrol *self, const Hearing *hearing, gsize start, gsize n)
{
  gsize F = sal_model_get_description (self->model)->mel.n_bands;
  g_autofree float *window = g_new (float, F *n);
  for (gsize f = 0; f < F; f++)
    memcpy (window + f * n, hearing->log_mel + f * hearing->T + start,
        n * sizeof (float));
  sal_net_forward (self->net, window, (guint) n);
}

/* Adds the embedding of the last forward pass as a piece. */
static void
add_piece (SalEnrol *self, const Hearing *hearing, gsize start, gsize n)
{
  double frame = frame_seconds (self), energy = 0;
  gsize n_speech = sal_speech_activity_count (hearing->speech + start, n);
  for (gsize t = start; t < start + n; t++)
    energy += hearing->speech[t] ? hearing->energy[t] : 0;
  SalPiece piece = {
    .recording = self->recordings->len,
    .start = (float) ((double) start * frame),
    .seconds = (float) ((double) n * frame),
    .speech_seconds = (float) ((double) n_speech * frame),
    .level_db = decibels (energy / (double) n_speech),
    .kept = TRUE,
  };
  guint at = self->embeddings->len;
  g_array_append_val (self->pieces, piece);
  g_array_append_vals (self->embeddings, sal_net_get_embedding (self->net),
      self->E);
  sal_vector_normalise (&g_array_index (self->embeddings, float, at), self->E);
}

/* Adds the columns of the last forward pass to their cells.  A column in the
 * middle of a window has more context. */
static void
add_columns (SalEnrol *self, const Hearing *hearing, gsize start)
{
  guint shape[3];
  const SalCells *cells = &hearing->recording->cells;
  sal_net_embed_around (self->net, CELL_COLUMNS, self->columns);
  sal_net_get_stage (self->net, SAL_STAGES - 1, shape);
  for (guint j = 0; j < shape[2]; j++) {
    gsize frame = start + j * self->cell_frames + self->cell_frames / 2;
    gsize cell = MIN (frame / self->cell_frames, cells->n - 1);
    float *column = self->columns + (gsize) j * self->E;
    double h = 0.54 - 0.46 * cos (2 * G_PI * (j + 0.5) / shape[2]);
    sal_vector_normalise (column, self->E);
    sal_vector_add_scaled (&g_array_index (self->cells, float,
                               (cells->first + cell) * self->E),
        (float) h, column, self->E);
  }
}

/* Scales the sum of each cell to the length of the cell's part of speech. */
static void
finish_cells (SalEnrol *self, const Hearing *hearing)
{
  const SalCells *cells = &hearing->recording->cells;
  for (gsize c = 0; c < cells->n; c++) {
    float *cell
        = &g_array_index (self->cells, float, (cells->first + c) * self->E);
    gsize first = c * self->cell_frames;
    gsize n = MIN (self->cell_frames, hearing->T - first);
    float part
        = (float) sal_speech_activity_count (hearing->speech + first, n) / n;
    sal_vector_normalise (cell, self->E);
    for (guint i = 0; i < self->E; i++)
      cell[i] *= part;
  }
}

/* Windows with at least half speech become pieces; without such a window, the
 * one with the most speech.  The last window ends with the recording and serves
 * the cells. */
static void
hear_windows (SalEnrol *self, const Hearing *hearing)
{
  gsize T = hearing->T, n = MIN (T, WINDOW_FRAMES), best = 0, richest = 0;
  guint before = self->pieces->len;
  for (gsize start = 0; start + n <= T;
       start = start + n < T ? MIN (start + STEP_FRAMES, T - n) : T) {
    gsize n_speech = sal_speech_activity_count (hearing->speech + start, n);
    if (n_speech == 0)
      continue;
    forward (self, hearing, start, n);
    add_columns (self, hearing, start);
    if (n_speech >= n / 2 && start % STEP_FRAMES == 0)
      add_piece (self, hearing, start, n);
    if (n_speech > richest) {
      richest = n_speech;
      best = start;
    }
  }
  finish_cells (self, hearing);
  if (self->pieces->len > before)
    return;
  forward (self, hearing, best, n);
  add_piece (self, hearing, best, n);
}

static void
measure (Recording *self, const SalEnrol *enrol, const float *samples,
    const Hearing *hearing)
{
  const SalMelConfig *mel = &sal_model_get_description (enrol->model)->mel;
  for (gsize t = 0; t < hearing->T; t++)
    self->energy += hearing->speech[t] ? hearing->energy[t] : 0;
  for (gsize i = 0; i < self->n_samples; i++)
    self->n_clipped += fabsf (samples[i]) >= FULL_SCALE;
  gsize n_signal;
  self->noise = sal_noise_floor_find (hearing->energy, hearing->T);
  self->signal = sal_noise_floor_remove (hearing->energy, hearing->speech,
      hearing->T, self->noise, &n_signal);
  self->n_signal = n_signal;
  self->facts = (SalEnrolRecording){
    .seconds = (double) self->n_samples / mel->sample_rate,
    .speech_seconds = (double) self->n_speech * frame_seconds (enrol),
    .level_db = decibels (self->energy / (double) self->n_speech),
    .clipped = (float) self->n_clipped / (float) self->n_samples,
    .snr_db = n_signal > 0
        ? decibels (self->signal / (double) n_signal / self->noise)
        : 0,
  };
}

gboolean
sal_enrol_add (SalEnrol *self, const float *samples, gsize n_samples,
    GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  const SalMelConfig *mel = &sal_model_get_description (self->model)->mel;
  if (!check_samples (samples, n_samples, error))
    return FALSE;
  gsize T = sal_mel_n_frames (self->mel, n_samples);
  g_autofree float *energy = g_new (float, T + 1);
  g_autofree gboolean *speech = g_new (gboolean, T + 1);
  sal_speech_activity_energy (samples, n_samples, 0, mel->hop, T, energy);
  gsize n_speech = sal_speech_activity_find (energy, T, speech);
  if (n_speech < MIN_SPEECH_FRAMES) {
    double frame = frame_seconds (self);
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "%.2f s of speech in %.2f s of sound, less than the %.1f s needed",
        (double) n_speech * frame, (double) n_samples / mel->sample_rate,
        MIN_SPEECH_FRAMES * frame);
    return FALSE;
  }
  g_autofree float *log_mel = g_new (float, mel->n_bands *T);
  sal_mel_process (self->mel, samples, n_samples, log_mel);
  gsize n_cells = (T + self->cell_frames - 1) / self->cell_frames;
  Recording recording = { .n_samples = n_samples,
    .n_speech = n_speech,
    .cells = { self->cells->len / self->E, n_cells } };
  Hearing hearing = { log_mel, T, energy, speech, &recording };
  g_array_set_size (self->cells,
      self->cells->len + (guint) (n_cells * self->E));
  measure (&recording, self, samples, &hearing);
  hear_windows (self, &hearing);
  g_array_append_val (self->recordings, recording);
  return TRUE;
}

void
sal_enrol_push (SalEnrol *self, const float *samples, gsize n_samples)
{
  g_return_if_fail (self != NULL);
  g_array_append_vals (self->pending, samples, (guint) n_samples);
}

gboolean
sal_enrol_end (SalEnrol *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  gboolean ok = sal_enrol_add (self, (const float *) self->pending->data,
      self->pending->len, error);
  g_array_set_size (self->pending, 0);
  return ok;
}

guint
sal_enrol_get_n_recordings (const SalEnrol *self)
{
  return self->recordings->len;
}

const SalEnrolRecording *
sal_enrol_get_recording (const SalEnrol *self, guint index)
{
  g_return_val_if_fail (index < self->recordings->len, NULL);
  return &g_array_index (self->recordings, Recording, index).facts;
}

/* --- the voice ----------------------------------------------------------- */

static SalPiece *
get_piece (const SalEnrol *self, guint p)
{
  return &g_array_index (self->pieces, SalPiece, p);
}

/* The part of a piece in foreign cells. */
static float
foreign_part (const SalEnrol *self, const SalPiece *piece,
    const gboolean *foreign)
{
  const SalCells *cells
      = &g_array_index (self->recordings, Recording, piece->recording).cells;
  double cell = self->cell_frames * frame_seconds (self);
  gsize first = (gsize) lround (piece->start / cell);
  gsize n = MIN ((gsize) lround (piece->seconds / cell), cells->n - first);
  return (float) sal_speech_activity_count (foreign + cells->first + first, n)
      / n;
}

/* The voice of the kept pieces. */
static SalTarget *
kept_voice (const SalEnrol *self, const float *embeddings, guint n_kept)
{
  g_autofree float *kept = g_new (float, (gsize) n_kept * self->E);
  guint i = 0;
  for (guint p = 0; p < self->pieces->len; p++)
    if (g_array_index (self->pieces, SalPiece, p).kept)
      memcpy (kept + (gsize) i++ * self->E, embeddings + (gsize) p * self->E,
          self->E * sizeof (float));
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("kept", self->model, kept, n_kept, 0);
  return sal_target_new_speaker (self->model, speaker, NULL);
}

/* A rejected piece may be another manner of the same person: pieces that are
 * likely for the voice of the kept pieces are kept after all. */
static guint
take_back (SalEnrol *self, guint n_kept)
{
  const float *embeddings = (const float *) self->embeddings->data;
  g_autoptr (SalTarget) target = kept_voice (self, embeddings, n_kept);
  g_autoptr (SalScorer) scorer = sal_scorer_new (self->model);
  for (guint p = 0; target != NULL && p < self->pieces->len; p++) {
    SalPiece *piece = get_piece (self, p);
    SalScore score;
    if (piece->kept)
      continue;
    sal_scorer_score (scorer, target, embeddings + (gsize) p * self->E, &score);
    piece->kept = sal_scorer_llr (scorer, target, &score, piece->speech_seconds)
        > SURE_LLR;
    n_kept += piece->kept != FALSE;
  }
  return n_kept;
}

/* Recordings without a kept piece, [n_recordings]. */
static gboolean *
find_strange (const SalEnrol *self)
{
  gboolean *strange = g_new (gboolean, self->recordings->len);
  for (guint r = 0; r < self->recordings->len; r++)
    strange[r] = TRUE;
  for (guint p = 0; p < self->pieces->len; p++)
    if (get_piece (self, p)->kept)
      strange[get_piece (self, p)->recording] = FALSE;
  return strange;
}

/* Rejects pieces of a second voice.  A recording that differs throughout is
 * kept: the user says whose it is, so it comes from another day or microphone
 * rather than from somebody else, and a voice enrolled on one day only is
 * missed on others. */
static guint
choose_pieces (SalEnrol *self, const gboolean *foreign)
{
  guint n_kept = 0, n = self->pieces->len;
  for (guint p = 0; p < n; p++) {
    SalPiece *piece = get_piece (self, p);
    piece->kept = foreign_part (self, piece, foreign) <= FOREIGN_PART;
    n_kept += piece->kept != FALSE;
  }
  g_autofree gboolean *strange = find_strange (self);
  if (n_kept > 0 && n_kept < n && sal_model_get_n_classes (self->model) > 0)
    n_kept = take_back (self, n_kept);
  for (guint p = 0; p < n; p++) {
    SalPiece *piece = get_piece (self, p);
    n_kept += !piece->kept && strange[piece->recording];
    piece->kept = piece->kept || strange[piece->recording];
  }
  return n_kept;
}

static void
find_second_voice (SalEnrol *self, SalEnrolAdvice *advice)
{
  guint n = self->recordings->len;
  g_autofree SalCells *cells = g_new (SalCells, n);
  g_autofree gboolean *foreign
      = g_new (gboolean, self->cells->len / self->E + 1);
  SalCells where;
  for (guint r = 0; r < n; r++)
    cells[r] = g_array_index (self->recordings, Recording, r).cells;
  advice->second_voice = sal_second_speaker_find (self->model, cells, n,
      (const float *) self->cells->data, foreign, &where);
  advice->n_kept = choose_pieces (self, foreign);
  if (!advice->second_voice)
    return;
  guint r = 0;
  while (where.first >= cells[r].first + cells[r].n)
    r++;
  double cell = self->cell_frames * frame_seconds (self);
  advice->second_recording = r;
  advice->second_start = (double) (where.first - cells[r].first) * cell;
  advice->second_end = MIN (advice->second_start + (double) where.n * cell,
      g_array_index (self->recordings, Recording, r).facts.seconds);
}

/* Agreement of each piece with the mean of the other kept pieces.  Returns: the
 * mean over the kept pieces */
static float
find_agreement (SalEnrol *self, guint n_kept)
{
  guint n = self->pieces->len, E = self->E;
  const float *embeddings = (const float *) self->embeddings->data;
  g_autofree float *total = g_new0 (float, E);
  g_autofree float *others = g_new (float, E);
  double sum = 0;
  for (guint p = 0; p < n; p++)
    if (get_piece (self, p)->kept)
      sal_vector_add_scaled (total, 1, embeddings + (gsize) p * E, E);
  for (guint p = 0; p < n; p++) {
    SalPiece *piece = get_piece (self, p);
    const float *embedding = embeddings + (gsize) p * E;
    piece->agreement = 1;
    memcpy (others, total, E * sizeof (float));
    if (piece->kept)
      sal_vector_add_scaled (others, -1, embedding, E);
    if (!piece->kept || n_kept > 1) {
      sal_vector_normalise (others, E);
      piece->agreement = sal_vector_dot (embedding, others, E);
    }
    sum += piece->kept ? piece->agreement : 0;
  }
  return (float) (sum / n_kept);
}

/* Sums and means over the recordings. */
static void
sum_up (const SalEnrol *self, SalEnrolAdvice *advice)
{
  Recording all = { 0 };
  for (guint r = 0; r < self->recordings->len; r++) {
    const Recording *one = &g_array_index (self->recordings, Recording, r);
    advice->seconds += one->facts.seconds;
    advice->speech_seconds += one->facts.speech_seconds;
    all.n_samples += one->n_samples;
    all.n_clipped += one->n_clipped;
    all.n_speech += one->n_speech;
    all.energy += one->energy;
    all.signal += one->signal;
    all.noise += one->noise * (double) one->n_signal;
  }
  advice->level_db = decibels (all.energy / (double) all.n_speech);
  advice->clipped = (float) all.n_clipped / (float) all.n_samples;
  advice->snr_db = all.signal > 0 ? decibels (all.signal / all.noise) : 0;
}

SalSpeaker *
sal_enrol_finish (SalEnrol *self, const char *name, SalEnrolAdvice *out,
    GError **error)
{
  g_return_val_if_fail (self != NULL && name != NULL, NULL);
  SalEnrolAdvice advice = { .n_pieces = self->pieces->len };
  const float *embeddings = (const float *) self->embeddings->data;
  const SalPiece *pieces = (const SalPiece *) self->pieces->data;
  if (advice.n_pieces == 0) {
    g_set_error_literal (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "no speech was given");
    return NULL;
  }
  sum_up (self, &advice);
  find_second_voice (self, &advice);
  advice.agreement = find_agreement (self, advice.n_kept);
  SalExpectedErrors forecast = sal_expected_errors_of (self->model, embeddings,
      pieces, advice.n_pieces);
  advice.false_accept = forecast.false_accept;
  advice.false_reject = forecast.false_reject;
  if (out != NULL)
    *out = advice;
  return sal_speaker_new_full (name, self->model, embeddings, pieces,
      advice.n_pieces, advice.speech_seconds);
}
