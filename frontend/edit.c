/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/edit.c - commands carried out on a table
 *
 * This is the part of libiptc: the table is changed in memory, and errors are
 * mere codes, of which iptables-restore says "line N failed".  We say which
 * word of the line is to blame before that.
 */
#include "frontend/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "frontend/decode.h"
#include "frontend/entry.h"
#include "frontend/list.h"
#include "frontend/print.h"
#include "frontend/save.h"

/* A place in the line: that of argument @i. */
static struct ir_loc place(const struct fe_edit *ed, int i)
{
	struct ir_loc loc = { .text = ed->text, .line = ed->line };

	if (i > 0)
		fe_tokens_place(ed->command->tokens, i, &loc);
	return loc;
}

static int fail(const struct fe_edit *ed, struct diag *diag, int arg, int err,
		const char *fmt, const char *subject)
{
	struct ir_loc loc = place(ed, arg);

	diag_error(diag, &loc, fmt, subject);
	return err;
}

static int no_chain(const struct fe_edit *ed, struct diag *diag)
{
	return fail(ed, diag, ed->command->at_chain, -ENOENT,
		    "no chain '%s'", ed->command->chain);
}

/* -ENOMEM, or what a chain operation returned. */
static int no_memory(struct diag *diag)
{
	diag_error(diag, NULL, "out of memory");
	return -ENOMEM;
}

/*
 * A name after -j is the chain of that name if there is one, else an extension.
 * After this c->target has its data.
 */
static void settle_target(const struct fe_edit *ed)
{
	struct fe_command *c = ed->command;
	bool chain = ir_table_find(ed->table, c->jumpto) != NULL;
	struct xtables_target *t;
	size_t size;

	if (c->target && chain) {
		fprintf(stderr, "Warning: using chain %s, not extension\n",
			c->jumpto);
		fe_command_drop_target(c);
	}
	if (c->target)
		return;
	if (*c->jumpto && !chain && c->ip.go)
		xtables_error(PARAMETER_PROBLEM, "goto '%s' is not a chain",
			      c->jumpto);
	if (*c->jumpto && !chain) {
		xtables_find_target(c->jumpto, XTF_LOAD_MUST_SUCCEED);
		xtables_error(PARAMETER_PROBLEM,
			      "Couldn't load target `%s':%s\n", c->jumpto,
			      strerror(ENOENT));
	}
	t = xtables_find_target(XT_STANDARD_TARGET, XTF_LOAD_MUST_SUCCEED);
	c->target = t;
	size = XT_ALIGN(sizeof(struct xt_entry_target)) + t->size;
	t->t = xtables_calloc(1, size);
	t->t->u.target_size = size;
	strncpy(t->t->u.user.name, c->jumpto, sizeof(t->t->u.user.name) - 1);
	if (!chain)
		t->t->u.user.revision = t->revision;
	if (t->init)
		t->init(t->t);
}

/* What all rules of one command share. */
struct maker {
	const struct fe_edit *ed;
	void		*entry;		/* ours to free() */
	struct ir_chain	*to;
	bool		builtin;	/* which is not allowed */
	struct ir_loc	loc;		/* its text belongs to the table */
	struct ir_loc	target;
	struct ir_loc	*match;		/* belongs to the table */
};

static int make_places(struct maker *m)
{
	const struct fe_edit *ed = m->ed;
	const struct fe_command *c = ed->command;
	unsigned int i;

	m->loc.line = ed->line;
	if (ed->text) {
		m->loc.text = ir_table_strdup(ed->table, ed->text);
		if (!m->loc.text)
			return -ENOMEM;
		m->loc.len = strlen(ed->text);
	}
	m->target = m->loc;
	fe_tokens_place(c->tokens, c->at_target, &m->target);
	if (!c->nmatches)
		return 0;
	m->match = calloc(c->nmatches, sizeof(*m->match));
	if (!m->match)
		return -ENOMEM;
	for (i = 0; i < c->nmatches; i++) {
		m->match[i] = m->loc;
		fe_tokens_place(c->tokens, c->at_match[i], &m->match[i]);
	}
	return 0;
}

static void end_maker(struct maker *m)
{
	free(m->entry);
	free(m->match);
}

static int start_maker(struct maker *m, const struct fe_edit *ed,
		       struct diag *diag)
{
	const struct fe_command *c = ed->command;
	int err;

	*m = (struct maker){ .ed = ed };
	m->to = *c->jumpto ? ir_table_find(ed->table, c->jumpto) : NULL;
	m->builtin = m->to && m->to->hook != IR_HOOK_NONE;
	err = fe_entry_build(c, &m->entry);
	if (err == -E2BIG)
		return fail(ed, diag, 0, err, "the rule is too long%s", "");
	if (!err)
		err = make_places(m);
	return err ? no_memory(diag) : 0;
}

/*
 * A rule with addresses number @s and @d, not in any chain yet.  One that leads
 * to a built-in chain is without meaning, but can be printed.
 */
static struct ir_rule *make(const struct maker *m, unsigned int s,
			    unsigned int d)
{
	const struct fe_command *c = m->ed->command;
	struct ir_table *t = m->ed->table;
	const struct fe_places places = {
		.target		= &m->target,
		.match		= m->match,
		.nmatches	= c->nmatches,
	};
	struct ir_rule *rule = ir_rule_new(t);

	if (!rule)
		return NULL;
	rule->loc = m->loc;
	rule->counter = c->counter;
	rule->entry_size = fe_entry_size(c->family, m->entry);
	rule->entry = ir_table_alloc(t, rule->entry_size);
	if (!rule->entry)
		return NULL;
	memcpy(rule->entry, m->entry, rule->entry_size);
	fe_entry_set_addrs(rule->entry, c, s, d);
	if (!m->builtin && fe_decode_rule(t, rule, m->to, &places))
		return NULL;
	if (c->options & FE_OPT_VERBOSE)
		fe_print_rule(stdout, rule);
	return rule;
}

static int check_target(const struct maker *m, struct diag *diag)
{
	const struct fe_command *c = m->ed->command;

	return m->builtin ? fail(m->ed, diag, c->at_target, -EINVAL,
				 "cannot jump to built-in chain '%s'",
				 c->jumpto) : 0;
}

static int insert(const struct maker *m, struct ir_chain *chain,
		  struct ir_rule *rule, struct diag *diag)
{
	const struct fe_command *c = m->ed->command;
	uint32_t at = UINT32_MAX;
	int err;

	if (c->command & FE_CMD_INSERT) {
		at = c->rulenum - 1;
		if (at > chain->nrules)
			return fail(m->ed, diag, c->at_word, -E2BIG,
				    "index of insertion is too big%s", "");
	}
	err = check_target(m, diag);
	if (err)
		return err;
	return ir_chain_insert(m->ed->table, chain, at, rule) ?
	       no_memory(diag) : 0;
}

static int find(const struct maker *m, const struct ir_chain *chain,
		const struct ir_rule *like, uint32_t *at, struct diag *diag)
{
	uint32_t i;
	int err;

	err = check_target(m, diag);
	if (err)
		return err;
	for (i = 0; i < chain->nrules; i++) {
		if (fe_entry_same(chain->rule[i], like, m->ed->command)) {
			*at = i;
			return 0;
		}
	}
	return fail(m->ed, diag, 0, -ESRCH,
		    "no such rule in chain '%s'", chain->name);
}

static int delete(const struct maker *m, struct ir_chain *chain,
		  struct ir_rule *like, struct diag *diag)
{
	uint32_t at;
	int err = find(m, chain, like, &at, diag);

	if (!err)
		ir_chain_remove(m->ed->table, chain, at);
	return err;
}

static int exists(const struct maker *m, struct ir_chain *chain,
		  struct ir_rule *like, struct diag *diag)
{
	uint32_t at;

	return find(m, chain, like, &at, diag);
}

static int replace(const struct maker *m, struct ir_chain *chain,
		   struct ir_rule *rule, struct diag *diag)
{
	uint32_t at = m->ed->command->rulenum - 1;
	int err;

	if (at >= chain->nrules)
		return fail(m->ed, diag, m->ed->command->at_word, -E2BIG,
			    "index of replacement is too big%s", "");
	err = check_target(m, diag);
	if (err)
		return err;
	if (ir_chain_insert(m->ed->table, chain, at, rule))
		return no_memory(diag);
	ir_chain_remove(m->ed->table, chain, at + 1);
	return 0;
}

/* What becomes of the rule made for one pair of addresses. */
static int carry_out(const struct maker *m, struct ir_rule *rule,
		     struct diag *diag)
{
	struct ir_chain *chain = ir_table_find(m->ed->table,
					       m->ed->command->chain);

	if (!chain)
		return no_chain(m->ed, diag);
	switch (m->ed->command->command) {
	case FE_CMD_DELETE:
		return delete(m, chain, rule, diag);
	case FE_CMD_CHECK:
		return exists(m, chain, rule, diag);
	case FE_CMD_REPLACE:
		return replace(m, chain, rule, diag);
	default:
		return insert(m, chain, rule, diag);
	}
}

/*
 * Every pair of addresses has its turn, also after a failure, whose code is the
 * last one's; -R takes the first alone.
 */
static int for_each(const struct maker *m, struct diag *diag)
{
	const struct fe_command *c = m->ed->command;
	const bool one = c->command == FE_CMD_REPLACE;
	struct ir_rule *rule;
	unsigned int s, d;
	int err = 0, failed;

	for (s = 0; s < (one ? 1 : c->src.n); s++) {
		for (d = 0; d < (one ? 1 : c->dst.n); d++) {
			rule = make(m, s, d);
			if (!rule)
				return no_memory(diag);
			failed = carry_out(m, rule, diag);
			if (failed)
				err = failed;
		}
	}
	return err;
}

static int edit_rule(const struct fe_edit *ed, struct diag *diag)
{
	struct maker m;
	int err;

	settle_target(ed);
	err = start_maker(&m, ed, diag);
	if (!err)
		err = for_each(&m, diag);
	end_maker(&m);
	return err;
}

static int delete_number(const struct fe_edit *ed, struct diag *diag)
{
	struct ir_chain *chain = ir_table_find(ed->table, ed->command->chain);
	uint32_t at = ed->command->rulenum - 1;

	if (!chain)
		return no_chain(ed, diag);
	if (at >= chain->nrules)
		return fail(ed, diag, ed->command->at_word, -E2BIG,
			    "index of deletion is too big%s", "");
	ir_chain_remove(ed->table, chain, at);
	return 0;
}

/* A rule that is new has nothing to be taken from: its counter stays. */
static void zero(struct ir_counter *counter, uint32_t old_index)
{
	if (old_index != UINT32_MAX)
		*counter = (struct ir_counter){ 0 };
}

static void zero_chain(struct ir_chain *chain)
{
	uint32_t i;

	if (chain->hook != IR_HOOK_NONE)
		zero(&chain->counter, chain->old_index);
	for (i = 0; i < chain->nrules; i++)
		zero(&chain->rule[i]->counter, chain->rule[i]->old_index);
}

static void zero_chain_told(struct ir_chain *chain, const char *name,
			    bool verbose)
{
	if (verbose)
		printf("Zeroing chain `%s'\n", name);
	if (chain)
		zero_chain(chain);
}

static int zero_chains(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;
	const bool verbose = c->options & FE_OPT_VERBOSE;
	struct ir_chain *chain;
	uint32_t i;

	if (c->chain) {
		chain = ir_table_find(ed->table, c->chain);
		zero_chain_told(chain, c->chain, verbose);
		return chain ? 0 : no_chain(ed, diag);
	}
	for (i = 0; i < ir_table_nchains(ed->table); i++) {
		chain = ir_table_chain(ed->table, i);
		zero_chain_told(chain, chain->name, verbose);
	}
	return 0;
}

static int zero_rule(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;
	struct ir_chain *chain = ir_table_find(ed->table, c->chain);
	struct ir_rule *rule;

	if (!chain)
		return no_chain(ed, diag);
	if (c->rulenum > chain->nrules)
		return fail(ed, diag, c->at_word, -E2BIG,
			    "chain '%s' has no rule of this number",
			    chain->name);
	rule = chain->rule[c->rulenum - 1];
	zero(&rule->counter, rule->old_index);
	return 0;
}

int fe_edit_flush(struct ir_table *t, const char *name, bool verbose)
{
	struct ir_chain *chain;
	uint32_t i;

	if (name) {
		if (verbose)
			printf("Flushing chain `%s'\n", name);
		chain = ir_table_find(t, name);
		if (!chain)
			return -ENOENT;
		ir_chain_flush(t, chain);
		return 0;
	}
	for (i = 0; i < ir_table_nchains(t); i++) {
		chain = ir_table_chain(t, i);
		if (verbose)
			printf("Flushing chain `%s'\n", chain->name);
		ir_chain_flush(t, chain);
	}
	return 0;
}

/* All of them: in the order of the table, and on after a failure. */
static int delete_chains(struct ir_table *t, bool verbose)
{
	struct ir_chain *chain;
	int err = 0, failed;
	uint32_t i = 0;

	while (i < ir_table_nchains(t)) {
		chain = ir_table_chain(t, i);
		if (chain->hook != IR_HOOK_NONE) {
			i++;
			continue;
		}
		if (verbose)
			printf("Deleting chain `%s'\n", chain->name);
		failed = ir_chain_delete(t, chain);
		if (failed) {
			i++;
			err = failed;
		}
	}
	return err;
}

int fe_edit_delete_chain(struct ir_table *t, const char *name, bool verbose)
{
	struct ir_chain *chain;

	if (!name)
		return delete_chains(t, verbose);
	if (verbose)
		printf("Deleting chain `%s'\n", name);
	chain = ir_table_find(t, name);
	return chain ? ir_chain_delete(t, chain) : -ENOENT;
}

static bool reserved(const char *name)
{
	return !strcmp(name, "ACCEPT") || !strcmp(name, "DROP") ||
	       !strcmp(name, "QUEUE") || !strcmp(name, "RETURN");
}

int fe_edit_new_chain(struct ir_table *t, const char *name)
{
	return reserved(name) ? -EEXIST : ir_chain_add(t, name, NULL);
}

int fe_edit_policy(struct ir_table *t, const char *name, const char *policy,
		   const struct ir_counter *counter)
{
	struct ir_chain *chain = ir_table_find(t, name);
	bool drop = !strcmp(policy, "DROP");

	if (!chain || chain->hook == IR_HOOK_NONE)
		return -ENOENT;
	if (!drop && strcmp(policy, "ACCEPT"))
		return -EINVAL;
	chain->policy = drop ? IR_DROP : IR_ACCEPT;
	chain->counter = *counter;
	chain->old_index = UINT32_MAX;
	return 0;
}

static int flush(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;

	return fe_edit_flush(ed->table, c->chain,
			     c->options & FE_OPT_VERBOSE) ?
	       no_chain(ed, diag) : 0;
}

static int delete_chain(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;
	const char *name = c->chain ? c->chain : "*";
	int err = fe_edit_delete_chain(ed->table, c->chain,
				       c->options & FE_OPT_VERBOSE);

	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
		return no_chain(ed, diag);
	case -EBUSY:
		return fail(ed, diag, c->at_chain, err,
			    "chain '%s' is still referred to", name);
	case -ENOTEMPTY:
		return fail(ed, diag, c->at_chain, err,
			    "chain '%s' is not empty", name);
	default:
		return fail(ed, diag, c->at_chain, err,
			    "cannot delete built-in chain '%s'", name);
	}
}

static int new_chain(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;
	int err = fe_edit_new_chain(ed->table, c->chain);

	if (err == -ENOMEM)
		return no_memory(diag);
	return err ? fail(ed, diag, c->at_chain, err,
			  "chain '%s' already exists", c->chain) : 0;
}

static int rename_chain(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;
	struct ir_chain *chain = ir_table_find(ed->table, c->chain);

	if (ir_table_find(ed->table, c->newname) || reserved(c->newname))
		return fail(ed, diag, c->at_word, -EEXIST,
			    "chain '%s' already exists", c->newname);
	if (!chain)
		return no_chain(ed, diag);
	if (ir_chain_rename(ed->table, chain, c->newname))
		return fail(ed, diag, c->at_chain, -ENOENT,
			    "cannot rename built-in chain '%s'", c->chain);
	return 0;
}

static int set_policy(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;
	int err = fe_edit_policy(ed->table, c->chain, c->policy, &c->counter);

	if (err == -ENOENT)
		return fail(ed, diag, c->at_chain, err,
			    "no built-in chain '%s'", c->chain);
	return err ? fail(ed, diag, c->at_word, err, "bad policy '%s'",
			  c->policy) : 0;
}

/* -L or -S, and then -Z if that was given too. */
static int list(const struct fe_edit *ed, struct diag *diag)
{
	const struct fe_command *c = ed->command;
	int err;

	if (c->command & FE_CMD_LIST)
		err = fe_list_table(stdout, ed->table, c->chain, c->rulenum,
				    c->options);
	else
		err = fe_save_list(stdout, ed->table, c->chain, c->rulenum,
				   c->options & FE_OPT_VERBOSE);
	if (err == -ENOENT)
		return no_chain(ed, diag);
	if (err)
		return fail(ed, diag, 0, err, "cannot print the rules%s", "");
	if (c->command & FE_CMD_ZERO_NUM)
		return zero_rule(ed, diag);
	return c->command & FE_CMD_ZERO ? zero_chains(ed, diag) : 0;
}

int fe_edit_run(const struct fe_edit *ed, struct diag *diag)
{
	unsigned int command = ed->command->command;

	if (command & FE_CMD_RULE)
		return edit_rule(ed, diag);
	if (command & (FE_CMD_LIST | FE_CMD_LIST_RULES))
		return list(ed, diag);
	switch (command) {
	case FE_CMD_DELETE_NUM:
		return delete_number(ed, diag);
	case FE_CMD_FLUSH:
		return flush(ed, diag);
	case FE_CMD_ZERO:
		return zero_chains(ed, diag);
	case FE_CMD_ZERO_NUM:
		return zero_rule(ed, diag);
	case FE_CMD_NEW_CHAIN:
		return new_chain(ed, diag);
	case FE_CMD_DELETE_CHAIN:
		return delete_chain(ed, diag);
	case FE_CMD_RENAME_CHAIN:
		return rename_chain(ed, diag);
	default:
		return set_policy(ed, diag);
	}
}

bool fe_edit_changes(const struct fe_command *c)
{
	const unsigned int reads = FE_CMD_LIST | FE_CMD_LIST_RULES |
				   FE_CMD_CHECK;

	return c->command & ~reads;
}

static const char bad_rule[] =
	"Bad rule (does a matching rule exist in that chain?)";
static const char no_name[] = "No chain/target/match by that name";

static const char *no_such(unsigned int command)
{
	if (command & (FE_CMD_DELETE | FE_CMD_CHECK))
		return bad_rule;
	if (command & FE_CMD_SET_POLICY)
		return "Bad built-in chain name";
	return no_name;
}

/* libiptc has forgotten what it was about once it has looked for a chain. */
static const char *no_rule(const char *jumpto)
{
	return !*jumpto || reserved(jumpto) ? bad_rule : no_name;
}

static const char *too_big(unsigned int command)
{
	switch (command) {
	case FE_CMD_INSERT:
		return "Index of insertion too big";
	case FE_CMD_REPLACE:
		return "Index of replacement too big";
	case FE_CMD_DELETE_NUM:
		return "Index of deletion too big";
	default:
		return command & FE_CMD_ZERO_NUM ?
		       "Index of counter too big" : strerror(E2BIG);
	}
}

const char *fe_edit_strerror(const struct fe_command *c, int err)
{
	unsigned int command = c ? c->command : 0;

	switch (err) {
	case -EBUSY:
		return strerror(EMLINK);
	case -EEXIST:
		return command == FE_CMD_NEW_CHAIN ?
		       "Chain already exists" : strerror(EEXIST);
	case -EINVAL:
		return command == FE_CMD_SET_POLICY ?
		       "Bad policy name" : strerror(EINVAL);
	case -ENOENT:
		return no_such(command);
	case -ESRCH:
		return c ? no_rule(c->jumpto) : no_name;
	case -ENOMEM:
		return "Memory allocation problem";
	case -E2BIG:
		return too_big(command);
	default:
		return strerror(-err);
	}
}
