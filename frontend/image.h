/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/image.h - a table as bytes, for the kernel to keep
 *
 * Chains, policies and the original entry of each rule, in native layout: the
 * bytes are only ever read back by the same tool on the same machine.
 */
#ifndef FRONTEND_IMAGE_H
#define FRONTEND_IMAGE_H

#include <stddef.h>

#include "ir/diag.h"
#include "ir/ruleset.h"

/* *out is the caller's to free().  0 or -ENOMEM. */
int fe_image_write(const struct ir_table *t, void **out, size_t *size);

/*
 * Reads it back and decodes the rules again; counters are 0, lines unknown.
 * Bytes behind the image are allowed.  0 or -errno told
 * in @diag (-EINVAL: not an image of ours).
 */
int fe_image_read(const void *image, size_t size, struct ir_table **out,
		  struct diag *diag);

#endif
