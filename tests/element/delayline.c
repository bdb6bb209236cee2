/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delayline.c: what waits leaves in time, in order, and changed only as asked
 *
 * Without an element around it: maps are made up, and come when the test says.
 */
#include "delayline.h"

#include <math.h>
#include <string.h>

#include "fixture.h"
#include <saliency/model.h>
#include "sound.h"

static const SalMelConfig *mel; /* of the small model: frames of 10 ms */

/* Open or closed at once, so that a gain is 1 or 0.1 */
static const SalGateConfig gate = {
  .threshold = 0.5f,
  .hysteresis = 0.1f,
  .floor_db = -20,
};

typedef struct {
  GstAudioInfo info;
  GssDelayLine *line;
  guint64 n_pushed; /* PCM frames */
} Line;

static Line
line_new (const SalGateConfig *config, gboolean by_frequency,
    GstClockTime latency, const GstAudioInfo *info)
{
  g_autoptr (GError) error = NULL;
  Line self = { .info = *info };
  self.line = gss_delay_line_new (config, by_frequency, mel, latency, &error);
  g_assert_no_error (error);
  gss_delay_line_set_format (self.line, info, &error);
  g_assert_no_error (error);
  return self;
}

static GstAudioInfo
info_of (GstAudioFormat format, guint rate, guint n_channels,
    GstAudioLayout layout)
{
  GstAudioInfo info;
  gst_audio_info_set_format (&info, format, rate, n_channels, NULL);
  info.layout = layout;
  return info;
}

static GstAudioInfo
floats (guint rate)
{
  return info_of (GST_AUDIO_FORMAT_F32, rate, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
}

/* Takes @buffer. */
static void
push_buffer (Line *self, GstBuffer *buffer)
{
  GstAudioBuffer audio;
  g_assert_true (
      gst_audio_buffer_map (&audio, &self->info, buffer, GST_MAP_READ));
  gss_delay_line_push (self->line,
      GST_MINI_OBJECT_CAST (gst_buffer_ref (buffer)), &audio, audio.n_samples);
  self->n_pushed += audio.n_samples;
  gst_audio_buffer_unmap (&audio);
  gst_buffer_unref (buffer);
}

static double *
new_noise (guint32 seed, gsize n)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  double *pcm = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    pcm[i] = g_rand_double_range (rand, -0.5, 0.5);
  return pcm;
}

static GstBuffer *
new_buffer (const Line *self, gsize n_frames)
{
  g_autofree double *pcm
      = new_noise ((guint32) self->n_pushed, n_frames * self->info.channels);
  return sound_new_buffer (&self->info, pcm, n_frames);
}

/* Frames of one map: activity of all, saliency of the bands from @band on */
static SalMap *
new_map (guint n_frames, float activity, guint band, float saliency)
{
  SalMap *map = sal_map_new (mel->n_bands, n_frames);
  for (guint t = 0; t < n_frames; t++)
    map->activity[t] = activity;
  for (guint f = band; f < mel->n_bands; f++)
    for (guint t = 0; t < n_frames; t++)
      map->saliency[f * n_frames + t] = saliency;
  return map;
}

static void
push_activity (Line *self, float activity, guint n_frames)
{
  g_autoptr (SalMap) map = new_map (n_frames, activity, mel->n_bands, 0);
  gss_delay_line_push_maps (self->line, &map, 1);
}

static GstMiniObject *
assert_next (Line *self, gpointer want)
{
  GstMiniObject *got = gss_delay_line_pop (self->line);
  g_assert_true (got == want);
  return got;
}

static guint
drop_ready (Line *self)
{
  GstMiniObject *object;
  guint n = 0;
  for (; (object = gss_delay_line_pop (self->line)) != NULL; n++)
    gst_mini_object_unref (object);
  return n;
}

/* One buffer of everything through, with this much activity throughout */
static GstBuffer *
through (Line *self, GstBuffer *buffer, float activity)
{
  gsize n_frames = gst_buffer_get_size (buffer) / self->info.bpf;
  push_activity (self, activity, 100 * n_frames / self->info.rate + 2);
  push_buffer (self, buffer);
  gss_delay_line_finish (self->line);
  GstMiniObject *got = gss_delay_line_pop (self->line);
  g_assert_nonnull (got);
  return GST_BUFFER_CAST (got);
}

/* --- when ---------------------------------------------------------------- */

static void
test_at_once (void)
{
  const GstAudioInfo info = floats (16000);
  Line self = line_new (NULL, FALSE, 0, &info);
  static const gsize sizes[] = { 160, 0, 1, 5000 };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstBuffer *buffer = new_buffer (&self, sizes[i]);
    push_buffer (&self, buffer);
    gst_mini_object_unref (assert_next (&self, buffer));
    assert_next (&self, NULL);
  }
  g_assert_cmpuint (gss_delay_line_get_n_frames (self.line), ==, 5161);
  g_assert_cmpuint (gss_delay_line_get_delay (self.line), ==, 0);
  gss_delay_line_free (self.line);
}

/* What is due has left and nothing else, whenever the maps came. */
static void
check_due (gboolean masked, gsize size, guint latency)
{
  const GstAudioInfo info = floats (16000);
  Line self = line_new (masked ? &gate : NULL, FALSE,
      gst_util_uint64_scale_ceil (latency, GST_SECOND, 16000), &info);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint n_left = 0;
  if (masked)
    push_activity (&self, 0, 1000);
  while (self.n_pushed < 20000) {
    gsize n = size > 0 ? size : (gsize) g_rand_int_range (rand, 1, 900);
    push_buffer (&self, new_buffer (&self, n));
    g_array_append_val (ends, self.n_pushed);
    n_left += drop_ready (&self);
    for (guint i = 0; i < ends->len; i++) {
      gboolean is_due
          = self.n_pushed + n > g_array_index (ends, guint64, i) + latency;
      if (size > 0) /* else it may have left when n was larger */
        g_assert_cmpint (is_due, ==, i < n_left);
      else if (is_due)
        g_assert_cmpuint (i, <, n_left);
    }
  }
  g_assert_cmpuint (n_left, >, 0);
  g_assert_false (gss_delay_line_is_empty (self.line));
  gss_delay_line_free (self.line);
}

static void
test_due_by_what_was_pushed (void)
{
  static const gsize sizes[] = { 1, 160, 441, 0 };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint latency = 1760; latency <= 1761; latency++) {
      check_due (FALSE, sizes[i], latency);
      check_due (TRUE, sizes[i], latency);
    }
}

/* Maps come in hops of 250 ms, buffers of 10 ms leave one by one. */
static void
test_no_bursts (void)
{
  const GstAudioInfo info = floats (48000);
  Line self = line_new (&gate, FALSE, 900 * GST_MSECOND, &info);
  for (guint i = 1; i <= 300; i++) {
    push_buffer (&self, new_buffer (&self, 480));
    if (i % 25 == 0 && i >= 75) /* 500 ms after its sound */
      push_activity (&self, 1, 25);
    g_assert_cmpuint (drop_ready (&self), ==, i > 90 ? 1 : 0);
  }
  gss_delay_line_free (self.line);
}

static void
test_waits_for_maps (void)
{
  const GstAudioInfo info = floats (16000);
  Line self = line_new (&gate, FALSE, 100 * GST_MSECOND, &info);
  for (guint i = 0; i < 30; i++)
    push_buffer (&self, new_buffer (&self, 160));
  g_assert_cmpuint (drop_ready (&self), ==, 0);
  push_activity (&self, 0, 40);
  /* all that ends more than 90 ms before the end */
  g_assert_cmpuint (drop_ready (&self), ==, 20);
  gss_delay_line_finish (self.line);
  g_assert_cmpuint (drop_ready (&self), ==, 10);
  g_assert_true (gss_delay_line_is_empty (self.line));
  g_assert_cmpuint (gss_delay_line_get_n_frames (self.line), ==, 4800);

  gss_delay_line_reset (self.line); /* and once more */
  push_buffer (&self, new_buffer (&self, 160));
  g_assert_cmpuint (drop_ready (&self), ==, 0);
  gss_delay_line_free (self.line);
}

static void
test_order (void)
{
  const GstAudioInfo info = floats (16000);
  Line self = line_new (NULL, FALSE, 100 * GST_MSECOND, &info);
  gpointer objects[40];
  for (guint i = 0; i < 40; i++) {
    if (i % 4 == 1) { /* a gap: an event and its time */
      objects[i] = gst_event_new_gap (0, 10 * GST_MSECOND);
      gss_delay_line_push (self.line, objects[i], NULL, 0);
      gss_delay_line_push (self.line, NULL, NULL, 160);
    } else if (i % 4 == 2) {
      objects[i] = gst_event_new_tag (gst_tag_list_new_empty ());
      gss_delay_line_push (self.line, objects[i], NULL, 0);
    } else {
      GstBuffer *buffer = objects[i] = new_buffer (&self, 160);
      push_buffer (&self, buffer);
    }
  }
  /* 30 pieces of 10 ms are in; 20 are due, and events until the next piece */
  for (guint i = 0; i < 27; i++)
    gst_mini_object_unref (assert_next (&self, objects[i]));
  assert_next (&self, NULL);
  g_assert_cmpuint (gss_delay_line_get_n_frames (self.line), ==, 20 * 160);
  for (guint i = 27; i < 40; i++) {
    GstMiniObject *object = gss_delay_line_abandon (self.line);
    g_assert_true (object == objects[i]);
    gst_mini_object_unref (object);
  }
  g_assert_null (gss_delay_line_abandon (self.line));
  gss_delay_line_free (self.line);
}

/* --- what ---------------------------------------------------------------- */

static void
for_all_formats (void (*check) (const GstAudioInfo *info))
{
  static const guint rates[] = { 8000, 44100 }, channels[] = { 1, 2, 9 };
  for (guint i = 0; i < G_N_ELEMENTS (sound_formats); i++)
    for (guint r = 0; r < G_N_ELEMENTS (rates); r++)
      for (guint c = 0; c < G_N_ELEMENTS (channels); c++)
        for (guint layout = 0; layout < 2; layout++) {
          GstAudioInfo info = info_of (sound_formats[i], rates[r], channels[c],
              layout == 0 ? GST_AUDIO_LAYOUT_INTERLEAVED
                          : GST_AUDIO_LAYOUT_NON_INTERLEAVED);
          check (&info);
        }
}

static void
check_closed (const GstAudioInfo *info)
{
  Line self = line_new (&gate, FALSE, 0, info);
  gsize n_frames = info->rate / 5, n;
  GstBuffer *buffer = new_buffer (&self, n_frames);
  g_autoptr (GstBuffer) kept = gst_buffer_ref (buffer);
  g_autoptr (GstBuffer) before = gst_buffer_copy_deep (buffer);
  g_autoptr (GstBuffer) after = through (&self, buffer, 0);
  g_autofree double *want = sound_read (info, before, &n);
  g_autofree double *shared = sound_read (info, kept, &n);
  g_autofree double *got = sound_read (info, after, &n);
  double worst = 0;
  g_assert_cmpuint (n, ==, n_frames);
  g_assert_true (after != kept);
  for (gsize i = 0; i < n * info->channels; i++) {
    worst = MAX (worst, fabs (got[i] - 0.1 * want[i]));
    g_assert_cmpfloat (shared[i], ==, want[i]);
  }
  g_assert_cmpfloat (worst, <=,
      0.51 * sound_step (GST_AUDIO_INFO_FORMAT (info)) + 1e-7);
  gss_delay_line_free (self.line);
}

static void
test_closed (void)
{
  for_all_formats (check_closed);
}

static void
check_open (const GstAudioInfo *info)
{
  Line self = line_new (&gate, FALSE, 0, info);
  GstBuffer *buffer = new_buffer (&self, info->rate / 5);
  g_autoptr (GstBuffer) kept = gst_buffer_ref (buffer); /* not writable */
  g_autoptr (GstBuffer) got = through (&self, buffer, 1);
  g_assert_true (got == kept);
  gss_delay_line_free (self.line);
}

static void
test_open (void)
{
  for_all_formats (check_open);
}

/* The bytes of all samples, without what is between planes */
static void
assert_bytes (const GstAudioInfo *info, GstBuffer *a, GstBuffer *b, gsize first,
    gsize n, gboolean equal)
{
  gsize width = GST_AUDIO_INFO_WIDTH (info) / 8;
  gboolean is_planar = info->layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  gsize step = is_planar ? width : width * info->channels;
  GstAudioBuffer x, y;
  g_assert_true (gst_audio_buffer_map (&x, info, a, GST_MAP_READ));
  g_assert_true (gst_audio_buffer_map (&y, info, b, GST_MAP_READ));
  for (gint i = 0; i < x.n_planes; i++)
    g_assert_cmpint (memcmp ((guint8 *) x.planes[i] + first * step,
                         (guint8 *) y.planes[i] + first * step, n * step)
            == 0,
        ==, equal);
  gst_audio_buffer_unmap (&x);
  gst_audio_buffer_unmap (&y);
}

/* The gate closes in the middle of a buffer. */
static void
check_half (const GstAudioInfo *info)
{
  Line self = line_new (&gate, FALSE, 0, info);
  gsize n_frames = info->rate, quarter = n_frames / 4;
  GstBuffer *buffer = new_buffer (&self, n_frames);
  g_autoptr (GstBuffer) before = gst_buffer_copy_deep (buffer);
  push_activity (&self, 1, 50);
  g_autoptr (GstBuffer) after = through (&self, buffer, 0);
  assert_bytes (info, before, after, 0, quarter, TRUE);
  assert_bytes (info, before, after, 3 * quarter, quarter, FALSE);
  gss_delay_line_free (self.line);
}

static void
test_half (void)
{
  for_all_formats (check_half);
}

/* Bytes between the planes belong to somebody else. */
static void
test_between_planes (void)
{
  const GstAudioInfo info = info_of (GST_AUDIO_FORMAT_S24, 16000, 3,
      GST_AUDIO_LAYOUT_NON_INTERLEAVED);
  Line self = line_new (&gate, FALSE, 0, &info);
  GstBuffer *buffer = new_buffer (&self, 1600);
  g_autoptr (GstBuffer) before = gst_buffer_copy_deep (buffer);
  g_autoptr (GstBuffer) after = through (&self, buffer, 0);
  const GstAudioMeta *meta = gst_buffer_get_audio_meta (before);
  gsize end = meta->offsets[0] + 1600 * 3, n = meta->offsets[1] - end;
  guint8 want[64], got[64];
  g_assert_cmpuint (n, >, 0);
  g_assert_cmpuint (n, <=, sizeof want);
  gst_buffer_extract (before, end, want, n);
  gst_buffer_extract (after, end, got, n);
  g_assert_cmpmem (got, n, want, n);
  assert_bytes (&info, before, after, 0, 1600, FALSE);
  gss_delay_line_free (self.line);
}

static void
test_gap_buffers (void)
{
  const GstAudioInfo info = floats (16000);
  Line self = line_new (&gate, FALSE, 0, &info);
  GstBuffer *gap = new_buffer (&self, 1600);
  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  g_autoptr (GstBuffer) kept = gst_buffer_ref (gap); /* not writable */
  push_activity (&self, 0, 100);
  gss_delay_line_push (self.line, GST_MINI_OBJECT_CAST (gap), NULL, 1600);
  gss_delay_line_finish (self.line);
  gst_mini_object_unref (assert_next (&self, kept));
  gss_delay_line_free (self.line);
}

/* What is removed and what is left are all there was. */
static void
test_removed (void)
{
  const GstAudioInfo info = floats (44100);
  SalGateConfig config = gate;
  double *parts[2];
  gsize n;
  Line self = line_new (&gate, FALSE, 0, &info);
  GstBuffer *buffer = new_buffer (&self, 44100);
  g_autofree double *want = sound_read (&info, buffer, &n);
  for (guint i = 0; i < 2; i++) {
    config.removed = i == 1;
    Line part = line_new (&config, FALSE, 0, &info);
    push_activity (&part, 1, 50);
    g_autoptr (GstBuffer) got = through (&part, gst_buffer_copy (buffer), 0);
    parts[i] = sound_read (&info, got, &n);
    gss_delay_line_free (part.line);
  }
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (parts[0][i] + parts[1][i], want[i], 1e-6);
  for (gsize i = 0; i < 16000; i++)
    g_assert_cmpfloat (parts[1][i], ==, 0);
  g_free (parts[0]);
  g_free (parts[1]);
  gst_buffer_unref (buffer);
  gss_delay_line_free (self.line);
}

/* Full scale and sharp gains overshoot, and stay what they are: loud. */
static void
test_does_not_wrap (void)
{
  const GstAudioInfo info
      = info_of (GST_AUDIO_FORMAT_S16, 16000, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  Line self = line_new (&gate, TRUE, 0, &info);
  g_autofree double *pcm = g_new (double, 16000);
  for (guint i = 0; i < 16000; i++) /* without its harmonics it is larger */
    pcm[i] = i / 40 % 2 ? -0.9999 : 0.9999;
  g_autoptr (SalMap) map = new_map (102, 1, mel->n_bands / 3, -1);
  gss_delay_line_push_maps (self.line, &map, 1);
  push_buffer (&self, sound_new_buffer (&info, pcm, 16000));
  gss_delay_line_finish (self.line);
  g_autoptr (GstBuffer) got = GST_BUFFER_CAST (gss_delay_line_pop (self.line));
  gsize n;
  g_autofree double *out = sound_read (&info, got, &n);
  double most = 0;
  for (guint i = 2000; i < 14000; i++) {
    if (i % 40 >= 10 && i % 40 < 30)
      g_assert_cmpfloat (out[i] * pcm[i], >, 0.3);
    most = MAX (most, fabs (out[i]));
  }
  g_assert_cmpfloat (most, >, 0.9999);
  gss_delay_line_free (self.line);
}

/* --- which gain ---------------------------------------------------------- */

/* Gain of a tone over a second of sound, all maps at once */
static double
gain_of_tone (gboolean by_frequency, double hz, SalMap *const *maps,
    guint n_maps)
{
  const GstAudioInfo info = floats (16000);
  Line self = line_new (&gate, by_frequency, 0, &info);
  g_autofree double *pcm = g_new (double, 16000);
  for (guint i = 0; i < 16000; i++)
    pcm[i] = 0.5 * sin (2 * G_PI * hz * i / 16000);
  push_buffer (&self, sound_new_buffer (&info, pcm, 16000));
  gss_delay_line_push_maps (self.line, maps, n_maps);
  gss_delay_line_finish (self.line);
  g_autoptr (GstBuffer) got = GST_BUFFER_CAST (gss_delay_line_pop (self.line));
  gsize n;
  g_autofree double *out = sound_read (&info, got, &n);
  double sum = 0, whole = 0;
  for (gsize i = 4000; i < 12000; i++) {
    sum += out[i] * out[i];
    whole += pcm[i] * pcm[i];
  }
  gss_delay_line_free (self.line);
  return sqrt (sum / whole);
}

static void
test_by_frequency (void)
{
  /* evidence for the target in the upper half of the bands only */
  g_autoptr (SalMap) map = new_map (102, 0.3f, mel->n_bands / 2, 0.5f);
  g_assert_cmpfloat_with_epsilon (gain_of_tone (TRUE, 6000, &map, 1), 1, 0.01);
  g_assert_cmpfloat_with_epsilon (gain_of_tone (TRUE, 300, &map, 1), 0.1, 0.01);
  g_assert_cmpfloat_with_epsilon (gain_of_tone (FALSE, 6000, &map, 1), 0.1,
      0.001);
}

static void
test_largest_of_targets (void)
{
  SalMap *maps[3] = {
    new_map (102, 0.1f, mel->n_bands, 0),
    new_map (102, 0.3f, mel->n_bands / 2, 0.5f),
    new_map (102, 0.8f, 0, -0.5f),
  };
  for (guint n = 1; n <= 3; n++)
    g_assert_cmpfloat_with_epsilon (gain_of_tone (FALSE, 1000, maps, n),
        n == 3 ? 1 : 0.1, 0.001);
  for (guint n = 1; n <= 3; n++) {
    g_assert_cmpfloat_with_epsilon (gain_of_tone (TRUE, 6000, maps, n),
        n >= 2 ? 1 : 0.1, 0.01);
    g_assert_cmpfloat_with_epsilon (gain_of_tone (TRUE, 300, maps, n), 0.1,
        0.01);
  }
  for (guint i = 0; i < 3; i++)
    sal_map_unref (maps[i]);
}

/* While it runs: a bypass fades in, and then buffers are left alone. */
static void
test_set_gate (void)
{
  const GstAudioInfo info
      = info_of (GST_AUDIO_FORMAT_S32, 16000, 1, GST_AUDIO_LAYOUT_INTERLEAVED);
  Line self = line_new (&gate, FALSE, 0, &info);
  SalGateConfig config = gate;
  g_autoptr (GError) error = NULL;
  g_autofree double *pcm = g_new (double, 8000);
  for (guint i = 0; i < 8000; i++)
    pcm[i] = 0.5;
  config.threshold = 2;
  g_assert_false (gss_delay_line_set_gate (self.line, &config, &error));
  g_assert_error (error, SAL_ERROR, SAL_ERROR_CONFIG);
  g_clear_error (&error);

  config.threshold = 0.5f;
  config.bypass = TRUE;
  push_activity (&self, 0, 25);
  g_assert_true (gss_delay_line_set_gate (self.line, &config, &error));
  push_activity (&self, 0, 200);
  push_buffer (&self, sound_new_buffer (&info, pcm, 8000));
  GstBuffer *untouched = new_buffer (&self, 8000);
  push_buffer (&self, untouched);
  gss_delay_line_finish (self.line);
  g_autoptr (GstBuffer) faded
      = GST_BUFFER_CAST (gss_delay_line_pop (self.line));
  gst_mini_object_unref (assert_next (&self, untouched));
  gsize n;
  g_autofree double *got = sound_read (&info, faded, &n);
  g_assert_cmpfloat_with_epsilon (got[3000], 0.05, 1e-6);
  g_assert_cmpfloat (got[7000], ==, 0.5);
  for (gsize i = 1; i < n; i++) /* 0.45 in 50 ms, twice as steep at most */
    g_assert_cmpfloat (fabs (got[i] - got[i - 1]), <, 2 * 0.45 / 800);
  gss_delay_line_free (self.line);
}

int
main (int argc, char **argv)
{
  const struct {
    const char *path;
    GTestFunc test;
  } tests[] = {
    { "/delayline/without-mask-leaves-at-once", test_at_once },
    { "/delayline/due-by-what-was-pushed", test_due_by_what_was_pushed },
    { "/delayline/does-not-burst-when-maps-come", test_no_bursts },
    { "/delayline/waits-for-maps-and-not-after-the-end", test_waits_for_maps },
    { "/delayline/events-keep-their-place", test_order },
    { "/delayline/closed-is-input-at-the-floor", test_closed },
    { "/delayline/open-is-the-very-same-buffer", test_open },
    { "/delayline/open-half-stays-to-the-bit", test_half },
    { "/delayline/leaves-bytes-between-planes-alone", test_between_planes },
    { "/delayline/leaves-gap-buffers-alone", test_gap_buffers },
    { "/delayline/removed-and-kept-are-the-input", test_removed },
    { "/delayline/does-not-wrap-at-full-scale", test_does_not_wrap },
    { "/delayline/gain-by-frequency", test_by_frequency },
    { "/delayline/gain-by-the-largest-of-targets", test_largest_of_targets },
    { "/delayline/changes-its-gate-without-a-jump", test_set_gate },
  };
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_autofree char *path = test_data ("tiny.safetensors");
  g_autoptr (SalModel) model = sal_model_load (path, NULL);
  g_assert_nonnull (model);
  mel = sal_model_get_mel_config (model);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].test);
  return g_test_run ();
}
