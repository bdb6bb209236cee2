/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enrol/second-speaker.h"

#include <math.h>
#include <string.h>

#include "data.h"
#include "network/model-internal.h"

#define CELLS 250 /* 20 s */

static SalModel *shipped;

/* Cells of a voice between two classes of the model, with as much noise as
 * voice. */
static void
speak (float *cells, gsize first, gsize n, guint voice)
{
  guint E = sal_model_get_embedding_size (shipped);
  const float *a = sal_model_get_rows (shipped) + (gsize) 2 * voice * E;
  const float *b = a + E;
  g_autofree float *noise = data_noise ((guint32) (100 * first + voice), n * E);
  for (gsize c = 0; c < n; c++) {
    float *cell = cells + (first + c) * E;
    sal_vector_normalise (noise + c * E, E);
    for (guint i = 0; i < E; i++)
      cell[i] = (a[i] + b[i]) / 1.4f + noise[c * E + i];
    sal_vector_normalise (cell, E);
  }
}

typedef struct {
  float *cells;
  gboolean foreign[CELLS];
  SalCells where;
  gboolean found;
} Found;

static void
found_clear (Found *self)
{
  g_free (self->cells);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, found_clear)

static void
start (Found *self)
{
  self->cells
      = g_new0 (float, CELLS *(gsize) sal_model_get_embedding_size (shipped));
  speak (self->cells, 0, CELLS, 0);
}

static void
find (Found *self, const SalCells *recordings, guint n)
{
  const SalCells whole = { 0, CELLS };
  self->found = sal_second_speaker_find (shipped, n > 0 ? recordings : &whole,
      MAX (n, 1), self->cells, self->foreign, &self->where);
}

static guint
n_foreign (const Found *self, gsize first, gsize n)
{
  guint sum = 0;
  for (gsize c = first; c < first + n; c++)
    sum += self->foreign[c] != FALSE;
  return sum;
}

/* Foreign are nine tenths of [first, first + n), and at most 2 cells around. */
static void
assert_foreign (const Found *self, gsize first, gsize n)
{
  guint inside = n_foreign (self, first, n);
  guint all = n_foreign (self, 0, CELLS);
  g_test_message ("%u of %" G_GSIZE_FORMAT " cells inside, %u outside", inside,
      n, all - inside);
  g_assert_true (self->found);
  g_assert_cmpuint (inside, >=, n - n / 10);
  g_assert_cmpuint (all - inside, <=, 4);
  g_assert_cmpuint (self->where.first + 2, >=, first);
  g_assert_cmpuint (self->where.first + self->where.n, <=, first + n + 2);
  g_assert_cmpuint (self->where.n, >, 0);
}

/* --- second voices ------------------------------------------------------- */

static void
test_one_voice (void)
{
  g_auto (Found) f = { 0 };
  start (&f);
  find (&f, NULL, 0);
  g_assert_false (f.found);
  g_assert_cmpuint (n_foreign (&f, 0, CELLS), ==, 0);
}

static void
test_a_tenth (void)
{
  for (gsize at = 0; at <= CELLS - 25; at += 45) {
    g_auto (Found) f = { 0 };
    start (&f);
    speak (f.cells, at, 25, 1);
    find (&f, NULL, 0);
    assert_foreign (&f, at, 25);
  }
}

static void
test_in_two_parts (void)
{
  g_auto (Found) f = { 0 };
  start (&f);
  speak (f.cells, 40, 20, 2);
  speak (f.cells, 180, 20, 2);
  find (&f, NULL, 0);
  g_assert_true (f.found);
  g_assert_cmpuint (n_foreign (&f, 40, 20), >=, 18);
  g_assert_cmpuint (n_foreign (&f, 180, 20), >=, 18);
  g_assert_cmpuint (n_foreign (&f, 0, CELLS), <=, 48);
}

/* So much of a second voice that the mean of all is between the two voices. */
static void
test_dialogue (void)
{
  g_auto (Found) f = { 0 };
  start (&f);
  speak (f.cells, 60, 100, 3);
  find (&f, NULL, 0);
  assert_foreign (&f, 60, 100);
}

static void
test_other_recording (void)
{
  const SalCells recordings[] = { { 0, 100 }, { 100, 60 }, { 160, 90 } };
  g_auto (Found) f = { 0 };
  start (&f);
  speak (f.cells, 100, 60, 4);
  find (&f, recordings, 3);
  assert_foreign (&f, 100, 60);
}

/* 0.8 s on both sides of a border: no stretch lies within one recording. */
static void
test_borders_are_not_crossed (void)
{
  const SalCells recordings[] = { { 0, 125 }, { 125, 125 } };
  g_auto (Found) f = { 0 };
  start (&f);
  speak (f.cells, 115, 20, 5);
  find (&f, NULL, 0);
  g_assert_true (f.found);
  find (&f, recordings, 2);
  g_assert_false (f.found);
}

/* The voice with more speech is the first one, wherever it begins. */
static void
test_the_majority_wins (void)
{
  g_auto (Found) f = { 0 };
  start (&f);
  speak (f.cells, 60, CELLS - 60, 6);
  find (&f, NULL, 0);
  assert_foreign (&f, 0, 60);
}

/* --- not judged ---------------------------------------------------------- */

static void
test_pauses (void)
{
  guint E = sal_model_get_embedding_size (shipped);
  g_auto (Found) f = { 0 };
  start (&f);
  /* a pause is not judged, whatever its cells are */
  speak (f.cells, 100, 30, 7);
  for (gsize i = 100 * E; i < 130 * E; i++)
    f.cells[i] *= 0.3f;
  find (&f, NULL, 0);
  g_assert_false (f.found);
  memset (f.cells, 0, CELLS * E * sizeof (float));
  find (&f, NULL, 0);
  g_assert_false (f.found);
}

static void
test_short (void)
{
  const SalCells short_one = { 0, 45 }, long_one = { 0, 75 };
  g_auto (Found) f = { 0 };
  start (&f);
  speak (f.cells, 20, 20, 8);
  find (&f, &short_one, 1);
  g_assert_false (f.found); /* 2 s of the first voice */
  find (&f, &long_one, 1);
  g_assert_true (f.found); /* 4.4 s */
}

static void
test_small_cohort (void)
{
  g_autoptr (SalModel) tiny = data_load_model ("tiny");
  const SalCells whole = { 0, CELLS };
  gboolean foreign[CELLS];
  SalCells where;
  guint E = sal_model_get_embedding_size (tiny);
  g_autofree float *cells = data_noise (1, CELLS * (gsize) E);
  for (gsize c = 0; c < CELLS; c++)
    sal_vector_normalise (cells + c * E, E);
  g_assert_false (
      sal_second_speaker_find (tiny, &whole, 1, cells, foreign, &where));
  for (gsize c = 0; c < CELLS; c++)
    g_assert_false (foreign[c]);
}

static void
test_cell_is_a_column (void)
{
  g_autoptr (SalModel) tiny = data_load_model ("tiny");
  g_assert_cmpuint (sal_model_get_frames_per_column (tiny), ==, 8);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/second-speaker/one-voice-has-none", test_one_voice },
    { "/second-speaker/a-tenth-is-found", test_a_tenth },
    { "/second-speaker/two-parts-are-found", test_in_two_parts },
    { "/second-speaker/a-dialogue-is-found", test_dialogue },
    { "/second-speaker/another-recording-is-found", test_other_recording },
    { "/second-speaker/the-majority-wins", test_the_majority_wins },
    { "/second-speaker/stretches-end-with-their-recording",
        test_borders_are_not_crossed },
    { "/second-speaker/pauses-are-not-judged", test_pauses },
    { "/second-speaker/needs-3-s-to-compare-with", test_short },
  };
  g_test_init (&argc, &argv, NULL);
  g_autofree char *path = data_shipped_model ();
  shipped = path != NULL ? data_load_model ("shipped") : NULL;
  for (guint i = 0; shipped != NULL && i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  g_test_add_func ("/second-speaker/needs-a-cohort", test_small_cohort);
  g_test_add_func ("/second-speaker/cell-is-a-column-of-s4",
      test_cell_is_a_column);
  int result = g_test_run ();
  sal_model_unref (shipped);
  data_clean ();
  return result;
}
