/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream/settle-queue.h"

#define HOP 10

static gboolean late; /* of the point that next() gave */

/* Point k ends at (k + 1) HOP and settles all but the newest 5 frames. */
static void
reach (SalSettleQueue *queue, guint k, gboolean quiet)
{
  const SalSettlePoint point = { .end = (k + 1) * HOP,
    .until = (k + 1) * HOP - 5,
    .quiet = quiet,
    .contrast = 7 };
  sal_settle_queue_reach (queue, &point);
}

static void
assert_next (SalSettleQueue *queue, guint64 forced, guint64 k)
{
  const SalSettlePoint *point = sal_settle_queue_next (queue, forced, &late);
  g_assert_nonnull (point);
  g_assert_cmpuint (point->seqnum, ==, k);
}

static void
assert_none (SalSettleQueue *queue, guint64 forced)
{
  g_assert_null (sal_settle_queue_next (queue, forced, &late));
}

static void
assert_due (const SalSettleQueue *queue, guint64 k)
{
  guint64 window, end;
  g_assert_true (sal_settle_queue_get_due (queue, &window, &end));
  g_assert_cmpuint (window, ==, k);
  g_assert_cmpuint (end, ==, (k + 1) * HOP);
}

static gboolean
is_due (const SalSettleQueue *queue)
{
  guint64 window, end;
  return sal_settle_queue_get_due (queue, &window, &end);
}

static void
test_in_order (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  assert_none (queue, G_MAXUINT64);
  for (guint k = 0; k < 20; k++) {
    reach (queue, k, FALSE);
    assert_due (queue, k);
    sal_settle_queue_take (queue);
    g_assert_false (is_due (queue));
    assert_none (queue, 0);
    sal_settle_queue_resolve (queue, k);
    assert_next (queue, 0, k);
    g_assert_false (late);
    assert_none (queue, 0);
  }
}

static void
test_newer_resolves_older (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  for (guint k = 0; k < 4; k++)
    reach (queue, k, k == 1);
  assert_due (queue, 3);
  sal_settle_queue_resolve (queue, 2);
  for (guint k = 0; k < 3; k++) {
    assert_next (queue, 0, k);
    g_assert_false (late);
  }
  assert_none (queue, 0);
}

static void
test_quiet_waits_its_turn (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  reach (queue, 0, TRUE);
  assert_next (queue, 0, 0);
  reach (queue, 1, FALSE);
  reach (queue, 2, TRUE);
  assert_due (queue, 1);
  assert_none (queue, 0);
  sal_settle_queue_resolve (queue, 1);
  assert_next (queue, 0, 1);
  assert_next (queue, 0, 2);
  g_assert_false (late);
}

static void
test_forced (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  for (guint k = 0; k < 4; k++)
    reach (queue, k, k == 1);
  assert_next (queue, 10, 0);
  g_assert_true (late);
  assert_next (queue, 10, 1); /* quiet: never late */
  g_assert_false (late);
  assert_none (queue, 29);
  assert_due (queue, 3);
  assert_next (queue, 30, 2);
  g_assert_true (late);
  sal_settle_queue_resolve (queue, 2); /* too late for its own point */
  assert_none (queue, 0);
}

static void
test_put_back (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  reach (queue, 0, FALSE);
  sal_settle_queue_take (queue);
  sal_settle_queue_put_back (queue, 0, 10);
  assert_due (queue, 0);
  sal_settle_queue_take (queue);
  reach (queue, 1, FALSE);
  sal_settle_queue_put_back (queue, 0, 10); /* a newer one is due */
  assert_due (queue, 1);
  sal_settle_queue_take (queue);
  sal_settle_queue_put_back (queue, 0, 10); /* or was taken */
  g_assert_false (is_due (queue));
  sal_settle_queue_put_back (queue, 1, 20);
  assert_due (queue, 1);
}

/* A window that could say nothing new is not due. */
static void
test_settled_is_not_due (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  const SalSettlePoint point = { .end = 10, .until = 10 };
  sal_settle_queue_reach (queue, &point);
  assert_next (queue, 10, 0);
  g_assert_false (is_due (queue));
  sal_settle_queue_put_back (queue, 0, 10);
  g_assert_false (is_due (queue));
}

static void
test_end (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  sal_settle_queue_reach_end (queue, 0, 0); /* nothing at all was heard */
  assert_next (queue, 0, 0);
  g_assert_false (late);
  sal_settle_queue_reset (queue);
  reach (queue, 0, FALSE);
  sal_settle_queue_take (queue);
  sal_settle_queue_reach_end (queue, 10, 3);
  assert_none (queue, 0); /* it waits for the same window */
  sal_settle_queue_resolve (queue, 0);
  assert_next (queue, 0, 0);
  const SalSettlePoint *point = sal_settle_queue_next (queue, 0, &late);
  g_assert_cmpuint (point->seqnum, ==, 1);
  g_assert_cmpuint (point->window, ==, 0);
  g_assert_cmpuint (point->until, ==, 10);
  g_assert_cmpfloat (point->contrast, ==, 3);
}

static void
test_forget_and_reset (void)
{
  g_autoptr (SalSettleQueue) queue = sal_settle_queue_new (8);
  reach (queue, 0, FALSE);
  sal_settle_queue_forget (queue);
  g_assert_false (is_due (queue));
  const SalSettlePoint *point = sal_settle_queue_next (queue, 10, &late);
  g_assert_cmpfloat (point->contrast, ==, 0);
  reach (queue, 1, FALSE);
  sal_settle_queue_resolve (queue, 1);
  sal_settle_queue_reset (queue);
  g_assert_false (is_due (queue));
  reach (queue, 0, FALSE);
  assert_none (queue, 0);
  assert_due (queue, 0);
  sal_settle_queue_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settle-queue/in-order", test_in_order);
  g_test_add_func ("/settle-queue/newer-resolves-older",
      test_newer_resolves_older);
  g_test_add_func ("/settle-queue/quiet-waits-its-turn",
      test_quiet_waits_its_turn);
  g_test_add_func ("/settle-queue/forced", test_forced);
  g_test_add_func ("/settle-queue/put-back", test_put_back);
  g_test_add_func ("/settle-queue/settled-is-not-due", test_settled_is_not_due);
  g_test_add_func ("/settle-queue/end-of-stream", test_end);
  g_test_add_func ("/settle-queue/forget-and-reset", test_forget_and_reset);
  return g_test_run ();
}
