/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/iptables.c - iptables-bpf, ip6tables-bpf: one command on the ruleset in force
 *
 * Arguments, messages and exit codes are those of iptables 1.8.11.  Options of
 * ours come before all of iptables': --attach, which also comes from the
 * environment (XTBPF_ATTACH), --verify, and --store-only
 * (XTBPF_STORE_ONLY=1).
 *
 * Like iptables it reads the whole table, changes it in memory and puts it back;
 * what only reads needs no more than that nothing be loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <xtables.h>

#include "cmd/cmd.h"
#include "cmd/session.h"
#include "frontend/blob.h"
#include "frontend/command.h"
#include "frontend/edit.h"
#include "frontend/restore.h"
#include "frontend/xt.h"

struct run {
	const char	*attach;	/* --attach; NULL: not given */
	struct fe_command command;
	struct cmd_session session;
	struct ir_table	*table;		/* ours */
	char		*dump;		/* ours: the table before, for -v -v */
	struct diag	diag;
	int		err;		/* of begin() */
};

/*
 * Takes our options off the front of the arguments: how many there were, or -1
 * with one that is not complete.
 */
static int own_options(struct run *r, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--attach=", 9)) {
			r->attach = argv[i] + 9;
		} else if (!strcmp(argv[i], "--attach")) {
			if (++i == argc)
				return -1;
			r->attach = argv[i];
		} else if (!strcmp(argv[i], "--verify")) {
			r->session.verify = true;
		} else if (!strcmp(argv[i], "--store-only")) {
			r->session.store_only = true;
		} else {
			break;
		}
	}
	argv[i - 1] = argv[0];
	return i - 1;
}

static int set_attach(struct run *r)
{
	int err = cmd_session_attach(&r->session, r->attach, &r->diag);

	if (err)
		diag_print(&r->diag, stderr, fe_xt_program());
	return err ? FE_PARAMETER_PROBLEM : 0;
}

static int parse(void *arg)
{
	struct run *r = arg;

	fe_command_parse(&r->command);
	return 0;
}

/* With -v -v the table as it was is shown, but last of all. */
static int note_before(struct run *r)
{
	FILE *out;
	size_t n;
	int err;

	out = open_memstream(&r->dump, &n);
	if (!out)
		return -ENOMEM;
	ir_table_number(r->table);
	err = fe_blob_print(out, r->table);
	return fclose(out) ? -ENOMEM : err;
}

static int edit(void *arg)
{
	struct run *r = arg;
	const struct fe_edit ed = {
		.table		= r->table,
		.command	= &r->command,
	};

	int err = 0;

	if (r->command.verbose > 1)
		err = note_before(r);
	if (err)
		return err;
	err = fe_edit_run(&ed, &r->diag);
	if (r->dump)
		fputs(r->dump, stdout);
	return err;
}

static int no_table(void *arg)
{
	struct run *r = arg;

	xtables_error(VERSION_PROBLEM,
		      "can't initialize %s table `%s': %s", fe_xt_program(),
		      r->command.table, r->err == -ENOENT ?
		      "Table does not exist (do you need to insmod?)" :
		      r->diag.msg);
	return FE_VERSION_PROBLEM;
}

static int begin(struct run *r)
{
	r->session.wait = r->command.wait;
	r->err = cmd_session_begin(&r->session, r->command.table, &r->table,
				   &r->diag);
	if (!r->err)
		return 0;
	if (r->err == -EBUSY && !r->diag.set)
		return FE_RESOURCE_PROBLEM;
	return fe_xt_run(no_table, r);
}

/* What iptables says last: the exit status. */
static int failed(const struct fe_command *c, int err)
{
	fprintf(stderr, "%s: %s.%s\n", fe_xt_program(),
		fe_edit_strerror(c, err), err == -EINVAL ?
		" Run `dmesg' for more information." : "");
	return err == -EAGAIN ? FE_RESOURCE_PROBLEM : FE_OTHER_PROBLEM;
}

/* Nothing is loaded and there is nothing to load: as if nobody had asked. */
static bool idle(const struct run *r)
{
	const struct ir_chain *c;
	uint32_t i;

	if (r->session.before.ruleset || !cmd_table_idle(r->table))
		return false;
	for (i = 0; i < ir_table_nchains(r->table); i++) {
		c = ir_table_chain(r->table, i);
		if (c->hook == IR_HOOK_NONE || c->counter.packets ||
		    c->counter.bytes)
			return false;
	}
	return true;
}

/*
 * Our reasons first.  Then, where iptables' kernel would have refused it too,
 * what iptables says of that.
 */
static int commit(struct run *r)
{
	int err = cmd_session_commit(&r->session, r->table, &r->diag);

	if (!err)
		return 0;
	diag_print(&r->diag, stderr, fe_xt_program());
	if (!r->diag.set || err == -EINVAL || err == -ELOOP ||
	    err == -ERANGE || err == -EAGAIN)
		return failed(NULL, err);
	return FE_OTHER_PROBLEM;
}

static int carry_out(struct run *r)
{
	int status = begin(r);

	if (status)
		return status;
	status = fe_xt_run(edit, r);
	/* after a dump iptables has forgotten which command it was */
	if (status < 0)
		status = failed(r->dump ? NULL : &r->command, status);
	else if (!status && fe_edit_changes(&r->command) && !idle(r))
		status = commit(r);
	cmd_session_abort(&r->session);
	return status;
}

static int run(struct run *r, int argc, char **argv)
{
	int status = set_attach(r);

	fe_command_init_args(&r->command, argc, argv);
	if (!status)
		status = fe_xt_run(parse, r);
	if (!status && !r->command.quit)
		status = carry_out(r);
	fe_command_clear(&r->command);
	return cmd_flush(fe_xt_program(), status);
}

static int start(int family, const char *prog, int argc, char **argv)
{
	struct run r = { .attach = NULL };
	int own, status, err;

	cmd_session_init(&r.session);
	r.session.family = family;
	diag_init(&r.diag);
	own = own_options(&r, argc, argv);
	if (own < 0) {
		fprintf(stderr, "%s: option '--attach' needs an argument\n", prog);
		return FE_PARAMETER_PROBLEM;
	}
	err = fe_xt_init(family, prog);
	if (err) {
		fprintf(stderr, "%s: libxtables: %s\n", prog, strerror(-err));
		return FE_OTHER_PROBLEM;
	}
	status = run(&r, argc - own, argv + own);
	ir_table_free(r.table);
	free(r.dump);
	diag_clear(&r.diag);
	return status;
}

int cmd_iptables(int argc, char **argv)
{
	return start(AF_INET, CMD_IPTABLES, argc, argv);
}

int cmd_ip6tables(int argc, char **argv)
{
	return start(AF_INET6, CMD_IP6TABLES, argc, argv);
}
