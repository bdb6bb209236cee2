/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/enrol-warnings.h>

/* Rules of thumb, beyond which the user is told what to improve. */
#define GOOD_SECONDS 10.0
#define GOOD_AGREEMENT 0.5f
#define GOOD_SNR_DB 15.0f
#define NOISE_SECONDS                                                          \
  4.0 /* a shorter one may have no pause that shows noise                      \
       */
#define QUIET_DB -45.0f
#define MUCH_CLIPPED 0.001f
#define MANY_ERRORS 0.2f

static void G_GNUC_PRINTF (2, 3)
    warn (GStrvBuilder *list, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_strv_builder_add (list, text);
  va_end (args);
}

static void
warn_of_recording (GStrvBuilder *list, const char *file,
    const SalEnrolRecording *recording)
{
  if (recording->level_db < QUIET_DB)
    warn (list,
        "%s: quiet, %.0f dB of full scale: a closer microphone would "
        "help",
        file, recording->level_db);
  if (recording->snr_db < GOOD_SNR_DB && recording->seconds >= NOISE_SECONDS)
    warn (list,
        "%s: noisy, the speech is %.0f dB above the noise: a quieter "
        "room would help",
        file, recording->snr_db);
  if (recording->clipped > MUCH_CLIPPED)
    warn (list, "%s: clipped, %.1f %% of the samples: record at a lower level",
        file, 100 * recording->clipped);
}

static void
warn_of_voice (GStrvBuilder *list, const SalEnrolAdvice *facts)
{
  if (facts->speech_seconds < GOOD_SECONDS)
    warn (list, "little speech, %.1f s: %.0f s or more find the voice better",
        facts->speech_seconds, GOOD_SECONDS);
  if (facts->agreement < GOOD_AGREEMENT)
    warn (list, "the pieces differ: is there more than one voice, or music?");
  if (facts->false_reject > MANY_ERRORS)
    warn (list,
        "%.0f %% of the windows of this voice are expected to be "
        "missed: more speech, from other days, would help",
        100 * facts->false_reject);
  if (facts->false_accept > MANY_ERRORS)
    warn (list,
        "%.0f %% of the windows of other voices are expected to be "
        "taken for this one",
        100 * facts->false_accept);
}

static void
warn_of_second_voice (GStrvBuilder *list, const SalSpeaker *speaker,
    const SalEnrolAdvice *facts, const char *name)
{
  guint n = 0, n_left_out = 0;

  for (guint p = 0; p < facts->n_pieces; p++) {
    const SalPiece *piece = sal_speaker_get_piece (speaker, p);
    if (piece->recording == facts->second_recording) {
      n++;
      n_left_out += !piece->kept;
    }
  }
  if (n_left_out > 0)
    warn (list,
        "%s: %.1f to %.1f s sounds like another voice; %u of its %u "
        "pieces are left out",
        name, facts->second_start, facts->second_end, n_left_out, n);
  else
    warn (list,
        "%s: %.1f to %.1f s sounds like another voice, or another day "
        "or microphone; nothing of it is left out",
        name, facts->second_start, facts->second_end);
}

static char *
new_name (char *const *names, guint recording)
{
  return names != NULL ? g_strdup (names[recording])
                       : g_strdup_printf ("recording %u", recording + 1);
}

char **
sal_enrol_list_warnings (const SalEnrol *self, const SalSpeaker *speaker,
    const SalEnrolAdvice *advice, char *const *names)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  if (advice->second_voice) {
    g_autofree char *name = new_name (names, advice->second_recording);
    warn_of_second_voice (list, speaker, advice, name);
  }
  for (guint i = 0; i < sal_enrol_get_n_recordings (self); i++) {
    g_autofree char *name = new_name (names, i);
    warn_of_recording (list, name, sal_enrol_get_recording (self, i));
  }
  warn_of_voice (list, advice);
  return g_strv_builder_end (list);
}
