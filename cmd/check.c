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
#include "cmd/json.h"
#include "cmd/session.h"
#include "cmd/trial.h"
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
	struct cmd_trial trial;		/* of the file at hand */
};

/* Where the program shown would be. */
static enum be_hook_type hook_type(const struct check *c)
{
	return c->attach.automatic ? BE_NETFILTER : c->attach.type;
}

static void show(struct check *c, const struct ir_table *t,
		 const struct tr_classifier *cl, int insns,
		 const struct cmd_verified *v)
{
	struct json_object *o = cmd_trial_describe(&c->trial, t, cl);

	if (o) {
		cmd_json_string(o, "hook", be_hook_type_name(hook_type(c)));
		cmd_json_number(o, "instructions", (uint64_t)insns);
	} else {
		fprintf(c->trial.report,
			"    program for %s: %d instructions\n",
			be_hook_type_name(hook_type(c)), insns);
	}
	if (c->verify)
		cmd_trial_verified(&c->trial, o, v);
}

static int present(const struct tr_classifier *cl)
{
	int hooks = 0, i;

	for (i = 0; i < IR_NHOOKS; i++)
		if (cl->hook[i].present)
			hooks |= 1 << i;
	return hooks;
}

static void dump_ir(void *ctx, const struct ir_table *t)
{
	(void)ctx;
	ir_dump_table(stdout, t);
}

static int check_table(void *ctx, struct ir_table *t, struct diag *diag)
{
	const struct check *c = ctx;

	return cmd_table_check(t, c->attach.automatic ? NULL : &c->attach,
			       diag);
}

static int judge(void *ctx, const struct ir_table *t,
		 const struct tr_classifier *cl, struct diag *diag)
{
	struct cmd_verified v = { 0 };
	struct check *c = ctx;
	int err = 0, insns;

	insns = be_program_size(cl, hook_type(c), present(cl), diag);
	if (insns < 0)
		err = insns;
	if (!err && c->verify)
		err = cmd_verify(t, cl, &c->attach, true, false, &v, diag);
	if (!err)
		show(c, t, cl, insns, &v);
	cmd_verified_free(&v);
	if (!err && c->dump == DUMP_CLASSIFIER)
		err = cmd_classifier_dump(stdout, cl);
	return err;
}

static void print_summary(const struct check *c)
{
	const struct cmd_trial *t = &c->trial;

	if (c->dump != DUMP_NOTHING)
		return;
	if (t->ok)
		printf("%s: ok\n", t->file);
	else if (t->problems)
		printf("%s: %u refused\n", t->file, t->problems);
	else
		printf("%s: not readable as a ruleset\n", t->file);
	fputs(t->text, stdout);
	fflush(stdout);
}

static bool check_file(struct check *c, const char *file,
		       struct json_object *files)
{
	struct cmd_trial *t = &c->trial;

	*t = (struct cmd_trial){
		.family = c->family, .json = c->json, .capture = c->json,
		.see = c->dump == DUMP_IR ? dump_ir : NULL,
		.check = check_table, .judge = judge, .ctx = c,
	};
	if (cmd_trial_run(t, file)) {
		perror("xtbpf check");
		exit(FE_OTHER_PROBLEM);
	}
	if (c->json)
		json_object_array_add(files, cmd_trial_json(t));
	else
		print_summary(c);
	cmd_trial_end(t);
	return t->ok;
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
		ok = check_file(&c, argv[i], files) && ok;
	}
	if (c.json)
		puts(json_object_to_json_string_ext(files,
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(files);
	return ok ? 0 : 1;
}
