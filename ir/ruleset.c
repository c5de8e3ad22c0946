/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/ruleset.c - the table, its chains and rules, and who owns the memory
 *
 * Everything small lives in an arena that ends with the table: rules, matches,
 * predicates, strings, entry bytes.  Only the arrays that grow and shrink (the
 * chains of the table, the rules of a chain) are allocated on their own.  An
 * array in the arena doubles when its length reaches a power of two, so that no
 * capacity has to be stored.
 */
#include "ir/ruleset.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK_SIZE	(64 * 1024)
#define MAX_BASE	5

struct chunk {
	struct chunk	*next;
	size_t		used;
	size_t		size;
	/* the bytes follow */
};

struct ir_table {
	const char	*name;
	int		family;
	struct chunk	*chunks;
	struct ir_chain	**chain;	/* base chains, then user chains by name */
	uint32_t	nchains;
	uint32_t	nbase;
};

static const struct {
	const char	*name;
	uint8_t		hooks;		/* bit set of enum ir_hook */
} tables[] = {
	{ "filter",   1 << IR_HOOK_INPUT | 1 << IR_HOOK_FORWARD |
		      1 << IR_HOOK_OUTPUT },
	{ "nat",      1 << IR_HOOK_PREROUTING | 1 << IR_HOOK_INPUT |
		      1 << IR_HOOK_OUTPUT | 1 << IR_HOOK_POSTROUTING },
	{ "mangle",   1 << IR_HOOK_PREROUTING | 1 << IR_HOOK_INPUT |
		      1 << IR_HOOK_FORWARD | 1 << IR_HOOK_OUTPUT |
		      1 << IR_HOOK_POSTROUTING },
	{ "raw",      1 << IR_HOOK_PREROUTING | 1 << IR_HOOK_OUTPUT },
	{ "security", 1 << IR_HOOK_INPUT | 1 << IR_HOOK_FORWARD |
		      1 << IR_HOOK_OUTPUT },
};

static const char *const hook_names[IR_NHOOKS] = {
	"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
};

const char *ir_hook_name(enum ir_hook hook)
{
	return (unsigned int)hook < IR_NHOOKS ? hook_names[hook] : NULL;
}

const char *ir_target_name(enum ir_target target)
{
	static const char *const names[] = {
		[IR_CONTINUE] = "continue", [IR_ACCEPT] = "ACCEPT",
		[IR_DROP] = "DROP", [IR_RETURN] = "RETURN",
		[IR_JUMP] = "jump", [IR_GOTO] = "goto",
		[IR_EXTENSION] = "extension",
	};

	return names[target];
}

void *ir_table_alloc(struct ir_table *t, size_t size)
{
	struct chunk *c = t->chunks;
	size_t want;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (!c || c->size - c->used < size) {
		want = size > CHUNK_SIZE / 4 ? size : CHUNK_SIZE;
		c = calloc(1, sizeof(*c) + 8 + want);
		if (!c)
			return NULL;
		c->size = want;
		/* a big block of its own does not end the chunk in use */
		if (want == size && t->chunks) {
			c->next = t->chunks->next;
			t->chunks->next = c;
		} else {
			c->next = t->chunks;
			t->chunks = c;
		}
	}
	p = (char *)(c + 1) + 8 + c->used;
	c->used += size;
	return p;
}

char *ir_table_strdup(struct ir_table *t, const char *s)
{
	size_t len = strlen(s) + 1;
	char *p = ir_table_alloc(t, len);

	return p ? memcpy(p, s, len) : NULL;
}

/* One more element in an arena array of @n; the array, moved if need be. */
static void *grow(struct ir_table *t, void *array, uint32_t n, size_t elem)
{
	void *p;

	if (n & (n - 1) || (n == 0 && array))
		return array;
	p = ir_table_alloc(t, (n ? 2 * (size_t)n : 1) * elem);
	if (p && n)
		memcpy(p, array, n * elem);
	return p;
}

/*
 * The same for an allocated array: room for @n + 1 pointers.  An array that has
 * shrunk meanwhile comes down to what its length says.  0 or -ENOMEM.
 */
static int grow_heap(void *arrayp, uint32_t n)
{
	void **array, *p;

	if (n & (n - 1))
		return 0;
	memcpy(&array, arrayp, sizeof(array));
	p = realloc(array, (n ? 2 * (size_t)n : 1) * sizeof(void *));
	if (!p)
		return -ENOMEM;
	memcpy(arrayp, &p, sizeof(p));
	return 0;
}

static int add_base_chains(struct ir_table *t, uint8_t hooks)
{
	struct ir_chain *c;
	unsigned int h;

	for (h = 0; h < IR_NHOOKS; h++) {
		if (!(hooks >> h & 1))
			continue;
		c = ir_table_alloc(t, sizeof(*c));
		if (!c || grow_heap(&t->chain, t->nchains))
			return -ENOMEM;
		snprintf(c->name, sizeof(c->name), "%s", hook_names[h]);
		c->hook = h;
		c->policy = IR_ACCEPT;
		c->old_index = UINT32_MAX;
		c->number = t->nchains;
		t->chain[t->nchains++] = c;
	}
	t->nbase = t->nchains;
	return 0;
}

struct ir_table *ir_table_new(int family, const char *name)
{
	struct ir_table *t;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		if (!strcmp(tables[i].name, name))
			break;
	if (i == sizeof(tables) / sizeof(*tables) ||
	    (family != AF_INET && family != AF_INET6)) {
		errno = ENOENT;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->name = tables[i].name;
	t->family = family;
	if (add_base_chains(t, tables[i].hooks)) {
		ir_table_free(t);
		errno = ENOMEM;
		return NULL;
	}
	return t;
}

void ir_table_free(struct ir_table *t)
{
	struct chunk *c, *next;
	uint32_t i;

	if (!t)
		return;
	for (i = 0; i < t->nchains; i++)
		free(t->chain[i]->rule);
	free(t->chain);
	for (c = t->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(t);
}

const char *ir_table_name(const struct ir_table *t)
{
	return t->name;
}

int ir_table_family(const struct ir_table *t)
{
	return t->family;
}

uint32_t ir_table_nchains(const struct ir_table *t)
{
	return t->nchains;
}

struct ir_chain *ir_table_chain(const struct ir_table *t, uint32_t i)
{
	return t->chain[i];
}

struct ir_chain *ir_table_base(const struct ir_table *t, enum ir_hook hook)
{
	uint32_t i;

	for (i = 0; i < t->nbase; i++)
		if (t->chain[i]->hook == hook)
			return t->chain[i];
	return NULL;
}

/* Where a user chain of this name is or would be. */
static uint32_t user_position(const struct ir_table *t, const char *name)
{
	uint32_t lo = t->nbase, hi = t->nchains, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(t->chain[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct ir_chain *ir_table_find(const struct ir_table *t, const char *name)
{
	uint32_t i;

	for (i = 0; i < t->nbase; i++)
		if (!strcmp(t->chain[i]->name, name))
			return t->chain[i];
	i = user_position(t, name);
	if (i < t->nchains && !strcmp(t->chain[i]->name, name))
		return t->chain[i];
	return NULL;
}

static int name_check(const struct ir_table *t, const char *name)
{
	if (strlen(name) >= IR_CHAIN_NAME_MAX)
		return -ENAMETOOLONG;
	return ir_table_find(t, name) ? -EEXIST : 0;
}

static void put_chain(struct ir_table *t, struct ir_chain *c)
{
	uint32_t at = user_position(t, c->name);

	memmove(&t->chain[at + 1], &t->chain[at],
		(t->nchains - at) * sizeof(*t->chain));
	t->chain[at] = c;
	t->nchains++;
}

static void take_chain(struct ir_table *t, const struct ir_chain *c)
{
	uint32_t at = user_position(t, c->name);

	t->nchains--;
	memmove(&t->chain[at], &t->chain[at + 1],
		(t->nchains - at) * sizeof(*t->chain));
}

int ir_chain_add(struct ir_table *t, const char *name, struct ir_chain **out)
{
	struct ir_chain *c;
	int err = name_check(t, name);

	if (err)
		return err;
	c = ir_table_alloc(t, sizeof(*c));
	if (!c || grow_heap(&t->chain, t->nchains))
		return -ENOMEM;
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->hook = IR_HOOK_NONE;
	c->old_index = UINT32_MAX;
	put_chain(t, c);
	if (out)
		*out = c;
	return 0;
}

int ir_chain_delete(struct ir_table *t, struct ir_chain *chain)
{
	if (chain->hook != IR_HOOK_NONE)
		return -EINVAL;
	if (chain->refs)
		return -EBUSY;
	if (chain->nrules)
		return -ENOTEMPTY;
	take_chain(t, chain);
	free(chain->rule);
	chain->rule = NULL;
	return 0;
}

int ir_chain_rename(struct ir_table *t, struct ir_chain *chain,
		    const char *name)
{
	int err;

	if (chain->hook != IR_HOOK_NONE)
		return -EINVAL;
	err = name_check(t, name);
	if (err)
		return err;
	take_chain(t, chain);
	snprintf(chain->name, sizeof(chain->name), "%s", name);
	put_chain(t, chain);
	return 0;
}

void ir_chain_flush(struct ir_table *t, struct ir_chain *chain)
{
	while (chain->nrules)
		ir_chain_remove(t, chain, chain->nrules - 1);
}

int ir_chain_insert(struct ir_table *t, struct ir_chain *chain, uint32_t at,
		    struct ir_rule *rule)
{
	(void)t;
	if (grow_heap(&chain->rule, chain->nrules))
		return -ENOMEM;
	if (at > chain->nrules)
		at = chain->nrules;
	memmove(&chain->rule[at + 1], &chain->rule[at],
		(chain->nrules - at) * sizeof(*chain->rule));
	chain->rule[at] = rule;
	chain->nrules++;
	if (rule->to)
		rule->to->refs++;
	return 0;
}

void ir_chain_remove(struct ir_table *t, struct ir_chain *chain, uint32_t at)
{
	struct ir_rule *rule = chain->rule[at];

	(void)t;
	if (rule->to)
		rule->to->refs--;
	chain->nrules--;
	memmove(&chain->rule[at], &chain->rule[at + 1],
		(chain->nrules - at) * sizeof(*chain->rule));
}

struct ir_rule *ir_rule_new(struct ir_table *t)
{
	struct ir_rule *rule = ir_table_alloc(t, sizeof(*rule));

	if (!rule || !ir_rule_add_match(t, rule, IR_NEED_NOTHING))
		return NULL;
	rule->target = IR_CONTINUE;
	rule->old_index = UINT32_MAX;
	return rule;
}

struct ir_match *ir_rule_add_match(struct ir_table *t, struct ir_rule *rule,
				   enum ir_need need)
{
	struct ir_match *m = grow(t, rule->match, rule->nmatches, sizeof(*m));

	if (!m)
		return NULL;
	rule->match = m;
	m += rule->nmatches++;
	memset(m, 0, sizeof(*m));
	m->need = need;
	return m;
}

int ir_rule_add_pred(struct ir_table *t, struct ir_rule *rule,
		     const struct ir_pred *pred)
{
	struct ir_match *m = &rule->match[rule->nmatches - 1];
	struct ir_pred *p = grow(t, m->pred, m->npreds, sizeof(*p));

	if (!p)
		return -ENOMEM;
	m->pred = p;
	p += m->npreds;
	*p = *pred;
	if (pred->kind == IR_PRED_TERMS && pred->nterms) {
		p->term = ir_table_alloc(t, pred->nterms * sizeof(*p->term));
		if (!p->term)
			return -ENOMEM;
		memcpy(p->term, pred->term, pred->nterms * sizeof(*p->term));
	}
	m->npreds++;
	return 0;
}

static int add_term(struct ir_table *t, struct ir_rule *rule,
		    struct ir_term *term, bool negate)
{
	struct ir_pred p = {
		.kind = IR_PRED_TERMS, .negate = negate,
		.term = term, .nterms = 1,
	};

	return ir_rule_add_pred(t, rule, &p);
}

int ir_rule_add_range(struct ir_table *t, struct ir_rule *rule,
		      enum ir_field field, uint32_t lo, uint32_t hi, bool negate)
{
	struct ir_term term = { field, UINT32_MAX, lo, hi };

	return add_term(t, rule, &term, negate);
}

int ir_rule_add_masked(struct ir_table *t, struct ir_rule *rule,
		       enum ir_field field, uint32_t mask, uint32_t value,
		       bool negate)
{
	struct ir_term term = { field, mask, value, value };

	return add_term(t, rule, &term, negate);
}

static bool pred_tests(const struct ir_pred *p, enum ir_field field)
{
	uint32_t i;

	switch (p->kind) {
	case IR_PRED_IFACE:
		return p->iface.field == field;
	case IR_PRED_TCPOPT:
		return field == IR_TCPOPT;
	case IR_PRED_TERMS:
		break;
	}
	for (i = 0; i < p->nterms; i++)
		if (p->term[i].field == field)
			return true;
	return false;
}

bool ir_rule_tests(const struct ir_rule *rule, enum ir_field field)
{
	uint32_t i, k;

	for (i = 0; i < rule->nmatches; i++)
		for (k = 0; k < rule->match[i].npreds; k++)
			if (pred_tests(&rule->match[i].pred[k], field))
				return true;
	return false;
}

int ir_rule_refuse(struct ir_table *t, struct ir_rule *rule,
		   const struct ir_loc *loc, const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	if (rule->refusal)
		return 0;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	rule->refusal = ir_table_strdup(t, msg);
	rule->refusal_loc = loc ? *loc : rule->loc;
	return rule->refusal ? 0 : -ENOMEM;
}

uint32_t ir_table_number(struct ir_table *t)
{
	uint32_t i, j, n = 0;

	for (i = 0; i < t->nchains; i++) {
		struct ir_chain *c = t->chain[i];

		c->number = i;
		for (j = 0; j < c->nrules; j++)
			c->rule[j]->index = n++;
		c->index = c->hook == IR_HOOK_NONE ? UINT32_MAX : n++;
	}
	return n;
}

const struct ir_rule *ir_table_refused(const struct ir_table *t,
				       const struct ir_chain **chain)
{
	const struct ir_rule *first = NULL;
	uint32_t i, j;

	for (i = 0; i < t->nchains; i++) {
		for (j = 0; j < t->chain[i]->nrules; j++) {
			const struct ir_rule *r = t->chain[i]->rule[j];

			if (!r->refusal ||
			    (first && first->loc.line <= r->loc.line))
				continue;
			first = r;
			if (chain)
				*chain = t->chain[i];
		}
	}
	return first;
}
