/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frontend/blob.h - a table as the kernel's iptables holds it, for -v -v */
#ifndef FRONTEND_BLOB_H
#define FRONTEND_BLOB_H

#include <stdio.h>

#include "ir/ruleset.h"

/*
 * Every entry of @t, which must be numbered, with the offset it would have in the
 * kernel, as libiptc dumps them.  0 or -ENOMEM.
 */
int fe_blob_print(FILE *out, const struct ir_table *t);

#endif
