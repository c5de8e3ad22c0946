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
#include "frontend/check.h"
#include "frontend/decode.h"
#include "frontend/tables.h"
#include "frontend/xt.h"
#include "translator/classifier.h"

/* The one table that is run; the others are only kept. */
#define TABLE	"filter"

/* filter, nat, mangle, raw, security */
#define NTABLES	5

void cmd_session_init(struct cmd_session *s)
{
	const char *env = getenv("XTBPF_STORE_ONLY");

	memset(s, 0, sizeof(*s));
	s->family = AF_INET;
	s->attach.automatic = true;
	s->store_only = env && !strcmp(env, "1");
	s->lock = -1;
}

int cmd_session_attach(struct cmd_session *s, const char *spec,
		       struct diag *diag)
{
	if (!spec)
		spec = getenv("XTBPF_ATTACH");
	s->keep = !spec || !*spec;
	return be_attach_parse(spec, &s->attach, diag);
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

/*
 * Every rule and policy goes on from itself; their counters are those of
 * @count, or NULL where they have them already.
 */
static void put_counters(struct ir_table *t, const struct ir_counter *count)
{
	struct ir_chain *c;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		for (k = 0; k < c->nrules; k++) {
			c->rule[k]->old_index = c->rule[k]->index;
			if (count)
				c->rule[k]->counter = count[c->rule[k]->index];
		}
		if (c->hook == IR_HOOK_NONE)
			continue;
		c->old_index = c->index;
		if (count)
			c->counter = count[c->index];
	}
}

static int read_part(const struct be_image *image, const struct fe_part *part,
		     struct ir_table **out, struct diag *diag)
{
	struct ir_table *t;
	uint32_t n;
	int err;

	err = fe_image_read(part->data, part->info.size, &t, diag);
	if (err)
		return err;
	n = ir_table_number(t);
	if (!part->info.counters && n != image->ncounters) {
		diag_error(diag, NULL,
			   "the loaded ruleset has %u counters, want %u",
			   image->ncounters, n);
		ir_table_free(t);
		return -EINVAL;
	}
	put_counters(t, part->info.counters ? NULL : image->counter);
	*out = t;
	return 0;
}

int cmd_image_table(const struct be_image *image, const char *name,
		    struct ir_table **out, struct diag *diag)
{
	struct fe_part part;
	int found;

	*out = NULL;
	found = fe_tables_find(image->ruleset, image->size, name, &part, diag);
	return found > 0 ? read_part(image, &part, out, diag) : found;
}

/* All of them, the oldest first; how many, or -EINVAL told in @diag. */
static int read_parts(const struct be_image *image, struct fe_part *part,
		      struct diag *diag)
{
	size_t at = 0;
	int n, found;

	for (n = 0; n < NTABLES; n++) {
		found = fe_tables_next(image->ruleset, image->size, &at,
				       &part[n], diag);
		if (found <= 0)
			return found ? found : n;
	}
	if (at < image->size) {
		diag_error(diag, NULL,
			   "the loaded ruleset has more than %d tables",
			   NTABLES);
		return -EINVAL;
	}
	return n;
}

int cmd_image_each(const struct be_image *image,
		   int (*each)(void *ctx, struct ir_table *t, bool judged),
		   void *ctx, struct diag *diag)
{
	struct fe_part part[NTABLES];
	int n = read_parts(image, part, diag), err = n < 0 ? n : 0;
	struct ir_table *t;

	while (!err && n--) {
		err = read_part(image, &part[n], &t, diag);
		if (err)
			break;
		err = each(ctx, t, !part[n].info.counters);
		ir_table_free(t);
	}
	return err;
}

static int read_table(struct cmd_session *s, const char *name,
		      struct ir_table **out, struct diag *diag)
{
	int err;

	err = be_ns_open(&s->ns, false, diag);
	if (err)
		return err;
	if (s->ns) {
		err = be_ns_read(s->ns, s->family, &s->before, diag);
		if (err)
			return err;
	}
	return cmd_image_table(&s->before, name, out, diag);
}

int cmd_session_begin(void *ctx, const char *table, struct ir_table **out,
		      struct diag *diag)
{
	struct cmd_session *s = ctx;
	struct ir_table *t = NULL;
	int err;

	*out = NULL;
	end(s);
	s->lock = cmd_lock_take(s->wait);
	if (s->lock < 0)
		return s->lock;
	err = read_table(s, table, &t, diag);
	if (err == -ENOENT)	/* of the state, not of the table; told in diag */
		err = -ENXIO;
	if (!err && !t) {
		t = ir_table_new(s->family, table);
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

bool cmd_table_idle(const struct ir_table *t)
{
	const struct ir_chain *c;
	uint32_t i;

	for (i = 0; i < ir_table_nchains(t); i++) {
		c = ir_table_chain(t, i);
		if (c->nrules ||
		    (c->hook != IR_HOOK_NONE && c->policy != IR_ACCEPT))
			return false;
	}
	return true;
}

/*
 * A table that is not run is harmless while it judges nothing.  iptables-save
 * prints such tables, so files have them.
 */
static int check_idle(const struct ir_table *t, struct diag *diag)
{
	const struct ir_rule *r = ir_table_refused(t, NULL);

	if (cmd_table_idle(t))
		return 0;
	diag_error(diag, r ? &r->loc : NULL, FE_TABLE_REFUSED,
		   ir_table_name(t));
	return -EOPNOTSUPP;
}

int cmd_table_check(struct ir_table *t, const struct be_attach *attach,
		    struct diag *diag)
{
	const struct ir_rule *r;
	uint32_t depth;
	int err;

	/* in the kernel's order */
	ir_table_number(t);
	err = ir_table_check(t, &depth, diag);
	if (!err)
		err = fe_check_table(t, diag);
	if (err)
		return err;
	if (!cmd_table_run(t))
		return check_idle(t, diag);
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

/* Said here, since every hook is out of reach then, each for its own reason. */
static int check_privilege(struct diag *diag)
{
	if (!geteuid() || be_type_supported(BE_NETFILTER) ||
	    be_type_supported(BE_TC))
		return 0;
	diag_error(diag, NULL, "permission denied (you must be root)");
	return -EPERM;
}

/* What a commit consists of; all pointers are owned. */
struct load {
	struct tr_classifier *cl;	/* NULL: nothing is judged */
	struct ir_counter *start;
	uint32_t	*continues;
	void		*image;
	size_t		size;
	bool		conntrack;
	const struct be_attach *attach;	/* borrowed */
};

static void load_end(struct load *l)
{
	tr_classifier_free(l->cl);
	free(l->start);
	free(l->continues);
	free(l->image);
}

/* Without a wish, what is in force stays where it is. */
static const struct be_attach *wanted(const struct cmd_session *s)
{
	return s->keep && s->before.ruleset ? &s->before.attach : &s->attach;
}

/* Says what was done, or in @diag what is wrong. */
static int verify(const struct cmd_session *s, const struct ir_table *t,
		  const struct tr_classifier *cl, struct diag *diag)
{
	struct cmd_verified v = { 0 };
	int err = cmd_verify(t, cl, wanted(s), false, false, &v, diag);

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

static int make_counters(struct load *l)
{
	l->start = calloc(l->cl->ncounters, sizeof(*l->start));
	l->continues = calloc(l->cl->ncounters, sizeof(*l->continues));
	return l->start && l->continues ? 0 : -ENOMEM;
}

/* @t is to be judged from now on. */
static int load_judged(const struct cmd_session *s, const struct ir_table *t,
		       struct load *l, struct diag *diag)
{
	int err;

	l->cl = classify(s, t, diag);
	if (!l->cl)
		return -errno;
	l->conntrack = cmd_table_stateful(t) != NULL;
	err = make_counters(l);
	if (!err)
		list_counters(t, l->start, l->continues);
	return err;
}

/* The classifier in force, made again where it cannot be had. */
static int reclassify(const struct cmd_session *s, struct load *l,
		      struct diag *diag)
{
	struct ir_table *t;
	int err;

	l->cl = be_ns_classifier(s->ns, &s->before);
	if (l->cl)
		return 0;
	err = cmd_image_table(&s->before, TABLE, &t, diag);
	if (err)
		return err;
	if (t)
		l->cl = tr_translate(t, NULL, diag);
	err = l->cl ? 0 : t ? -errno : -EINVAL;
	ir_table_free(t);
	return err;
}

/* Another table changes: the one in force stays, and counts on. */
static int load_same(const struct cmd_session *s, struct load *l,
		     struct diag *diag)
{
	uint32_t i;
	int err;

	l->conntrack = s->before.conntrack;
	l->attach = &s->before.attach;
	err = reclassify(s, l, diag);
	if (!err && l->cl->ncounters != s->before.ncounters)
		err = -EINVAL;
	if (!err)
		err = make_counters(l);
	for (i = 0; !err && i < l->cl->ncounters; i++) {
		l->start[i] = s->before.counter[i];
		l->continues[i] = i;
	}
	return err;
}

static int put(struct cmd_session *s, const struct load *l, struct diag *diag)
{
	const struct be_commit c = {
		.family		= s->family,
		.classifier	= l->cl,
		.ruleset	= l->image,
		.size		= l->size,
		.start		= l->start,
		.continues	= l->continues,
		.before		= s->before.ruleset ? &s->before : NULL,
		.attach		= l->attach,
		.conntrack	= l->conntrack,
	};
	int err = 0;

	if (!s->ns)
		err = be_ns_open(&s->ns, true, diag);
	return err ? err : be_ns_commit(s->ns, &c, diag);
}

static void warn(const struct ir_table *t, struct diag *diag)
{
	const char *prog = fe_xt_program();

	diag_print(diag, stderr, prog);
	diag_clear(diag);
	fprintf(stderr, "%s: WARNING: table '%s' is kept but NOT ENFORCED: packets do not meet its rules\n",
		prog, ir_table_name(t));
}

/* 1: to be judged, 0: to be kept only, or -errno. */
static int check(const struct cmd_session *s, struct ir_table *t,
		 struct diag *diag)
{
	int err = check_privilege(diag);

	if (!err)
		err = cmd_table_check(t, wanted(s), diag);
	if (err == -EOPNOTSUPP && s->store_only) {
		warn(t, diag);
		return 0;
	}
	return err ? err : cmd_table_run(t);
}

static int commit(struct cmd_session *s, struct ir_table *t, struct diag *diag)
{
	struct load l = { .attach = wanted(s) };
	int err = 0, judged;

	judged = check(s, t, diag);
	if (judged < 0)
		return judged;
	if (judged)
		err = load_judged(s, t, &l, diag);
	else if (!cmd_table_run(t) && s->before.ncounters)
		err = load_same(s, &l, diag);
	if (!err && judged && s->verify)
		err = verify(s, t, l.cl, diag);
	if (!err && !s->test)
		err = fe_tables_put(s->before.ruleset, s->before.size, t,
				    !judged, &l.image, &l.size, diag);
	if (!err && !s->test)
		err = put(s, &l, diag);
	load_end(&l);
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
