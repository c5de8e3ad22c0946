/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/check.c - xtbpf check: rulesets on trial, nothing is put in force
 *
 * Each file is read and translated as iptables-bpf-restore would; every rule
 * that cannot be run is shown, not just the first.  Needs no privilege and
 * touches nothing, so that thousands of files can be tried in one batch.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/program.h"
#include "cmd/cmd.h"
#include "cmd/dump.h"
#include "cmd/session.h"
#include "cmd/verify.h"
#include "frontend/restore.h"
#include "frontend/xt.h"
#include "ir/dump.h"
#include "translator/classifier.h"

enum dump { DUMP_NOTHING, DUMP_IR, DUMP_CLASSIFIER };

struct check {
	struct be_attach attach;
	enum dump	dump;
	bool		json;
	bool		verify;
	int		family;
	const char	*file;		/* being checked */
	unsigned int	problems;	/* of that file */
	FILE		*report;	/* one line per table */
	struct json_object *tables;
	struct json_object *refused;
};

static int begin(void *ctx, const char *table, struct ir_table **out,
		 struct diag *diag)
{
	const struct check *c = ctx;

	*out = ir_table_new(c->family, table);
	if (*out)
		return 0;
	diag_error(diag, NULL, "unable to initialize table '%s'", table);
	return -errno;
}

static void add_string(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

static void add_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static void report_json(struct check *c, const struct diag *d)
{
	struct json_object *o = json_object_new_object();

	add_string(o, "reason", d->msg);
	if (d->loc.line)
		add_number(o, "line", d->loc.line);
	if (d->text)
		add_string(o, "text", d->text);
	if (d->loc.len) {
		add_number(o, "column", d->loc.col + 1);
		add_number(o, "length", d->loc.len);
	}
	json_object_array_add(c->refused, o);
}

static void report(struct check *c, const struct diag *d)
{
	c->problems++;
	if (c->json)
		report_json(c, d);
	else
		diag_print(d, stderr, c->file);
}

static void report_rule(struct check *c, const struct ir_rule *r)
{
	struct diag d;

	diag_init(&d);
	diag_error(&d, r->refusal_loc.line ? &r->refusal_loc : &r->loc, "%s",
		   r->refusal);
	report(c, &d);
	diag_clear(&d);
}

static int by_line(const void *a, const void *b)
{
	const struct ir_rule *const *x = a, *const *y = b;

	return ((*x)->loc.line > (*y)->loc.line) -
	       ((*x)->loc.line < (*y)->loc.line);
}

/* Every refused rule, in file order. */
static int report_refused(struct check *c, const struct ir_table *t)
{
	uint32_t n = 0, i, k;
	const struct ir_rule **list;
	const struct ir_chain *ch;

	list = calloc((size_t)cmd_table_nrules(t) + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (i = 0; i < ir_table_nchains(t); i++) {
		ch = ir_table_chain(t, i);
		for (k = 0; k < ch->nrules; k++)
			if (ch->rule[k]->refusal)
				list[n++] = ch->rule[k];
	}
	qsort(list, n, sizeof(*list), by_line);
	for (i = 0; i < n; i++)
		report_rule(c, list[i]);
	free(list);
	return n ? -EOPNOTSUPP : 0;
}

/* Where the program shown would be. */
static enum be_hook_type hook_type(const struct check *c)
{
	return c->attach.automatic ? BE_NETFILTER : c->attach.type;
}

static void show_json(struct check *c, const struct ir_table *t,
		      const struct tr_classifier *cl, int insns,
		      struct cmd_verified *v)
{
	struct json_object *o = json_object_new_object();

	add_string(o, "table", ir_table_name(t));
	add_number(o, "rules", cmd_table_nrules(t));
	add_number(o, "chains", ir_table_nchains(t));
	json_object_object_add(o, "stateful", json_object_new_boolean(
			       cmd_table_stateful(t) != NULL));
	add_number(o, "depth", cl->depth);
	add_number(o, "table_bytes", cl->size);
	add_number(o, "segments", cl->stats.segments);
	add_number(o, "groups", cl->stats.groups);
	add_number(o, "nodes", cl->stats.nodes);
	add_number(o, "leaves", cl->stats.leaves);
	add_number(o, "records", cl->stats.records);
	add_string(o, "hook", be_hook_type_name(hook_type(c)));
	add_number(o, "instructions", insns);
	if (c->verify)
		json_object_object_add(o, "verified",
				       json_object_get(v->json));
	json_object_array_add(c->tables, o);
}

static void show(struct check *c, const struct ir_table *t,
		 const struct tr_classifier *cl, int insns,
		 struct cmd_verified *v)
{
	if (c->json) {
		show_json(c, t, cl, insns, v);
		return;
	}
	fprintf(c->report, "  %s: %u rules in %u chains%s\n",
		ir_table_name(t), cmd_table_nrules(t), ir_table_nchains(t),
		cmd_table_stateful(t) ? ", stateful" : "");
	fprintf(c->report,
		"    table %u bytes: %u groups, %u nodes, %u leaves, %u records\n",
		cl->size, cl->stats.groups, cl->stats.nodes, cl->stats.leaves,
		cl->stats.records);
	fprintf(c->report, "    program for %s: %d instructions\n",
		be_hook_type_name(hook_type(c)), insns);
	if (c->verify)
		fprintf(c->report, "    verified: %s\n%s", v->summary,
			v->idle);
}

static int present(const struct tr_classifier *cl)
{
	int hooks = 0, i;

	for (i = 0; i < IR_NHOOKS; i++)
		if (cl->hook[i].present)
			hooks |= 1 << i;
	return hooks;
}

static int translate(struct check *c, const struct ir_table *t,
		     struct diag *diag)
{
	struct tr_classifier *cl = tr_translate(t, NULL, diag);
	struct cmd_verified v = { 0 };
	int err = 0, insns;

	if (!cl)
		return -errno;
	insns = be_program_size(cl, hook_type(c), present(cl), diag);
	if (insns < 0)
		err = insns;
	if (!err && c->verify)
		err = cmd_verify(t, cl, &c->attach, true, &v, diag);
	if (!err)
		show(c, t, cl, insns, &v);
	cmd_verified_free(&v);
	if (!err && c->dump == DUMP_CLASSIFIER)
		err = cmd_classifier_dump(stdout, cl);
	tr_classifier_free(cl);
	return err;
}

/* Always 0, so that the tables which follow are checked as well. */
static int commit(void *ctx, struct ir_table *t, struct diag *unused)
{
	struct check *c = ctx;
	struct diag d;
	int err;

	(void)unused;
	diag_init(&d);
	ir_table_number(t);
	if (c->dump == DUMP_IR)
		ir_dump_table(stdout, t);
	err = report_refused(c, t);
	if (err != -EOPNOTSUPP)
		err = cmd_table_check(t, c->attach.automatic ? NULL :
				      &c->attach, &d);
	if (!err && cmd_table_run(t))
		err = translate(c, t, &d);
	if (err && err != -EOPNOTSUPP)
		diag_error(&d, NULL, "%s", strerror(-err));
	if (d.set)
		report(c, &d);
	diag_clear(&d);
	return 0;
}

static void abort_table(void *ctx)
{
	(void)ctx;
}

static enum fe_exit read_rules(struct check *c, FILE *in)
{
	static const struct fe_restore_ops ops = {
		.begin	= begin,
		.commit	= commit,
		.abort	= abort_table,
	};
	const struct fe_restore_opts opts = {
		.prog = fe_xt_program(), .refused = true,
	};

	return fe_restore(in, &opts, &ops, c);
}

/* Reads one file.  *said is what went to stderr where JSON is wanted. */
static bool run(struct check *c, char **said, size_t *len)
{
	FILE *in = strcmp(c->file, "-") ? fopen(c->file, "re") : stdin;
	FILE *old = stderr;
	bool ok;

	if (c->json)
		stderr = open_memstream(said, len);
	if (!stderr)
		stderr = old;
	if (in) {
		ok = read_rules(c, in) == FE_OK;
	} else {
		fprintf(stderr, "Can't open %s: %s\n", c->file,
			strerror(errno));
		ok = false;
	}
	if (in && in != stdin)
		fclose(in);
	if (stderr != old) {
		fclose(stderr);
		stderr = old;
	}
	return ok && !c->problems;
}

static void print_summary(const struct check *c, bool ok, const char *tables)
{
	if (c->dump != DUMP_NOTHING)
		return;
	if (ok)
		printf("%s: ok\n", c->file);
	else if (c->problems)
		printf("%s: %u refused\n", c->file, c->problems);
	else
		printf("%s: not readable as a ruleset\n", c->file);
	fputs(tables, stdout);
	fflush(stdout);
}

static bool check_file(struct check *c, struct json_object *files)
{
	struct json_object *o;
	char *tables = NULL, *said = NULL;
	size_t size, len = 0;
	bool ok;

	c->problems = 0;
	c->report = open_memstream(&tables, &size);
	c->tables = json_object_new_array();
	c->refused = json_object_new_array();
	if (!c->report) {
		perror("xtbpf check");
		exit(FE_OTHER_PROBLEM);
	}
	ok = run(c, &said, &len);
	fclose(c->report);
	if (!c->json)
		print_summary(c, ok, tables);
	o = json_object_new_object();
	add_string(o, "file", c->file);
	json_object_object_add(o, "ok", json_object_new_boolean(ok));
	json_object_object_add(o, "tables", c->tables);
	json_object_object_add(o, "refused", c->refused);
	if (len)
		add_string(o, "messages", said);
	json_object_array_add(files, o);
	free(tables);
	free(said);
	return ok;
}

static void usage(FILE *out)
{
	fputs("Usage: xtbpf check [-6] [--attach HOOK[:DEV,...]] [--dump ir|classifier] [--verify] [--json] FILE...\n"
	      "\n"
	      "Reads each FILE (- is standard input) as iptables-bpf-restore does and\n"
	      "translates it; nothing is put in force.  With --verify packets are made that\n"
	      "reach each rule, and what was made of the rules has to judge them alike.\n"
	      "Exit status 1 when any is refused.  -6: they are for ip6tables.\n",
	      out);
}

static int parse_dump(struct check *c, const char *what)
{
	if (!strcmp(what, "ir")) {
		c->dump = DUMP_IR;
	} else if (!strcmp(what, "classifier")) {
		c->dump = DUMP_CLASSIFIER;
	} else {
		fprintf(stderr, "xtbpf check: cannot dump '%s'\n", what);
		return -EINVAL;
	}
	return 0;
}

static int parse_attach(struct check *c, const char *spec)
{
	struct diag d;
	int err;

	diag_init(&d);
	err = be_attach_parse(spec, &c->attach, &d);
	diag_print(&d, stderr, "xtbpf check");
	diag_clear(&d);
	return err;
}

/* 0, 1: nothing left to do, or -EINVAL. */
static int parse_args(struct check *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "attach",	required_argument,	NULL, 'a' },
		{ "ipv6",	no_argument,		NULL, '6' },
		{ "dump",	required_argument,	NULL, 'd' },
		{ "json",	no_argument,		NULL, 'j' },
		{ "verify",	no_argument,		NULL, 'v' },
		{ "help",	no_argument,		NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int o, err = 0;

	while (!err && (o = getopt_long(argc, argv, "a:d:jv6h", options,
					NULL)) != -1) {
		if (o == 'a') {
			err = parse_attach(c, optarg);
		} else if (o == 'd') {
			err = parse_dump(c, optarg);
		} else if (o == 'j') {
			c->json = true;
		} else if (o == 'v') {
			c->verify = true;
		} else if (o == '6') {
			c->family = AF_INET6;
		} else if (o == 'h') {
			usage(stdout);
			return 1;
		} else {
			err = -EINVAL;
		}
	}
	if (!err && (optind == argc || (c->json && c->dump != DUMP_NOTHING))) {
		usage(stderr);
		err = -EINVAL;
	}
	return err;
}

int cmd_check(int argc, char **argv, bool json)
{
	struct check c = {
		.attach.automatic = true, .json = json, .family = AF_INET,
	};
	struct json_object *files;
	bool ok = true;
	int err, i;

	err = parse_args(&c, argc, argv);
	if (err)
		return err < 0 ? 2 : 0;
	i = optind;		/* libxtables uses getopt, too */
	err = fe_xt_init(c.family, c.family == AF_INET6 ?
			 CMD_RESTORE6 : CMD_RESTORE);
	if (err) {
		fprintf(stderr, "xtbpf check: libxtables: %s\n", strerror(-err));
		return 1;
	}
	files = json_object_new_array();
	for (; i < argc; i++) {
		c.file = argv[i];
		ok = check_file(&c, files) && ok;
	}
	if (c.json)
		puts(json_object_to_json_string_ext(files,
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(files);
	return ok ? 0 : 1;
}
