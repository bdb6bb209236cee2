/* SPDX-License-Identifier: GPL-2.0-or-later */
/* models.h: the models that the process has in memory, each file's once
 *
 * A file is known by its real path and what stat() says: device, inode, size, and the times of modification and
 * status, to the nanosecond as far as the file system keeps them.  The table refers to models weakly.
 */
#pragma once

#include "model.h"

/**
 * sal_models_load:
 *
 * What sal_model_load() does: a reference on the model that somebody has loaded from that file, or is loading, or
 * else one read here.  When somebody's attempt fails, those who wait for it make their own.
 * Any thread; files are read without a lock.
 *
 * Returns: (transfer full) (nullable): a model, or %NULL and the error of sal_model_read()
 */
SalModel *sal_models_load (const char *path, GError **error);

/**
 * sal_models_forget:
 * @model: without references; still in memory until this has returned
 *
 * Nobody finds it any more.  Any thread.
 */
void sal_models_forget (const SalModel *model);
