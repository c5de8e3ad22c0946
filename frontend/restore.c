/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/restore.c - the iptables-save format, line by line
 *
 * The first byte of a line says what it is: '*' begins a table, ':' names a
 * chain, "COMMIT" ends the table, and every other line in between is a command
 * as iptables has them.  Nothing reaches the caller before COMMIT, and an error
 * ends the reading there and then.
 *
 * What iptables says is said in its words.  Where it has none but "line N
 * failed" the reason is printed first.
 */
#include "frontend/restore.h"

#include <errno.h>
#include <string.h>
#include <xtables.h>

#include "frontend/check.h"
#include "frontend/command.h"
#include "frontend/decode.h"
#include "frontend/edit.h"
#include "frontend/token.h"
#include "frontend/xt.h"

#define BLANKS	" \t\n"

struct restore {
	const struct fe_restore_opts *opts;
	const struct fe_restore_ops *ops;
	void			*ctx;

	struct ir_table		*table;		/* NULL: not in a table */
	char			name[XT_TABLE_MAXNAMELEN + 1];
	uint32_t		line;
	bool			quit;		/* -h or -V in a line */
	struct diag		diag;
	struct ir_loc		policy_loc[IR_NHOOKS];

	char			raw[FE_LINE_SIZE];	/* without newline */
	char			buf[FE_LINE_SIZE];	/* to be cut up */
	struct fe_tokens	tokens;
	struct fe_command	command;
};

/* The whole line, or nothing of it that could be underlined. */
static struct ir_loc whole_line(const struct restore *r)
{
	return (struct ir_loc){ .text = r->raw, .line = r->line };
}

/* The word at @p in the buffer. */
static struct ir_loc word(const struct restore *r, const char *p)
{
	struct ir_loc loc = whole_line(r);

	loc.col = p - r->buf;
	loc.len = strlen(p);
	return loc;
}

/* Prints why, then what iptables says. */
static int line_failed(struct restore *r)
{
	diag_print(&r->diag, stderr, r->opts->prog);
	fprintf(stderr, "%s: line %u failed\n", r->opts->prog, r->line);
	return FE_OTHER_PROBLEM;
}

static int refused(struct restore *r)
{
	diag_print(&r->diag, stderr, r->opts->prog);
	return FE_OTHER_PROBLEM;
}

static void end_table(struct restore *r, bool aborted)
{
	if (!r->table)
		return;
	if (aborted && r->ops->abort)
		r->ops->abort(r->ctx);
	ir_table_free(r->table);
	r->table = NULL;
}

/* -T names another table: its lines are not looked at. */
static bool skipped(const struct restore *r)
{
	return r->opts->table && strcmp(r->opts->table, r->name);
}

static void clear_table(struct restore *r)
{
	fe_edit_flush(r->table, NULL, r->opts->verbose);
	fe_edit_delete_chain(r->table, NULL, r->opts->verbose);
}

static int begin_failed(struct restore *r, const char *name, int err)
{
	if (err == -EBUSY) {
		diag_print(&r->diag, stderr, r->opts->prog);
		return FE_RESOURCE_PROBLEM;
	}
	if (err != -ENOENT)
		diag_print(&r->diag, stderr, r->opts->prog);
	xtables_error(PARAMETER_PROBLEM, "%s: unable to initialize table '%s'",
		      r->opts->prog, name);
}

static int begin_table(struct restore *r)
{
	char *save, *name = strtok_r(r->buf + 1, BLANKS, &save);
	int err;

	if (!name)
		xtables_error(PARAMETER_PROBLEM,
			      "%s: line %u table name invalid", r->opts->prog,
			      r->line);
	strncpy(r->name, name, XT_TABLE_MAXNAMELEN);
	if (r->opts->table && strcmp(r->opts->table, name))
		return 0;
	err = r->ops->begin(r->ctx, name, &r->table, &r->diag);
	if (err) {
		r->table = NULL;
		return begin_failed(r, name, err);
	}
	memset(r->policy_loc, 0, sizeof(r->policy_loc));
	if (!r->opts->noflush)
		clear_table(r);
	return 0;
}

/* Creates a user chain, or empties the one that is kept with -n. */
static void declare_chain(struct restore *r, const char *name)
{
	const struct ir_chain *chain = ir_table_find(r->table, name);
	int err;

	if (chain && chain->hook != IR_HOOK_NONE)
		return;
	if (chain && r->opts->noflush) {
		fe_edit_flush(r->table, name, false);
		return;
	}
	err = fe_edit_new_chain(r->table, name);
	if (err)
		xtables_error(PARAMETER_PROBLEM,
			      "error creating chain '%s':%s", name,
			      strerror(-err));
}

static void set_policy(struct restore *r, const char *name, const char *policy,
		       const char *counters)
{
	unsigned long long packets = 0, bytes = 0;
	struct ir_counter counter = { 0, 0 };
	bool known = counters && sscanf(counters, "[%llu:%llu]", &packets,
					&bytes) == 2;
	int err;

	if (!known && (counters || r->opts->counters))
		xtables_error(PARAMETER_PROBLEM,
			      "invalid policy counters for chain '%s'", name);
	if (r->opts->counters) {
		counter.packets = packets;
		counter.bytes = bytes;
	}
	err = fe_edit_policy(r->table, name, policy, &counter);
	if (err)
		xtables_error(OTHER_PROBLEM,
			      "Can't set policy `%s' on `%s' line %u: %s",
			      policy, name, r->line,
			      err == -ENOENT ? "Bad built-in chain name" :
					       "Bad policy name");
}

/* Where the policy was set, should the table be refused for it. */
static int note_policy(struct restore *r, const char *chain, const char *policy)
{
	enum ir_hook hook = ir_table_find(r->table, chain)->hook;
	struct ir_loc loc = word(r, policy);

	loc.text = ir_table_strdup(r->table, r->raw);
	if (!loc.text) {
		diag_error(&r->diag, NULL, "out of memory");
		return line_failed(r);
	}
	r->policy_loc[hook] = loc;
	return 0;
}

static int chain_line(struct restore *r)
{
	char *save, *chain, *policy;

	chain = strtok_r(r->buf + 1, BLANKS, &save);
	if (!chain)
		xtables_error(PARAMETER_PROBLEM,
			      "%s: line %u chain name invalid", r->opts->prog,
			      r->line);
	if (strlen(chain) >= XT_EXTENSION_MAXNAMELEN)
		xtables_error(PARAMETER_PROBLEM,
			      "Invalid chain name `%s' (%u chars max)", chain,
			      XT_EXTENSION_MAXNAMELEN - 1);
	declare_chain(r, chain);
	policy = strtok_r(NULL, BLANKS, &save);
	if (!policy)
		xtables_error(PARAMETER_PROBLEM, "%s: line %u policy invalid",
			      r->opts->prog, r->line);
	xtables_announce_chain(chain);
	if (!strcmp(policy, "-"))
		return 0;
	set_policy(r, chain, policy, strtok_r(NULL, BLANKS, &save));
	return note_policy(r, chain, policy);
}

/*
 * "[P:B] " before a command, cut with strtok() as iptables does it: odd input
 * must fail (or pass) alike.  Returns where the command begins.
 */
static size_t cut_counters(struct restore *r, const char **packets,
			   const char **bytes)
{
	char *save, *end;

	*packets = NULL;
	*bytes = NULL;
	if (r->buf[0] != '[')
		return 0;
	end = strchr(r->buf, ']');
	if (!end)
		xtables_error(PARAMETER_PROBLEM, "Bad line %u: need ]",
			      r->line);
	*packets = strtok_r(r->buf + 1, ":", &save);
	if (!*packets)
		xtables_error(PARAMETER_PROBLEM, "Bad line %u: need :",
			      r->line);
	*bytes = strtok_r(NULL, "]", &save);
	if (!*bytes)
		xtables_error(PARAMETER_PROBLEM, "Bad line %u: need ]",
			      r->line);
	return end + 1 - r->buf;
}

static void tokenize(struct restore *r)
{
	struct fe_tokens *t = &r->tokens;
	const char *packets, *bytes;
	size_t start;
	int i;

	fe_tokens_clear(t);
	fe_tokens_add(t, r->opts->prog);
	fe_tokens_add(t, "-t");
	fe_tokens_add(t, r->name);
	for (i = 0; !r->opts->noflush && i < r->opts->verbose; i++)
		fe_tokens_add(t, "-v");
	start = cut_counters(r, &packets, &bytes);
	if (r->opts->counters && packets) {
		fe_tokens_add(t, "--set-counters");
		fe_tokens_add(t, packets);
		fe_tokens_add(t, bytes);
	}
	fe_tokens_split(t, r->buf, start);
}

/* A policy set by -P has its place in the line, too. */
static int after_command(struct restore *r)
{
	struct fe_command *c = &r->command;
	struct ir_loc loc = whole_line(r);
	const struct ir_chain *chain;

	if (c->command != FE_CMD_SET_POLICY)
		return 0;
	chain = ir_table_find(r->table, c->chain);
	fe_tokens_place(&r->tokens, c->at_word, &loc);
	loc.text = ir_table_strdup(r->table, r->raw);
	if (!loc.text) {
		diag_error(&r->diag, NULL, "out of memory");
		return line_failed(r);
	}
	r->policy_loc[chain->hook] = loc;
	return 0;
}

static int command_line(struct restore *r)
{
	const struct fe_edit edit = {
		.table		= r->table,
		.command	= &r->command,
		.text		= r->raw,
		.line		= r->line,
	};

	tokenize(r);
	fe_command_parse(&r->command);
	if (r->command.quit)
		r->quit = true;
	if (r->command.quit || r->command.ignore)
		return 0;
	if (fe_edit_run(&edit, &r->diag))
		return line_failed(r);
	return after_command(r);
}

static bool compiled(const struct ir_table *t)
{
	return !strcmp(ir_table_name(t), "filter");
}

/* A table that is not compiled must have no policy either but ACCEPT. */
static void check_policies(struct restore *r)
{
	const struct ir_chain *c;
	uint32_t i;

	for (i = 0; i < ir_table_nchains(r->table); i++) {
		c = ir_table_chain(r->table, i);
		if (c->hook == IR_HOOK_NONE || c->policy == IR_ACCEPT)
			continue;
		diag_error(&r->diag, &r->policy_loc[c->hook], FE_TABLE_REFUSED,
			   ir_table_name(r->table));
		return;
	}
}

/* Sets r->diag when a rule or policy cannot be compiled. */
static void check_refused(struct restore *r)
{
	const struct ir_rule *rule = ir_table_refused(r->table, NULL);

	if (!compiled(r->table))
		check_policies(r);
	if (rule && !r->diag.set)
		diag_error(&r->diag, rule->refusal_loc.line ?
			   &rule->refusal_loc : &rule->loc, "%s",
			   rule->refusal);
}

/*
 * What the kernel would check.  0 or -errno told in r->diag.  A commit() that
 * looks at tables itself sees loops, too.
 */
static int check_table(struct restore *r)
{
	uint32_t depth;
	int err;

	ir_table_number(r->table);
	err = fe_check_table(r->table, &r->diag);
	if (err || r->opts->refused)
		return err;
	return ir_table_check(r->table, &depth, &r->diag);
}

static int commit(struct restore *r)
{
	int err;

	if (!r->opts->test && check_table(r))
		return line_failed(r);
	if (!r->opts->refused) {
		check_refused(r);
		if (r->diag.set)
			return refused(r);
	}
	if (r->opts->test) {
		end_table(r, true);
		return 0;
	}
	err = r->ops->commit(r->ctx, r->table, &r->diag);
	end_table(r, false);
	if (err == -EOPNOTSUPP)
		return refused(r);
	return err ? line_failed(r) : 0;
}

/* One line; runs inside fe_xt_run(). */
static int do_line(void *arg)
{
	struct restore *r = arg;
	struct ir_loc loc;

	if (r->buf[0] == '\n')
		return 0;
	if (r->buf[0] == '#') {
		if (r->opts->verbose)
			fputs(r->buf, stdout);
		return 0;
	}
	if (r->table && !strcmp(r->buf, "COMMIT\n"))
		return commit(r);
	if (!r->table && r->buf[0] == '*')
		return begin_table(r);
	if (r->table && r->buf[0] == ':')
		return chain_line(r);
	if (r->table)
		return command_line(r);
	if (skipped(r))
		return 0;
	loc = whole_line(r);
	diag_error(&r->diag, &loc, "no table has been named with '*' before");
	return line_failed(r);
}

static int read_line(struct restore *r)
{
	int status;

	r->line++;
	strcpy(r->raw, r->buf);
	r->raw[strcspn(r->raw, "\n")] = '\0';
	fe_xt_set_line(r->line);
	fe_command_init(&r->command, &r->tokens);
	status = fe_xt_run(do_line, r);
	fe_command_clear(&r->command);
	diag_clear(&r->diag);
	fflush(stdout);
	return status;
}

static int at_end(struct restore *r)
{
	if (!r->table)
		return FE_OK;
	fprintf(stderr, "%s: COMMIT expected at line %u\n", r->opts->prog,
		r->line + 1);
	return FE_OTHER_PROBLEM;
}

enum fe_exit fe_restore(FILE *in, const struct fe_restore_opts *opts,
			const struct fe_restore_ops *ops, void *ctx)
{
	struct restore r = { .opts = opts, .ops = ops, .ctx = ctx };
	int status = FE_OK;

	fe_xt_set_program(opts->prog);
	diag_init(&r.diag);
	while (!status && !r.quit && fgets(r.buf, sizeof(r.buf), in))
		status = read_line(&r);
	if (!status && !r.quit)
		status = at_end(&r);
	end_table(&r, true);
	fe_xt_set_line(-1);
	return status;
}
