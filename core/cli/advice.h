/* SPDX-License-Identifier: GPL-2.0-or-later */
/* advice.h: the quality report of an enrolment, as text and as JSON */
#pragma once

#include <json-glib/json-glib.h>

#include <saliency/enrol.h>

typedef struct {
  const char *path; /* of the .speaker file */
  char **files;     /* one for each recording */
  const SalEnrol *enrol;
  const SalSpeaker *speaker;
  const SalEnrolAdvice *facts;
} CliAdvice;

GPtrArray *cli_advice_warnings (
    const CliAdvice *self); /* (transfer full) (element-type utf8): what to improve */
void cli_advice_print (const CliAdvice *self, gboolean pieces); /* with a line for each piece */
JsonNode *cli_advice_to_json (const CliAdvice *self,
    const GPtrArray *warnings); /* (transfer full) */
