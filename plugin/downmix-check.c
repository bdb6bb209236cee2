/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "downmix-check.h"

#include <math.h>

#include "audio-planes.h"

#define BLOCK 256                 /* PCM frames that are looked at */
#define BLOCKS_PER_S 8            /* of the sound, a thirtieth at 48 kHz */
#define ENOUGH (4 * BLOCKS_PER_S) /* loud blocks: of four seconds */
#define LOUD 1e-6                 /* mean square, -60 dB of full scale */
#define LOSS_DB 10.0

struct _GssDownmixCheck {
  GstAudioInfo info;
  guint interval; /* PCM frames from one block to the next */
  guint wait;     /* until the next one */
  gpointer *planes;
  guint8 *unpacked;     /* [BLOCK, n_channels], in the format to unpack to */
  double channels, mix; /* sums of mean squares */
  guint n_loud;
  gboolean done; /* taken, or one channel */
};

static gboolean
is_float (const GssDownmixCheck *self)
{
  return self->info.finfo->unpack_format == GST_AUDIO_FORMAT_F64;
}

GssDownmixCheck *
gss_downmix_check_new (const GstAudioInfo *info)
{
  GssDownmixCheck *self = g_new0 (GssDownmixCheck, 1);
  guint n_channels = GST_AUDIO_INFO_CHANNELS (info);
  self->info = *info;
  self->interval = MAX (GST_AUDIO_INFO_RATE (info) / BLOCKS_PER_S, BLOCK);
  self->planes = g_new (gpointer, n_channels);
  self->unpacked = g_malloc_n (BLOCK * n_channels, sizeof (double));
  self->done = n_channels < 2;
  return self;
}

void
gss_downmix_check_free (GssDownmixCheck *self)
{
  if (self == NULL)
    return;
  g_free (self->planes);
  g_free (self->unpacked);
  g_free (self);
}

/* Interleaved, or plane by plane, as the sound is. */
static void
unpack (GssDownmixCheck *self, gsize n)
{
  const GstAudioFormatInfo *format = self->info.finfo;
  guint n_channels = GST_AUDIO_INFO_CHANNELS (&self->info);
  gsize size = is_float (self) ? sizeof (double) : sizeof (gint32);
  if (self->info.layout == GST_AUDIO_LAYOUT_INTERLEAVED)
    format->unpack_func (format, 0, self->unpacked, self->planes[0],
        (gint) (n * n_channels));
  else
    for (guint c = 0; c < n_channels; c++)
      format->unpack_func (format, 0, self->unpacked + c * n * size,
          self->planes[c], (gint) n);
}

static double
sample (const GssDownmixCheck *self, gsize i)
{
  return is_float (self) ? ((const double *) self->unpacked)[i]
                         : ((const gint32 *) self->unpacked)[i] / 2147483648.0;
}

static void
look (GssDownmixCheck *self, gsize n)
{
  guint n_channels = GST_AUDIO_INFO_CHANNELS (&self->info);
  gboolean planar = self->info.layout != GST_AUDIO_LAYOUT_INTERLEAVED;
  double channels = 0, mix = 0;
  unpack (self, n);
  for (gsize i = 0; i < n; i++) {
    double sum = 0;
    for (guint c = 0; c < n_channels; c++) {
      double x = sample (self, planar ? c * n + i : i * n_channels + c);
      channels += x * x;
      sum += x;
    }
    mix += sum * sum / n_channels;
  }
  channels /= (double) n * n_channels;
  mix /= (double) n * n_channels;
  if (channels < LOUD || !isfinite (channels))
    return;
  self->channels += channels;
  self->mix += mix;
  self->n_loud++;
}

void
gss_downmix_check_push (GssDownmixCheck *self, const GstAudioBuffer *audio,
    gsize first, gsize n_frames)
{
  if (self->done)
    return;
  if (self->wait >= n_frames) {
    self->wait -= (guint) n_frames;
    return;
  }
  gsize n = MIN (n_frames - self->wait, BLOCK);
  gss_audio_planes_locate (audio, first + self->wait, self->planes);
  look (self, n);
  gsize used = self->wait + n;
  self->wait = self->interval - (guint) MIN (n_frames - used, self->interval);
}

gboolean
gss_downmix_check_take (GssDownmixCheck *self, double *loss)
{
  if (self->done || self->n_loud < ENOUGH)
    return FALSE;
  *loss = 10 * log10 (self->channels / MAX (self->mix, 1e-20));
  self->done = *loss >= LOSS_DB;
  self->channels = self->mix = 0;
  self->n_loud = 0;
  return self->done;
}
