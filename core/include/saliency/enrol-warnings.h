/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enrol-warnings.h: enrolment quality: what to improve before a voice is used
 *
 * Rules of thumb about net speech, level, signal-to-noise ratio, clipping, agreement of the
 * pieces, a second voice and expected errors, as sentences for the user.
 */
#pragma once

#include <saliency/enrol.h>

G_BEGIN_DECLS

/**
 * sal_enrol_list_warnings:
 * @self: after sal_enrol_finish()
 * @speaker: the speaker it returned
 * @advice: the advice it gave
 * @names: (nullable) (array zero-terminated=1): what each recording is called; %NULL: "recording 1"
 * and so on
 *
 * Returns: (transfer full) (array zero-terminated=1): warnings, the gravest first; to be freed with
 * g_strfreev()
 *
 * Since: 0.2
 */
SAL_API char **sal_enrol_list_warnings (const SalEnrol *self, const SalSpeaker *speaker,
    const SalEnrolAdvice *advice, char *const *names);

G_END_DECLS
