/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/speaker.h>

#include <math.h>
#include <string.h>

#include "data.h"
#include <saliency/target.h>

#define E 16 /* embedding of tiny */
#define P 3

static SalModel *tiny;

/* P directions of unit length. */
static void
fill_pieces (float pieces[P * E])
{
  g_autofree float *noise = data_noise (4, P * E);
  for (guint p = 0; p < P; p++) {
    double square = 0;
    for (guint i = 0; i < E; i++)
      square += noise[p * E + i] * noise[p * E + i];
    for (guint i = 0; i < E; i++)
      pieces[p * E + i] = noise[p * E + i] / (float) sqrt (square);
  }
}

static const SalPiece stats[P] = {
  { 0, 0, 2, 1.5f, -20.5f, 0.75f, TRUE },
  { 0, 1, 2, 2, -23.25f, -0.25f, FALSE },
  { 1, 0.5f, 1.25f, 1, -61, 0.5f, TRUE },
};

static SalSpeaker *
make_speaker (void)
{
  float pieces[P * E];
  fill_pieces (pieces);
  return sal_speaker_new_full ("Ren\xc3\xa9 \"R\"\n", tiny, pieces, stats, P,
      12.75);
}

static void
assert_same_piece (const SalPiece *a, const SalPiece *b)
{
  g_assert_cmpuint (a->recording, ==, b->recording);
  g_assert_cmpfloat (a->start, ==, b->start);
  g_assert_cmpfloat (a->seconds, ==, b->seconds);
  g_assert_cmpfloat (a->speech_seconds, ==, b->speech_seconds);
  g_assert_cmpfloat (a->level_db, ==, b->level_db);
  g_assert_cmpfloat (a->agreement, ==, b->agreement);
  g_assert_cmpint (a->kept, ==, b->kept);
}

static char *
saved (const char *name)
{
  g_autoptr (SalSpeaker) speaker = make_speaker ();
  g_autoptr (GError) error = NULL;
  char *path = data_temp_path (name);
  g_assert_true (sal_speaker_save (speaker, path, &error));
  g_assert_no_error (error);
  return path;
}

/* Checks the mean direction of the flagged pieces. */
static void
assert_mean (const SalSpeaker *speaker, const gboolean counts[P])
{
  float pieces[P * E], want[E] = { 0 };
  double square = 0;
  fill_pieces (pieces);
  for (guint i = 0; i < E; i++) {
    for (guint p = 0; p < P; p++)
      want[i] += counts[p] ? pieces[p * E + i] : 0;
    square += want[i] * want[i];
  }
  for (guint i = 0; i < E; i++)
    want[i] /= (float) sqrt (square);
  data_assert_close ("embedding", sal_speaker_get_embedding (speaker), want, E,
      1e-6); /* float32 */
}

static void
test_voice_is_the_mean_direction (void)
{
  const gboolean all[P] = { TRUE, TRUE, TRUE };
  float pieces[P * E];
  fill_pieces (pieces);
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("a", tiny, pieces, P, 12.75);
  assert_mean (speaker, all);
  g_assert_cmpuint (sal_speaker_get_embedding_size (speaker), ==, E);
  g_assert_cmpuint (sal_speaker_get_n_pieces (speaker), ==, P);
  for (guint p = 0; p < P; p++)
    g_assert_true (sal_speaker_get_pieces (speaker)[p].kept);
  g_assert_cmpstr (sal_speaker_get_model_id (speaker), ==,
      sal_model_get_id (tiny));
  g_assert_cmpstr (sal_speaker_get_model_name (speaker), ==, "tiny");
  sal_speaker_unref (NULL);
}

static void
test_what_is_left_out_is_not_in_the_mean (void)
{
  const gboolean kept[P] = { TRUE, FALSE, TRUE };
  float pieces[P * E];
  fill_pieces (pieces);
  g_autoptr (SalSpeaker) speaker = make_speaker ();
  assert_mean (speaker, kept);
  g_assert_cmpuint (sal_speaker_get_n_pieces (speaker), ==, P);
  g_assert_cmpmem (sal_speaker_get_piece_embeddings (speaker), sizeof pieces,
      pieces, sizeof pieces);
}

static void
test_round_trip (void)
{
  g_autoptr (SalSpeaker) speaker = make_speaker ();
  g_autofree char *path = saved ("trip.speaker");
  g_autoptr (GError) error = NULL;
  SalSpeaker *loaded = sal_speaker_load (path, &error);
  g_assert_no_error (error);
  SalSpeaker *again = sal_speaker_ref (loaded);
  sal_speaker_unref (loaded);
  g_assert_cmpstr (sal_speaker_get_name (again), ==, "Ren\xc3\xa9 \"R\"\n");
  g_assert_cmpstr (sal_speaker_get_model_id (again), ==,
      sal_model_get_id (tiny));
  g_assert_cmpstr (sal_speaker_get_model_name (again), ==, "tiny");
  g_assert_cmpuint (sal_speaker_get_n_pieces (again), ==, P);
  g_assert_cmpfloat (sal_speaker_get_speech_seconds (again), ==, 12.75);
  for (guint p = 0; p < P; p++)
    assert_same_piece (&sal_speaker_get_pieces (again)[p], &stats[p]);
  g_assert_cmpmem (sal_speaker_get_piece_embeddings (again),
      P * E * sizeof (float), sal_speaker_get_piece_embeddings (speaker),
      P * E * sizeof (float));
  /* taken to unit length again */
  data_assert_close ("embedding", sal_speaker_get_embedding (again),
      sal_speaker_get_embedding (speaker), E, 1e-6);
  sal_speaker_unref (again);
}

static void
test_file_has_what_it_should (void)
{
  g_autofree char *path = saved ("contents.speaker");
  g_autoptr (SalSafetensors) file = sal_safetensors_load (path, NULL);
  gsize n, shape[2];
  float want[P * E];
  fill_pieces (want);
  g_autofree float *pieces = data_read_matrix (file, "pieces", shape);
  g_assert_cmpuint (shape[0], ==, P);
  g_assert_cmpuint (shape[1], ==, E);
  g_assert_cmpmem (pieces, sizeof want, want, sizeof want);
  g_autofree float *embedding = data_read (file, "embedding", &n);
  g_assert_cmpuint (n, ==, E);
  g_autofree float *rows = data_read_matrix (file, "piece-stats", shape);
  const float second[] = { 0, 1, 2, 2, -23.25f, -0.25f, 0 };
  g_assert_cmpuint (shape[0], ==, P);
  g_assert_cmpuint (shape[1], ==, G_N_ELEMENTS (second));
  g_assert_cmpmem (rows + shape[1], sizeof second, second, sizeof second);
  /* the file names its columns */
  g_auto (GStrv) columns
      = g_strsplit (sal_safetensors_get_metadata (file, "piece-columns"), " ",
          -1);
  g_assert_cmpuint (g_strv_length (columns), ==, G_N_ELEMENTS (second));
  g_assert_cmpstr (columns[4], ==, "level-db");
}

static void
test_save_names_the_path (void)
{
  g_autoptr (SalSpeaker) speaker = make_speaker ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = data_temp_path ("no-such-folder/a.speaker");
  g_assert_false (sal_speaker_save (speaker, path, &error));
  data_assert_error (error, SAL_ERROR_FILE, path, NULL);
}

/* --- refusals ------------------------------------------------------------ */

static void
refuse (const char *path, SalError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalSpeaker) speaker = sal_speaker_load (path, &error);
  if (speaker != NULL) {
    g_test_fail_printf ("%s was accepted", path);
    return;
  }
  data_assert_error (error, code, path, NULL);
  g_assert_true (g_str_has_prefix (error->message, path));
}

static const struct {
  const char *path, *from, *to;
} edits[] = {
  { "no-name", "\"name\"", "\"nome\"" },
  { "no-model-id", "\"model-id\"", "\"model-ie\"" },
  { "no-embedding", "\"embedding\"", "\"embodding\"" },
  { "no-pieces", "\"pieces\"", "\"pieses\"" },
  { "other-embedding-size", "[3,16]", "[6,8]" },
  { "pieces-of-three-dimensions", "[3,16]", "[3,4,4]" },
  { "no-piece-stats", "\"piece-stats\"", "\"piece-state\"" },
  { "embedding-of-two-dimensions", "[16]", "[2,8]" },
  { "fewer-columns", "[3,7]", "[7,3]" },
  { "one-column-too-many", "[3,7]", "[3,8]" },
  { "seconds-that-are-no-number", "\"12.750\"", "\"twelve\"" },
  { "seconds-nan", "\"12.750\"", "\"nan\"" },
  { "negative-seconds", "\"12.750\"", "\"-1\"" },
};

static void
test_refuses_edit (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *path = saved ("edit.speaker");
  g_autofree char *edited = data_edit_header (path, edits[i].from, edits[i].to);
  refuse (edited, SAL_ERROR_FORMAT);
}

static void
test_refuses_values (void)
{
  g_autofree char *path = saved ("values.speaker");
  g_autofree char *nan = data_fill_tensor (path, "pieces", 4, 4, 0xff);
  refuse (nan, SAL_ERROR_FORMAT);
  g_autofree char *zero = data_fill_tensor (path, "embedding", 0, 4 * E, 0);
  refuse (zero, SAL_ERROR_FORMAT);
}

/* Columns of the first row, filled with a byte: 0x3f3f3f3f is 0.747, 0xbfbfbfbf
 * is -1.5, 0x7f7f7f7f is 3.4e38. */
static void
test_refuses_piece_stats (void)
{
  const struct {
    guint column;
    guint8 byte;
  } bad[] = { { 0, 0x3f }, { 0, 0xbf }, { 0, 0x7f }, { 0, 0xff }, { 1, 0xbf },
    { 2, 0xbf }, { 3, 0xbf }, { 4, 0xff }, { 6, 0x3f }, { 6, 0xff } };
  g_autofree char *path = saved ("stats.speaker");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *filled = data_fill_tensor (path, "piece-stats",
        4 * bad[i].column, 4, bad[i].byte);
    refuse (filled, SAL_ERROR_FORMAT);
  }
  /* nothing is kept */
  g_autofree char *none
      = data_fill_tensor (path, "piece-stats", 0, 7 * P * 4, 0);
  refuse (none, SAL_ERROR_FORMAT);
}

static void
test_refuses_another_version (void)
{
  g_autofree char *path = saved ("version.speaker");
  g_autofree char *edited = data_edit_header (path,
      "\"speakersaliency-speaker\":\"2\"", "\"speakersaliency-speaker\":\"1\"");
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_speaker_load (edited, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, edited, "version 1",
      "enrol again", NULL);
}

/* The most common mistake: the recording in place of its voice. */
static void
test_says_what_to_do_with_a_recording (void)
{
  const char wav[] = "RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0\1\0\1\0";
  g_autofree char *path = data_write_temp ("alice.wav", wav, sizeof wav);
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_speaker_load (path, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, "not a .speaker file",
      "`speakersaliency enrol`", NULL);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_null (strstr (error->message + strlen (path), path));
}

static void
test_refuses_truncation (void)
{
  g_autofree char *path = saved ("whole.speaker");
  g_autoptr (GByteArray) file = data_file_bytes (path);
  for (guint size = 0; size < file->len; size += 7) {
    g_autofree char *cut = data_write_temp ("cut.speaker", file->data, size);
    refuse (cut, SAL_ERROR_FORMAT);
  }
}

static void
test_refuses_other_files (void)
{
  g_autofree char *model = data_path ("tiny.safetensors");
  refuse (model, SAL_ERROR_FORMAT);
  g_autofree char *missing = data_temp_path ("missing.speaker");
  refuse (missing, SAL_ERROR_FILE);
  refuse (g_get_tmp_dir (), SAL_ERROR_FILE);
}

/* --- targets ------------------------------------------------------------- */

static void
test_target_is_the_voice (void)
{
  g_autoptr (SalSpeaker) speaker = make_speaker ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SalTarget) target = sal_target_new_speaker (tiny, speaker, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sal_target_get_class (target), ==, -1);
  g_assert_cmpstr (sal_target_get_name (target), ==,
      sal_speaker_get_name (speaker));
  g_assert_cmpmem (sal_target_get_row (target), E * sizeof (float),
      sal_speaker_get_embedding (speaker), E * sizeof (float));
}

static void
test_target_of_another_model (void)
{
  g_autoptr (SalSpeaker) speaker = make_speaker ();
  g_autoptr (SalModel) other = data_load_model ("sunine"); /* same size */
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_target_new_speaker (other, speaker, &error));
  data_assert_error (error, SAL_ERROR_MISMATCH, "tiny", "sunine", NULL);
}

/* Logits of a linear head are its classes' own. */
static void
test_target_of_a_linear_head (void)
{
  g_autoptr (SalModel) linear = data_load_model ("voxceleb");
  g_autofree float *piece
      = data_noise (1, sal_model_get_embedding_size (linear));
  g_autoptr (SalSpeaker) speaker
      = sal_speaker_new ("someone", linear, piece, 1, 2);
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_target_new_speaker (linear, speaker, &error));
  data_assert_error (error, SAL_ERROR_TARGET, "voxceleb", "linear", "someone",
      NULL);
  g_clear_error (&error);
  g_autoptr (SalTarget) class = sal_target_new_class (linear, "spk2", &error);
  g_assert_no_error (error);
}

static void
test_target_by_name_or_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SalTarget) class = sal_target_load (tiny, "spk5", &error);
  g_assert_no_error (error);
  g_assert_cmpint (sal_target_get_class (class), ==, 5);
  g_autofree char *path = saved ("load.speaker");
  SalTarget *voice = sal_target_load (tiny, path, &error);
  g_assert_no_error (error);
  SalTarget *again = sal_target_ref (voice);
  sal_target_unref (voice);
  g_assert_cmpint (sal_target_get_class (again), ==, -1);
  sal_target_unref (again);
  g_autoptr (SalModel) other = data_load_model ("sunine");
  g_assert_null (sal_target_load (other, path, &error));
  data_assert_error (error, SAL_ERROR_MISMATCH, path, NULL);
  sal_target_unref (NULL);
}

static void
test_target_that_is_nobody (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_target_new_class (tiny, "nobody", &error));
  data_assert_error (error, SAL_ERROR_TARGET, "nobody", NULL);
  g_clear_error (&error);
  g_assert_null (sal_target_load (tiny, "nobody", &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "nobody"));
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/speaker/voice-is-the-mean-direction",
        test_voice_is_the_mean_direction },
    { "/speaker/left-out-is-not-in-the-mean",
        test_what_is_left_out_is_not_in_the_mean },
    { "/speaker/save/is-read-back", test_round_trip },
    { "/speaker/save/file-has-embedding-and-pieces",
        test_file_has_what_it_should },
    { "/speaker/save/names-the-path", test_save_names_the_path },
    { "/speaker/refuses/bad-values", test_refuses_values },
    { "/speaker/refuses/bad-piece-stats", test_refuses_piece_stats },
    { "/speaker/refuses/another-version", test_refuses_another_version },
    { "/speaker/refuses/recordings-with-advice",
        test_says_what_to_do_with_a_recording },
    { "/speaker/refuses/truncation", test_refuses_truncation },
    { "/speaker/refuses/other-files", test_refuses_other_files },
    { "/target/is-the-enrolled-voice", test_target_is_the_voice },
    { "/target/refuses-a-voice-of-another-model",
        test_target_of_another_model },
    { "/target/refuses-a-voice-for-a-linear-head",
        test_target_of_a_linear_head },
    { "/target/loads-by-name-or-path", test_target_by_name_or_path },
    { "/target/refuses-nobody", test_target_that_is_nobody },
  };
  g_test_init (&argc, &argv, NULL);
  tiny = data_load_model ("tiny");
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++) {
    g_autofree char *path
        = g_strconcat ("/speaker/refuses/", edits[i].path, NULL);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_refuses_edit);
  }
  int result = g_test_run ();
  sal_model_unref (tiny);
  data_clean ();
  return result;
}
