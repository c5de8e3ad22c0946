/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/table.c - the front end, driven without a kernel behind it */
#include "tests/diff/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "frontend/image.h"
#include "frontend/restore.h"
#include "frontend/save.h"
#include "frontend/xt.h"

struct reading {
	int	family;
	void	*image;		/* of the filter table */
	size_t	size;
};

static int begin(void *ctx, const char *table, struct ir_table **out,
		 struct diag *diag)
{
	const struct reading *r = ctx;

	(void)diag;
	*out = ir_table_new(r->family, table);
	return *out ? 0 : -errno;
}

static int commit(void *ctx, struct ir_table *t, struct diag *diag)
{
	struct reading *r = ctx;
	const struct ir_rule *bad = ir_table_refused(t, NULL);

	if (strcmp(ir_table_name(t), "filter"))
		return 0;
	if (bad) {
		diag_error(diag, &bad->refusal_loc, "%s", bad->refusal);
		return -EOPNOTSUPP;
	}
	free(r->image);
	r->image = NULL;
	return fe_image_write(t, false, &r->image, &r->size);
}

static void give_up(void *ctx)
{
	(void)ctx;
}

int table_init(int family)
{
	return fe_xt_init(family, "oracle") ? -1 : 0;
}

static int ready(struct ir_table *t, struct diag *diag)
{
	uint32_t depth;

	ir_table_number(t);
	return ir_table_check(t, &depth, diag);
}

struct ir_table *table_read(const char *text, int family)
{
	static const struct fe_restore_ops ops = { begin, commit, give_up };
	static const struct fe_restore_opts opts = { .prog = "oracle" };
	struct reading r = { .family = family };
	struct ir_table *t = NULL;
	struct diag diag;
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int err;

	diag_init(&diag);
	if (!in || fe_restore(in, &opts, &ops, &r) != FE_OK || !r.image) {
		fprintf(stderr, "our front end does not read this ruleset\n");
		goto out;
	}
	err = fe_image_read(r.image, r.size, &t, &diag);
	if (!err)
		err = ready(t, &diag);
	if (err) {
		diag_print(&diag, stderr, "oracle");
		ir_table_free(t);
		t = NULL;
	}
out:
	if (in)
		fclose(in);
	free(r.image);
	diag_clear(&diag);
	return t;
}

char *table_save(const struct ir_table *t)
{
	char *text = NULL;
	size_t size;
	FILE *out = tmpfile();
	long n;

	if (!out)
		return NULL;
	if (!fe_save_table(out, t, false) && (n = ftell(out)) >= 0) {
		size = n;
		text = calloc(1, size + 1);
		rewind(out);
		if (text && fread(text, 1, size, out) != size) {
			free(text);
			text = NULL;
		}
	}
	fclose(out);
	return text;
}

char *table_file(const char *path)
{
	FILE *in = fopen(path, "r"), *out;
	char *text = NULL, buf[4096];
	size_t n, size;

	if (!in) {
		perror(path);
		return NULL;
	}
	out = open_memstream(&text, &size);
	while (out && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	if (out)
		fclose(out);
	fclose(in);
	return text;
}

uint32_t table_ncounters(const struct ir_table *t)
{
	const struct ir_chain *c;
	uint32_t i, n = 0;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		n += c->nrules + (c->hook != IR_HOOK_NONE);
	}
	return n;
}

bool table_stateful(const struct ir_table *t)
{
	const struct ir_chain *c;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++)
			if (ir_rule_tests(c->rule[k], IR_CTSTATE))
				return true;
	}
	return false;
}

void table_print_place(FILE *out, const struct ir_table *t, uint32_t index)
{
	const struct ir_chain *c;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++) {
			if (c->rule[k]->index != index)
				continue;
			fprintf(out, "%s rule %u: ", c->name, k + 1);
			fflush(out);
			fe_save_rule(out, c, c->rule[k]);
			return;
		}
		if (c->hook != IR_HOOK_NONE && c->index == index) {
			fprintf(out, "%s policy", c->name);
			return;
		}
	}
	fprintf(out, "counter %u", index);
}
