/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/witness.c - the search for a packet that reaches a rule
 *
 * The predicates of the rule, and of the jumps on a way to it, leave a space of
 * packets.  One is drawn and traced.  Where another rule takes it, the space is
 * narrowed so that this cannot be: one of the predicates that lead there does
 * not hold, or a RETURN before it does.  Each of these is tried in turn, depth
 * first, so that when all spaces come out empty the rule is proved to be
 * shadowed.  Drawing at random gets past most rules long before that; the number
 * of traces is bounded, and what is not found then is said to be unknown.
 */
#include "ir/witness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ir/eval.h"
#include "ir/neighbour.h"
#include "ir/rng.h"
#include "ir/space.h"
#include "ir/trace.h"

#define MAX_WAYS	64	/* to a chain that are tried */
#define MAX_DEPTH	80	/* rules avoided at once */
#define MAX_ALTS	96	/* ways to avoid one */
#define MAX_TRACES	200	/* for one rule */
#define MAX_SEEN	32	/* of those, remembered */
#define FIRST_DRAWS	6	/* before anything is avoided */
#define MORE_DRAWS	3	/* later, where the space is too wide */
#define MAX_CHOICES	16	/* of the fields that rules leave a choice of */
#define MAX_LENGTH	65535
#define SHARED		4	/* other rules that are tried for one packet */
#define SHARED_MAX	20	/* such packets for a rule */
#define SHARED_PART	4	/* of those for several rules, the others mixed */
#define MIXED		2	/* rules that fields are taken from */
#define CUT		3	/* one in so many has no whole transport header */
#define NEAR		40	/* with fewer, as many of these as neighbours */

/* All traces together look at so much (ir_tracer_work()), then they get few. */
#define WORK		1000000000u
#define SHORT_TRACES	12

struct way {
	enum ir_hook	hook;
	const struct ir_rule *step[IR_TRACE_DEPTH];
	uint32_t	n;
};

struct caller {
	const struct ir_chain *chain;
	const struct ir_rule *rule;
};

struct callers {
	struct caller	*v;
	uint32_t	n;
};

struct ir_witness {
	const struct ir_table *t;
	struct ir_tracer *tracer;
	uint64_t	seed;
	uint32_t	kinds;
	struct callers	*callers;	/* by chain number */
	struct caller	*caller;	/* what they point to */
	uint8_t		*data;

	/* The ways to one chain. */
	const struct ir_chain *chain;
	struct way	way[MAX_WAYS];
	uint32_t	nways;
	bool		more_ways;

	/* The search for one rule. */
	struct rng	rng;
	struct ir_goal	goal;
	struct ir_space	*space;		/* MAX_DEPTH of them */
	struct ir_recipe found;
	uint32_t	traces;		/* left */
	bool		chose;		/* among fields, at random */
	struct ir_block	seen[MAX_SEEN];	/* what was in the way */
	uint32_t	nseen;
	const struct ir_rule *by;
};

/* One way out: @pred does not hold, or all of @rule does, or the kind differs. */
struct alt {
	const struct ir_pred *pred;
	uint32_t	term;
	const struct ir_rule *rule;
	enum ir_need	need;
	uint32_t	outcomes;
};

struct alts {
	struct alt	v[MAX_ALTS];
	uint32_t	n;
	bool		cut;
};

enum result {
	FOUND,
	NEVER,			/* the goal's own predicates disagree */
	EMPTY,			/* other rules take all */
	UNKNOWN,
};

/* --- the ways to a chain --- */

static int collect_callers(struct ir_witness *w)
{
	uint32_t n = ir_table_nchains(w->t), i, k, total = 0, pass;
	const struct ir_chain *c;
	struct callers *to;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < n; i++) {
			c = ir_table_chain(w->t, i);
			for (k = 0; k < c->nrules; k++) {
				if (!c->rule[k]->to)
					continue;
				to = &w->callers[c->rule[k]->to->number];
				if (pass)
					to->v[to->n] = (struct caller){
						c, c->rule[k] };
				to->n++;
				total++;
			}
		}
		if (pass)
			break;
		w->caller = calloc((size_t)total + 1, sizeof(*w->caller));
		if (!w->caller)
			return -1;
		for (i = 0, total = 0; i < n; i++) {
			w->callers[i].v = w->caller + total;
			total += w->callers[i].n;
			w->callers[i].n = 0;
		}
	}
	return 0;
}

struct ir_witness *ir_witness_new(const struct ir_table *t, uint64_t seed)
{
	struct ir_witness *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->t = t;
	w->seed = seed;
	w->kinds = IR_KINDS_ALL;
	w->tracer = ir_tracer_new(t);
	w->callers = calloc((size_t)ir_table_nchains(t) + 1,
			    sizeof(*w->callers));
	w->space = calloc(MAX_DEPTH, sizeof(*w->space));
	w->data = calloc(1, MAX_LENGTH + IR_BUILD_MAX);
	if (!w->tracer || !w->callers || !w->space || !w->data ||
	    collect_callers(w)) {
		ir_witness_free(w);
		return NULL;
	}
	return w;
}

void ir_witness_free(struct ir_witness *w)
{
	if (!w)
		return;
	ir_tracer_free(w->tracer);
	free(w->callers);
	free(w->caller);
	free(w->space);
	free(w->data);
	free(w);
}

void ir_witness_kinds(struct ir_witness *w, uint32_t kinds)
{
	w->kinds = kinds;
}

/* @step has @n rules from here down to the chain, the last of the way first. */
static void add_way(struct ir_witness *w, enum ir_hook hook,
		    const struct ir_rule *const *step, uint32_t n)
{
	struct way *way;
	uint32_t i;

	if (w->nways == MAX_WAYS) {
		w->more_ways = true;
		return;
	}
	way = &w->way[w->nways++];
	way->hook = hook;
	way->n = n;
	for (i = 0; i < n; i++)
		way->step[i] = step[n - 1 - i];
}

static void find_ways(struct ir_witness *w, const struct ir_chain *c,
		      const struct ir_rule **step, uint32_t n, uint32_t *left)
{
	const struct callers *from = &w->callers[c->number];
	uint32_t i;

	if (c->hook != IR_HOOK_NONE) {
		add_way(w, c->hook, step, n);
		return;
	}
	for (i = 0; i < from->n && w->nways < MAX_WAYS; i++) {
		if (n == IR_TRACE_DEPTH - 1 || !*left) {
			w->more_ways = true;
			return;
		}
		--*left;
		step[n] = from->v[i].rule;
		find_ways(w, from->v[i].chain, step, n + 1, left);
	}
	w->more_ways |= i < from->n;
}

static void set_chain(struct ir_witness *w, const struct ir_chain *c)
{
	const struct ir_rule *step[IR_TRACE_DEPTH];
	uint32_t left = 2000;	/* a chain that nothing reaches has loops, too */

	if (w->chain == c)
		return;
	w->chain = c;
	w->nways = 0;
	w->more_ways = false;
	find_ways(w, c, step, 0, &left);
}

/* --- narrowing --- */

static void narrow(struct ir_witness *w, struct ir_space *s,
		   const struct ir_pred *pred, bool holds, uint32_t choice)
{
	uint32_t n = ir_space_choices(pred, holds);

	if (n > 1) {
		s->exact = false;
		w->chose = true;
	}
	ir_space_narrow(s, pred, holds, choice == UINT32_MAX ?
			rng_below(&w->rng, n) : choice);
}

/* Packets for which @r holds. */
static void narrow_rule(struct ir_witness *w, struct ir_space *s,
			const struct ir_rule *r)
{
	const struct ir_match *m;
	uint32_t i, k;

	for (i = 0; i < r->nmatches; i++) {
		m = &r->match[i];
		ir_space_need(s, m->need, 1u << IR_OUT_TEST);
		for (k = 0; k < m->npreds; k++)
			narrow(w, s, &m->pred[k], m->need != IR_NEED_GUARD,
			       UINT32_MAX);
	}
}

static void add_alt(struct alts *a, struct alt alt)
{
	if (a->n == MAX_ALTS)
		a->cut = true;
	else
		a->v[a->n++] = alt;
}

/* Some predicate of @m does not hold. */
static void avoid_preds(struct alts *a, const struct ir_match *m)
{
	uint32_t k, t;

	for (k = 0; k < m->npreds; k++)
		for (t = 0; t < ir_space_choices(&m->pred[k], false); t++)
			add_alt(a, (struct alt){
				.pred = &m->pred[k], .term = t });
}

/* One of the first @n matches of @r does not hold, nor drops. */
static void avoid_rule(struct alts *a, const struct ir_rule *r, uint32_t n)
{
	const struct ir_match *m;
	uint32_t i;

	for (i = 0; i < n; i++) {
		m = &r->match[i];
		if (m->need == IR_NEED_GUARD)
			continue;
		avoid_preds(a, m);
		if (m->need != IR_NEED_NOTHING)
			add_alt(a, (struct alt){ .need = m->need,
				.outcomes = 1u << IR_OUT_FAIL });
	}
}

/* A RETURN or goto before the rule at @at ends this side chain. */
static void leave_chain(struct alts *a, const struct ir_chain *c, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < at; i++)
		if (c->rule[i]->target == IR_RETURN ||
		    c->rule[i]->target == IR_GOTO)
			add_alt(a, (struct alt){ .rule = c->rule[i] });
}

static void list_alts(struct alts *a, const struct ir_block *b,
		      const struct ir_goal *goal)
{
	const struct ir_rule *r;
	uint32_t i, k;

	a->n = 0;
	a->cut = false;
	for (i = 0; i < b->n; i++) {
		r = b->at[i].chain->rule[b->at[i].at];
		/* A RETURN of the base chain leads to its policy. */
		if (b->at[i].aside || !goal->rule)
			leave_chain(a, b->at[i].chain, b->at[i].at);
		for (k = 0; k < goal->nway; k++)
			if (goal->way[k] == r)
				break;
		if (k < goal->nway)
			continue;	/* it has to hold */
		if (i + 1 < b->n || b->hotdrop < 0) {
			avoid_rule(a, r, r->nmatches);
			continue;
		}
		avoid_rule(a, r, (uint32_t)b->hotdrop);
		if (r->match[b->hotdrop].need == IR_NEED_GUARD) {
			avoid_preds(a, &r->match[b->hotdrop]);
			continue;
		}
		add_alt(a, (struct alt){
			.need = r->match[b->hotdrop].need,
			.outcomes = 1u << IR_OUT_TEST | 1u << IR_OUT_FAIL });
	}
}

static void shuffle(struct alts *a, struct rng *r)
{
	struct alt tmp;
	uint32_t i, k;

	for (i = a->n; i > 1; i--) {
		k = rng_below(r, i);
		tmp = a->v[k];
		a->v[k] = a->v[i - 1];
		a->v[i - 1] = tmp;
	}
}

static void apply(struct ir_witness *w, struct ir_space *s,
		  const struct alt *alt)
{
	if (alt->rule)
		narrow_rule(w, s, alt->rule);
	else if (alt->pred)
		ir_space_narrow(s, alt->pred, false, alt->term);
	else
		ir_space_need(s, alt->need, alt->outcomes);
}

/* --- the search --- */

/*
 * Whether the goal and the way to it hold for a packet: what is drawn from a
 * space that is not exact may miss them, and then a rule behind the goal takes
 * it, which tells nothing.
 */
static bool is_meant(const struct ir_witness *w, const struct ir_packet *p)
{
	bool hotdrop;
	uint32_t i;

	for (i = 0; i < w->goal.nway; i++)
		if (!ir_eval_rule(w->goal.way[i], p, &hotdrop))
			return false;
	return !w->goal.rule || ir_eval_rule(w->goal.rule, p, &hotdrop);
}

static bool try(struct ir_witness *w, const struct ir_space *s,
		enum ir_draw how, struct ir_block *block)
{
	struct ir_packet p;

	block->n = 0;
	block->hotdrop = -1;
	if (!ir_space_draw(s, how, &w->rng, &w->found))
		return false;
	ir_recipe_packet(&w->found, w->data, &p);
	if (ir_trace(w->tracer, &w->goal, &p, block))
		return true;
	if (!is_meant(w, &p))
		block->n = 0;
	return false;
}

/* At first the corners of the space, since faults are at boundaries. */
static enum ir_draw how(struct ir_witness *w, uint32_t depth, uint32_t n)
{
	bool odd = w->goal.rule && w->goal.rule->index % 2;

	if (depth)
		return (enum ir_draw)rng_below(&w->rng, 3);
	if (n >= 2)
		return IR_DRAW_ANY;
	return n == odd ? IR_DRAW_LOW : IR_DRAW_HIGH;
}

/* Draws some; *block is of the last that a rule took. */
static bool draw(struct ir_witness *w, uint32_t depth, struct ir_block *block)
{
	uint32_t i, n = !depth ? FIRST_DRAWS :
			w->space[depth].exact ? 1 : MORE_DRAWS;
	struct ir_block b;

	block->n = 0;
	block->hotdrop = -1;
	for (i = 0; i < n && w->traces; i++) {
		w->traces--;
		if (try(w, &w->space[depth], how(w, depth, i), &b))
			return true;
		if (b.n)
			*block = b;
	}
	return false;
}

static enum result search(struct ir_witness *w, uint32_t depth)
{
	const struct ir_space *s = &w->space[depth];
	enum result worst = EMPTY, r;
	struct ir_block block;
	struct alts alts;
	uint32_t i;

	if (ir_space_is_empty(s))
		return s->exact ? EMPTY : UNKNOWN;
	if (draw(w, depth, &block))
		return FOUND;
	if (!block.n || depth + 1 == MAX_DEPTH)
		return UNKNOWN;
	if (w->nseen < MAX_SEEN)
		w->seen[w->nseen++] = block;
	list_alts(&alts, &block, &w->goal);
	shuffle(&alts, &w->rng);
	for (i = 0; i < alts.n; i++) {
		if (!w->traces)
			return UNKNOWN;
		ir_space_copy(&w->space[depth + 1], s);
		apply(w, &w->space[depth + 1], &alts.v[i]);
		r = search(w, depth + 1);
		if (r == FOUND)
			return FOUND;
		if (r == UNKNOWN)
			worst = UNKNOWN;
	}
	return alts.cut ? UNKNOWN : worst;
}

/* Whether there is no way past @block for any packet of the goal. */
static bool takes_all(struct ir_witness *w, const struct ir_block *block)
{
	struct ir_space *s = &w->space[1];
	struct alts alts;
	uint32_t i;

	list_alts(&alts, block, &w->goal);
	if (alts.cut)
		return false;
	for (i = 0; i < alts.n; i++) {
		ir_space_copy(s, &w->space[0]);
		apply(w, s, &alts.v[i]);
		if (!s->exact || !ir_space_is_empty(s))
			return false;
	}
	return true;
}

/* The goal is shadowed; by one rule alone? */
static void find_shadow(struct ir_witness *w)
{
	const struct ir_block *b;
	uint32_t i;

	for (i = 0; i < w->nseen && !w->by; i++) {
		b = &w->seen[i];
		if (takes_all(w, b))
			w->by = b->at[b->n - 1].chain->rule[b->at[b->n - 1].at];
	}
}

static enum result search_way(struct ir_witness *w, const struct way *way)
{
	const struct ir_rule *r = w->goal.rule;
	enum result res;
	uint32_t i;

	w->goal.hook = way->hook;
	w->goal.way = way->step;
	w->goal.nway = way->n;
	ir_space_init(&w->space[0], ir_table_family(w->t) == AF_INET6,
		      way->hook);
	ir_space_kinds(&w->space[0], w->kinds);
	for (i = 0; i < way->n; i++)
		narrow_rule(w, &w->space[0], way->step[i]);
	if (r)
		narrow_rule(w, &w->space[0], r);
	if (ir_space_is_empty(&w->space[0]))
		return w->space[0].exact ? NEVER : UNKNOWN;
	w->nseen = 0;
	res = search(w, 0);
	if (res == EMPTY)
		find_shadow(w);
	return res;
}

/* Once more where other choices can be made. */
static enum result search_again(struct ir_witness *w, const struct way *way)
{
	enum result res = UNKNOWN;
	uint32_t i;

	for (i = 0; i < MAX_CHOICES && res == UNKNOWN; i++) {
		w->chose = false;
		res = search_way(w, way);
		if (!w->chose || !w->traces)
			break;
	}
	return res;
}

static enum ir_witness_result search_all(struct ir_witness *w)
{
	enum ir_witness_result res = IR_WITNESS_NEVER;
	uint32_t i, max;

	if (!w->nways)
		return w->more_ways ? IR_WITNESS_UNKNOWN :
		       IR_WITNESS_UNREACHABLE;
	max = ir_tracer_work(w->tracer) > WORK ? SHORT_TRACES : MAX_TRACES;
	for (i = 0; i < w->nways; i++) {
		w->traces = max / (1 + i / 4);
		switch (search_again(w,
				&w->way[(i + w->seed) % w->nways])) {
		case FOUND:
			return IR_WITNESS_FOUND;
		case NEVER:
			break;
		case EMPTY:
			if (res == IR_WITNESS_NEVER)
				res = IR_WITNESS_SHADOWED;
			break;
		default:
			res = IR_WITNESS_UNKNOWN;
			break;
		}
	}
	return w->more_ways ? IR_WITNESS_UNKNOWN : res;
}

static int give(struct ir_witness *w, const struct ir_recipe *c, bool witness,
		ir_probe_fn *probe, void *ctx)
{
	struct ir_probe p = {
		.hook = w->goal.hook, .witness = witness,
		.chain = w->goal.chain, .rule = w->goal.rule,
		.len = c->build.total, .data = w->data,
	};

	ir_recipe_packet(c, w->data, &p.packet);
	return probe(ctx, &p);
}

/* Up to *n, which is what is left of them then. */
static int give_neighbours(struct ir_witness *w, uint32_t *n,
			   ir_probe_fn *probe, void *ctx)
{
	const struct ir_rule *r = w->goal.rule;
	uint32_t i, max = r ? ir_neighbours(r) : 0;
	struct ir_recipe c;
	int err = 0;

	for (i = 0; i < max && *n && !err; i++) {
		if (!ir_neighbour(r, w->goal.hook, i, &w->found, &w->rng, &c))
			continue;
		err = give(w, &c, false, probe, ctx);
		--*n;
	}
	return err;
}

/* Another rule that may hold for packets of this one, from here or there. */
static const struct ir_rule *other_rule(struct ir_witness *w)
{
	const struct ir_chain *c = w->goal.chain;

	if (rng_one_in(&w->rng, 2))
		c = ir_table_chain(w->t, rng_below(&w->rng,
						   ir_table_nchains(w->t)));
	return c->nrules ? c->rule[rng_below(&w->rng, c->nrules)] : NULL;
}

/*
 * Packets that several rules hold for: which of them comes first is what is
 * easily wrong.  They need not get to any.
 */
static int give_shared(struct ir_witness *w, uint32_t n, ir_probe_fn *probe,
		       void *ctx)
{
	struct ir_space *s = &w->space[1], *next = &w->space[2];
	const struct ir_rule *r;
	uint32_t i, k;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		ir_space_copy(s, &w->space[0]);
		for (k = 0; k < SHARED; k++) {
			r = other_rule(w);
			if (!r)
				continue;
			ir_space_copy(next, s);
			narrow_rule(w, next, r);
			if (!ir_space_is_empty(next))
				ir_space_copy(s, next);
		}
		if (ir_space_draw(s, IR_DRAW_ANY, &w->rng, &w->found))
			err = give(w, &w->found, false, probe, ctx);
	}
	return err;
}

/* The same, quickly: the witness with values that other rules ask for. */
static int give_mixed(struct ir_witness *w, const struct ir_recipe *found,
		      uint32_t n, ir_probe_fn *probe, void *ctx)
{
	const struct ir_rule *r;
	struct ir_recipe c;
	uint32_t i, k;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		c = *found;
		if (rng_one_in(&w->rng, CUT))
			ir_neighbour_cut(&w->rng, &c);
		for (k = 0; k < MIXED; k++) {
			r = other_rule(w);
			if (r)
				ir_neighbour_mix(w->goal.rule, r, &w->rng, &c);
		}
		ir_recipe_finish(&c);
		err = give(w, &c, false, probe, ctx);
	}
	return err;
}

/* All sorts, where there is not room for all neighbours. */
static int give_others(struct ir_witness *w, uint32_t n, ir_probe_fn *probe,
		       void *ctx)
{
	uint32_t near = n < NEAR ? (n + 1) / 2 : n, left = near, shared;
	const struct ir_recipe found = w->found;
	int err = give_neighbours(w, &left, probe, ctx);

	n -= near - left;
	shared = (n + SHARED_PART - 1) / SHARED_PART;
	if (shared > SHARED_MAX)
		shared = SHARED_MAX;
	if (!err)
		err = give_mixed(w, &found, n - shared, probe, ctx);
	return err ? err : give_shared(w, shared, probe, ctx);
}

int ir_witness_find(struct ir_witness *w, const struct ir_chain *chain,
		    uint32_t at, uint32_t neighbours, ir_probe_fn *probe,
		    void *ctx, const struct ir_rule **by)
{
	enum ir_witness_result res;
	int err;

	set_chain(w, chain);
	w->rng = rng_at(w->seed, (uint64_t)chain->number << 32 | at);
	w->goal.chain = chain;
	w->goal.rule = at < chain->nrules ? chain->rule[at] : NULL;
	w->by = NULL;
	res = search_all(w);
	if (by)
		*by = res == IR_WITNESS_SHADOWED ? w->by : NULL;
	if (res != IR_WITNESS_FOUND)
		return res;
	err = give(w, &w->found, true, probe, ctx);
	if (!err)
		err = give_others(w, neighbours, probe, ctx);
	return err ? err : IR_WITNESS_FOUND;
}
