/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/translate.c - from a table of rules to a classifier
 *
 * Three passes over the chains that some hook can reach:
 *   1. names: interface patterns and TCP options get their numbers
 *   2. survey: every rule becomes boxes once, to learn which fields records
 *      must hold; the extra terms are written
 *   3. segments: every chain becomes boxes again and these become groups
 * Making boxes twice is cheaper than keeping them all.
 */
#include "translator/classifier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translator/memo.h"
#include "translator/work.h"

/* Class numbers are compared as 16 bits. */
#define MAX_IFACES	65535
#define MAX_TCPOPTS	32
#define NO_TCPOPT	0xff

/* Rules of a chain that may differ from one that it is like: one in so many. */
#define LIKE_PART	16

/* The size of a pair of segments, in words. */
#define PAIR_WORDS	(2 * sizeof(struct tr_segment) / 4)

/* Rules of a chain that share a segment. */
struct span {
	const struct ir_chain *chain;
	uint32_t	first;
	uint32_t	n;
	bool		kinds;		/* the variants of the chain differ */
};

static int fail(struct tr_work *w, const struct ir_loc *loc, int err,
		const char *what)
{
	diag_error(w->diag, loc, "%s", what);
	return err;
}

/* --- chains --- */

static int reserve_pair(struct tr_work *w, uint32_t *offset)
{
	*offset = tr_words_reserve(&w->ws, PAIR_WORDS, 32);
	return w->ws.err;
}

static const struct tr_memo_chain *known(const struct tr_work *w,
					 const struct ir_chain *chain)
{
	return w->known ? w->known[chain->number] : NULL;
}

static int reach(struct tr_work *w, const struct ir_chain *chain)
{
	const struct tr_memo_chain *k = known(w, chain);
	const uint32_t i = chain->number;
	int err;

	if (w->segment[i])
		return 0;
	w->chain[w->nreached++] = chain;
	if (k) {
		w->segment[i] = k->segment;
		w->policy[i] = k->policy;
		return 0;
	}
	err = reserve_pair(w, &w->segment[i]);
	if (!err && chain->hook != IR_HOOK_NONE)
		err = reserve_pair(w, &w->policy[i]);
	return err;
}

int tr_work_reach(struct tr_work *w)
{
	const struct ir_chain *chain;
	uint32_t i, j;
	int err = 0;

	w->nchains = ir_table_nchains(w->t);
	w->segment = calloc(w->nchains + 1, sizeof(*w->segment));
	w->policy = calloc(w->nchains + 1, sizeof(*w->policy));
	w->chain = calloc(w->nchains + 1, sizeof(*w->chain));
	if (!w->segment || !w->policy || !w->chain)
		return -ENOMEM;
	/* Offset 0 means none: nothing may be there. */
	if (!w->ws.n)
		tr_words_reserve(&w->ws, 16, 64);
	for (i = 0; i < w->nchains && !err; i++) {
		chain = ir_table_chain(w->t, i);
		if (chain->hook != IR_HOOK_NONE)
			err = reach(w, chain);
	}
	for (i = 0; i < w->nreached && !err; i++)
		for (j = 0; j < w->chain[i]->nrules && !err; j++)
			if (w->chain[i]->rule[j]->to)
				err = reach(w, w->chain[i]->rule[j]->to);
	return err;
}

/* --- names --- */

static int name_tcpopt(struct tr_work *w, const struct ir_rule *r, uint8_t opt)
{
	if (w->boxer.tcpopt[opt] != NO_TCPOPT)
		return 0;
	if (w->c->ntcpopts == MAX_TCPOPTS)
		return fail(w, &r->loc, -E2BIG,
			    "rules ask for more than 32 different TCP options");
	w->c->tcpopt[w->c->ntcpopts] = opt;
	w->boxer.tcpopt[opt] = w->c->ntcpopts++;
	return 0;
}

static int name_rule(struct tr_work *w, const struct ir_rule *r)
{
	const struct ir_pred *p;
	uint32_t i, j;
	int err = 0;

	if (r->target == IR_EXTENSION)
		return fail(w, &r->loc, -EOPNOTSUPP,
			    "target is not supported");
	for (i = 0; i < r->nmatches; i++)
		for (j = 0; j < r->match[i].npreds && !err; j++) {
			p = &r->match[i].pred[j];
			if (p->kind == IR_PRED_IFACE)
				err = tr_ifaces_add(&w->ifaces, &p->iface);
			else if (p->kind == IR_PRED_TCPOPT)
				err = name_tcpopt(w, r, p->tcpopt);
		}
	return err;
}

static int name_all(struct tr_work *w)
{
	uint32_t i, j;
	int err = 0;

	memset(w->boxer.tcpopt, NO_TCPOPT, sizeof(w->boxer.tcpopt));
	for (i = 0; i < w->nreached; i++)
		for (j = 0; j < w->chain[i]->nrules && !err; j++)
			err = name_rule(w, w->chain[i]->rule[j]);
	if (err)
		return err;
	tr_ifaces_sort(&w->ifaces);
	if (w->ifaces.n > MAX_IFACES)
		return fail(w, NULL, -E2BIG,
			    "rules name too many different interfaces");
	w->c->ifaces = tr_ifaces_write(&w->ifaces, &w->ws);
	w->c->nifaces = w->ifaces.n;
	return w->ws.err;
}

/* --- survey --- */

/* Of a known chain only the late rules are looked at. */
static bool skips(const struct tr_work *w, const struct ir_chain *chain,
		  const struct ir_rule *r)
{
	return known(w, chain) && !w->late[r->index];
}

bool tr_work_has_kinds(const struct tr_work *w, const struct ir_chain *chain)
{
	uint32_t i;

	for (i = 0; i < chain->nrules; i++)
		if (!skips(w, chain, chain->rule[i]) &&
		    tr_rule_has_kinds(chain->rule[i]))
			return true;
	return false;
}

/* Makes the boxes of the rules of a range, into w->boxes. */
static int box_range(struct tr_work *w, const struct span *r, int variant)
{
	const struct ir_chain *chain = r->chain;
	uint32_t i;
	int err = 0;

	w->boxes.n = 0;
	for (i = r->first; i < r->first + r->n && !err; i++)
		err = tr_boxes_add(&w->boxes, &w->boxer, chain->rule[i],
				   variant);
	return err;
}

int tr_work_box_late(struct tr_work *w, const struct ir_chain *chain,
		     int variant)
{
	uint32_t i;
	int err = 0;

	w->boxes.n = 0;
	for (i = 0; i < chain->nrules && !err; i++)
		if (w->late[chain->rule[i]->index])
			err = tr_boxes_add(&w->boxes, &w->boxer,
					   chain->rule[i], variant);
	return err;
}

/* A rule at a time: all boxes of a chain are many. */
int tr_work_survey(struct tr_work *w, const struct ir_chain *chain, int variant)
{
	uint32_t i, j;
	int err = 0;

	for (i = 0; i < chain->nrules && !err; i++) {
		if (skips(w, chain, chain->rule[i]))
			continue;
		w->boxes.n = 0;
		err = tr_boxes_add(&w->boxes, &w->boxer, chain->rule[i],
				   variant);
		for (j = 0; j < w->boxes.n; j++)
			tr_need_add(&w->need, &w->boxes.box[j]);
	}
	return err;
}

static int survey(struct tr_work *w)
{
	uint32_t i;
	int err = 0;

	w->need.family = w->c->family;
	w->boxer.ws = &w->ws;
	w->boxer.cons = &w->cons;
	w->boxer.ifaces = &w->ifaces;
	w->boxer.segment = w->segment;
	for (i = 0; i < w->nreached && !err; i++) {
		err = tr_work_survey(w, w->chain[i], 0);
		if (err || !tr_work_has_kinds(w, w->chain[i]))
			continue;
		w->c->variants = true;
		err = tr_work_survey(w, w->chain[i], 1);
	}
	tr_layout_make(&w->c->layout, &w->need);
	return err;
}

/* --- segments --- */

struct tr_segment *tr_work_pair(struct tr_work *w, uint32_t offset)
{
	return (void *)(w->ws.word + offset / 4);
}

static uint32_t write_end(struct tr_work *w, uint32_t word0, uint32_t target)
{
	uint32_t record[TR_RECORD_MAX];
	struct tr_box box;

	tr_box_init(&box, word0 | TR_LAST);
	box.target = target;
	tr_record_write(&w->c->layout, &box, record);
	return tr_words_add(&w->ws, record, w->c->layout.size / 4, 16);
}

/* Both variants for the rules of @r.  0, -errno, or 1: too many groups. */
static int write_span(struct tr_work *w, const struct span *r, uint32_t offset)
{
	struct tr_segment pair[2] = { 0 };
	int err = box_range(w, r, 0);

	if (!err)
		err = tr_segment_build(&w->segments, &w->boxes, 0, 0, &pair[0]);
	if (err)
		return err;
	pair[1] = pair[0];
	if (r->kinds) {
		err = box_range(w, r, 1);
		if (!err)
			err = tr_segment_build(&w->segments, &w->boxes, 1, 0,
					       &pair[1]);
	}
	if (!err)
		memcpy(tr_work_pair(w, offset), pair, sizeof(pair));
	return err;
}

static void set_end(struct tr_work *w, uint32_t offset, uint32_t end)
{
	tr_work_pair(w, offset)[0].end = end;
	tr_work_pair(w, offset)[1].end = end;
}

/*
 * Ends the segment at @*offset by a goto to a new one, which *offset becomes.
 * -EAGAIN when records have no place for a target.
 */
static int write_goto(struct tr_work *w, uint32_t *offset)
{
	uint32_t next, end;

	if (!w->need.target)
		return -EAGAIN;
	if (reserve_pair(w, &next))
		return w->ws.err;
	end = write_end(w, TR_GOTO | TR_UNCOUNTED, next);
	if (!end)
		return w->ws.err;
	set_end(w, *offset, end);
	*offset = next;
	return 0;
}

/* The way a like chain was grouped, while it is like enough. */
static void find_way(const struct tr_work *w, const struct ir_chain *chain,
		     struct tr_way *way)
{
	const struct tr_options *opt = w->segments.opt;
	const struct tr_memo_chain *m = NULL;

	memset(way, 0, sizeof(*way));
	if (opt && opt->like)
		m = tr_memo_find(opt->like->memo, chain->name);
	if (!m)
		return;
	*way = m->way;
	way->edits += tr_memo_edits(m, chain);
	if (way->edits > chain->nrules / LIKE_PART)
		way->known = false;
}

/* Notes what a change would build on; @last is the chain's last segment. */
static void note_chain(struct tr_work *w, const struct ir_chain *chain,
		       uint32_t last, const struct tr_way *way)
{
	const struct tr_segment *pair = tr_work_pair(w, last);
	struct tr_memo_chain *m;

	if (last != w->segment[chain->number])
		w->many = true;
	if (w->known)
		return;			/* behind the base */
	m = &w->memo->chain[w->memo->nchains++];
	strcpy(m->name, chain->name);
	m->segment = last;
	m->policy = w->policy[chain->number];
	m->groups[0] = pair[0].groups;
	m->groups[1] = pair[1].groups;
	m->nrules = chain->nrules;
	m->way = *way;
	if (chain->nrules)
		m->first = chain->rule[0]->index;
}

/* A chain in one segment, or in as many as it takes; @end is its end record. */
static int write_chain(struct tr_work *w, const struct ir_chain *chain,
		       uint32_t end)
{
	struct span r = { chain, 0, chain->nrules,
			  tr_work_has_kinds(w, chain) };
	uint32_t offset = w->segment[chain->number], most = chain->nrules;
	struct tr_stats stats;
	struct tr_way way;
	uint32_t words;
	int err;

	find_way(w, chain, &way);
	for (;;) {
		words = w->ws.n;
		stats = w->segments.stats;
		r.n = chain->nrules - r.first;
		if (r.n > most)
			r.n = most;
		w->segments.way = r.n == chain->nrules ? &way : NULL;
		err = write_span(w, &r, offset);
		w->segments.way = NULL;
		if (err > 0 && r.n <= 1)
			err = -E2BIG;	/* one rule is never too much */
		if (err < 0)
			return err;
		if (err) {
			most = r.n / 2;
			tr_words_cut(&w->ws, words);
			w->segments.stats = stats;
			continue;
		}
		w->segments.stats.segments++;
		r.first += r.n;
		if (r.first == chain->nrules)
			break;
		err = write_goto(w, &offset);
		if (err)
			return err;
	}
	set_end(w, offset, end);
	note_chain(w, chain, offset, &way);
	return 0;
}

/* The segment that is just the policy, whose record is at @end. */
static int write_policy(struct tr_work *w, const struct ir_chain *chain,
			uint32_t end)
{
	uint32_t offset = w->policy[chain->number];
	struct span r = { chain, 0, 0, false };
	int err = write_span(w, &r, offset);

	w->segments.stats.segments++;
	if (!err)
		set_end(w, offset, end);
	return err;
}

static int write_any(struct tr_work *w, const struct ir_chain *chain,
		     uint32_t end)
{
	if (known(w, chain))
		return tr_change_chain(w, chain, end);
	return write_chain(w, chain, end);
}

static int write_base(struct tr_work *w, const struct ir_chain *chain)
{
	enum tr_action verdict = TR_DROP;
	uint32_t end;
	int err = 0;

	if (chain->policy == IR_ACCEPT)
		verdict = TR_ACCEPT;
	end = write_end(w, chain->index << TR_ID_SHIFT | verdict, 0);
	if (!end)
		return w->ws.err;
	if (known(w, chain))
		set_end(w, w->policy[chain->number], end);
	else
		err = write_policy(w, chain, end);
	if (err)
		return err;
	w->c->hook[chain->hook] = (struct tr_hook){
		.present	= true,
		.segment	= w->segment[chain->number],
		.policy		= w->policy[chain->number],
	};
	return write_any(w, chain, end);
}

static int write_chains(struct tr_work *w)
{
	uint32_t end, i;
	int err = 0;

	end = write_end(w, TR_RETURN | TR_UNCOUNTED, 0);
	if (!end)
		return w->ws.err;
	for (i = 0; i < w->nreached && !err; i++)
		if (w->chain[i]->hook != IR_HOOK_NONE)
			err = write_base(w, w->chain[i]);
		else
			err = write_any(w, w->chain[i], end);
	return err;
}

int tr_work_write(struct tr_work *w)
{
	uint32_t words = w->ws.n;
	int err;

	w->segments.ws = &w->ws;
	w->segments.layout = &w->c->layout;
	w->segments.family = w->c->family;
	w->segments.nifaces = w->ifaces.n;
	err = write_chains(w);
	if (err != -EAGAIN || w->known)
		return err;
	/* Some chain needs several segments: records with a target, then. */
	w->need.target = true;
	tr_layout_make(&w->c->layout, &w->need);
	tr_words_cut(&w->ws, words);
	w->segments.fields = 0;
	w->segments.stats = (struct tr_stats){ 0 };
	w->memo->nchains = 0;
	return write_chains(w);
}

/* --- all of it --- */

/* All counters must fit the id of a record. */
static int check_ids(struct tr_work *w)
{
	const struct ir_chain *chain;
	uint32_t i, last;

	for (i = 0; i < ir_table_nchains(w->t); i++) {
		chain = ir_table_chain(w->t, i);
		last = chain->hook == IR_HOOK_NONE ? 0 : chain->index;
		if (chain->nrules && chain->rule[chain->nrules - 1]->index > last)
			last = chain->rule[chain->nrules - 1]->index;
		if (last > TR_ID_MAX)
			return fail(w, NULL, -E2BIG, "too many rules");
	}
	return 0;
}

/*
 * The counters and the extent, which the table does not keep.  Asking for the
 * latter numbers the table once more, which changes nothing.
 */
static int measure(struct tr_work *w)
{
	const struct ir_chain *chain;
	struct ir_extent e;
	uint32_t i;
	int err;

	for (i = 0; i < ir_table_nchains(w->t); i++) {
		chain = ir_table_chain(w->t, i);
		w->c->ncounters += chain->nrules;
		w->c->ncounters += chain->hook != IR_HOOK_NONE;
		w->c->stats.rules += chain->nrules;
	}
	err = ir_table_measure((struct ir_table *)w->t, &e, w->diag);
	w->c->depth = e.depth;
	w->c->counts = e.counts;
	return err;
}

static int check_refused(struct tr_work *w)
{
	const struct ir_rule *r = ir_table_refused(w->t, NULL);

	if (!r)
		return 0;
	return fail(w, r->refusal_loc.line ? &r->refusal_loc : &r->loc,
		    -EOPNOTSUPP, r->refusal);
}

int tr_work_check(struct tr_work *w)
{
	int err = check_refused(w);

	if (!err)
		err = check_ids(w);
	return err ? err : measure(w);
}

/* Puts those that @chain leads to into list[n...], each once; the new n. */
static uint32_t follow(const struct ir_chain *chain, bool *seen,
		       const struct ir_chain **list, uint32_t n)
{
	const struct ir_chain *to;
	uint32_t i;

	for (i = 0; i < chain->nrules; i++) {
		to = chain->rule[i]->to;
		if (!to || seen[to->number])
			continue;
		seen[to->number] = true;
		list[n++] = to;
	}
	return n;
}

static bool has_state(const struct ir_chain *chain)
{
	uint32_t i;

	for (i = 0; i < chain->nrules; i++)
		if (ir_rule_tests(chain->rule[i], IR_CTSTATE))
			return true;
	return false;
}

/* Whether a chain at @hook, or one that it leads to, asks for the state. */
static int mark_state(struct tr_work *w, enum ir_hook hook)
{
	const struct ir_chain **list = calloc(w->nchains, sizeof(*list));
	bool *seen = calloc(w->nchains, sizeof(*seen));
	uint32_t i, n = 1;

	if (!list || !seen) {
		free(list);
		free(seen);
		return -ENOMEM;
	}
	list[0] = ir_table_base(w->t, hook);
	for (i = 0; i < n && !w->c->hook[hook].state; i++) {
		w->c->hook[hook].state = has_state(list[i]);
		n = follow(list[i], seen, list, n);
	}
	free(list);
	free(seen);
	return 0;
}

static int mark_states(struct tr_work *w)
{
	int hook, err = 0;

	if (!(w->c->fields & 1u << IR_CTSTATE))
		return 0;
	for (hook = 0; hook < IR_NHOOKS && !err; hook++)
		if (w->c->hook[hook].present)
			err = mark_state(w, (enum ir_hook)hook);
	return err;
}

int tr_work_finish(struct tr_work *w)
{
	struct tr_classifier *c = w->c;
	uint32_t rules = c->stats.rules, i;

	c->size = tr_words_reserve(&w->ws, 0, 64);
	if (w->ws.err)
		return w->ws.err;
	c->fields |= w->segments.fields | w->boxer.fields;
	for (i = 0; i < c->layout.ntests; i++)
		c->fields |= tr_test_fields(&c->layout, &c->layout.test[i]);
	c->stats = w->segments.stats;
	c->stats.rules = rules;
	c->word = w->ws.word;
	w->ws.word = NULL;
	c->memo = w->memo;
	w->memo = NULL;
	return mark_states(w);
}

/* All of it is the base of changes, unless a chain took several segments. */
static void note_base(struct tr_work *w)
{
	w->c->memo->base = w->many ? 0 : w->c->size;
	w->c->memo->stats = w->c->stats;
	tr_memo_sort(w->c->memo);
}

static int translate(struct tr_work *w)
{
	int err = tr_work_check(w);

	w->c->family = ir_table_family(w->t);
	if (!err)
		err = tr_work_reach(w);
	if (!err)
		err = name_all(w);
	if (!err)
		err = survey(w);
	if (!err) {
		w->memo = tr_memo_new(w->nreached, w->c->ncounters);
		err = w->memo ? tr_work_write(w) : -ENOMEM;
	}
	if (!err)
		err = tr_work_finish(w);
	if (!err)
		note_base(w);
	if (err == -E2BIG)
		fail(w, NULL, err, "the classifier is larger than 512 MiB");
	if (err == -ENOMEM)
		fail(w, NULL, err, "out of memory");
	return err;
}

void tr_work_free(struct tr_work *w)
{
	tr_words_free(&w->ws);
	tr_cons_free(&w->cons);
	tr_ifaces_free(&w->ifaces);
	tr_boxer_free(&w->boxer);
	tr_boxes_free(&w->boxes);
	tr_memo_free(w->memo);
	free(w->segment);
	free(w->policy);
	free(w->chain);
	free(w->known);
	free(w->late);
	free(w->rule);
}

struct tr_classifier *tr_translate(const struct ir_table *t,
				   const struct tr_options *opt,
				   struct diag *diag)
{
	struct tr_work w = { .t = t, .diag = diag, .segments.opt = opt };
	struct tr_classifier *c;
	int err = -ENOMEM;

	c = calloc(1, sizeof(*c));
	w.c = c;
	if (c)
		err = translate(&w);
	else
		fail(&w, NULL, err, "out of memory");
	tr_work_free(&w);
	if (err) {
		tr_classifier_free(c);
		errno = -err;
		return NULL;
	}
	return c;
}

void tr_classifier_free(struct tr_classifier *c)
{
	if (!c)
		return;
	tr_memo_free(c->memo);
	free(c->word);
	free(c);
}
