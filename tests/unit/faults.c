/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/faults.c - places in a classifier's block, and what to do there */
#include "tests/unit/faults.h"

#include <stdlib.h>
#include <string.h>

const char *const fault_names[FAULT_NTYPES] = {
	"threshold", "children", "test", "extra", "action", "end", "id",
	"lost", "group", "mask",
};

struct search {
	const struct tr_classifier *c;
	struct fault_sites *out;
	uint32_t	*segment;
	uint32_t	nsegments;
};

static const uint32_t *at(const struct search *s, uint32_t offset)
{
	return s->c->word + offset / 4;
}

static void add(struct search *s, enum fault_type type, const uint32_t *word,
		uint32_t n)
{
	struct fault_sites *o = s->out;

	if (o->n == o->room) {
		o->room = 2 * o->room + 256;
		o->v = realloc(o->v, o->room * sizeof(*o->v));
		if (!o->v)
			abort();
	}
	o->v[o->n++] = (struct fault_site){
		type, (uint32_t)(word - s->c->word), n };
}

static void note(struct search *s, uint32_t offset)
{
	uint32_t i;

	for (i = 0; i < s->nsegments; i++)
		if (s->segment[i] == offset)
			return;
	s->segment = realloc(s->segment,
			     (s->nsegments + 1) * sizeof(*s->segment));
	if (!s->segment)
		abort();
	s->segment[s->nsegments++] = offset;
}

static void find_record(struct search *s, const uint32_t *rec)
{
	const struct tr_layout *l = &s->c->layout;
	const uint32_t *term;
	uint32_t action = rec[0] & TR_ACTION_MASK;
	int i;

	for (i = 0; i < l->ntests; i++)
		add(s, FAULT_TEST, rec + l->test[i].offset / 4,
		    l->test[i].kind == TR_TEST_MASKED32 ? 2 :
		    l->test[i].kind == TR_TEST_MASKED64 ? 4 : 1);
	for (term = l->extra && rec[l->extra / 4] ?
	     at(s, rec[l->extra / 4]) : NULL; term; term += 4) {
		add(s, FAULT_EXTRA, term + 1, 3);
		if (term[0] & TR_TERM_END)
			break;
	}
	add(s, FAULT_ACTION, rec, 1);
	if (!(rec[0] & TR_UNCOUNTED) && rec[0] >> TR_ID_SHIFT)
		add(s, FAULT_ID, rec, 1);
	if (!(rec[0] & TR_LAST))
		add(s, FAULT_LOST, rec, 1);
	if (action == TR_JUMP || action == TR_GOTO)
		note(s, rec[l->target / 4]);
}

static void find_tree(struct search *s, uint32_t ref)
{
	const uint32_t *p = at(s, ref & ~(uint32_t)TR_REF_MASK);
	uint32_t k, i;

	if ((ref & TR_REF_MASK) == TR_EMPTY)
		return;
	if ((ref & TR_REF_MASK) == TR_LEAF) {
		for (;; p += s->c->layout.size / 4) {
			find_record(s, p);
			if (*p & TR_LAST)
				return;
		}
	}
	k = (ref & TR_REF_MASK) == TR_NODE8 ? 7 : 3;
	add(s, FAULT_THRESHOLD, p + 1, k);
	add(s, FAULT_CHILDREN, p + 1 + k, k + 1);
	for (i = 0; i <= k; i++)
		find_tree(s, p[1 + k + i]);
}

static void find_group(struct search *s, const struct tr_group *g)
{
	const uint32_t *slot = at(s, g->slots);
	uint64_t n = tr_group_slots(g), i;

	add(s, FAULT_GROUP, &g->min0, 1);
	if (g->mul)
		add(s, FAULT_MASK, (const uint32_t *)g->mask, 2);
	for (i = 0; i < n; i++, slot += 2) {
		if ((slot[0] & TR_REF_MASK) == TR_EMPTY)
			continue;
		add(s, FAULT_GROUP, slot + 1, 1);
		find_tree(s, slot[0]);
	}
}

static void find_segment(struct search *s, uint32_t offset)
{
	const struct tr_segment *seg = (const void *)at(s, offset);
	const uint32_t *end;
	const struct tr_group *g;
	uint32_t i, action;

	for (i = 0; i < 2; i++, seg++) {
		for (g = (const void *)at(s, seg->groups);
		     g->min0 != UINT32_MAX; g++)
			find_group(s, g);
		end = at(s, seg->end);
		action = *end & TR_ACTION_MASK;
		if (action == TR_GOTO)
			note(s, end[s->c->layout.target / 4]);
		if (action == TR_ACCEPT || action == TR_DROP)
			add(s, FAULT_END, end, 1);
	}
}

struct fault_sites faults_find(const struct tr_classifier *c)
{
	struct fault_sites sites = { 0 };
	struct search s = { .c = c, .out = &sites };
	uint32_t i;

	for (i = 0; i < IR_NHOOKS; i++)
		if (c->hook[i].present) {
			note(&s, c->hook[i].segment);
			note(&s, c->hook[i].policy);
		}
	for (i = 0; i < s.nsegments; i++)
		find_segment(&s, s.segment[i]);
	free(s.segment);
	return sites;
}

void faults_free(struct fault_sites *s)
{
	free(s->v);
}

static void change_number(uint32_t *v, struct rng *r)
{
	switch (rng_below(r, 3)) {
	case 0:
		++*v;
		break;
	case 1:
		--*v;
		break;
	default:
		*v ^= 1u << rng_below(r, 32);
		break;
	}
}

static void exchange(uint32_t *ref, uint32_t n, struct rng *r)
{
	uint32_t i = rng_below(r, n), k = rng_below(r, n), tmp = ref[i];

	ref[i] = ref[k];
	ref[k] = tmp;
}

/* One that ends or goes on; jumps and gotos go on. */
static void change_action(uint32_t *word, struct rng *r)
{
	static const uint32_t to[] = {
		TR_ACCEPT, TR_DROP, TR_CONTINUE, TR_RETURN,
	};

	*word = (*word & ~(uint32_t)TR_ACTION_MASK) | to[rng_below(r, 4)];
}

static void plant(uint32_t *w, const struct fault_site *f, struct rng *r)
{
	switch (f->type) {
	case FAULT_THRESHOLD:
	case FAULT_EXTRA:
		change_number(&w[rng_below(r, f->n)], r);
		break;
	case FAULT_CHILDREN:
		exchange(w, f->n, r);
		break;
	case FAULT_TEST:
	case FAULT_MASK:
		w[rng_below(r, f->n)] ^= 1u << rng_below(r, 32);
		break;
	case FAULT_ACTION:
		change_action(w, r);
		break;
	case FAULT_END:
		*w ^= TR_ACCEPT ^ TR_DROP;
		break;
	case FAULT_ID:
		*w -= 1u << TR_ID_SHIFT;
		break;
	case FAULT_LOST:
		*w |= TR_LAST;
		break;
	default:
		*w += (1 + rng_below(r, 20)) << TR_ID_SHIFT;
		break;
	}
}

enum fault_type faults_plant(struct tr_classifier *c,
			     const struct fault_sites *s, struct rng *r,
			     struct fault_undo *old)
{
	const struct fault_site *f;
	uint32_t i, n = 0, k;
	enum fault_type type;

	do {
		type = (enum fault_type)rng_below(r, FAULT_NTYPES);
		for (i = 0, n = 0; i < s->n; i++)
			n += s->v[i].type == type;
	} while (!n);
	k = rng_below(r, n);
	for (f = s->v; f->type != type || k; f++)
		k -= f->type == type;
	old->word = f->word;
	memcpy(old->value, &c->word[f->word],
	       (f->word + 16 <= c->size / 4 ? 16 : c->size / 4 - f->word) * 4);
	plant(&c->word[f->word], f, r);
	return type;
}

void faults_undo(struct tr_classifier *c, const struct fault_undo *old)
{
	uint32_t room = c->size / 4 - old->word;

	memcpy(&c->word[old->word], old->value, (room < 16 ? room : 16) * 4);
}
