/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/image.h - a table as bytes, for the kernel to keep
 *
 * Chains, policies and the original entry of each rule, in native layout: the
 * bytes are only ever read back by the same tool on the same machine.
 */
#ifndef FRONTEND_IMAGE_H
#define FRONTEND_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "ir/diag.h"
#include "ir/ruleset.h"

/*
 * *out is the caller's to free().  With @counters it holds those of rules and
 * policies too: nobody else keeps them.  0 or -ENOMEM.
 */
int fe_image_write(const struct ir_table *t, bool counters, void **out,
		   size_t *size);

struct fe_image_info {
	char		table[32];
	size_t		size;		/* of the image; others may follow */
	bool		counters;
};

/* What image these bytes begin with.  0, or -EINVAL: none of ours. */
int fe_image_info(const void *image, size_t size, struct fe_image_info *info);

/*
 * Reads it back and decodes the rules again; counters are 0 unless they were
 * written, lines unknown.  Bytes behind the image are allowed.  0 or -errno told
 * in @diag (-EINVAL: not an image of ours).
 */
int fe_image_read(const void *image, size_t size, struct ir_table **out,
		  struct diag *diag);

#endif
