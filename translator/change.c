/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/change.c - one classifier becomes that of a changed table
 *
 * What was translated whole, the base, stays.  Rules that came since are
 * "late": each chain has them in groups of their own beside those of the base,
 * which is exact because the answer is the lowest id over all groups.  Three
 * steps:
 *   1. compare: every rule of the base must still be there, in order; late ones
 *      may come and go
 *   2. patch: ids (which are counter indexes, so that one new rule shifts all
 *      behind it) and the targets of jumps, in all records of the base
 *   3. write: late rules, new chains and end records, behind the base
 *
 * A rule of the base that is gone needs a translation: trees leave out what it
 * hides.  So does whatever the description has no place for, and too many late
 * rules, since each packet looks for them too.
 *
 * The block may come from another process: nothing of it is believed that could
 * lead out of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translator/memo.h"
#include "translator/work.h"

/* Fewer rules are translated in next to no time. */
#define WORTH	1000
/* So many late rules, and one for so many rules. */
#define LATE_MIN 32
#define LATE_PART 64

/* --- compare --- */

static uint32_t late_limit(const struct tr_work *w)
{
	const struct tr_options *opt = w->segments.opt;
	uint32_t n = w->c->stats.rules;

	if (opt && opt->late)
		return opt->late;
	return n < WORTH ? 0 : LATE_MIN + n / LATE_PART;
}

/* Each rule of a known chain is of the base, or late.  False: one is gone. */
static bool compare_chain(struct tr_work *w, const struct ir_chain *chain,
			  const struct tr_memo *old, uint32_t *nlate)
{
	const struct tr_memo_chain *k = w->known[chain->number];
	uint32_t next = k->first, end = k->first + k->nrules, i;
	const struct ir_rule *r;

	if (end > old->ncounters || end < k->first)
		return false;
	for (i = 0; i < chain->nrules; i++) {
		r = chain->rule[i];
		while (next < end && old->late[next])
			next++;
		if (next < end && r->old_index == next) {
			w->rule[next++] = r;
			continue;
		}
		w->late[r->index] = 1;
		++*nlate;
	}
	while (next < end && old->late[next])
		next++;
	return next == end;
}

static bool compare(struct tr_work *w, const struct tr_memo *old)
{
	uint32_t i, nlate = 0;

	for (i = 0; i < w->nreached; i++) {
		if (!w->known[w->chain[i]->number])
			nlate += w->chain[i]->nrules;
		else if (!compare_chain(w, w->chain[i], old, &nlate))
			return false;
	}
	return nlate <= late_limit(w);
}

/* --- names --- */

static bool knows_pred(const struct tr_work *w, const struct ir_pred *p)
{
	if (p->kind == IR_PRED_IFACE)
		return tr_ifaces_knows(&w->ifaces, &p->iface);
	return p->kind != IR_PRED_TCPOPT ||
	       w->boxer.tcpopt[p->tcpopt] < w->c->ntcpopts;
}

static bool knows_rule(const struct tr_work *w, const struct ir_rule *r)
{
	uint32_t i, j;

	if (r->target == IR_EXTENSION)
		return false;
	for (i = 0; i < r->nmatches; i++)
		for (j = 0; j < r->match[i].npreds; j++)
			if (!knows_pred(w, &r->match[i].pred[j]))
				return false;
	return true;
}

/* Whether all names and fields of the rules not in the base are known. */
static int check_rules(struct tr_work *w)
{
	const struct ir_chain *chain;
	uint32_t i, k;
	bool old;
	int err = 0;

	for (i = 0; i < w->nreached && !err; i++) {
		chain = w->chain[i];
		old = w->known[chain->number];
		for (k = 0; k < chain->nrules; k++)
			if ((!old || w->late[chain->rule[k]->index]) &&
			    !knows_rule(w, chain->rule[k]))
				return -EAGAIN;
		err = tr_work_survey(w, chain, 0);
		if (err || !tr_work_has_kinds(w, chain))
			continue;
		w->c->variants = true;
		err = tr_work_survey(w, chain, 1);
	}
	if (!err && !tr_layout_holds(&w->c->layout, &w->need))
		err = -EAGAIN;
	return err;
}

static int start_boxer(struct tr_work *w)
{
	uint32_t i;

	w->need.family = w->c->family;
	w->boxer.ws = &w->ws;
	w->boxer.cons = &w->cons;
	w->boxer.ifaces = &w->ifaces;
	w->boxer.segment = w->segment;
	memset(w->boxer.tcpopt, 0xff, sizeof(w->boxer.tcpopt));
	for (i = 0; i < w->c->ntcpopts; i++)
		w->boxer.tcpopt[w->c->tcpopt[i]] = (uint8_t)i;
	return check_rules(w);
}

/* --- patch --- */

/* What is under way in the base. */
struct patch {
	struct tr_work	*w;
	uint32_t	words;		/* of the base */
	uint32_t	nrules;		/* that w->rule has room for */
	uint8_t		*seen;		/* by 8 bytes of the base */
	bool		bad;		/* this is not what was written */
};

/* The @n words at @offset; NULL: there are none. */
static uint32_t *at(struct patch *p, uint32_t offset, uint32_t n)
{
	uint32_t i = offset / 4;

	if (!offset || offset % 8 || n > p->words || i > p->words - n)
		p->bad = true;
	return p->bad ? NULL : p->w->ws.word + i;
}

/* Whether it was met before; notes that it is now. */
static bool seen(struct patch *p, uint32_t offset)
{
	uint8_t bit = 1u << (offset / 8 % 8);
	bool met;

	met = p->seen[offset / 64] & bit;
	p->seen[offset / 64] |= bit;
	return met;
}

static const struct ir_rule *rule_of(struct patch *p, uint32_t id)
{
	const struct ir_rule *r = id < p->nrules ? p->w->rule[id] : NULL;

	p->bad |= !r;
	return r;
}

/* The id in a word 0, or in a bound made of one. */
static const struct ir_rule *renumber(struct patch *p, uint32_t *word)
{
	const struct ir_rule *r = rule_of(p, *word >> TR_ID_SHIFT);

	if (r)
		*word = r->index << TR_ID_SHIFT | (*word & 0xff);
	return r;
}

static void patch_record(struct patch *p, uint32_t *rec)
{
	const struct tr_layout *l = &p->w->c->layout;
	const struct ir_rule *r = renumber(p, &rec[0]);
	uint32_t action = rec[0] & TR_ACTION_MASK;

	if (!r || (action != TR_JUMP && action != TR_GOTO))
		return;
	if (r->to && l->target)
		rec[l->target / 4] = p->w->segment[r->to->number];
	else
		p->bad = true;
}

static void patch_leaf(struct patch *p, uint32_t offset)
{
	uint32_t size = p->w->c->layout.size, *rec;

	do {
		rec = at(p, offset, size / 4);
		if (!rec)
			return;
		patch_record(p, rec);
		offset += size;
	} while (!(rec[0] & TR_LAST) && !p->bad);
}

static void patch_tree(struct patch *p, uint32_t ref, int depth)
{
	uint32_t offset = ref & ~(uint32_t)TR_REF_MASK, n, i, *node;

	if (p->bad || (ref & TR_REF_MASK) == TR_EMPTY)
		return;
	if (!at(p, offset, 1) || seen(p, offset))
		return;
	if ((ref & TR_REF_MASK) == TR_LEAF) {
		patch_leaf(p, offset);
		return;
	}
	n = (ref & TR_REF_MASK) == TR_NODE4 ? 4 : 8;
	node = at(p, offset, 2 * n);
	p->bad |= depth > TR_DEPTH_MAX;
	for (i = 0; i < n && !p->bad; i++)
		patch_tree(p, node[n + i], depth + 1);
}

static void patch_slots(struct patch *p, const struct tr_group *g)
{
	const uint32_t none = 64 - TR_TAG_BITS;
	uint32_t n, i, *slot;

	if ((g->mul && (g->shift < none - 26 || g->shift >= none)) ||
	    g->half[0] >= TR_NHALVES || g->half[1] >= TR_NHALVES) {
		p->bad = true;
		return;
	}
	n = (uint32_t)tr_group_slots(g);
	slot = at(p, g->slots, 2 * n);
	for (i = 0; i < n && !p->bad; i++, slot += 2) {
		if (slot[1] == UINT32_MAX)
			continue;
		renumber(p, &slot[1]);
		patch_tree(p, slot[0], 0);
	}
}

static void patch_groups(struct patch *p, uint32_t offset)
{
	const uint32_t size = sizeof(struct tr_group);
	struct tr_group *g;

	if (!at(p, offset, size / 4) || seen(p, offset))
		return;
	for (; !p->bad; offset += size) {
		g = (void *)at(p, offset, size / 4);
		if (!g || g->min0 == UINT32_MAX)
			return;
		renumber(p, &g->min0);
		renumber(p, &g->max0);
		patch_slots(p, g);
	}
}

static int patch_base(struct tr_work *w, const struct tr_memo *old)
{
	struct patch p = {
		.w = w, .words = old->base / 4, .nrules = old->ncounters,
	};
	const struct tr_memo_chain *k;
	uint32_t i;

	/* Pieces of the block are at multiples of 8 bytes at least. */
	p.seen = calloc(old->base / 64 + 1, 1);
	if (!p.seen)
		return -ENOMEM;
	for (i = 0; i < w->nreached; i++) {
		k = w->known[w->chain[i]->number];
		if (!k)
			continue;
		at(&p, k->segment, 2 * sizeof(struct tr_segment) / 4);
		if (k->policy)
			at(&p, k->policy, 2 * sizeof(struct tr_segment) / 4);
		else
			p.bad |= w->chain[i]->hook != IR_HOOK_NONE;
		patch_groups(&p, k->groups[0]);
		patch_groups(&p, k->groups[1]);
	}
	free(p.seen);
	return p.bad ? -EAGAIN : 0;
}

/* --- write --- */

static int write_variant(struct tr_work *w, const struct ir_chain *chain,
			 int variant, struct tr_segment *out)
{
	uint32_t from = w->known[chain->number]->groups[variant];
	const struct tr_group *g;
	int err = tr_work_box_late(w, chain, variant);

	if (err)
		return err;
	if (w->boxes.n) {
		err = tr_segment_build(&w->segments, &w->boxes, variant, from,
				       out);
		return err > 0 ? -EAGAIN : err;
	}
	g = (const void *)(w->ws.word + from / 4);
	out->groups = from;
	out->single = g[0].min0 != UINT32_MAX && g[1].min0 == UINT32_MAX;
	return 0;
}

int tr_change_chain(struct tr_work *w, const struct ir_chain *chain,
		    uint32_t end)
{
	const struct tr_memo_chain *k = w->known[chain->number];
	struct tr_segment pair[2] = { 0 };
	struct tr_memo_chain *m;
	int err = write_variant(w, chain, 0, &pair[0]);

	pair[1] = pair[0];
	if (!err && (k->groups[0] != k->groups[1] ||
		     tr_work_has_kinds(w, chain)))
		err = write_variant(w, chain, 1, &pair[1]);
	if (err)
		return err;
	pair[0].end = pair[1].end = end;
	memcpy(tr_work_pair(w, k->segment), pair, sizeof(pair));
	m = &w->memo->chain[w->memo->nchains++];
	*m = *k;
	m->way.edits += tr_memo_edits(k, chain);
	m->nrules = chain->nrules;
	m->first = chain->nrules ? chain->rule[0]->index : 0;
	return 0;
}

/* --- all of it --- */

static int start(struct tr_work *w, const struct tr_memo *old)
{
	struct tr_classifier *c = w->c;
	uint32_t i, n = ir_table_nchains(w->t);
	int err;

	w->ws.word = c->word;
	w->ws.cap = c->size / 4;
	w->ws.n = old->base / 4;
	c->word = NULL;
	c->ncounters = c->stats.rules = 0;
	w->segments.stats = old->stats;
	err = tr_work_check(w);
	if (err)
		return err;
	w->known = calloc((size_t)n + 1, sizeof(*w->known));
	w->late = calloc((size_t)c->ncounters + 1, 1);
	w->rule = calloc((size_t)old->ncounters + 1, sizeof(*w->rule));
	w->memo = tr_memo_new(n, c->ncounters);
	if (!w->known || !w->late || !w->rule || !w->memo)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		w->known[i] = tr_memo_find(old, ir_table_chain(w->t, i)->name);
	return tr_work_reach(w);
}

static int change(struct tr_work *w, const struct tr_memo *old)
{
	int err = tr_ifaces_read(&w->ifaces, w->c);

	if (!err)
		err = start(w, old);
	if (!err && !compare(w, old))
		err = -EAGAIN;
	if (!err)
		err = start_boxer(w);
	if (!err)
		err = patch_base(w, old);
	if (!err)
		err = tr_work_write(w);
	if (err)
		return err;
	w->memo->base = old->base;
	w->memo->stats = old->stats;
	memcpy(w->memo->late, w->late, w->c->ncounters);
	tr_memo_sort(w->memo);
	return tr_work_finish(w);
}

bool tr_change(struct tr_classifier *c, const struct ir_table *t,
	       const struct tr_options *opt)
{
	struct tr_work w = { .t = t, .c = c, .segments.opt = opt };
	struct tr_memo *old = c->memo;
	int err;

	if (!old->base || !c->word || c->family != ir_table_family(t))
		return false;
	err = change(&w, old);
	if (c->memo != old)
		tr_memo_free(old);
	tr_work_free(&w);
	return !err;
}
