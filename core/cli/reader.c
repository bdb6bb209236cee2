/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/audio.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <samplerate.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/audio-internal.h"
#include "cli/files.h"

#define BLOCK_FRAMES 8192
#define MIN_SECONDS 0.1
#define FULL_SCALE 0.999f
#define MAX_CLIPPED 0.1 /* of the samples: speech at its loudest has .01 */

static gboolean
check_regular (int fd, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) != 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s", g_strerror (errno));
    return FALSE;
  }
  if (S_ISDIR (status.st_mode)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "is a folder, not a file");
    return FALSE;
  }
  if (!S_ISREG (status.st_mode)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "is not a regular file");
    return FALSE;
  }
  if (status.st_size == 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "the file is empty, 0 bytes");
    return FALSE;
  }
  return TRUE;
}

/* Says what else reads a file that libsndfile does not. */
static void
set_foreign (const CliReader *self, const char *container, GError **error)
{
  g_autofree char *from = g_shell_quote (self->path);
  g_autofree char *wav = g_strconcat (self->path, ".wav", NULL);
  g_autofree char *to = g_shell_quote (wav);

  g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
      "%s is not read here; convert it first: gst-launch-1.0 filesrc "
      "location=%s ! decodebin ! audioconvert ! wavenc ! filesink location=%s, "
      "or ffmpeg -i %s %s",
      container, from, to, from, to);
}

static gboolean
open_sound (CliReader *self, int fd, GError **error)
{
  const char *container = cli_foreign_container (fd);

  self->streamed = cli_streamed_wav_new (fd);
  self->file = self->streamed != NULL
      ? cli_streamed_wav_open (self->streamed, &self->info)
      : sf_open_fd (fd, SFM_READ, &self->info, TRUE);
  if (self->file != NULL)
    return TRUE;
  if (container != NULL)
    set_foreign (self, container, error);
  else
    g_set_error (error, SAL_ERROR, SAL_ERROR_FORMAT,
        "not a sound file that can be read: %s", sf_strerror (NULL));
  return FALSE;
}

static gboolean
open_file (CliReader *self, GError **error)
{
  int fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s", g_strerror (errno));
    return FALSE;
  }
  if (!check_regular (fd, error)) {
    close (fd);
    return FALSE;
  }
  return open_sound (self, fd, error);
}

static gboolean
open_resampler (CliReader *self, guint mono_rate, GError **error)
{
  int code = 0;

  self->ratio = mono_rate / (double) self->info.samplerate;
  if (!src_is_valid_ratio (self->ratio)) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "sample rate %d Hz cannot be converted to %u Hz", self->info.samplerate,
        mono_rate);
    return FALSE;
  }
  if (mono_rate == (guint) self->info.samplerate)
    return TRUE;
  self->resampler = src_new (SRC_SINC_MEDIUM_QUALITY, 1, &code);
  if (self->resampler == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO, "resampler: %s",
        src_strerror (code));
    return FALSE;
  }
  return TRUE;
}

CliReader *
cli_reader_open (const char *path, guint mono_rate, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_autoptr (CliReader) self = g_new0 (CliReader, 1);

  cli_input_add (path);
  self->path = g_strdup (path);
  self->wants_mono = mono_rate > 0;
  if (!open_file (self, error)
      || (self->wants_mono && !open_resampler (self, mono_rate, error))) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  self->pcm = g_new (float, (gsize) BLOCK_FRAMES * self->info.channels);
  self->mix = g_new (float, BLOCK_FRAMES);
  self->mono = g_array_new (FALSE, FALSE, sizeof (float));
  return g_steal_pointer (&self);
}

void
cli_reader_free (CliReader *self)
{
  if (self == NULL)
    return;
  if (self->file != NULL)
    sf_close (self->file);
  cli_streamed_wav_free (self->streamed);
  if (self->resampler != NULL)
    src_delete (self->resampler);
  g_clear_pointer (&self->mono, g_array_unref);
  g_free (self->mix);
  g_free (self->pcm);
  g_free (self->path);
  g_free (self);
}

/* Looks for samples that are not finite, for the peak, and for clipped ones. */
static gboolean
inspect (CliReader *self, gsize n_frames, GError **error)
{
  gsize n_channels = (gsize) self->info.channels;

  for (gsize i = 0; i < n_frames * n_channels; i++) {
    if (!isfinite (self->pcm[i])) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
          "%s: the sample at %.3f s is not finite", self->path,
          (self->n_read + i / n_channels) / (double) self->info.samplerate);
      return FALSE;
    }
    self->peak = MAX (self->peak, fabsf (self->pcm[i]));
    self->n_clipped += fabsf (self->pcm[i]) >= FULL_SCALE;
  }
  return TRUE;
}

static void
mix_channels (CliReader *self, gsize n_frames)
{
  gsize n_channels = (gsize) self->info.channels;
  const float *x = self->pcm;

  for (gsize i = 0; i < n_frames; i++) {
    float sum = 0;
    for (gsize c = 0; c < n_channels; c++)
      sum += *x++;
    self->mix[i] = sum / n_channels;
  }
}

static gboolean
resample (CliReader *self, gsize n_frames, GError **error)
{
  SRC_DATA data = { .data_in = self->mix,
    .input_frames = (long) n_frames,
    .end_of_input = n_frames == 0,
    .src_ratio = self->ratio };

  do {
    guint used = self->mono->len;
    g_array_set_size (self->mono, used + BLOCK_FRAMES);
    data.data_out = &g_array_index (self->mono, float, used);
    data.output_frames = BLOCK_FRAMES;
    int code = src_process (self->resampler, &data);
    if (code != 0) {
      g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO, "%s: resampler: %s",
          self->path, src_strerror (code));
      return FALSE;
    }
    g_array_set_size (self->mono, used + (guint) data.output_frames_gen);
    data.data_in += data.input_frames_used;
    data.input_frames -= data.input_frames_used;
  } while (data.output_frames_gen > 0 || data.input_frames_used > 0);
  return TRUE;
}

static gboolean
make_mono (CliReader *self, gsize n_frames, GError **error)
{
  g_array_set_size (self->mono, 0);
  if (!self->wants_mono)
    return TRUE;
  mix_channels (self, n_frames);
  if (self->resampler != NULL)
    return resample (self, n_frames, error);
  g_array_append_vals (self->mono, self->mix, (guint) n_frames);
  return TRUE;
}

gboolean
cli_reader_next (CliReader *self, CliBlock *block, GError **error)
{
  if (self->at_end)
    return FALSE;

  sf_count_t n = sf_readf_float (self->file, self->pcm, BLOCK_FRAMES);
  if (sf_error (self->file) != SF_ERR_NO_ERROR) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: at %.3f s: %s",
        self->path, cli_reader_get_seconds (self), sf_strerror (self->file));
    return FALSE;
  }
  gsize n_frames = (gsize) MAX (n, 0);
  if (!inspect (self, n_frames, error) || !make_mono (self, n_frames, error))
    return FALSE;
  self->n_read += n_frames;
  self->at_end = n_frames == 0;
  *block = (CliBlock){ self->pcm, n_frames, (float *) self->mono->data,
    self->mono->len };
  return block->n_frames > 0 || block->n_mono > 0;
}

gboolean
cli_reader_check (const CliReader *self, GError **error)
{
  double seconds = cli_reader_get_seconds (self);

  if (seconds < MIN_SECONDS) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "%s: %.0f ms of sound, below the least length of %.0f ms", self->path,
        1000 * seconds, 1000 * MIN_SECONDS);
    return FALSE;
  }
  if (self->peak <= 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "%s: all samples are zero, no sound in %.1f s", self->path, seconds);
    return FALSE;
  }
  double clipped
      = self->n_clipped / ((double) self->n_read * self->info.channels);
  if (clipped > MAX_CLIPPED) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_AUDIO,
        "%s: clipped: %.0f %% of the samples are at full scale, above the "
        "limit of %.0f %%",
        self->path, 100 * clipped, 100 * MAX_CLIPPED);
    return FALSE;
  }
  return TRUE;
}

guint
cli_reader_get_rate (const CliReader *self)
{
  return (guint) self->info.samplerate;
}

guint
cli_reader_get_n_channels (const CliReader *self)
{
  return (guint) self->info.channels;
}

double
cli_reader_get_progress (const CliReader *self)
{
  return self->info.frames > 0
      ? MIN (1, self->n_read / (double) self->info.frames)
      : 0;
}

double
cli_reader_get_seconds (const CliReader *self)
{
  return self->n_read / (double) self->info.samplerate;
}
