/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/frame-ring.h"

#include "data.h"

#define F 3         /* bands */
#define CAPACITY 16 /* frames */
#define STEP 10     /* samples */
#define N_LOUD 8    /* steps */

static SalFrameRing *
new_history (void)
{
  return sal_frame_ring_new (F, CAPACITY, STEP, N_LOUD);
}

/* Frame t holds t, t + 1000, .. in its bands. */
static void
push_frames (SalFrameRing *history, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint64 t = sal_frame_ring_get_n_frames (history);
    const float frame[F] = { t, t + 1000, t + 2000 };
    sal_frame_ring_push_frame (history, frame);
  }
}

static void
test_frames (void)
{
  g_autoptr (SalFrameRing) history = new_history ();
  float got[F * CAPACITY];
  push_frames (history, 3 * CAPACITY + 5);
  g_assert_cmpuint (sal_frame_ring_get_n_frames (history), ==,
      3 * CAPACITY + 5);
  for (guint n = 1; n <= CAPACITY; n++) {
    guint64 start = 3 * CAPACITY + 5 - CAPACITY;
    sal_frame_ring_get_frames (history, start, n, got);
    for (guint f = 0; f < F; f++)
      for (guint i = 0; i < n; i++)
        g_assert_cmpfloat (got[f * n + i], ==, start + i + 1000 * f);
  }
}

static void
listen (SalFrameRing *history, gsize n, float value)
{
  for (gsize i = 0; i < n; i++)
    sal_frame_ring_listen (history, &value, 1);
}

static void
test_silence (void)
{
  g_autoptr (SalFrameRing) history = new_history ();
  g_assert_true (sal_frame_ring_is_silent (history, 0, 100));
  listen (history, 2 * STEP, 0);
  listen (history, 1, 0.1f); /* one click in step 2 */
  g_assert_true (sal_frame_ring_is_silent (history, 0, 3)); /* not over yet */
  listen (history, STEP - 1, 0);
  listen (history, 2 * STEP, 3.1e-4f); /* below any noise */
  listen (history, STEP, 3.3e-4f);     /* step 5: above */
  g_assert_true (sal_frame_ring_is_silent (history, 0, 2));
  g_assert_false (sal_frame_ring_is_silent (history, 0, 3));
  g_assert_false (sal_frame_ring_is_silent (history, 2, 3));
  g_assert_true (sal_frame_ring_is_silent (history, 3, 5));
  g_assert_false (sal_frame_ring_is_silent (history, 3, 100));
  listen (history, 5 * STEP, 0); /* over the place of step 2 */
  g_assert_true (sal_frame_ring_is_silent (history, 6, 11));
}

static void
test_contrast (void)
{
  g_autoptr (SalFrameRing) history = new_history ();
  g_assert_cmpfloat (sal_frame_ring_get_contrast (history), ==, 0);
  push_frames (history, 100);
  /* frame t is louder by 1 than the one before: 95th percentile less 5th */
  g_assert_cmpfloat_with_epsilon (sal_frame_ring_get_contrast (history), 90,
      1e-2);
  sal_frame_ring_forget_contrast (history);
  g_assert_cmpfloat (sal_frame_ring_get_contrast (history), ==, 0);
  g_assert_cmpuint (sal_frame_ring_get_n_frames (history), ==, 100);
}

static void
test_reset (void)
{
  g_autoptr (SalFrameRing) history = new_history ();
  push_frames (history, 20);
  listen (history, STEP + 3, 1);
  sal_frame_ring_reset (history);
  g_assert_cmpuint (sal_frame_ring_get_n_frames (history), ==, 0);
  g_assert_cmpfloat (sal_frame_ring_get_contrast (history), ==, 0);
  listen (history, STEP, 0);
  g_assert_true (sal_frame_ring_is_silent (history, 0, 1));
  sal_frame_ring_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/remembers-frames", test_frames);
  g_test_add_func ("/history/knows-silence", test_silence);
  g_test_add_func ("/history/contrast-can-be-forgotten", test_contrast);
  g_test_add_func ("/history/reset-begins-anew", test_reset);
  return g_test_run ();
}
