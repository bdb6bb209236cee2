/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/containers.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RIFF_SIZE_AT 4 /* bytes, in the file */
#define FIRST_CHUNK 12
#define HEAD 8 /* of a chunk: name and size */
#define UNKNOWN_SIZE 0xffffffffu

/* --- WAV of unknown length ----------------------------------------------- */

struct _CliStreamedWav {
  int fd;
  sf_count_t length;  /* of the file, bytes */
  sf_count_t place;   /* where the next read begins */
  sf_count_t size_at; /* where the size of the data chunk stands */
};

static gboolean
read_head (int fd, sf_count_t at, char name[5], guint32 *size)
{
  guint8 head[HEAD];

  if (pread (fd, head, HEAD, at) != HEAD)
    return FALSE;
  memcpy (name, head, 4);
  name[4] = '\0';
  memcpy (size, head + 4, 4);
  *size = GUINT32_FROM_LE (*size);
  return TRUE;
}

/* Whether chunks fill a file to its end: then no sound is hidden there. */
static gboolean
is_chain (int fd, sf_count_t at, sf_count_t length)
{
  char name[5];
  guint32 size;

  while (at < length && read_head (fd, at, name, &size)) {
    for (guint i = 0; i < 4; i++)
      if (!g_ascii_isprint (name[i]))
        return FALSE;
    at += HEAD + (sf_count_t) size + (size & 1);
  }
  return at == length;
}

/* Where the size of a data chunk of 0 bytes stands; 0: there is none. */
static sf_count_t
find_size (int fd, sf_count_t length)
{
  char name[5], form[5];
  guint32 size, rest;

  if (!read_head (fd, 0, name, &size) || !g_str_equal (name, "RIFF")
      || !read_head (fd, HEAD, form, &rest) || !g_str_equal (form, "WAVE"))
    return 0;
  for (sf_count_t at = FIRST_CHUNK; read_head (fd, at, name, &size);
       at += HEAD + (sf_count_t) size + (size & 1)) {
    if (!g_str_equal (name, "data"))
      continue;
    return size == 0 && !is_chain (fd, at + HEAD, length) ? at + 4 : 0;
  }
  return 0;
}

CliStreamedWav *
cli_streamed_wav_new (int fd)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    return NULL;
  sf_count_t size_at = find_size (fd, status.st_size);
  if (size_at == 0)
    return NULL;
  CliStreamedWav *self = g_new0 (CliStreamedWav, 1);
  *self = (CliStreamedWav){ fd, status.st_size, 0, size_at };
  return self;
}

void
cli_streamed_wav_free (CliStreamedWav *self)
{
  if (self == NULL)
    return;
  close (self->fd);
  g_free (self);
}

static sf_count_t
get_length (void *data)
{
  return ((CliStreamedWav *) data)->length;
}

static sf_count_t
tell (void *data)
{
  return ((CliStreamedWav *) data)->place;
}

static sf_count_t
seek (sf_count_t offset, int whence, void *data)
{
  CliStreamedWav *self = data;
  sf_count_t from = whence == SEEK_CUR ? self->place
      : whence == SEEK_END             ? self->length
                                       : 0;

  self->place = CLAMP (from + offset, 0, self->length);
  return self->place;
}

/* Puts a size where what was read holds one. */
static void
put_size (guint8 *bytes, sf_count_t from, sf_count_t n, sf_count_t at,
    guint32 size)
{
  for (sf_count_t i = 0; i < 4; i++)
    if (at + i >= from && at + i < from + n)
      bytes[at + i - from] = (guint8) (size >> (8 * i));
}

static sf_count_t
read_patched (void *bytes, sf_count_t n_wanted, void *data)
{
  CliStreamedWav *self = data;
  sf_count_t from = self->place;
  sf_count_t n = pread (self->fd, bytes, (gsize) n_wanted, from);

  if (n <= 0)
    return 0;
  put_size (bytes, from, n, RIFF_SIZE_AT, UNKNOWN_SIZE);
  put_size (bytes, from, n, self->size_at,
      (guint32) MIN (self->length - self->size_at - 4, UNKNOWN_SIZE));
  self->place += n;
  return n;
}

SNDFILE *
cli_streamed_wav_open (CliStreamedWav *self, SF_INFO *info)
{
  static SF_VIRTUAL_IO io = { get_length, seek, read_patched, NULL, tell };

  return sf_open_virtual (&io, SFM_READ, info, self);
}

/* --- other containers ---------------------------------------------------- */

const char *
cli_foreign_container (int fd)
{
  static const struct {
    guint at, n;
    const char *bytes, *name;
  } magics[] = {
    { 4, 4, "ftyp", "MP4 (m4a, mp4, mov)" },
    { 0, 4, "\x1a\x45\xdf\xa3", "Matroska (webm, mkv)" },
    { 0, 4, "\x30\x26\xb2\x75", "ASF (wma)" },
    { 0, 4, "FLV\x01", "Flash video" },
    { 0, 5, "#!AMR", "AMR" },
    { 0, 4, "ADIF", "AAC" },
    { 0, 2, "\xff\xf1", "AAC" },
    { 0, 2, "\xff\xf9", "AAC" },
    { 0, 2, "\x0b\x77", "AC-3" },
    { 0, 4, "MAC ", "Monkey's Audio" },
    { 0, 4, "wvpk", "WavPack" },
    { 8, 4, "AVI ", "AVI" },
  };
  char head[16] = { 0 };

  if (pread (fd, head, sizeof head, 0) <= 0)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (magics); i++)
    if (memcmp (head + magics[i].at, magics[i].bytes, magics[i].n) == 0)
      return magics[i].name;
  return NULL;
}
