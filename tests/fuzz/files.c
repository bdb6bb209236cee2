/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.c: fuzzing with mutated model and speaker files
 *
 * Each round damages a valid file in one to four ways and loads it as every
 * kind of file.  A file that loads is used.  Nothing may crash, hang or leak; a
 * refusal must be one of the library's errors and begin with the path.
 * SALIENCY_FUZZ_ROUNDS sets the number of rounds, SALIENCY_FUZZ_SEED the first
 * seed.
 */
#include <math.h>
#include <string.h>

#include "data.h"
#include "voice/self-check.h"
#include <saliency/net.h>
#include <saliency/score.h>

#define ROUNDS 2000

static guint64
setting (const char *name, guint64 value)
{
  const char *text = g_getenv (name);
  return text != NULL ? g_ascii_strtoull (text, NULL, 10) : value;
}

/* --- damage -------------------------------------------------------------- */

static const char *const tokens[] = {
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\"",
  "\\",
  "\\u0000",
  "\\ud800",
  "null",
  "true",
  "-1",
  "0",
  "0.5",
  "1e999",
  "-0",
  "1e-999",
  "9223372036854775807",
  "18446744073709551616",
  "4294967296",
  "65536",
  "NaN",
  "Infinity",
  "\"F32\"",
  "\"F16\"",
  "\"BF16\"",
  "\"F64\"",
  "\"dtype\"",
  "\"shape\"",
  "\"data_offsets\"",
  "\"__metadata__\"",
  "[[[[[[[[",
  "\xff",
  "\xc3\xa9",
  "/*",
};

/* A random place in the file, most often in the header. */
static guint
place (GRand *rand, const GByteArray *file)
{
  guint64 length = 0;
  guint end = file->len;
  if (end > 8)
    memcpy (&length, file->data, 8);
  length = GUINT64_FROM_LE (length);
  if (length + 8 < end && g_rand_int_range (rand, 0, 8) > 0)
    end = (guint) length + 8;
  return end > 0 ? (guint) g_rand_int_range (rand, 0, (gint32) end) : 0;
}

static void
insert (GByteArray *file, guint at, const void *bytes, guint n)
{
  guint tail = file->len - at;
  g_byte_array_set_size (file, file->len + n);
  memmove (file->data + at + n, file->data + at, tail);
  memcpy (file->data + at, bytes, n);
}

static void
flip_bit (GRand *rand, GByteArray *file, guint at)
{
  file->data[at] ^= (guint8) (1 << g_rand_int_range (rand, 0, 8));
}

static void
set_byte (GRand *rand, GByteArray *file, guint at)
{
  file->data[at] = (guint8) g_rand_int_range (rand, 0, 256);
}

static void
insert_token (GRand *rand, GByteArray *file, guint at)
{
  const char *token = tokens[g_rand_int_range (rand, 0, G_N_ELEMENTS (tokens))];
  insert (file, at, token, (guint) strlen (token));
}

/* Replaces the next number after `at`. */
static void
replace_number (GRand *rand, GByteArray *file, guint at)
{
  while (at < file->len && !g_ascii_isdigit (file->data[at]))
    at++;
  guint end = at;
  while (end < file->len && g_ascii_isdigit (file->data[end]))
    end++;
  g_byte_array_remove_range (file, at, end - at);
  insert_token (rand, file, at);
}

static void
remove_some (GRand *rand, GByteArray *file, guint at)
{
  guint n = (guint) g_rand_int_range (rand, 1, 40);
  g_byte_array_remove_range (file, at, MIN (n, file->len - at));
}

static void
repeat_some (GRand *rand, GByteArray *file, guint at)
{
  guint8 bytes[200];
  guint n
      = MIN ((guint) g_rand_int_range (rand, 1, sizeof bytes), file->len - at);
  memcpy (bytes, file->data + at, n);
  insert (file, place (rand, file), bytes, n);
}

static void
truncate_there (GRand *rand, GByteArray *file, guint at)
{
  g_byte_array_set_size (file, at);
}

/* Corrects the header length after insertions, so that loading reaches the
 * inserted bytes. */
static void
mend_length (GByteArray *file, const GByteArray *original)
{
  guint64 length;
  if (file->len < 8)
    return;
  memcpy (&length, original->data, 8);
  gint64 grown = (gint64) GUINT64_FROM_LE (length) + file->len - original->len;
  length = GUINT64_TO_LE ((guint64) MAX (grown, 0));
  memcpy (file->data, &length, 8);
}

static void
damage (GRand *rand, GByteArray *file, const GByteArray *original)
{
  static void (*const ways[]) (GRand *, GByteArray *, guint)
      = { flip_bit, set_byte, insert_token, insert_token, replace_number,
          replace_number, remove_some, repeat_some, truncate_there };
  gboolean mend = g_rand_int_range (rand, 0, 4) > 0;
  for (int n = g_rand_int_range (rand, 1, 5); n > 0 && file->len > 0; n--) {
    guint way = (guint) g_rand_int_range (rand, 0, G_N_ELEMENTS (ways));
    if (ways[way] == truncate_there && g_rand_int_range (rand, 0, 4) > 0)
      continue;
    ways[way](rand, file, place (rand, file));
  }
  if (mend)
    mend_length (file, original);
}

/* --- use ----------------------------------------------------------------- */

static void
check_error (const GError *error, const char *path)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == SAL_ERROR);
  if (!g_str_has_prefix (error->message, path))
    g_test_fail_printf ("\"%s\" does not begin with the path", error->message);
  if (!g_utf8_validate (error->message, -1, NULL)) {
    g_autofree char *shown = g_strescape (error->message, NULL);
    g_test_fail_printf ("\"%s\" is not UTF-8", shown);
  }
}

static void
use_model (SalModel *model, GRand *rand)
{
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n, shape[3];
  g_autoptr (SalMel) mel = sal_mel_new (sal_model_get_mel_config (model), NULL);
  g_assert_nonnull (mel); /* a front end that was accepted works */
  sal_self_check_run (model, stages, &n, NULL);
  guint n_frames = (guint) g_rand_int_range (rand, 8, 30);
  guint n_bands = sal_model_get_mel_config (model)->n_bands;
  g_autoptr (SalNet) net = sal_net_new (model, n_frames, 0, 1);
  g_autofree float *noise = data_noise (1, (gsize) n_bands * n_frames);
  sal_net_forward (net, noise, n_frames);
  g_assert_cmpuint (sal_model_get_n_classes (model), <, 1000);
  if (sal_model_get_n_classes (model) == 0)
    return;
  g_autoptr (SalTarget) target
      = sal_target_new_class (model, sal_model_get_class_name (model, 0), NULL);
  g_autoptr (SalScorer) scorer = sal_scorer_new (model);
  sal_net_get_stage (net, 3, shape);
  g_autofree float *columns = g_new (float, shape[2]);
  sal_scorer_dense (scorer, net, target, 5, columns);
  g_autofree float *gradient
      = g_new (float, sal_model_get_embedding_size (model));
  sal_scorer_gradient (scorer, target, SAL_SCORE_LOG_ODDS,
      sal_net_get_embedding (net), gradient);
  sal_net_backward (net, gradient, 0);
}

static gboolean
try_model (const char *path, GRand *rand)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = sal_model_load (path, &error);
  if (model != NULL)
    use_model (model, rand);
  else
    check_error (error, path);
  return model != NULL;
}

static gboolean
try_speaker (const char *path, const SalModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalSpeaker) speaker = sal_speaker_load (path, &error);
  if (speaker == NULL) {
    check_error (error, path);
    return FALSE;
  }
  guint n = sal_speaker_get_embedding_size (speaker);
  const float *embedding = sal_speaker_get_embedding (speaker);
  double square = 0;
  for (guint i = 0; i < n; i++)
    square += (double) embedding[i] * embedding[i];
  g_assert_cmpfloat_with_epsilon (square, 1, 1e-4);
  const SalPiece *pieces = sal_speaker_get_pieces (speaker);
  guint n_kept = 0;
  for (guint p = 0; p < sal_speaker_get_n_pieces (speaker); p++) {
    g_assert_true (pieces[p].start >= 0 && isfinite (pieces[p].start));
    g_assert_true (isfinite (pieces[p].level_db + pieces[p].agreement));
    n_kept += pieces[p].kept;
  }
  g_assert_cmpuint (n_kept, >, 0);
  g_autoptr (SalTarget) target = sal_target_new_speaker (model, speaker, NULL);
  return TRUE;
}

static gboolean
try_safetensors (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, &error);
  if (file == NULL)
    check_error (error, path);
  return file != NULL;
}

/* --- rounds -------------------------------------------------------------- */

typedef struct {
  const char *what;
  char *path;
  SalModel *model;
} Origin;

static void
fuzz (const Origin *origin)
{
  g_autoptr (GByteArray) original = data_file_bytes (origin->path);
  guint64 first = setting ("SALIENCY_FUZZ_SEED", 1);
  guint64 rounds = setting ("SALIENCY_FUZZ_ROUNDS", ROUNDS);
  guint n_files = 0, n_models = 0, n_speakers = 0;
  for (guint64 seed = first; seed < first + rounds; seed++) {
    g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) seed);
    g_autoptr (GByteArray) file = g_byte_array_new ();
    g_byte_array_append (file, original->data, original->len);
    damage (rand, file, original);
    g_autofree char *path = data_write_temp ("mutant", file->data, file->len);
    n_files += try_safetensors (path);
    n_models += try_model (path, rand);
    n_speakers += try_speaker (path, origin->model);
  }
  g_test_message ("%s: of %" G_GUINT64_FORMAT " damaged files %u were still "
                  "safetensors, %u models, %u speakers",
      origin->what, rounds, n_files, n_models, n_speakers);
  /* If all files were refused at once, later code would be untested. */
  g_assert_cmpuint (n_files, >, rounds / 50);
}

static char *
save_speaker (const SalModel *model)
{
  char *path = data_temp_path ("good.speaker");
  guint n = 3 * sal_model_get_embedding_size (model);
  g_autofree float *pieces = data_noise (6, n);
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("someone", model, pieces, 3, 7.5);
  g_assert_true (sal_speaker_save (speaker, path, NULL));
  return path;
}

static void
test_models (gconstpointer name)
{
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);
  g_autoptr (SalModel) model = data_load_model (name);
  g_autofree char *path = data_path (file);
  const Origin origin = { "model", path, model };
  fuzz (&origin);
}

static void
test_speakers (void)
{
  g_autoptr (SalModel) model = data_load_model ("tiny");
  g_autofree char *path = save_speaker (model);
  const Origin origin = { "speaker", path, model };
  fuzz (&origin);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/fuzz/damaged-models-do-no-harm/tiny", "tiny",
      test_models);
  g_test_add_data_func ("/fuzz/damaged-models-do-no-harm/attentive", "voxceleb",
      test_models);
  g_test_add_func ("/fuzz/damaged-speakers-do-no-harm", test_speakers);
  int result = g_test_run ();
  data_clean ();
  return result;
}
