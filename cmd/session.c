/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/session.c - a ruleset out of the kernel, changed, and back into it
 *
 * The counters travel beside the rules: a rule that was in force carries the
 * index of its counter (old_index), and backend/ adds to the new counter what
 * the old one counts up to the instant of the switch.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/program.h"
#include "cmd/lock.h"
#include "cmd/session.h"
#include "cmd/verify.h"
#include "frontend/image.h"
#include "translator/classifier.h"

/* The one table that is run; the others are taken only while they are empty. */
#define TABLE	"filter"

void cmd_session_init(struct cmd_session *s)
{
	memset(s, 0, sizeof(*s));
	s->attach.automatic = true;
	s->lock = -1;
}

static void end(struct cmd_session *s)
{
	be_image_free(&s->before);
	memset(&s->before, 0, sizeof(s->before));
	be_ns_close(s->ns);
	s->ns = NULL;
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

/* Gives rules and policies the counters read; index and old_index are equal. */
static void put_counters(struct ir_table *t, const struct ir_counter *count)
{
	struct ir_chain *c;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++) {
			c->rule[k]->counter = count[c->rule[k]->index];
			c->rule[k]->old_index = c->rule[k]->index;
		}
		if (c->hook == IR_HOOK_NONE)
			continue;
		c->counter = count[c->index];
		c->old_index = c->index;
	}
}

int cmd_image_table(const struct be_image *image, struct ir_table **out,
		    struct diag *diag)
{
	struct ir_table *t;
	uint32_t n;
	int err;

	*out = NULL;
	if (!image->ruleset)
		return 0;
	err = fe_image_read(image->ruleset, image->size, &t, diag);
	if (err)
		return err;
	n = ir_table_number(t);
	if (n != image->ncounters) {
		diag_error(diag, NULL,
			   "the loaded ruleset has %u counters, want %u",
			   image->ncounters, n);
		ir_table_free(t);
		return -EINVAL;
	}
	put_counters(t, image->counter);
	*out = t;
	return 0;
}

static int read_table(struct cmd_session *s, struct ir_table **out,
		      struct diag *diag)
{
	int err;

	err = be_ns_open(&s->ns, false, diag);
	if (err)
		return err;
	if (s->ns) {
		err = be_ns_read(s->ns, AF_INET, &s->before, diag);
		if (err)
			return err;
	}
	if (s->keep && s->before.ruleset)
		s->attach = s->before.attach;
	return cmd_image_table(&s->before, out, diag);
}

int cmd_session_begin(void *ctx, const char *table, struct ir_table **out,
		      struct diag *diag)
{
	struct cmd_session *s = ctx;
	struct ir_table *t = NULL;
	int err = 0;

	*out = NULL;
	end(s);
	s->lock = cmd_lock_take(s->wait);
	if (s->lock < 0)
		return s->lock;
	if (!strcmp(table, TABLE))
		err = read_table(s, &t, diag);
	if (!err && !t) {
		t = ir_table_new(AF_INET, table);
		if (!t) {
			err = -errno;
			diag_error(diag, NULL,
				   "unable to initialize table '%s'", table);
		}
	}
	if (err) {
		end(s);
		return err;
	}
	*out = t;
	return 0;
}

void cmd_session_abort(void *ctx)
{
	end(ctx);
}

const struct ir_rule *cmd_table_stateful(const struct ir_table *t)
{
	const struct ir_rule *first = NULL, *r;
	const struct ir_chain *c;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++) {
			r = c->rule[k];
			if ((!first || r->loc.line < first->loc.line) &&
			    ir_rule_tests(r, IR_CTSTATE))
				first = r;
		}
	}
	return first;
}

bool cmd_table_run(const struct ir_table *t)
{
	return !strcmp(ir_table_name(t), TABLE);
}

uint32_t cmd_table_nrules(const struct ir_table *t)
{
	uint32_t i, n = 0;

	for (i = 0; i < ir_table_nchains(t); i++)
		n += ir_table_chain(t, i)->nrules;
	return n;
}

/*
 * A table that is not run is harmless while it judges nothing: without rules,
 * policies ACCEPT.  iptables-save prints such tables, so files have them.
 */
static int check_idle(const struct ir_table *t, struct diag *diag)
{
	const struct ir_chain *c;
	uint32_t i;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		if (c->nrules) {
			diag_error(diag, &c->rule[0]->loc,
				   "table '%s' has rules: only table '%s' is supported",
				   ir_table_name(t), TABLE);
			return -EOPNOTSUPP;
		}
		if (c->hook != IR_HOOK_NONE && c->policy != IR_ACCEPT) {
			diag_error(diag, NULL,
				   "chain '%s' of table '%s' has policy %s: only table '%s' is supported",
				   c->name, ir_table_name(t),
				   ir_target_name(c->policy), TABLE);
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

int cmd_table_check(struct ir_table *t, const struct be_attach *attach,
		    struct diag *diag)
{
	const struct ir_rule *r;
	uint32_t depth;
	int err;

	ir_table_number(t);
	if (!cmd_table_run(t))
		return check_idle(t, diag);
	err = ir_table_check(t, &depth, diag);
	if (err)
		return err;
	r = ir_table_refused(t, NULL);
	if (r) {
		diag_error(diag, r->refusal_loc.line ? &r->refusal_loc : &r->loc,
			   "%s", r->refusal);
		return -EOPNOTSUPP;
	}
	return attach ? be_attach_check(t, attach, diag) : 0;
}

/* What the counters start from and which of the old ones they continue. */
static void list_counters(const struct ir_table *t, struct ir_counter *start,
			  uint32_t *continues)
{
	const struct ir_chain *c;
	const struct ir_rule *r;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++) {
			r = c->rule[k];
			start[r->index] = r->counter;
			continues[r->index] = r->old_index;
		}
		if (c->hook == IR_HOOK_NONE)
			continue;
		start[c->index] = c->counter;
		continues[c->index] = c->old_index;
	}
}

static int load(struct cmd_session *s, const struct ir_table *t,
		struct tr_classifier *cl, void *image, size_t size,
		struct diag *diag)
{
	uint32_t *continues = calloc(cl->ncounters, sizeof(*continues));
	struct ir_counter *start = calloc(cl->ncounters, sizeof(*start));
	struct be_commit commit = {
		.family		= AF_INET,
		.classifier	= cl,
		.ruleset	= image,
		.size		= size,
		.start		= start,
		.continues	= continues,
		.before		= s->before.ruleset ? &s->before : NULL,
		.attach		= &s->attach,
		.conntrack	= cmd_table_stateful(t) != NULL,
	};
	int err = -ENOMEM;

	if (start && continues) {
		list_counters(t, start, continues);
		err = be_ns_commit(s->ns, &commit, diag);
	}
	free(continues);
	free(start);
	return err;
}

/* Said here, since every hook is out of reach then, each for its own reason. */
static int check_privilege(struct diag *diag)
{
	if (!geteuid() || be_type_supported(BE_NETFILTER) ||
	    be_type_supported(BE_TC))
		return 0;
	diag_error(diag, NULL, "permission denied (you must be root)");
	return -EPERM;
}

/* Says what was done, or in @diag what is wrong. */
static int verify(const struct cmd_session *s, const struct ir_table *t,
		  const struct tr_classifier *cl, struct diag *diag)
{
	struct cmd_verified v = { 0 };
	int err = cmd_verify(t, cl, &s->attach, false, &v, diag);

	if (!err) {
		printf("verified: %s\n", v.summary);
		fflush(stdout);
	}
	cmd_verified_free(&v);
	return err;
}

/* From the one in force where that is enough.  NULL with errno, told. */
static struct tr_classifier *classify(const struct cmd_session *s,
				      const struct ir_table *t,
				      struct diag *diag)
{
	struct tr_classifier *old = NULL, *cl;
	int err;

	if (s->before.ruleset)
		old = be_ns_classifier(s->ns, &s->before);
	if (old && tr_change(old, t, NULL))
		return old;
	cl = tr_translate(t, &(struct tr_options){ .like = old }, diag);
	err = errno;
	tr_classifier_free(old);
	errno = err;
	return cl;
}

static int commit(struct cmd_session *s, struct ir_table *t, struct diag *diag)
{
	struct tr_classifier *cl = NULL;
	void *image = NULL;
	size_t size;
	int err;

	err = check_privilege(diag);
	if (!err)
		err = cmd_table_check(t, &s->attach, diag);
	if (err || !cmd_table_run(t))
		goto out;
	cl = classify(s, t, diag);
	if (!cl) {
		err = -errno;
		goto out;
	}
	if (s->verify)
		err = verify(s, t, cl, diag);
	if (err || s->test)
		goto out;
	err = fe_image_write(t, &image, &size);
	if (err)
		goto out;
	if (!s->ns)
		err = be_ns_open(&s->ns, true, diag);
	if (!err)
		err = load(s, t, cl, image, size, diag);
out:
	free(image);
	tr_classifier_free(cl);
	return err;
}

int cmd_session_commit(void *ctx, struct ir_table *t, struct diag *diag)
{
	struct cmd_session *s = ctx;
	int err = commit(s, t, diag);

	if (err == -ENOMEM)
		diag_error(diag, NULL, "out of memory");
	end(s);
	return err;
}
