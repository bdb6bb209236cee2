/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h: reading JSON that comes from strangers
 *
 * json-glib does the parsing.  Its parser recurses without limit and accepts
 * comments, so what is nested deeply or is not plain JSON is refused before.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <saliency/error.h>

#define SAL_JSON_MAX_DEPTH 16

/**
 * sal_json_parse:
 * @text: (array length=length): UTF-8, need not end in a zero
 * @error: return location for a %SAL_ERROR_FORMAT that says "not JSON" and why
 *
 * Returns: (transfer full) (nullable): a parser whose root is an object
 */
JsonParser *sal_json_parse (const char *text, gsize length, GError **error);
