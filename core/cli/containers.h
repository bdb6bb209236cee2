/* SPDX-License-Identifier: GPL-2.0-or-later */
/* containers.h: sound files that libsndfile does not read as they are
 *
 * A WAV file that was streamed, or whose writer was interrupted, says that its data chunk has 0
 * bytes: it is read to the end of the file.  MP4, Matroska and the like are recognised, so that a
 * message can say how to convert them.
 */
#pragma once

#include <glib.h>
#include <sndfile.h>

typedef struct _CliStreamedWav CliStreamedWav;

/**
 * cli_streamed_wav_new:
 * @fd: a file, not closed
 *
 * Returns: (transfer full) (nullable): %NULL if this is no WAV file, or one whose data chunk has a
 * length, or nothing behind it
 */
CliStreamedWav *cli_streamed_wav_new (int fd);
void cli_streamed_wav_free (CliStreamedWav *self); /* NULL is a no-op; after the file is closed */

/**
 * cli_streamed_wav_open:
 * @info: (out): as sf_open() has it
 *
 * Returns: (nullable): the file with the length that it truly has
 */
SNDFILE *cli_streamed_wav_open (CliStreamedWav *self, SF_INFO *info);

/**
 * cli_foreign_container:
 *
 * Returns: (nullable): the name of the container of a file, if it is one that GStreamer or ffmpeg
 * must read
 */
const char *cli_foreign_container (int fd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliStreamedWav, cli_streamed_wav_free)
