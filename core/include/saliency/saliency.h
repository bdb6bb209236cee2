/* SPDX-License-Identifier: GPL-2.0-or-later */
/* saliency.h: the whole of libsaliency-1.0
 *
 *   model = sal_model_load ("resnet34se.safetensors", &error);
 *   target = sal_target_load (model, "alice.speaker", &error);
 *   analyser = sal_analyser_new (model, target, NULL, &error);
 *   sal_analyser_push (analyser, samples, n_samples);
 *   while ((map = sal_analyser_pop (analyser)) != NULL) ..
 */
#pragma once

#include <saliency/analyser.h>
#include <saliency/enrol-warnings.h>
#include <saliency/gate.h>
#include <saliency/render.h>
#include <saliency/version.h>
