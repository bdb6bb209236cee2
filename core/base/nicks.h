/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nicks.h: the names of methods, layers, fusions and scores, as users write them
 *
 * They are the nicks of the GObject types of <saliency/types.h>: options of the command, properties
 * of the element, tables of the evaluation and bindings take them from here.
 */
#pragma once

#include <saliency/types.h>

#define SAL_NICK_NONE "none"
#define SAL_NICK_LAYER "layer-cam"
#define SAL_NICK_SIGNED_LAYER "signed-layer-cam"
#define SAL_NICK_GRAD "grad-cam"
#define SAL_NICK_GRAD_PLUS_PLUS "grad-cam++"
#define SAL_NICK_SCORE "score-cam"

/**
 * sal_nick_of:
 * @type: an enumeration
 *
 * Returns: (transfer none): the name of @value
 */
const char *sal_nick_of (GType type, int value);

/**
 * sal_nick_find:
 * @type: an enumeration
 * @value: (out): the value of that name; left alone if there is none
 */
gboolean sal_nick_find (GType type, const char *nick, int *value);

/**
 * sal_nick_list:
 * @type: an enumeration
 *
 * Returns: (transfer full): "a, b and c", in the order of their values
 */
char *sal_nick_list (GType type);
