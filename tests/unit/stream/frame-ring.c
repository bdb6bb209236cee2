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
push_frames (SalFrameRing *ring, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint64 t = sal_frame_ring_get_n_frames (ring);
    const float frame[F] = { t, t + 1000, t + 2000 };
    sal_frame_ring_push_frame (ring, frame);
  }
}

static void
test_frames (void)
{
  g_autoptr (SalFrameRing) ring = new_history ();
  float got[F * CAPACITY];
  push_frames (ring, 3 * CAPACITY + 5);
  g_assert_cmpuint (sal_frame_ring_get_n_frames (ring), ==, 3 * CAPACITY + 5);
  for (guint n = 1; n <= CAPACITY; n++) {
    guint64 start = 3 * CAPACITY + 5 - CAPACITY;
    sal_frame_ring_get_frames (ring, start, n, got);
    for (guint f = 0; f < F; f++)
      for (guint i = 0; i < n; i++)
        g_assert_cmpfloat (got[f * n + i], ==, start + i + 1000 * f);
  }
}

static void
listen (SalFrameRing *ring, gsize n, float value)
{
  for (gsize i = 0; i < n; i++)
    sal_frame_ring_listen (ring, &value, 1);
}

static void
test_silence (void)
{
  g_autoptr (SalFrameRing) ring = new_history ();
  g_assert_true (sal_frame_ring_is_silent (ring, 0, 100));
  listen (ring, 2 * STEP, 0);
  listen (ring, 1, 0.1f); /* one click in step 2 */
  g_assert_true (sal_frame_ring_is_silent (ring, 0, 3)); /* not over yet */
  listen (ring, STEP - 1, 0);
  listen (ring, 2 * STEP, 3.1e-4f); /* below any noise */
  listen (ring, STEP, 3.3e-4f);     /* step 5: above */
  g_assert_true (sal_frame_ring_is_silent (ring, 0, 2));
  g_assert_false (sal_frame_ring_is_silent (ring, 0, 3));
  g_assert_false (sal_frame_ring_is_silent (ring, 2, 3));
  g_assert_true (sal_frame_ring_is_silent (ring, 3, 5));
  g_assert_false (sal_frame_ring_is_silent (ring, 3, 100));
  listen (ring, 5 * STEP, 0); /* over the place of step 2 */
  g_assert_true (sal_frame_ring_is_silent (ring, 6, 11));
}

static void
test_contrast (void)
{
  g_autoptr (SalFrameRing) ring = new_history ();
  g_assert_cmpfloat (sal_frame_ring_get_contrast (ring), ==, 0);
  push_frames (ring, 100);
  /* frame t is louder by 1 than the one before: 95th percentile less 5th */
  g_assert_cmpfloat_with_epsilon (sal_frame_ring_get_contrast (ring), 90, 1e-2);
  sal_frame_ring_forget_contrast (ring);
  g_assert_cmpfloat (sal_frame_ring_get_contrast (ring), ==, 0);
  g_assert_cmpuint (sal_frame_ring_get_n_frames (ring), ==, 100);
}

static void
test_reset (void)
{
  g_autoptr (SalFrameRing) ring = new_history ();
  push_frames (ring, 20);
  listen (ring, STEP + 3, 1);
  sal_frame_ring_reset (ring);
  g_assert_cmpuint (sal_frame_ring_get_n_frames (ring), ==, 0);
  g_assert_cmpfloat (sal_frame_ring_get_contrast (ring), ==, 0);
  listen (ring, STEP, 0);
  g_assert_true (sal_frame_ring_is_silent (ring, 0, 1));
  sal_frame_ring_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame-ring/remembers-frames", test_frames);
  g_test_add_func ("/frame-ring/knows-silence", test_silence);
  g_test_add_func ("/frame-ring/contrast-can-be-forgotten", test_contrast);
  g_test_add_func ("/frame-ring/reset-begins-anew", test_reset);
  return g_test_run ();
}
