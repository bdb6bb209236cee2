/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audio.h: sound files, block by block
 *
 * Whatever libsndfile reads (WAV, FLAC, Ogg Vorbis and Opus, MP3, ..).  Every error
 * begins with the path.
 */
#pragma once

#include <saliency/error.h>

typedef struct _CliReader CliReader;
typedef struct _CliWriter CliWriter;

typedef struct {
  const float *pcm; /* [n_frames, n_channels], as in the file */
  gsize n_frames;
  const float *mono; /* [n_mono], mean of the channels, at the rate asked for */
  gsize n_mono;
} CliBlock;

/**
 * cli_reader_open:
 * @mono_rate: Hz; 0: no mono samples are wanted
 *
 * Returns: (transfer full) (nullable): a reader, or %NULL and %SAL_ERROR_FILE (cannot be opened, no
 * regular file), %SAL_ERROR_FORMAT (not a sound file) or %SAL_ERROR_AUDIO (a rate that cannot be
 * converted)
 */
CliReader *cli_reader_open (const char *path, guint mono_rate, GError **error);
void cli_reader_free (CliReader *self); /* NULL is a no-op */

/**
 * cli_reader_next:
 * @block: (out): valid until the next call; the last one may hold mono samples only
 *
 * Returns: %TRUE; %FALSE at the end, or with @error set: %SAL_ERROR_AUDIO if a sample is not
 * finite, %SAL_ERROR_FILE
 */
gboolean cli_reader_next (CliReader *self, CliBlock *block, GError **error);

/**
 * cli_reader_check:
 *
 * To be called at the end: was that sound?
 *
 * Returns: %TRUE, or %FALSE and %SAL_ERROR_AUDIO if it was shorter than 0.1 s, all zeros, or more
 *   than a tenth of it clipped
 */
gboolean cli_reader_check (const CliReader *self, GError **error);

guint cli_reader_get_rate (const CliReader *self); /* Hz */
guint cli_reader_get_n_channels (const CliReader *self);
double cli_reader_get_progress (const CliReader *self); /* part that was read, 0..1 */
double cli_reader_get_seconds (const CliReader *self);  /* read so far */

/**
 * cli_writer_check:
 * @path: "-" is standard output
 *
 * Returns: %TRUE if a writer can be opened at @path, else %FALSE and %SAL_ERROR_FILE: the errors of
 *   cli_output_check(), a suffix that is no format, a terminal
 */
gboolean cli_writer_check (const char *path, GError **error);

/**
 * cli_writer_open:
 * @path: its suffix says the format: .wav (or none), .flac, .ogg and .oga (Vorbis), .opus or .mp3;
 * "-" is standard output, which gets WAV
 * @like: gives rate, channels and, where WAV has it, the sample format; else it is 16 bits
 *
 * The file is written beside @path and takes its place when it is closed; an interrupt removes it.
 * Standard output gets the whole file when it is closed.  One writer at a time.
 *
 * Returns: (transfer full) (nullable): a writer, or %NULL and %SAL_ERROR_FILE
 */
CliWriter *cli_writer_open (const char *path, const CliReader *like, GError **error);
void cli_writer_free (CliWriter *self); /* NULL is a no-op; what was not closed is removed */
gboolean cli_writer_write (CliWriter *self, const float *pcm, gsize n_frames, GError **error);
gboolean cli_writer_close (CliWriter *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliReader, cli_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliWriter, cli_writer_free)
