/* SPDX-License-Identifier: GPL-2.0-or-later */
/* controller.c: properties that follow a curve */
#include "fixture.h"

#include <math.h>

#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>

#include "sound.h"

#define RATE 16000
#define SECONDS 6

/* From @first at 0 s to @last at the end, as parts of the property's range */
static void
bind (GstElement *element, const char *name, double first, double last)
{
  GstControlSource *source = gst_interpolation_control_source_new ();
  GstTimedValueControlSource *values = GST_TIMED_VALUE_CONTROL_SOURCE (source);
  g_object_set (source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
  gst_timed_value_control_source_set (values, 0, first);
  gst_timed_value_control_source_set (values, SECONDS * GST_SECOND, last);
  g_assert_true (gst_object_add_control_binding (GST_OBJECT (element),
      gst_direct_control_binding_new (GST_OBJECT (element), name, source)));
  gst_object_unref (source);
}

/* dB of the gain of 10 ms from @at seconds on */
static double
gain_at (Fixture *f, GPtrArray *buffers, double at)
{
  guint i = (guint) (at * 100);
  gsize n;
  g_autoptr (GstBuffer) input = fixture_new_buffer (f, i * 160, 160);
  g_autofree double *want = sound_read (&f->info, input, &n);
  g_autofree double *got = sound_read (&f->info, buffers->pdata[i], &n);
  double in = 0, out = 0;
  for (gsize k = 0; k < n; k++) {
    in += want[k] * want[k];
    out += got[k] * got[k];
  }
  return 10 * log10 (out / in);
}

/* -60 dB to 0 dB, 10 dB/s: what is set when a stretch is settled counts for it,
 * so the gain may be ahead by hop, look-ahead and a little. */
static void
test_floor (void)
{
  Fixture *f
      = fixture_new ("mask=time method=none", GST_AUDIO_FORMAT_F32, RATE, 1);
  bind (f->element, "floor", 0.5, 1);
  fixture_play (f, SECONDS * RATE, 160);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  for (double at = 1; at < SECONDS - 1; at += 0.5) {
    double gain = gain_at (f, buffers, at);
    double want = -60 + 10 * at;
    g_test_message ("%.1f s: %.2f dB, floor %.2f dB", at, gain, want);
    g_assert_cmpfloat (gain, >, want - 0.5);
    g_assert_cmpfloat (gain, <, want + 10 * 0.85);
  }
  float last;
  g_object_get (f->element, "floor", &last, NULL);
  g_assert_cmpfloat_with_epsilon (last, -0.1, 0.1);
  fixture_free (f);
}

/* spk1 is uncertain: with a rising threshold less and less of it passes. */
static void
test_threshold (void)
{
  Fixture *f = fixture_new ("target=spk1 mask=time method=none hysteresis=0",
      GST_AUDIO_FORMAT_F32, RATE, 1);
  bind (f->element, "threshold", 0, 1);
  fixture_play (f, SECONDS * RATE, 160);
  g_autoptr (GPtrArray) buffers = fixture_take_buffers (f);
  guint n_first = 0, n_last = 0;
  for (double at = 0.5; at < 2; at += 0.02) {
    n_first += gain_at (f, buffers, at) > -1;
    n_last += gain_at (f, buffers, at + 3.9) > -1;
  }
  g_test_message ("%u pass, then %u", n_first, n_last);
  g_assert_cmpuint (n_first, >, n_last + 10);
  float last;
  g_object_get (f->element, "threshold", &last, NULL);
  g_assert_cmpfloat (last, >, 0.99);
  fixture_free (f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speakersaliency/controller/floor", test_floor);
  g_test_add_func ("/speakersaliency/controller/threshold", test_threshold);
  return g_test_run ();
}
