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

#include "translator/box.h"
#include "translator/iface.h"
#include "translator/layout.h"
#include "translator/segment.h"
#include "translator/words.h"

/* Class numbers are compared as 16 bits. */
#define MAX_IFACES	65535
#define MAX_TCPOPTS	32
#define NO_TCPOPT	0xff

/* The size of a pair of segments, in words. */
#define PAIR_WORDS	(2 * sizeof(struct tr_segment) / 4)

struct work {
	const struct ir_table *t;
	struct diag	*diag;
	struct tr_classifier *c;
	struct tr_words	ws;
	struct tr_cons	cons;		/* extra terms */
	struct tr_ifaces ifaces;
	struct tr_boxer	boxer;
	struct tr_boxes	boxes;		/* of one chain and variant */
	struct tr_need	need;
	struct tr_segments segments;

	/* By chain number, of all chains; by position, of those reached. */
	uint32_t	nchains;
	uint32_t	*segment;	/* offset of its pair; 0: not reached */
	uint32_t	*policy;	/* offset of the pair of its policy */
	const struct ir_chain **chain;
	uint32_t	nreached;
};

/* Rules of a chain that share a segment. */
struct span {
	const struct ir_chain *chain;
	uint32_t	first;
	uint32_t	n;
	bool		kinds;		/* the variants of the chain differ */
};

static int fail(struct work *w, const struct ir_loc *loc, int err,
		const char *what)
{
	diag_error(w->diag, loc, "%s", what);
	return err;
}

/* --- chains --- */

static int reserve_pair(struct work *w, uint32_t *offset)
{
	*offset = tr_words_reserve(&w->ws, PAIR_WORDS, 32);
	return w->ws.err;
}

static int reach(struct work *w, const struct ir_chain *chain)
{
	if (w->segment[chain->number])
		return 0;
	w->chain[w->nreached++] = chain;
	return reserve_pair(w, &w->segment[chain->number]);
}

/* Finds all chains that hooks lead to, and gives them segments. */
static int reach_chains(struct work *w)
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
	tr_words_reserve(&w->ws, 16, 64);
	for (i = 0; i < w->nchains && !err; i++) {
		chain = ir_table_chain(w->t, i);
		if (chain->hook == IR_HOOK_NONE)
			continue;
		err = reach(w, chain);
		if (!err)
			err = reserve_pair(w, &w->policy[chain->number]);
	}
	for (i = 0; i < w->nreached && !err; i++)
		for (j = 0; j < w->chain[i]->nrules && !err; j++)
			if (w->chain[i]->rule[j]->to)
				err = reach(w, w->chain[i]->rule[j]->to);
	return err;
}

/* --- names --- */

static int name_tcpopt(struct work *w, const struct ir_rule *r, uint8_t opt)
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

static int name_rule(struct work *w, const struct ir_rule *r)
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

static int name_all(struct work *w)
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

static bool has_kinds(const struct ir_chain *chain)
{
	uint32_t i;

	for (i = 0; i < chain->nrules; i++)
		if (tr_rule_has_kinds(chain->rule[i]))
			return true;
	return false;
}

/* Makes the boxes of the rules of a range, into w->boxes. */
static int box_range(struct work *w, const struct span *r, int variant)
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

/* Learns what the boxes of a chain need, a rule at a time. */
static int survey_chain(struct work *w, const struct ir_chain *chain,
			int variant)
{
	uint32_t i, j;
	int err = 0;

	for (i = 0; i < chain->nrules && !err; i++) {
		w->boxes.n = 0;
		err = tr_boxes_add(&w->boxes, &w->boxer, chain->rule[i],
				   variant);
		for (j = 0; j < w->boxes.n; j++)
			tr_need_add(&w->need, &w->boxes.box[j]);
	}
	return err;
}

static int survey(struct work *w)
{
	uint32_t i;
	int err = 0;

	w->boxer.ws = &w->ws;
	w->boxer.cons = &w->cons;
	w->boxer.ifaces = &w->ifaces;
	w->boxer.segment = w->segment;
	for (i = 0; i < w->nreached && !err; i++) {
		err = survey_chain(w, w->chain[i], 0);
		if (err || !has_kinds(w->chain[i]))
			continue;
		w->c->variants = true;
		err = survey_chain(w, w->chain[i], 1);
	}
	tr_layout_make(&w->c->layout, &w->need);
	return err;
}

/* --- segments --- */

static struct tr_segment *pair_at(struct work *w, uint32_t offset)
{
	return (void *)(w->ws.word + offset / 4);
}

static uint32_t write_end(struct work *w, uint32_t word0, uint32_t target)
{
	uint32_t record[TR_RECORD_MAX];
	struct tr_box box;

	tr_box_init(&box, word0 | TR_LAST);
	box.target = target;
	tr_record_write(&w->c->layout, &box, record);
	return tr_words_add(&w->ws, record, w->c->layout.size / 4, 16);
}

/* Both variants for the rules of @r.  0, -errno, or 1: too many groups. */
static int write_span(struct work *w, const struct span *r, uint32_t offset)
{
	struct tr_segment pair[2] = { 0 };
	int err = box_range(w, r, 0);

	if (!err)
		err = tr_segment_build(&w->segments, &w->boxes, 0, &pair[0]);
	if (err)
		return err;
	pair[1] = pair[0];
	if (r->kinds) {
		err = box_range(w, r, 1);
		if (!err)
			err = tr_segment_build(&w->segments, &w->boxes, 1,
					       &pair[1]);
	}
	if (!err)
		memcpy(pair_at(w, offset), pair, sizeof(pair));
	return err;
}

static void set_end(struct work *w, uint32_t offset, uint32_t end)
{
	pair_at(w, offset)[0].end = end;
	pair_at(w, offset)[1].end = end;
}

/*
 * Ends the segment at @*offset by a goto to a new one, which *offset becomes.
 * -EAGAIN when records have no place for a target.
 */
static int write_goto(struct work *w, uint32_t *offset)
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

/* A chain in one segment, or in as many as it takes; @end is its end record. */
static int write_chain(struct work *w, const struct ir_chain *chain,
		       uint32_t end)
{
	struct span r = { chain, 0, chain->nrules, has_kinds(chain) };
	uint32_t offset = w->segment[chain->number], most = chain->nrules;
	struct tr_stats stats;
	uint32_t words;
	int err;

	for (;;) {
		words = w->ws.n;
		stats = w->segments.stats;
		r.n = chain->nrules - r.first;
		if (r.n > most)
			r.n = most;
		err = write_span(w, &r, offset);
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
	return 0;
}

/* The segment that is just the policy, whose record is at @end. */
static int write_policy(struct work *w, const struct ir_chain *chain,
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

static int write_base(struct work *w, const struct ir_chain *chain)
{
	enum tr_action verdict = TR_DROP;
	uint32_t end;
	int err;

	if (chain->policy == IR_ACCEPT)
		verdict = TR_ACCEPT;
	end = write_end(w, chain->index << TR_ID_SHIFT | verdict, 0);
	if (!end)
		return w->ws.err;
	err = write_policy(w, chain, end);
	if (err)
		return err;
	w->c->hook[chain->hook] = (struct tr_hook){
		.present	= true,
		.segment	= w->segment[chain->number],
		.policy		= w->policy[chain->number],
	};
	return write_chain(w, chain, end);
}

static int write_chains(struct work *w)
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
			err = write_chain(w, w->chain[i], end);
	return err;
}

static int write_segments(struct work *w, const struct tr_options *opt)
{
	uint32_t words = w->ws.n;
	int err;

	w->segments = (struct tr_segments){
		.ws	= &w->ws,
		.layout	= &w->c->layout,
		.opt	= opt,
		.nifaces = w->ifaces.n,
	};
	err = write_chains(w);
	if (err != -EAGAIN)
		return err;
	/* Some chain needs several segments: records with a target, then. */
	w->need.target = true;
	tr_layout_make(&w->c->layout, &w->need);
	tr_words_cut(&w->ws, words);
	w->segments.fields = 0;
	w->segments.stats = (struct tr_stats){ 0 };
	return write_chains(w);
}

/* --- all of it --- */

/* All counters must fit the id of a record. */
static int check_ids(struct work *w)
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
 * The counters and the depth, which the table does not keep.  Asking for the
 * depth numbers the table once more, which changes nothing.
 */
static int measure(struct work *w)
{
	const struct ir_chain *chain;
	uint32_t i;

	for (i = 0; i < ir_table_nchains(w->t); i++) {
		chain = ir_table_chain(w->t, i);
		w->c->ncounters += chain->nrules;
		w->c->ncounters += chain->hook != IR_HOOK_NONE;
		w->c->stats.rules += chain->nrules;
	}
	return ir_table_check((struct ir_table *)w->t, &w->c->depth, w->diag);
}

static int check_refused(struct work *w)
{
	const struct ir_rule *r = ir_table_refused(w->t, NULL);

	if (!r)
		return 0;
	return fail(w, r->refusal_loc.line ? &r->refusal_loc : &r->loc,
		    -EOPNOTSUPP, r->refusal);
}

static int finish(struct work *w)
{
	struct tr_classifier *c = w->c;
	uint32_t rules = c->stats.rules, i;

	c->size = tr_words_reserve(&w->ws, 0, 64);
	if (w->ws.err)
		return w->ws.err;
	c->fields = w->segments.fields | w->boxer.fields;
	for (i = 0; i < c->layout.ntests; i++)
		c->fields |= 1u << c->layout.test[i].field;
	c->stats = w->segments.stats;
	c->stats.rules = rules;
	c->word = w->ws.word;
	w->ws.word = NULL;
	return 0;
}

static int translate(struct work *w, const struct tr_options *opt)
{
	int err = check_refused(w);

	if (!err)
		err = check_ids(w);
	if (!err)
		err = measure(w);
	if (!err)
		err = reach_chains(w);
	if (!err)
		err = name_all(w);
	if (!err)
		err = survey(w);
	if (!err)
		err = write_segments(w, opt);
	if (!err)
		err = finish(w);
	if (err == -E2BIG)
		fail(w, NULL, err, "the classifier is larger than 512 MiB");
	if (err == -ENOMEM)
		fail(w, NULL, err, "out of memory");
	return err;
}

static void stop(struct work *w)
{
	tr_words_free(&w->ws);
	tr_cons_free(&w->cons);
	tr_ifaces_free(&w->ifaces);
	tr_boxer_free(&w->boxer);
	tr_boxes_free(&w->boxes);
	free(w->segment);
	free(w->policy);
	free(w->chain);
}

struct tr_classifier *tr_translate(const struct ir_table *t,
				   const struct tr_options *opt,
				   struct diag *diag)
{
	struct work w = { .t = t, .diag = diag };
	struct tr_classifier *c;
	int err = -ENOMEM;

	c = calloc(1, sizeof(*c));
	w.c = c;
	if (c)
		err = translate(&w, opt);
	else
		fail(&w, NULL, err, "out of memory");
	stop(&w);
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
	free(c->word);
	free(c);
}
