/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/advice.h"

#include <math.h>
#include <stdio.h>

#include <saliency/enrol-warnings.h>

#include "cli/cli.h"

/* --- warnings ------------------------------------------------------------ */

GPtrArray *
cli_advice_warnings (const CliAdvice *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);
  g_autofree char **warnings = sal_enrol_list_warnings (self->enrol,
      self->speaker, self->facts, self->files);

  for (guint i = 0; warnings[i] != NULL; i++)
    g_ptr_array_add (list, warnings[i]);
  return list;
}

/* --- for people ---------------------------------------------------------- */

static void
print_recordings (const CliAdvice *self)
{
  printf ("  speech     of        level      SNR    clipped\n");
  for (guint i = 0; self->files[i] != NULL; i++) {
    const SalEnrolRecording *r = sal_enrol_get_recording (self->enrol, i);
    printf ("  %5.1f s  %6.1f s  %5.1f dB  %4.0f dB  %6.2f %%  %s\n",
        r->speech_seconds, r->seconds, r->level_db, r->snr_db, 100 * r->clipped,
        self->files[i]);
  }
}

static void
print_pieces (const CliAdvice *self)
{
  printf ("\n  from       to     speech     level  agreement\n");
  for (guint p = 0; p < self->facts->n_pieces; p++) {
    const SalPiece *piece = sal_speaker_get_piece (self->speaker, p);
    printf ("  %6.1f  %6.1f s  %5.2f s  %5.1f dB  %5.2f  %s  %s\n",
        piece->start, piece->start + piece->seconds, piece->speech_seconds,
        piece->level_db, piece->agreement, piece->kept ? "kept" : "left out",
        self->files[piece->recording]);
  }
}

void
cli_advice_print (const CliAdvice *self, gboolean pieces)
{
  const SalEnrolAdvice *facts = self->facts;

  printf ("%s: voice \"%s\", model %s\n", self->path,
      sal_speaker_get_name (self->speaker),
      sal_speaker_get_model_name (self->speaker));
  print_recordings (self);
  printf ("  pieces     %u, of which %u make the voice\n", facts->n_pieces,
      facts->n_kept);
  printf ("  agreement  %.2f of 1\n", facts->agreement);
  if (isfinite (facts->false_reject))
    printf ("  to expect  %.1f %% of its windows missed, %.1f %% of those of "
            "others taken for it\n",
        100 * facts->false_reject, 100 * facts->false_accept);
  if (pieces)
    print_pieces (self);
}

/* --- for programs -------------------------------------------------------- */

static void
add_count (JsonBuilder *b, const char *key, guint value)
{
  json_builder_set_member_name (b, key);
  json_builder_add_int_value (b, value);
}

/* Null if it is unknown. */
static void
add_rate (JsonBuilder *b, const char *key, double value)
{
  json_builder_set_member_name (b, key);
  if (isfinite (value))
    json_builder_add_double_value (b, value);
  else
    json_builder_add_null_value (b);
}

static void
add_second_voice (JsonBuilder *b, const CliAdvice *self)
{
  const SalEnrolAdvice *facts = self->facts;

  json_builder_set_member_name (b, "second_voice");
  if (!facts->second_voice) {
    json_builder_add_null_value (b);
    return;
  }
  json_builder_begin_object (b);
  cli_json_text (b, "file", self->files[facts->second_recording]);
  add_count (b, "recording", facts->second_recording);
  cli_json_number (b, "start", facts->second_start);
  cli_json_number (b, "end", facts->second_end);
  json_builder_end_object (b);
}

static void
add_recordings (JsonBuilder *b, const CliAdvice *self)
{
  json_builder_set_member_name (b, "recordings");
  json_builder_begin_array (b);
  for (guint i = 0; self->files[i] != NULL; i++) {
    const SalEnrolRecording *r = sal_enrol_get_recording (self->enrol, i);
    json_builder_begin_object (b);
    cli_json_text (b, "file", self->files[i]);
    cli_json_number (b, "seconds", r->seconds);
    cli_json_number (b, "speech_seconds", r->speech_seconds);
    cli_json_number (b, "level_db", r->level_db);
    cli_json_number (b, "clipped", r->clipped);
    cli_json_number (b, "snr_db", r->snr_db);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

static void
add_pieces (JsonBuilder *b, const CliAdvice *self)
{
  json_builder_set_member_name (b, "pieces");
  json_builder_begin_array (b);
  for (guint p = 0; p < self->facts->n_pieces; p++) {
    const SalPiece *piece = sal_speaker_get_piece (self->speaker, p);
    json_builder_begin_object (b);
    add_count (b, "recording", piece->recording);
    cli_json_number (b, "start", piece->start);
    cli_json_number (b, "end", piece->start + piece->seconds);
    cli_json_number (b, "speech_seconds", piece->speech_seconds);
    cli_json_number (b, "level_db", piece->level_db);
    cli_json_number (b, "agreement", piece->agreement);
    json_builder_set_member_name (b, "kept");
    json_builder_add_boolean_value (b, piece->kept);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

JsonNode *
cli_advice_to_json (const CliAdvice *self, const GPtrArray *warnings)
{
  const SalEnrolAdvice *facts = self->facts;
  g_autoptr (JsonBuilder) b = json_builder_new ();

  json_builder_begin_object (b);
  cli_json_text (b, "name", sal_speaker_get_name (self->speaker));
  cli_json_text (b, "model", sal_speaker_get_model_name (self->speaker));
  cli_json_text (b, "model_id", sal_speaker_get_model_id (self->speaker));
  cli_json_number (b, "seconds", facts->seconds);
  cli_json_number (b, "speech_seconds", facts->speech_seconds);
  add_count (b, "n_pieces", facts->n_pieces);
  add_count (b, "n_kept", facts->n_kept);
  cli_json_number (b, "agreement", facts->agreement);
  cli_json_number (b, "level_db", facts->level_db);
  cli_json_number (b, "clipped", facts->clipped);
  cli_json_number (b, "snr_db", facts->snr_db);
  add_second_voice (b, self);
  add_rate (b, "false_accept", facts->false_accept);
  add_rate (b, "false_reject", facts->false_reject);
  add_recordings (b, self);
  add_pieces (b, self);
  json_builder_set_member_name (b, "warnings");
  json_builder_begin_array (b);
  for (guint i = 0; i < warnings->len; i++)
    json_builder_add_string_value (b, g_ptr_array_index (warnings, i));
  json_builder_end_array (b);
  json_builder_end_object (b);
  return json_builder_get_root (b);
}
