/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audio-internal.h: the fields of a reader that the writer uses, too */
#pragma once

#include <samplerate.h>
#include <sndfile.h>

#include "cli/audio.h"
#include "cli/containers.h"

struct _CliReader {
  char *path;
  SNDFILE *file;
  CliStreamedWav *streamed; /* NULL but for a WAV file without a length */
  SF_INFO info;
  SRC_STATE *resampler; /* NULL if the rates agree */
  double ratio;         /* rate of the mono samples by that of the file */
  gboolean wants_mono;
  float *pcm;     /* [BLOCK_FRAMES, n_channels] */
  float *mix;     /* [BLOCK_FRAMES] */
  GArray *mono;   /* of float */
  guint64 n_read; /* frames */
  float peak;
  guint64 n_clipped;
  gboolean at_end;
};
