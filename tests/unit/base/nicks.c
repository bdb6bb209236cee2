/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/nicks.h"

/* What users write; scripts and pipelines depend on it. */
static const struct {
  GType (*type) (void);
  int value;
  const char *nick;
} known[] = {
  { sal_cam_method_get_type, SAL_CAM_NONE, "none" },
  { sal_cam_method_get_type, SAL_CAM_LAYER, "layer-cam" },
  { sal_cam_method_get_type, SAL_CAM_SIGNED_LAYER, "signed-layer-cam" },
  { sal_cam_method_get_type, SAL_CAM_GRAD, "grad-cam" },
  { sal_cam_method_get_type, SAL_CAM_GRAD_PLUS_PLUS, "grad-cam++" },
  { sal_cam_method_get_type, SAL_CAM_SCORE, "score-cam" },
  { sal_cam_fusion_get_type, SAL_CAM_FUSION_MEAN, "mean" },
  { sal_cam_fusion_get_type, SAL_CAM_FUSION_MAX, "max" },
  { sal_score_function_get_type, SAL_SCORE_LOG_ODDS, "log-odds" },
  { sal_score_function_get_type, SAL_SCORE_POSTERIOR, "posterior" },
  { sal_score_function_get_type, SAL_SCORE_LOGIT, "logit" },
};

static void
test_there_and_back (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++) {
    GType type = known[i].type ();
    int value = -1;
    g_assert_cmpstr (sal_nick_of (type, known[i].value), ==, known[i].nick);
    g_assert_true (sal_nick_find (type, known[i].nick, &value));
    g_assert_cmpint (value, ==, known[i].value);
  }
}

static void
test_every_value_is_known (void)
{
  guint n = 0;
  GType (*const types[]) (void) = { sal_cam_method_get_type,
    sal_cam_fusion_get_type, sal_score_function_get_type };
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autoptr (GTypeClass) class = g_type_class_ref (types[i]());
    n += ((GEnumClass *) class)->n_values;
  }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (known));
}

static void
test_unknown_leaves_the_value (void)
{
  int value = 7;
  g_assert_false (sal_nick_find (SAL_TYPE_CAM_METHOD, "cam", &value));
  g_assert_false (sal_nick_find (SAL_TYPE_CAM_METHOD, "", &value));
  g_assert_cmpint (value, ==, 7);
}

static void
test_list (void)
{
  g_autofree char *two = sal_nick_list (SAL_TYPE_CAM_FUSION);
  g_autofree char *three = sal_nick_list (SAL_TYPE_SCORE_FUNCTION);
  g_assert_cmpstr (two, ==, "mean and max");
  g_assert_cmpstr (three, ==, "log-odds, posterior and logit");
}

static void
test_layers (void)
{
  g_autoptr (GTypeClass) class = g_type_class_ref (SAL_TYPE_CAM_LAYERS);
  for (guint i = 0; i < 4; i++) {
    const char nick[] = { 's', (char) ('1' + i), '\0' };
    GFlagsValue *value
        = g_flags_get_value_by_nick ((GFlagsClass *) class, nick);
    g_assert_nonnull (value);
    g_assert_cmpuint (value->value, ==, 1u << i);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nicks/there-and-back", test_there_and_back);
  g_test_add_func ("/nicks/every-value-is-known", test_every_value_is_known);
  g_test_add_func ("/nicks/unknown-leaves-the-value",
      test_unknown_leaves_the_value);
  g_test_add_func ("/nicks/list", test_list);
  g_test_add_func ("/nicks/layers", test_layers);
  return g_test_run ();
}
