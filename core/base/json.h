/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h: parsing untrusted JSON
 *
 * json-glib does the parsing.  Its parser recurses without limit and accepts comments; text with
 * deep nesting or with other characters than JSON's is therefore refused before.
 */
#pragma once

#include <json-glib/json-glib.h>

#include <saliency/error.h>

#define SAL_JSON_MAX_DEPTH 16

/**
 * sal_json_parse:
 * @text: (array length=length): UTF-8, without a terminating zero
 * @error: return location for a %SAL_ERROR_FORMAT: "not JSON" and the reason
 *
 * Returns: (transfer full) (nullable): a parser whose root is an object
 */
JsonParser *sal_json_parse (const char *text, gsize length, GError **error);
