/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <saliency/model.h>

#include <glib/gstdio.h>
#include <string.h>

#include "data.h"
#include "voice/self-check.h"

static char *tiny_path;

static SalModel *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  SalModel *model = sal_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (model);
  return model;
}

static void
test_loads_tiny (void)
{
  g_autoptr (SalModel) model = load (tiny_path);
  g_assert_cmpstr (sal_model_get_path (model), ==, tiny_path);
  g_assert_cmpstr (sal_model_get_name (model), ==, "tiny");
  g_assert_cmpuint (sal_model_get_embedding_size (model), ==, 16);
  g_assert_cmpuint (sal_model_get_n_classes (model), ==, 12);
  g_assert_cmpstr (sal_model_get_class_name (model, 11), ==, "spk11");
  g_assert_cmpint (sal_model_find_class (model, "spk7"), ==, 7);
  g_assert_cmpint (sal_model_find_class (model, "spk12"), ==, -1);
  g_assert_cmpint (sal_model_find_class (model, ""), ==, -1);
  sal_model_unref (NULL);
}

static void
test_front_end_is_the_record_s (void)
{
  g_autoptr (SalModel) tiny = load (tiny_path);
  const SalMelConfig *mel = sal_model_get_mel_config (tiny);
  g_assert_cmpuint (mel->sample_rate, ==, 16000);
  g_assert_cmpfloat (mel->sample_scale, ==, 32768);
  g_assert_cmpint (mel->preemphasis, ==, SAL_PREEMPHASIS_SIGNAL);
  g_assert_cmpint (mel->window, ==, SAL_TAPER_HAMMING_PERIODIC);
  g_assert_cmpuint (mel->window_length, ==, 400);
  g_assert_cmpuint (mel->hop, ==, 160);
  g_assert_cmpuint (mel->fft_size, ==, 512);
  g_assert_false (mel->window_centred);
  g_assert_true (mel->power);
  g_assert_cmpuint (mel->n_bands, ==, 80);
  g_assert_false (mel->floor_is_max);
  g_autoptr (SalModel) other = data_load_model ("wespeaker");
  mel = sal_model_get_mel_config (other);
  g_assert_true (mel->dc_removal);
  g_assert_cmpint (mel->preemphasis, ==, SAL_PREEMPHASIS_FRAME);
  g_assert_cmpint (mel->window, ==, SAL_TAPER_HAMMING);
  g_assert_cmpint (mel->mel_formula, ==, SAL_MEL_KALDI);
  g_assert_true (mel->triangles_in_mel);
  g_assert_cmpfloat (mel->f_min, ==, 20);
  g_assert_true (mel->floor_is_max);
  g_autoptr (SalModel) third = data_load_model ("sunine");
  mel = sal_model_get_mel_config (third);
  g_assert_true (mel->window_centred);
  g_assert_cmpint (mel->framing, ==, SAL_FRAMING_REFLECT);
}

static void
test_loads_every_variant (void)
{
  const struct {
    const char *name;
    guint size;
  } all[] = { { "sunine", 16 }, { "voxceleb", 24 }, { "wespeaker", 32 } };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autoptr (SalModel) model = data_load_model (all[i].name);
    g_assert_cmpuint (sal_model_get_embedding_size (model), ==, all[i].size);
  }
}

static void
test_loads_shipped (void)
{
  g_autofree char *path = data_shipped_model ();
  if (path == NULL) {
    g_test_skip ("models/resnet34se.safetensors is not there");
    return;
  }
  g_autoptr (SalModel) model = load (path);
  g_assert_cmpuint (sal_model_get_n_classes (model), >=, 2);
}

/* The first 16 digits of what sha256sum prints. */
static void
test_id_is_the_checksum (void)
{
  g_autoptr (SalModel) model = load (tiny_path);
  g_autoptr (GByteArray) file = data_file_bytes (tiny_path);
  g_autofree char *sum
      = g_compute_checksum_for_data (G_CHECKSUM_SHA256, file->data, file->len);
  sum[16] = '\0';
  g_assert_cmpstr (sal_model_get_id (model), ==, sum);
  g_autofree char *edited = data_edit_record (tiny_path, "\"name\": \"tiny\"",
      "\"name\": \"tinz\"");
  g_autoptr (SalModel) other = load (edited);
  g_assert_cmpstr (sal_model_get_id (other), !=, sum);
  g_assert_cmpstr (sal_model_get_name (other), ==, "tinz");
}

/* The model outlives its file. */
static void
test_lives_without_its_file (void)
{
  g_autoptr (GByteArray) file = data_file_bytes (tiny_path);
  g_autofree char *path = data_write_temp ("gone", file->data, file->len);
  SalModel *model = load (path);
  g_remove (path);
  SalModel *again = sal_model_ref (model);
  sal_model_unref (model);
  SalSelfCheckStage stages[SAL_GOLDEN_STAGES];
  guint n;
  g_autoptr (GError) error = NULL;
  g_assert_true (sal_self_check_run (again, stages, &n, &error));
  g_assert_no_error (error);
  sal_model_unref (again);
}

/* --- refusals ------------------------------------------------------------ */

typedef struct {
  const char *path; /* of the test */
  const char *from, *to;
  const char *words[3]; /* in the message */
} Edit;

/* Edits of the model description. */
static const Edit records[] = {
  { "unknown-field", "\"version\": 1", "\"version\": 1, \"colour\": 2",
      { "colour", "unknown" } },
  { "unknown-front-end-field", "\"hop\": 160", "\"hop\": 160, \"hopp\": 160",
      { "frontend", "hopp", "unknown" } },
  { "unknown-topology-field", "\"stem_bias\": false",
      "\"stem_bias\": false, \"groups\": 2", { "topology", "groups" } },
  { "unknown-head-field", "\"margin\": 0.2", "\"margin\": 0.2, \"k\": 2",
      { "head", "unknown" } },
  { "missing-version", "\"version\": 1, ", "", { "version", "missing" } },
  { "missing-front-end-field", "\"hop\": 160, ", "", { "hop", "missing" } },
  { "missing-topology-field", "\"strides\": [1, 2, 2, 2], ", "",
      { "strides", "missing" } },
  { "missing-head-field", "\"scale\": 30.0, ", "", { "scale", "missing" } },
  { "missing-cohort", "\"cohort\": \"all\", ", "", { "cohort", "missing" } },
  { "later-version", "\"version\": 1", "\"version\": 2", { "version", "2" } },
  { "version-as-text", "\"version\": 1", "\"version\": \"1\"", { "version" } },
  { "no-json", "{\"version\": 1", "[\"version\": 1", { "record" } },
  { "list", "{\"version\": 1", "[1], {\"version\": 1", { "record" } },
  { "sample-rate-0", "\"sample_rate\": 16000", "\"sample_rate\": 0",
      { "sample_rate", "0" } },
  { "f-max-above-nyquist", "\"f_max\": 8000", "\"f_max\": 9000",
      { "f_max", "9000", "8000" } },
  { "window-longer-than-fft", "\"window_length\": 400",
      "\"window_length\": 600", { "window_length", "600", "512" } },
  { "unknown-window", "\"hamming-periodic\"", "\"kaiser\"",
      { "window", "kaiser", "povey" } },
  { "unknown-pooling", "\"mean-std\"", "\"maximum\"",
      { "pooling", "maximum", "attentive" } },
  { "attention-of-no-size", "\"mean-std\"", "\"attentive\"",
      { "attention_size", "missing" } },
  { "attention-size-0", "\"mean-std\"", "\"attentive\", \"attention_size\": 0",
      { "attention_size", "0" } },
  { "size-of-no-attention", "\"mean-std\"",
      "\"mean-std\", \"attention_size\": 6", { "attention_size", "unknown" } },
  { "coefficient-of-no-preemphasis", "\"preemphasis\": \"signal\"",
      "\"preemphasis\": \"none\"", { "preemphasis_coefficient", "0.97" } },
  { "epsilon-of-no-variance", "\"normalisation_epsilon\": 0",
      "\"normalisation_epsilon\": 0.1", { "normalisation_epsilon", "0.1" } },
  { "placement-of-no-padding", "\"window_placement\": \"left\"",
      "\"window_placement\": \"centre\"", { "window_placement", "framing" } },
  { "hop-0", "\"hop\": 160", "\"hop\": 0", { "hop", "0" } },
  { "negative-hop", "\"hop\": 160", "\"hop\": -160", { "hop", "-160" } },
  { "fraction-of-hop", "\"hop\": 160", "\"hop\": 160.5", { "hop", "160.5" } },
  { "huge-hop", "\"hop\": 160", "\"hop\": 99999999999999999999", { "hop" } },
  { "null-hop", "\"hop\": 160", "\"hop\": null", { "hop" } },
  { "log-floor-0", "\"log_floor\": 1.0", "\"log_floor\": 0",
      { "log_floor", "0" } },
  { "no-number", "\"log_floor\": 1.0", "\"log_floor\": \"1.0\"",
      { "log_floor" } },
  { "boolean-as-number", "\"stem_bias\": false", "\"stem_bias\": 0",
      { "stem_bias" } },
  { "three-widths", "\"widths\": [4, 8, 12, 16]", "\"widths\": [4, 8, 16]",
      { "widths", "3" } },
  { "width-0", "\"widths\": [4, 8, 12, 16]", "\"widths\": [0, 8, 12, 16]",
      { "widths" } },
  { "huge-width", "\"widths\": [4, 8, 12, 16]",
      "\"widths\": [4, 8, 12, 16000000]", { "widths" } },
  { "stride-3", "\"strides\": [1, 2, 2, 2]", "\"strides\": [1, 2, 3, 2]",
      { "strides" } },
  { "blocks-0", "\"blocks\": [1, 2, 1, 1]", "\"blocks\": [1, 0, 1, 1]",
      { "blocks" } },
  { "embedding-size-0", "\"embedding_size\": 16", "\"embedding_size\": 0",
      { "embedding_size" } },
  { "reduction-above-width", "\"se_reduction\": 4", "\"se_reduction\": 5",
      { "se_reduction", "5", "4" } },
  { "scale-of-a-linear-head", "\"kind\": \"cosine\"", "\"kind\": \"linear\"",
      { "head", "unknown" } },
  { "head-scale-0", "\"scale\": 30.0", "\"scale\": 0", { "scale", "0" } },
  { "classes-not-text", "\"spk3\"", "3", { "classes" } },
  { "cohort-of-no-class", "\"cohort\": \"all\"", "\"cohort\": [0, 12]",
      { "cohort", "12" } },
  { "cohort-of-nobody", "\"cohort\": \"all\"", "\"cohort\": []", { "cohort" } },
  { "cohort-of-one", "\"cohort\": \"all\"", "\"cohort\": [3]", { "cohort" } },
  { "cohort-of-unknown-word", "\"cohort\": \"all\"", "\"cohort\": \"some\"",
      { "cohort" } },
};

/* Edits of the model description that do not fit the weights. */
static const Edit mismatches[] = {
  { "other-widths", "\"widths\": [4, 8, 12, 16]", "\"widths\": [4, 8, 12, 20]",
      { "layer4", "shape" } },
  { "other-embedding-size", "\"embedding_size\": 16", "\"embedding_size\": 32",
      { "shape" } },
  { "other-number-of-bands", "\"n_bands\": 80", "\"n_bands\": 64",
      { "shape" } },
  { "more-blocks", "\"blocks\": [1, 2, 1, 1]", "\"blocks\": [1, 2, 1, 2]",
      { "layer4.1", "missing" } },
  { "fewer-classes", "\"spk10\", \"spk11\"", "\"spk10\"",
      { "head.weight", "[12, 16]", "[11, 16]" } },
  { "attention-that-is-not-there", "\"mean-std\"",
      "\"attentive\", \"attention_size\": 6",
      { "attention.0.weight", "missing" } },
  { "linear-head-without-bias",
      "\"kind\": \"cosine\", \"scale\": 30.0, \"margin\": 0.2",
      "\"kind\": \"linear\"", { "head.bias", "missing" } },
  { "stem-bias-that-is-not-there", "\"stem_bias\": false",
      "\"stem_bias\": true", { "conv1.bias", "missing" } },
};

/* Edits of the header. */
static const Edit tensors[] = {
  { "missing-stem", "\"conv1.weight\"", "\"conv0.weight\"",
      { "conv1.weight", "missing" } },
  { "missing-variance", "\"bn1.running_var\"", "\"bn1.running_var2\"",
      { "bn1.running_var", "missing" } },
  { "missing-embedding", "\"fc.weight\"", "\"fc.weights\"",
      { "fc.weight", "missing" } },
  { "missing-gate", "\"layer2.1.se.fc.2.bias\"", "\"layer2.1.se.fc.2.bia\"",
      { "layer2.1.se.fc.2.bias", "missing" } },
  { "missing-head", "\"head.weight\"", "\"head.weights\"",
      { "head.weight", "missing" } },
  { "wrong-shape", "\"shape\": [4, 1, 3, 3]", "\"shape\": [1, 4, 3, 3]",
      { "conv1.weight", "[1, 4, 3, 3]", "[4, 1, 3, 3]" } },
  { "no-record", "\"speakersaliency\"", "\"speakersaliencz\"",
      { "speakersaliency" } },
};

static void
refuse (char *edited, const Edit *edit)
{
  g_autofree char *path = edited;
  g_autoptr (GError) error = NULL;
  g_autoptr (SalModel) model = sal_model_load (path, &error);
  if (model != NULL) {
    g_test_fail_printf ("accepted");
    return;
  }
  g_test_message ("%s", error->message);
  g_assert_true (error->domain == SAL_ERROR);
  g_assert_true (
      error->code == SAL_ERROR_DESCRIPTION || error->code == SAL_ERROR_FORMAT);
  g_assert_true (g_str_has_prefix (error->message, path));
  for (guint i = 0; i < 3 && edit->words[i] != NULL; i++)
    if (strstr (error->message, edit->words[i]) == NULL)
      g_test_fail_printf ("\"%s\" does not name %s", error->message,
          edit->words[i]);
}

/* Optional fields of a calibration have limits, too. */
static void
test_refuses_background (void)
{
  const Edit far = { .words = { "calibration", "background", "1001" } };
  const Edit text = { .words = { "calibration", "background", "number" } };
  refuse (data_calibrate (tiny_path, 1, 0, "\"background\": 1001, "), &far);
  refuse (data_calibrate (tiny_path, 1, 0, "\"background\": \"1\", "), &text);
}

static void
test_refuses_company (void)
{
  const Edit far = { .words = { "calibration: company", "same", "1.5" } };
  const Edit missing = { .words = { "calibration: company", "merge" } };
  refuse (data_calibrate (tiny_path, 1, 0, DATA_COMPANY ("1.5", "0.6")), &far);
  refuse (data_calibrate (tiny_path, 1, 0, "\"company\": {\"same\": 0.4}, "),
      &missing);
}

static void
test_refuses_record (gconstpointer data)
{
  const Edit *edit = data;
  refuse (data_edit_record (tiny_path, edit->from, edit->to), edit);
}

static void
test_refuses_tensors (gconstpointer data)
{
  const Edit *edit = data;
  refuse (data_edit_header (tiny_path, edit->from, edit->to), edit);
}

static void
test_refuses_weights_not_finite (void)
{
  const struct {
    const char *tensor;
    gsize size; /* of a value in the file */
  } all[] = { { "conv1.weight", 2 }, { "layer3.0.conv2.weight", 2 },
    { "bn1.bias", 4 }, { "bn3.running_mean", 4 }, { "fc.weight", 2 },
    { "layer1.0.se.fc.0.bias", 4 }, { "head.weight", 2 } };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    const Edit edit = { .words = { all[i].tensor } };
    refuse (data_fill_tensor (tiny_path, all[i].tensor, 0, all[i].size, 0xff),
        &edit);
  }
}

/* Attention tensors, of another model. */
static void
test_refuses_damaged_attention (void)
{
  const struct {
    const char *tensor;
    gsize offset, size;
    guint8 byte;
  } all[] = { { "attention.0.weight", 0, 2, 0xff },
    { "attention.0.bias", 0, 4, 0xff },
    { "attention.2.running_var", 3, 1, 0xbf }, /* below 0 */
    { "attention.3.weight", 0, 2, 0xff }, { "attention.3.bias", 0, 4, 0xff },
    { "head.bias", 0, 4, 0xff } };
  g_autofree char *path = data_path ("voxceleb.safetensors");
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    const Edit edit = { .words = { all[i].tensor } };
    refuse (data_fill_tensor (path, all[i].tensor, all[i].offset, all[i].size,
                all[i].byte),
        &edit);
  }
}

/* -1: 0xbf800000; a negative variance has no root. */
static void
test_refuses_negative_variance (void)
{
  const char *all[] = { "bn1.running_var", "layer1.0.bn2.running_var",
    "bn2.running_var", "bn3.running_var" };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    const Edit edit = { .words = { all[i] } };
    refuse (data_fill_tensor (tiny_path, all[i], 3, 1, 0xbf), &edit);
  }
}

static void
test_refuses_a_row_of_zeros (void)
{
  const Edit edit = { .words = { "head.weight" } };
  refuse (data_fill_tensor (tiny_path, "head.weight", 3 * 32, 32, 0), &edit);
}

static void
test_refuses_what_is_no_file (void)
{
  g_autofree char *missing = data_temp_path ("missing");
  const char *all[] = { missing, g_get_tmp_dir () };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (sal_model_load (all[i], &error));
    data_assert_error (error, SAL_ERROR_FILE, all[i], NULL);
  }
}

static void
test_refuses_another_safetensors_file (void)
{
  g_autofree char *path = data_path ("values/mel.safetensors");
  g_autoptr (GError) error = NULL;
  g_assert_null (sal_model_load (path, &error));
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, path));
}

static void
add_edits (const char *folder, const Edit *edits, guint n, GTestDataFunc test)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *path
        = g_strdup_printf ("/model/refuses/%s/%s", folder, edits[i].path);
    g_test_add_data_func (path, &edits[i], test);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tiny_path = data_path ("tiny.safetensors");
  g_test_add_func ("/model/loads-tiny", test_loads_tiny);
  g_test_add_func ("/model/loads-every-variant", test_loads_every_variant);
  g_test_add_func ("/model/loads-shipped", test_loads_shipped);
  g_test_add_func ("/model/front-end-is-the-records",
      test_front_end_is_the_record_s);
  g_test_add_func ("/model/id-is-the-checksum", test_id_is_the_checksum);
  g_test_add_func ("/model/lives-without-its-file",
      test_lives_without_its_file);
  add_edits ("record", records, G_N_ELEMENTS (records), test_refuses_record);
  add_edits ("mismatch", mismatches, G_N_ELEMENTS (mismatches),
      test_refuses_record);
  add_edits ("tensors", tensors, G_N_ELEMENTS (tensors), test_refuses_tensors);
  g_test_add_func ("/model/refuses/background", test_refuses_background);
  g_test_add_func ("/model/refuses/company", test_refuses_company);
  g_test_add_func ("/model/refuses/weights-not-finite",
      test_refuses_weights_not_finite);
  g_test_add_func ("/model/refuses/damaged-attention",
      test_refuses_damaged_attention);
  g_test_add_func ("/model/refuses/negative-variance",
      test_refuses_negative_variance);
  g_test_add_func ("/model/refuses/class-row-of-zeros",
      test_refuses_a_row_of_zeros);
  g_test_add_func ("/model/refuses/what-is-no-file",
      test_refuses_what_is_no_file);
  g_test_add_func ("/model/refuses/another-safetensors-file",
      test_refuses_another_safetensors_file);
  int result = g_test_run ();
  data_clean ();
  g_free (tiny_path);
  return result;
}
