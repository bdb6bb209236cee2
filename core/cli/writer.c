/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/audio-internal.h"
#include "cli/files.h"

#define WAV_LIMIT 4e9 /* bytes; RF64 from there on */
#define MAX_CHANNELS 256

struct _CliWriter {
  char *path;
  char *temporary; /* NULL once it has taken the place of path */
  int output; /* of standard output: its file, which has no name; else -1 */
  SNDFILE *file;
  guint n_channels;
  guint n_bits;     /* 0: floating point */
  GArray *integers; /* of int, for one block */
};

/* By the suffix of a path; the first is that of paths without one. */
static const struct {
  const char *suffix;
  int container;
  int subtype; /* 0: that of the input */
} formats[] = {
  { ".wav", SF_FORMAT_WAV, 0 },
  { ".flac", SF_FORMAT_FLAC, 0 },
  { ".ogg", SF_FORMAT_OGG, SF_FORMAT_VORBIS },
  { ".oga", SF_FORMAT_OGG, SF_FORMAT_VORBIS },
  { ".opus", SF_FORMAT_OGG, SF_FORMAT_OPUS },
  { ".mp3", SF_FORMAT_MPEG, SF_FORMAT_MPEG_LAYER_III },
};

static gboolean
is_stdout (const char *path)
{
  return g_str_equal (path, "-");
}

/* Returns: the index of the format; -1 if the suffix is none */
static int
find_format (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  const char *dot = strrchr (name, '.');

  if (dot == NULL || is_stdout (path))
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_ascii_strcasecmp (dot, formats[i].suffix) == 0)
      return (int) i;
  return -1;
}

gboolean
cli_writer_check (const char *path, GError **error)
{
  if (!is_stdout (path) && !cli_output_check (path, error))
    return FALSE;
  if (find_format (path) < 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
        "%s: its suffix is no format of sound that can be written: there are "
        ".wav, .flac, .ogg, .oga, .opus and .mp3",
        path);
    return FALSE;
  }
  if (!is_stdout (path) || !isatty (STDOUT_FILENO))
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
      "-: standard output is a terminal and no place for sound");
  return FALSE;
}

static const char *volatile unfinished; /* a file that must not stay */

static void
remove_unfinished (int number)
{
  if (unfinished != NULL)
    unlink (unfinished);
  raise (number); /* ends the program: SA_RESETHAND */
}

static void
guard (const char *temporary)
{
  struct sigaction action
      = { .sa_handler = remove_unfinished, .sa_flags = (int) SA_RESETHAND };

  unfinished = temporary;
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGHUP, &action, NULL);
}

/* The sample format of a file, for WAV and FLAC to keep. */
static int
subtype_for (int format, gboolean flac, guint *n_bits)
{
  int subtype = format & SF_FORMAT_SUBMASK;

  switch (subtype) {
  case SF_FORMAT_PCM_24:
    *n_bits = 24;
    return SF_FORMAT_PCM_24;
  case SF_FORMAT_PCM_32:
    *n_bits = flac ? 24 : 32;
    return flac ? SF_FORMAT_PCM_24 : SF_FORMAT_PCM_32;
  case SF_FORMAT_FLOAT:
  case SF_FORMAT_DOUBLE:
    *n_bits = flac ? 24 : 0;
    return flac ? SF_FORMAT_PCM_24 : subtype;
  default:
    *n_bits = 16;
    return SF_FORMAT_PCM_16;
  }
}

static int
wav_for (const SF_INFO *info, guint n_bits)
{
  double n_bytes
      = (double) info->frames * info->channels * (n_bits == 0 ? 8 : n_bits / 8);

  if (n_bytes > WAV_LIMIT)
    return SF_FORMAT_RF64;
  return info->channels > 2 ? SF_FORMAT_WAVEX : SF_FORMAT_WAV;
}

static int
format_for (CliWriter *self, const SF_INFO *info)
{
  int i = find_format (self->path), container = formats[i].container;

  if (formats[i].subtype != 0) /* lossy: takes floating point */
    return container | formats[i].subtype;
  int subtype
      = subtype_for (info->format, container == SF_FORMAT_FLAC, &self->n_bits);
  return subtype
      | (container == SF_FORMAT_WAV ? wav_for (info, self->n_bits) : container);
}

/* Which channel is which, for more than two. */
static void
copy_channel_map (SNDFILE *from, SNDFILE *to, guint n_channels)
{
  int map[MAX_CHANNELS];
  int size = (int) (n_channels * sizeof (int));

  if (n_channels > 2 && n_channels <= MAX_CHANNELS
      && sf_command (from, SFC_GET_CHANNEL_MAP_INFO, map, size))
    sf_command (to, SFC_SET_CHANNEL_MAP_INFO, map, size);
}

/* Returns: a file beside path, or one without a name for standard output */
static int
make_temporary (CliWriter *self)
{
  if (is_stdout (self->path)) {
    int fd = g_file_open_tmp ("speakersaliency-XXXXXX", &self->temporary, NULL);
    if (fd >= 0) {
      g_unlink (self->temporary);
      self->output = dup (fd);
    }
    g_clear_pointer (&self->temporary, g_free);
    return fd;
  }
  self->temporary = g_strconcat (self->path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (self->temporary, O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0)
    g_clear_pointer (&self->temporary, g_free);
  return fd;
}

static gboolean
open_temporary (CliWriter *self, const CliReader *like, GError **error)
{
  SF_INFO info = { .samplerate = like->info.samplerate,
    .channels = like->info.channels };

  info.format = format_for (self, &like->info);
  int fd = make_temporary (self);
  if (fd < 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s", g_strerror (errno));
    return FALSE;
  }
  guard (self->temporary);
  self->file = sf_open_fd (fd, SFM_WRITE, &info, TRUE);
  if (self->file == NULL) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE,
        "%d channels at %d Hz cannot be written: %s", info.channels,
        info.samplerate, sf_strerror (NULL));
    return FALSE;
  }
  copy_channel_map (like->file, self->file, self->n_channels);
  return TRUE;
}

CliWriter *
cli_writer_open (const char *path, const CliReader *like, GError **error)
{
  g_return_val_if_fail (path != NULL && like != NULL, NULL);
  if (!cli_writer_check (path, error))
    return NULL;

  g_autoptr (CliWriter) self = g_new0 (CliWriter, 1);
  self->path = g_strdup (path);
  self->output = -1;
  self->n_channels = cli_reader_get_n_channels (like);
  self->integers = g_array_new (FALSE, FALSE, sizeof (int));
  if (!open_temporary (self, like, error)) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  return g_steal_pointer (&self);
}

void
cli_writer_free (CliWriter *self)
{
  if (self == NULL)
    return;
  if (self->file != NULL)
    sf_close (self->file);
  unfinished = NULL;
  if (self->temporary != NULL)
    g_unlink (self->temporary);
  if (self->output >= 0)
    close (self->output);
  g_array_unref (self->integers);
  g_free (self->temporary);
  g_free (self->path);
  g_free (self);
}

/* Rounded to n_bits, in the high bits of an int as libsndfile takes them: its
 * own conversion rounds down, and would change samples that nothing changed. */
static sf_count_t
write_integers (CliWriter *self, const float *pcm, gsize n_frames)
{
  gsize n = n_frames * self->n_channels;
  double scale = exp2 (self->n_bits - 1);
  guint shift = 32 - self->n_bits;

  g_array_set_size (self->integers, (guint) n);
  int *out = (int *) self->integers->data;
  for (gsize i = 0; i < n; i++) {
    double value = CLAMP (rint (pcm[i] * scale), -scale, scale - 1);
    out[i] = (int) ((guint32) (gint32) value << shift);
  }
  return sf_writef_int (self->file, out, (sf_count_t) n_frames);
}

gboolean
cli_writer_write (CliWriter *self, const float *pcm, gsize n_frames,
    GError **error)
{
  sf_count_t n = self->n_bits == 0
      ? sf_writef_float (self->file, pcm, (sf_count_t) n_frames)
      : write_integers (self, pcm, n_frames);

  if (n == (sf_count_t) n_frames)
    return TRUE;
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: cannot be written: %s",
      self->path, sf_strerror (self->file));
  return FALSE;
}

static gboolean
fail (const CliWriter *self, GError **error)
{
  g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: %s", self->path,
      g_strerror (errno));
  return FALSE;
}

static gboolean
copy_to_stdout (const CliWriter *self, GError **error)
{
  char block[65536];
  ssize_t n;

  if (lseek (self->output, 0, SEEK_SET) != 0)
    return fail (self, error);
  while ((n = read (self->output, block, sizeof block)) > 0)
    if (fwrite (block, 1, (gsize) n, stdout) != (gsize) n)
      return fail (self, error);
  return (n == 0 && fflush (stdout) == 0) || fail (self, error);
}

gboolean
cli_writer_close (CliWriter *self, GError **error)
{
  SNDFILE *file = g_steal_pointer (&self->file);
  int code = sf_close (file);

  if (code != 0) {
    g_set_error (error, SAL_ERROR, SAL_ERROR_FILE, "%s: cannot be written: %s",
        self->path, sf_error_number (code));
    return FALSE;
  }
  if (is_stdout (self->path))
    return copy_to_stdout (self, error);
  if (g_rename (self->temporary, self->path) != 0)
    return fail (self, error);
  unfinished = NULL;
  g_clear_pointer (&self->temporary, g_free);
  return TRUE;
}
