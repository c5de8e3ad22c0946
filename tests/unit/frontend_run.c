/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend_run.c - fe_restore() on a string, everything it says kept
 *
 * Extensions print with printf(): stdout and stderr themselves are exchanged.
 */
#include "tests/unit/frontend_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "frontend/image.h"
#include "frontend/save.h"
#include "frontend/xt.h"
#include "ir/dump.h"

/* What libxtables holds when an error leads out of it is not ours to free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libxtables.so\nleak:/xtables/lib\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

/* The table in force: what @before says, its counters numbered. */
static int begin(void *ctx, const char *table, struct ir_table **out,
		 struct diag *diag)
{
	struct run *r = ctx;

	if (r->kept) {
		r->begun++;
		*out = r->kept;
		r->kept = NULL;
		return 0;
	}
	*out = ir_table_new(r->family ? r->family : AF_INET, table);
	if (!*out) {
		diag_error(diag, NULL, "table '%s' is not known", table);
		return -errno;
	}
	r->begun++;
	return 0;
}

static void print(char **text, struct ir_table *t,
		  void (*how)(FILE *, struct ir_table *))
{
	size_t len;
	FILE *f;

	free(*text);
	f = open_memstream(text, &len);
	how(f, t);
	fclose(f);
}

static void save(FILE *f, struct ir_table *t)
{
	ck_assert_int_eq(fe_save_table(f, t, true), 0);
}

static void dump(FILE *f, struct ir_table *t)
{
	ir_dump_table(f, t);
}

/* Also sends each table through an image: it must come back the same. */
static void check_image(const char *saved, const char *ir, struct ir_table *t)
{
	char *saved2 = NULL, *ir2 = NULL;
	struct ir_table *u = NULL;
	void *image = NULL;
	uint32_t i, j;
	size_t size;

	ck_assert_int_eq(fe_image_write(t, false, &image, &size), 0);
	ck_assert_int_eq(fe_image_read(image, size, &u, NULL), 0);
	free(image);
	for (i = 0; i < ir_table_nchains(t); i++) {
		ir_table_chain(u, i)->counter = ir_table_chain(t, i)->counter;
		for (j = 0; j < ir_table_chain(t, i)->nrules; j++)
			ir_table_chain(u, i)->rule[j]->counter =
				ir_table_chain(t, i)->rule[j]->counter;
	}
	print(&saved2, u, save);
	print(&ir2, u, dump);
	ck_assert_str_eq(saved, saved2);
	ck_assert_str_eq(ir, ir2);
	free(saved2);
	free(ir2);
	ir_table_free(u);
}

static int commit(void *ctx, struct ir_table *t, struct diag *diag)
{
	struct run *r = ctx;

	r->commits++;
	print(&r->saved, t, save);
	print(&r->ir, t, dump);
	check_image(r->saved, r->ir, t);
	if (r->look)
		r->look(r, t);
	if (r->commit_err)
		diag_error(diag, NULL, "the kernel is away");
	return r->commit_err;
}

static void abort_table(void *ctx)
{
	struct run *r = ctx;

	r->aborts++;
}

static const struct fe_restore_ops ops = {
	.begin	= begin,
	.commit	= commit,
	.abort	= abort_table,
};

static enum fe_exit restore(const struct fe_restore_opts *opts,
			    const struct fe_restore_ops *o, const char *text,
			    void *ctx)
{
	FILE *in = tmpfile();
	enum fe_exit rc;

	ck_assert_ptr_nonnull(in);
	fputs(text, in);
	rewind(in);
	rc = fe_restore(in, opts, o, ctx);
	fclose(in);
	return rc;
}

/* Numbers what is in force, as the kernel's table would be. */
static int keep(void *ctx, struct ir_table *t, struct diag *diag)
{
	struct run *r = ctx;
	struct ir_table *copy;
	struct ir_chain *c;
	uint32_t i, j;
	void *image;
	size_t size;

	ck_assert_int_eq(fe_image_write(t, false, &image, &size), 0);
	ck_assert_int_eq(fe_image_read(image, size, &copy, diag), 0);
	free(image);
	ir_table_number(copy);
	for (i = 0; i < ir_table_nchains(copy); i++) {
		c = ir_table_chain(copy, i);
		c->counter = ir_table_chain(t, i)->counter;
		c->old_index = c->index;
		for (j = 0; j < c->nrules; j++) {
			c->rule[j]->counter =
				ir_table_chain(t, i)->rule[j]->counter;
			c->rule[j]->old_index = c->rule[j]->index;
		}
	}
	r->kept = copy;
	return 0;
}

static void read_before(struct run *r)
{
	static const struct fe_restore_ops keeping = {
		.begin	= begin,
		.commit	= keep,
		.abort	= abort_table,
	};
	const struct fe_restore_opts opts = { .prog = PROG, .counters = true };

	ck_assert_int_eq(restore(&opts, &keeping, r->before, r), FE_OK);
	r->begun = 0;
}

void run(struct run *r, const char *in)
{
	FILE *out = stdout, *err = stderr;
	size_t n, m;

	ck_assert_int_eq(fe_xt_init(r->family ? r->family : AF_INET, PROG), 0);
	if (!r->opts.prog)
		r->opts.prog = PROG;
	if (r->before)
		read_before(r);
	r->saved = strdup("");
	r->ir = strdup("");
	stdout = open_memstream(&r->out, &n);
	stderr = open_memstream(&r->err, &m);
	r->rc = restore(&r->opts, &ops, in, r);
	fclose(stdout);
	fclose(stderr);
	stdout = out;
	stderr = err;
}

void run_free(struct run *r)
{
	free(r->out);
	free(r->err);
	free(r->saved);
	free(r->ir);
	ir_table_free(r->kept);
}

static void check_text(const char *rule, const char *got, const char *want)
{
	char line[2048];

	snprintf(line, sizeof(line), "[0:0] %s\nCOMMIT\n", want);
	ck_assert_msg(strstr(got, line), "%s\nis saved as\n%s\nnot as\n%s",
		      rule, got, want);
}

static void check_rule_of(int family, const char *rule, const char *saved,
			  const char *ir)
{
	struct run r = { .opts.refused = true, .family = family };
	char in[2048], line[2048];

	snprintf(in, sizeof(in), "*filter\n:c - [0:0]\n%s\nCOMMIT\n", rule);
	run(&r, in);
	ck_assert_msg(r.rc == FE_OK, "%s\nfails: %s", rule, r.err);
	if (!saved || *saved)
		check_text(rule, r.saved, saved ? saved : rule);
	if (ir) {
		snprintf(line, sizeof(line), "  1: %s\n", ir);
		ck_assert_msg(strstr(r.ir, line), "%s\nmeans\n%s\nnot\n%s",
			      rule, r.ir, line);
	}
	run_free(&r);
}

void check_rule(const char *rule, const char *saved, const char *ir)
{
	check_rule_of(AF_INET, rule, saved, ir);
}

void check_rule6(const char *rule, const char *saved, const char *ir)
{
	check_rule_of(AF_INET6, rule, saved, ir);
}
