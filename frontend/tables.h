/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/tables.h - the tables of a family as bytes, one behind the other
 *
 * In the order in which they came into being.  One is changed without a look at
 * what the others hold.
 */
#ifndef FRONTEND_TABLES_H
#define FRONTEND_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "frontend/image.h"
#include "ir/diag.h"
#include "ir/ruleset.h"

/* One of them: @data is for fe_image_read(), borrowed. */
struct fe_part {
	struct fe_image_info info;
	const void	*data;
};

/*
 * The part at *at, which is 0 for the first and moves on.  1, 0 after the last,
 * or -EINVAL told in @diag.
 */
int fe_tables_next(const void *tables, size_t size, size_t *at,
		   struct fe_part *part, struct diag *diag);

/* The part of this name.  1, 0 where there is none, or -EINVAL told in @diag. */
int fe_tables_find(const void *tables, size_t size, const char *name,
		   struct fe_part *part, struct diag *diag);

/*
 * The same tables with @t (with @counters or not) in place of the one of its
 * name, or behind them.  @tables may be NULL.  *out is the caller's to free().
 * 0 or -errno told in @diag.
 */
int fe_tables_put(const void *tables, size_t size, const struct ir_table *t,
		  bool counters, void **out, size_t *out_size,
		  struct diag *diag);

#endif
