/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/bytes.h"

#include "data.h"

static const float three[] = { 1, -2, 3 };

static void
test_values_are_not_copied (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (three, sizeof three);
  g_autoptr (GError) error = NULL;
  const float *values = NULL;
  gsize n = 0;
  g_assert_true (sal_bytes_get_floats (bytes, &values, &n, &error));
  g_assert_no_error (error);
  g_assert_true (values == three);
  g_assert_cmpuint (n, ==, 3);
}

static void
test_nothing_is_no_value (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new (NULL, 0);
  const float *values = three;
  gsize n = 1;
  g_assert_true (sal_bytes_get_floats (bytes, &values, &n, NULL));
  g_assert_cmpuint (n, ==, 0);
}

static void
test_odd_size (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (three, 7);
  g_autoptr (GError) error = NULL;
  const float *values;
  gsize n;
  g_assert_false (sal_bytes_get_floats (bytes, &values, &n, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, "7 bytes", NULL);
}

static void
test_odd_address (void)
{
  g_autoptr (GBytes) whole = g_bytes_new_static (three, sizeof three);
  g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (whole, 2, 8);
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_bytes_get_n_floats (bytes, 2, &error));
  data_assert_error (error, SAL_ERROR_FORMAT, "multiple of 4", NULL);
}

static void
test_count (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (three, sizeof three);
  g_autoptr (GError) error = NULL;
  g_assert_true (sal_bytes_get_n_floats (bytes, 3, &error) == three);
  g_assert_no_error (error);
  g_assert_null (sal_bytes_get_n_floats (bytes, 4, &error));
  data_assert_error (error, SAL_ERROR_MISMATCH, "3 values", "4", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bytes/values-are-not-copied", test_values_are_not_copied);
  g_test_add_func ("/bytes/nothing-is-no-value", test_nothing_is_no_value);
  g_test_add_func ("/bytes/odd-size", test_odd_size);
  g_test_add_func ("/bytes/odd-address", test_odd_address);
  g_test_add_func ("/bytes/count", test_count);
  return g_test_run ();
}
