/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/nicks.h"

G_DEFINE_ENUM_TYPE (SalCamMethod, sal_cam_method,
    G_DEFINE_ENUM_VALUE (SAL_CAM_NONE, SAL_NICK_NONE),
    G_DEFINE_ENUM_VALUE (SAL_CAM_LAYER, SAL_NICK_LAYER),
    G_DEFINE_ENUM_VALUE (SAL_CAM_SIGNED_LAYER, SAL_NICK_SIGNED_LAYER),
    G_DEFINE_ENUM_VALUE (SAL_CAM_GRAD, SAL_NICK_GRAD),
    G_DEFINE_ENUM_VALUE (SAL_CAM_GRAD_PLUS_PLUS, SAL_NICK_GRAD_PLUS_PLUS),
    G_DEFINE_ENUM_VALUE (SAL_CAM_SCORE, SAL_NICK_SCORE))

G_DEFINE_FLAGS_TYPE (SalCamLayers, sal_cam_layers,
    G_DEFINE_ENUM_VALUE (SAL_CAM_S1, "s1"),
    G_DEFINE_ENUM_VALUE (SAL_CAM_S2, "s2"),
    G_DEFINE_ENUM_VALUE (SAL_CAM_S3, "s3"),
    G_DEFINE_ENUM_VALUE (SAL_CAM_S4, "s4"))

G_DEFINE_ENUM_TYPE (SalCamFusion, sal_cam_fusion,
    G_DEFINE_ENUM_VALUE (SAL_CAM_FUSION_MEAN, "mean"),
    G_DEFINE_ENUM_VALUE (SAL_CAM_FUSION_MAX, "max"))

G_DEFINE_ENUM_TYPE (SalScoreFunction, sal_score_function,
    G_DEFINE_ENUM_VALUE (SAL_SCORE_LOG_ODDS, "log-odds"),
    G_DEFINE_ENUM_VALUE (SAL_SCORE_POSTERIOR, "posterior"),
    G_DEFINE_ENUM_VALUE (SAL_SCORE_LOGIT, "logit"))

/* The class of a type, which stays once it was made. */
static GEnumClass *
class_of (GType type)
{
  gpointer class = g_type_class_peek (type);
  return class != NULL ? class : g_type_class_ref (type);
}

const char *
sal_nick_of (GType type, int value)
{
  const GEnumValue *found = g_enum_get_value (class_of (type), value);
  g_return_val_if_fail (found != NULL, NULL);
  return found->value_nick;
}

gboolean
sal_nick_find (GType type, const char *nick, int *value)
{
  const GEnumValue *found = g_enum_get_value_by_nick (class_of (type), nick);
  if (found != NULL)
    *value = found->value;
  return found != NULL;
}

char *
sal_nick_list (GType type)
{
  const GEnumClass *class = class_of (type);
  GString *list = g_string_new (NULL);
  for (guint i = 0; i < class->n_values; i++)
    g_string_append_printf (list, "%s%s",
        i == 0                        ? ""
            : i < class->n_values - 1 ? ", "
                                      : " and ",
        class->values[i].value_nick);
  return g_string_free (list, FALSE);
}
