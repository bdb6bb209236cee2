/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eval/codec.h"

#include <math.h>
#include <sndfile.h>
#include <string.h>
#include "base/error.h"

#define MOST_DELAY 2400 /* samples: of encoder and decoder together */

/* The compression levels of libsndfile that give those rates at 16 kHz. */
static const struct {
  const char *name;
  int format;
  double level;
} codecs[] = {
  [EVAL_CODEC_OPUS_12] = { "Opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 0.975 },
  [EVAL_CODEC_MP3_32]
  = { "MP3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 0.85 },
};

/* --- a file in memory ---------------------------------------------------- */

typedef struct {
  GByteArray *bytes;
  sf_count_t at;
} Memory;

static sf_count_t
get_length (gpointer data)
{
  return ((Memory *) data)->bytes->len;
}

static sf_count_t
seek (sf_count_t offset, int whence, gpointer data)
{
  Memory *self = data;

  if (whence == SEEK_SET)
    self->at = offset;
  else
    self->at = offset + (whence == SEEK_CUR ? self->at : self->bytes->len);
  return self->at;
}

static sf_count_t
read_bytes (gpointer out, sf_count_t n, gpointer data)
{
  Memory *self = data;

  n = MAX (MIN (n, self->bytes->len - self->at), 0);
  memcpy (out, self->bytes->data + self->at, (gsize) n);
  self->at += n;
  return n;
}

static sf_count_t
write_bytes (gconstpointer in, sf_count_t n, gpointer data)
{
  Memory *self = data;

  if (self->at + n > self->bytes->len)
    g_byte_array_set_size (self->bytes, (guint) (self->at + n));
  memcpy (self->bytes->data + self->at, in, (gsize) n);
  self->at += n;
  return n;
}

static sf_count_t
tell (gpointer data)
{
  return ((Memory *) data)->at;
}

static SF_VIRTUAL_IO io = { get_length, seek, read_bytes, write_bytes, tell };

/* --- coding -------------------------------------------------------------- */

static gboolean
encode (EvalCodec codec, const float *samples, gsize n, guint rate,
    Memory *memory, GError **error)
{
  SF_INFO info = { .samplerate = (int) rate,
    .channels = 1,
    .format = codecs[codec].format };
  SNDFILE *file = sf_open_virtual (&io, SFM_WRITE, &info, memory);
  double level = codecs[codec].level;
  int mode = SF_BITRATE_MODE_CONSTANT;

  if (file == NULL)
    return sal_error_set (error, SAL_ERROR_AUDIO,
        "libsndfile cannot encode %s at %u Hz: %s", codecs[codec].name, rate,
        sf_strerror (NULL));
  sf_command (file, SFC_SET_BITRATE_MODE, &mode, sizeof (mode));
  sf_command (file, SFC_SET_COMPRESSION_LEVEL, &level, sizeof (level));
  gboolean ok
      = sf_write_float (file, samples, (sf_count_t) n) == (sf_count_t) n;
  ok = sf_close (file) == 0 && ok;
  return ok
      || sal_error_set (error, SAL_ERROR_AUDIO, "encoding %s failed",
          codecs[codec].name);
}

/* Into [n + MOST_DELAY], zeros behind the end. */
static gboolean
decode (EvalCodec codec, Memory *memory, float *samples, gsize n,
    GError **error)
{
  SF_INFO info = { 0 };

  memory->at = 0;
  SNDFILE *file = sf_open_virtual (&io, SFM_READ, &info, memory);
  if (file == NULL)
    return sal_error_set (error, SAL_ERROR_AUDIO, "decoding %s failed: %s",
        codecs[codec].name, sf_strerror (NULL));
  memset (samples, 0, (n + MOST_DELAY) * sizeof (float));
  sf_read_float (file, samples, (sf_count_t) (n + MOST_DELAY));
  sf_close (file);
  return TRUE;
}

/* The delay at which both are most alike. */
static gsize
find_delay (const float *before, const float *after, gsize n)
{
  double best = -INFINITY;
  gsize delay = 0;

  for (gsize d = 0; d < MOST_DELAY; d++) {
    double sum = 0;
    for (gsize i = 0; i < n; i += 3)
      sum += (double) before[i] * after[i + d];
    if (sum > best) {
      best = sum;
      delay = d;
    }
  }
  return delay;
}

gboolean
eval_codec_run (EvalCodec codec, float *samples, gsize n, guint rate,
    double *kbit_per_second, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Memory memory = { bytes, 0 };
  g_autofree float *after = g_new (float, n + MOST_DELAY);

  if (!encode (codec, samples, n, rate, &memory, error)
      || !decode (codec, &memory, after, n, error))
    return FALSE;
  gsize delay = find_delay (samples, after, MIN (n, (gsize) 10 * rate));
  memcpy (samples, after + delay, n * sizeof (float));
  if (kbit_per_second != NULL)
    *kbit_per_second = 0.008 * bytes->len * rate / (double) MAX (n, 1);
  return TRUE;
}
