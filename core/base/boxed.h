/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boxed.h: GObject types for structures and handles, for language bindings */
#pragma once

#include <glib-object.h>

/* NAME_get_type() of a structure that is copied byte by byte. */
#define SAL_DEFINE_PLAIN_TYPE(Type, name)                                                          \
  static Type *name##_copy (const Type *self) { return g_memdup2 (self, sizeof *self); }           \
  G_DEFINE_BOXED_TYPE (Type, name, name##_copy, g_free)

/* NAME_get_type() of a handle made by g_atomic_rc_box_new(), with a NAME_free() that drops one
 * reference.  A copy that a binding makes is the same object with one more reference. */
#define SAL_DEFINE_HANDLE_TYPE(Type, name)                                                         \
  static Type *name##_share (Type *self) { return g_atomic_rc_box_acquire (self); }                \
  G_DEFINE_BOXED_TYPE (Type, name, name##_share, name##_free)
