/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/trial.c - what check and convert do alike: a file as iptables-bpf-restore
 * reads it, every table in it looked at, nothing put in force
 */
#include "cmd/trial.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/json.h"
#include "cmd/session.h"
#include "frontend/restore.h"
#include "frontend/xt.h"

static int begin(void *ctx, const char *table, struct ir_table **out,
		 struct diag *diag)
{
	const struct cmd_trial *t = ctx;

	*out = ir_table_new(t->family, table);
	if (*out)
		return 0;
	diag_error(diag, NULL, "unable to initialize table '%s'", table);
	return -errno;
}

static void report_json(struct cmd_trial *t, const struct diag *d)
{
	struct json_object *o = json_object_new_object();

	cmd_json_string(o, "reason", d->msg);
	if (d->loc.line)
		cmd_json_number(o, "line", d->loc.line);
	if (d->text)
		cmd_json_string(o, "text", d->text);
	if (d->loc.len) {
		cmd_json_number(o, "column", d->loc.col + 1);
		cmd_json_number(o, "length", d->loc.len);
	}
	json_object_array_add(t->refused, o);
}

static void report(struct cmd_trial *t, const struct diag *d)
{
	t->problems++;
	if (t->json)
		report_json(t, d);
	else
		diag_print(d, stderr, t->file);
}

static void report_rule(struct cmd_trial *t, const struct ir_rule *r)
{
	struct diag d;

	diag_init(&d);
	diag_error(&d, r->refusal_loc.line ? &r->refusal_loc : &r->loc, "%s",
		   r->refusal);
	report(t, &d);
	diag_clear(&d);
}

static int by_line(const void *a, const void *b)
{
	const struct ir_rule *const *x = a, *const *y = b;

	return ((*x)->loc.line > (*y)->loc.line) -
	       ((*x)->loc.line < (*y)->loc.line);
}

/* Every refused rule, in file order. */
static int report_refused(struct cmd_trial *t, const struct ir_table *table)
{
	uint32_t n = 0, i, k;
	const struct ir_rule **list;
	const struct ir_chain *ch;

	list = calloc((size_t)cmd_table_nrules(table) + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (i = 0; i < ir_table_nchains(table); i++) {
		ch = ir_table_chain(table, i);
		for (k = 0; k < ch->nrules; k++)
			if (ch->rule[k]->refusal)
				list[n++] = ch->rule[k];
	}
	qsort(list, n, sizeof(*list), by_line);
	for (i = 0; i < n; i++)
		report_rule(t, list[i]);
	free(list);
	return n ? -EOPNOTSUPP : 0;
}

static int judge(const struct cmd_trial *t, const struct ir_table *table,
		 struct diag *diag)
{
	struct tr_classifier *cl = tr_translate(table, NULL, diag);
	int err;

	if (!cl)
		return -errno;
	err = t->judge(t->ctx, table, cl, diag);
	tr_classifier_free(cl);
	return err;
}

/* Always 0, so that the tables which follow are looked at as well. */
static int commit(void *ctx, struct ir_table *table, struct diag *unused)
{
	struct cmd_trial *t = ctx;
	struct diag d;
	int err;

	(void)unused;
	diag_init(&d);
	ir_table_number(table);
	if (t->see)
		t->see(t->ctx, table);
	err = report_refused(t, table);
	if (err != -EOPNOTSUPP)
		err = t->check(t->ctx, table, &d);
	if (!err && cmd_table_run(table))
		err = judge(t, table, &d);
	if (err && err != -EOPNOTSUPP)
		diag_error(&d, NULL, "%s", strerror(-err));
	if (d.set)
		report(t, &d);
	diag_clear(&d);
	return 0;
}

static void abort_table(void *ctx)
{
	(void)ctx;
}

static enum fe_exit read_rules(struct cmd_trial *t, FILE *in)
{
	static const struct fe_restore_ops ops = {
		.begin	= begin,
		.commit	= commit,
		.abort	= abort_table,
	};
	const struct fe_restore_opts opts = {
		.prog = fe_xt_program(), .refused = true,
	};

	return fe_restore(in, &opts, &ops, t);
}

/* Reads the file; what it says goes to stderr. */
static bool read_file(struct cmd_trial *t)
{
	FILE *in = cmd_open(t->file);
	bool ok;

	t->opened = in != NULL;
	ok = in && read_rules(t, in) == FE_OK;
	cmd_close(in);
	return ok;
}

int cmd_trial_run(struct cmd_trial *t, const char *file)
{
	FILE *old = stderr;
	size_t size;
	bool ok;

	t->file = file;
	t->ok = false;
	t->problems = 0;
	t->report = open_memstream(&t->text, &size);
	t->tables = json_object_new_array();
	t->refused = json_object_new_array();
	if (!t->report)
		return -ENOMEM;
	if (t->capture)
		stderr = open_memstream(&t->said, &size);
	if (!stderr)
		stderr = old;
	ok = read_file(t);
	if (stderr != old) {
		fclose(stderr);
		stderr = old;
	}
	fclose(t->report);
	t->ok = ok && !t->problems;
	return 0;
}

void cmd_trial_end(struct cmd_trial *t)
{
	free(t->text);
	free(t->said);
	json_object_put(t->tables);
	json_object_put(t->refused);
	t->text = t->said = NULL;
	t->tables = t->refused = NULL;
}

struct json_object *cmd_trial_json(const struct cmd_trial *t)
{
	struct json_object *o = json_object_new_object();

	cmd_json_string(o, "file", t->file);
	cmd_json_bool(o, "ok", t->ok);
	json_object_object_add(o, "tables", json_object_get(t->tables));
	json_object_object_add(o, "refused", json_object_get(t->refused));
	if (t->said && *t->said)
		cmd_json_string(o, "messages", t->said);
	return o;
}

static struct json_object *table_json(const struct ir_table *t,
				      const struct tr_classifier *cl)
{
	struct json_object *o = json_object_new_object();

	cmd_json_string(o, "table", ir_table_name(t));
	cmd_json_number(o, "rules", cmd_table_nrules(t));
	cmd_json_number(o, "chains", ir_table_nchains(t));
	cmd_json_bool(o, "stateful", cmd_table_stateful(t) != NULL);
	cmd_json_number(o, "depth", cl->depth);
	cmd_json_number(o, "table_bytes", cl->size);
	cmd_json_number(o, "segments", cl->stats.segments);
	cmd_json_number(o, "groups", cl->stats.groups);
	cmd_json_number(o, "nodes", cl->stats.nodes);
	cmd_json_number(o, "leaves", cl->stats.leaves);
	cmd_json_number(o, "records", cl->stats.records);
	return o;
}

struct json_object *cmd_trial_describe(struct cmd_trial *t,
				       const struct ir_table *table,
				       const struct tr_classifier *cl)
{
	struct json_object *o;

	if (t->json) {
		o = table_json(table, cl);
		json_object_array_add(t->tables, o);
		return o;
	}
	fprintf(t->report, "  %s: %u rules in %u chains%s\n",
		ir_table_name(table), cmd_table_nrules(table),
		ir_table_nchains(table),
		cmd_table_stateful(table) ? ", stateful" : "");
	fprintf(t->report,
		"    table %u bytes: %u groups, %u nodes, %u leaves, %u records\n",
		cl->size, cl->stats.groups, cl->stats.nodes, cl->stats.leaves,
		cl->stats.records);
	return NULL;
}

void cmd_trial_verified(struct cmd_trial *t, struct json_object *o,
			const struct cmd_verified *v)
{
	if (o)
		json_object_object_add(o, "verified", json_object_get(v->json));
	else
		fprintf(t->report, "    verified: %s\n%s", v->summary,
			v->idle);
}
