/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/tables.c - the tables of a family as bytes, one behind the other
 */
#include "frontend/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int fe_tables_next(const void *tables, size_t size, size_t *at,
		   struct fe_part *part, struct diag *diag)
{
	if (*at >= size)
		return 0;
	part->data = (const char *)tables + *at;
	if (fe_image_info(part->data, size - *at, &part->info)) {
		diag_error(diag, NULL, "the loaded ruleset cannot be read: it is not of this version, or damaged");
		return -EINVAL;
	}
	*at += part->info.size;
	return 1;
}

int fe_tables_find(const void *tables, size_t size, const char *name,
		   struct fe_part *part, struct diag *diag)
{
	size_t at = 0;
	int found;

	for (;;) {
		found = fe_tables_next(tables, size, &at, part, diag);
		if (found <= 0 || !strcmp(part->info.table, name))
			return found;
	}
}

/* Puts @n bytes in place of what is between @from and @to. */
static int splice(const char *tables, size_t size, size_t from, size_t to,
		  const void *bytes, size_t n, void **out, size_t *out_size)
{
	char *p = malloc(size - (to - from) + n);

	if (!p)
		return -ENOMEM;
	if (from)
		memcpy(p, tables, from);
	memcpy(p + from, bytes, n);
	if (size > to)
		memcpy(p + from + n, tables + to, size - to);
	*out = p;
	*out_size = size - (to - from) + n;
	return 0;
}

int fe_tables_put(const void *tables, size_t size, const struct ir_table *t,
		  bool counters, void **out, size_t *out_size,
		  struct diag *diag)
{
	size_t from = size, to = size, n;
	struct fe_part part;
	void *bytes = NULL;
	int err;

	err = fe_tables_find(tables, size, ir_table_name(t), &part, diag);
	if (err < 0)
		return err;
	if (err) {
		from = (size_t)((const char *)part.data - (const char *)tables);
		to = from + part.info.size;
	}
	err = fe_image_write(t, counters, &bytes, &n);
	if (!err)
		err = splice(tables, size, from, to, bytes, n, out, out_size);
	free(bytes);
	if (err)
		diag_error(diag, NULL, "out of memory");
	return err;
}
