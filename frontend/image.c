/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/image.c - a table as bytes
 *
 * A header, the chains, then the rules of each chain in order: a rule is its
 * target chain (by number) and its entry.  Most bytes of an entry are zero, so
 * entries are packed: for each 8 bytes a byte that says which of them are not
 * zero, and those; a run of zero words is one zero byte and a count.  Counters,
 * where they are kept, stand behind each rule and behind each built-in chain.
 *
 * Nothing of the image is believed when it is read: it comes from a map that
 * others with our privileges can write to.
 */
#include "frontend/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/decode.h"
#include "frontend/entry.h"

#define MAGIC		0x49545842u	/* "BXTI" */
#define VERSION		2
#define NO_CHAIN	UINT32_MAX
#define WORD		8
#define RUN_MAX		256
#define ENTRY_MAX	UINT16_MAX

struct header {
	uint32_t	magic;
	uint32_t	version;
	uint64_t	size;		/* of the image */
	uint32_t	nchains;
	uint32_t	sum;		/* of all of it, but for this */
	uint32_t	counters;	/* 0 or 1 */
	uint32_t	family;
	char		table[32];
};

struct chain {
	char		name[IR_CHAIN_NAME_MAX];
	uint8_t		hook;
	uint8_t		policy;
	uint8_t		unused;
	uint32_t	nrules;
};

struct rule {
	uint32_t	to;		/* position of the chain, or NO_CHAIN */
	uint32_t	size;		/* of the entry; the packed bytes follow */
};

struct writer {
	uint8_t		*data;
	size_t		used;
	size_t		room;
	bool		failed;
	bool		counters;
};

/* FNV-1a, going on from @sum. */
static uint32_t hash(uint32_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		sum = (sum ^ *p++) * 16777619u;
	return sum;
}

/* The checksum of an image with this header and @n bytes behind it. */
static uint32_t checksum(struct header h, const uint8_t *body, size_t n)
{
	h.sum = 0;
	return hash(hash(2166136261u, &h, sizeof(h)), body, n);
}

/* Room for @n more bytes, or NULL: memory, which sticks. */
static uint8_t *claim(struct writer *w, size_t n)
{
	size_t room = w->room ? w->room : 4096;
	uint8_t *p;

	if (w->failed)
		return NULL;
	while (room - w->used < n)
		room *= 2;
	if (room != w->room) {
		p = realloc(w->data, room);
		if (!p) {
			w->failed = true;
			return NULL;
		}
		w->data = p;
		w->room = room;
	}
	w->used += n;
	return w->data + w->used - n;
}

static void put(struct writer *w, const void *data, size_t n)
{
	uint8_t *p = claim(w, n);

	if (p)
		memcpy(p, data, n);
}

static const uint8_t zeros[WORD];

/* How many of the @n words at @p are zero at its start. */
static size_t zero_run(const uint8_t *p, size_t n)
{
	size_t run = 0;

	while (run < n && run < RUN_MAX && !memcmp(p + run * WORD, zeros, WORD))
		run++;
	return run;
}

/* Packs @n words into at most 9 bytes for each; how many. */
static size_t pack(uint8_t *out, const uint8_t *p, size_t n)
{
	const uint8_t *start = out;
	size_t run, i;
	uint8_t *tag;

	while (n) {
		run = zero_run(p, n);
		if (run) {
			*out++ = 0;
			*out++ = run - 1;
			p += run * WORD;
			n -= run;
			continue;
		}
		tag = out++;
		*tag = 0;
		for (i = 0; i < WORD; i++, p++) {
			if (!*p)
				continue;
			*tag |= 1 << i;
			*out++ = *p;
		}
		n--;
	}
	return out - start;
}

/* The rules are packed through these. */
struct scratch {
	uint8_t	entry[ENTRY_MAX + WORD];
	uint8_t	packed[(ENTRY_MAX / WORD + 1) * (WORD + 1)];
};

static void put_rule(struct writer *w, const struct ir_rule *r, uint32_t to,
		     struct scratch *s)
{
	const struct rule rule = { .to = to, .size = r->entry_size };
	size_t words = (r->entry_size + WORD - 1) / WORD;

	memcpy(s->entry, r->entry, r->entry_size);
	memset(s->entry + r->entry_size, 0, WORD);
	put(w, &rule, sizeof(rule));
	put(w, s->packed, pack(s->packed, s->entry, words));
	if (w->counters)
		put(w, &r->counter, sizeof(r->counter));
}

static void put_chain(struct writer *w, const struct ir_chain *c)
{
	struct chain chain = {
		.hook	= c->hook,
		.policy	= c->policy,
		.nrules	= c->nrules,
	};

	memcpy(chain.name, c->name, sizeof(chain.name));
	put(w, &chain, sizeof(chain));
	if (w->counters && c->hook != IR_HOOK_NONE)
		put(w, &c->counter, sizeof(c->counter));
}

/* The position of @c in its table, whether numbered or not. */
static uint32_t position(const struct ir_table *t, const struct ir_chain *c)
{
	uint32_t i;

	if (!c)
		return NO_CHAIN;
	if (c->number < ir_table_nchains(t) &&
	    ir_table_chain(t, c->number) == c)
		return c->number;
	for (i = 0; i < ir_table_nchains(t); i++)
		if (ir_table_chain(t, i) == c)
			return i;
	return NO_CHAIN;
}

static void put_rules(struct writer *w, const struct ir_table *t,
		      const struct ir_chain *c, struct scratch *s)
{
	uint32_t i;

	for (i = 0; i < c->nrules; i++)
		put_rule(w, c->rule[i], position(t, c->rule[i]->to), s);
}

static void put_header(struct writer *w, const struct ir_table *t)
{
	struct header h = {
		.magic		= MAGIC,
		.version	= VERSION,
		.size		= w->used,
		.nchains	= ir_table_nchains(t),
		.counters	= w->counters,
		.family		= ir_table_family(t),
	};

	if (w->failed)
		return;
	strncpy(h.table, ir_table_name(t), sizeof(h.table) - 1);
	h.sum = checksum(h, w->data + sizeof(h), w->used - sizeof(h));
	memcpy(w->data, &h, sizeof(h));
}

int fe_image_write(const struct ir_table *t, bool counters, void **out,
		   size_t *size)
{
	struct scratch *s = malloc(sizeof(*s));
	struct writer w = { .failed = !s, .counters = counters };
	uint32_t i;

	claim(&w, sizeof(struct header));
	for (i = 0; i < ir_table_nchains(t); i++)
		put_chain(&w, ir_table_chain(t, i));
	for (i = 0; i < ir_table_nchains(t); i++)
		put_rules(&w, t, ir_table_chain(t, i), s);
	put_header(&w, t);
	free(s);
	if (w.failed) {
		free(w.data);
		return -ENOMEM;
	}
	*out = w.data;
	*size = w.used;
	return 0;
}

struct reader {
	const uint8_t	*p;
	const uint8_t	*end;
	bool		counters;
};

/* The next @n bytes, or NULL when there are not so many. */
static const void *take(struct reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if ((size_t)(r->end - p) < n)
		return NULL;
	r->p += n;
	return p;
}

/* Leaves *counter alone where none is kept. */
static int take_counter(struct reader *r, struct ir_counter *counter)
{
	const void *p;

	if (!r->counters)
		return 0;
	p = take(r, sizeof(*counter));
	if (!p)
		return -EINVAL;
	memcpy(counter, p, sizeof(*counter));
	return 0;
}

static int unpack_word(struct reader *r, uint8_t *out, uint8_t tag)
{
	unsigned int i;

	for (i = 0; i < WORD; i++) {
		out[i] = 0;
		if (!(tag >> i & 1))
			continue;
		if (r->p == r->end)
			return -EINVAL;
		out[i] = *r->p++;
	}
	return 0;
}

/* Unpacks exactly @n words. */
static int unpack(struct reader *r, uint8_t *out, size_t n)
{
	size_t run;
	uint8_t tag;

	while (n) {
		if (r->end - r->p < 2)
			return -EINVAL;
		tag = *r->p++;
		run = tag ? 1 : *r->p++ + 1u;
		if (run > n)
			return -EINVAL;
		if (!tag)
			memset(out, 0, run * WORD);
		else if (unpack_word(r, out, tag))
			return -EINVAL;
		out += run * WORD;
		n -= run;
	}
	return 0;
}

/* The chain a rule leads to: a user chain, or none. */
static int find_chain(const struct ir_table *t, uint32_t to,
		      struct ir_chain **out)
{
	*out = NULL;
	if (to == NO_CHAIN)
		return 0;
	if (to >= ir_table_nchains(t))
		return -EINVAL;
	*out = ir_table_chain(t, to);
	return (*out)->hook == IR_HOOK_NONE ? 0 : -EINVAL;
}

static int read_rule(struct reader *r, struct ir_table *t, struct ir_chain *c)
{
	const struct fe_family *f = fe_family_get(ir_table_family(t));
	const void *p = take(r, sizeof(struct rule));
	struct ir_chain *to;
	struct ir_rule *rule;
	struct rule h;
	size_t words;
	int err;

	if (!p)
		return -EINVAL;
	memcpy(&h, p, sizeof(h));
	err = find_chain(t, h.to, &to);
	if (err || h.size > ENTRY_MAX)
		return -EINVAL;
	words = (h.size + WORD - 1) / WORD;
	rule = ir_rule_new(t);
	if (!rule)
		return -ENOMEM;
	rule->entry_size = h.size;
	rule->entry = ir_table_alloc(t, words * WORD);
	if (!rule->entry)
		return -ENOMEM;
	err = unpack(r, rule->entry, words);
	if (!err && !fe_entry_valid(f, rule->entry, h.size))
		err = -EINVAL;
	if (!err)
		err = take_counter(r, &rule->counter);
	if (!err)
		err = fe_decode_rule(t, rule, to, NULL);
	return err ? err : ir_chain_insert(t, c, UINT32_MAX, rule);
}

/* Finds or makes the chain that is number @i of the image. */
static int read_chain(struct reader *r, struct ir_table *t, uint32_t i,
		      uint32_t *nrules)
{
	const void *p = take(r, sizeof(struct chain));
	struct ir_chain *c;
	struct chain h;
	int err;

	if (!p)
		return -EINVAL;
	memcpy(&h, p, sizeof(h));
	if (!memchr(h.name, '\0', sizeof(h.name)))
		return -EINVAL;
	*nrules = h.nrules;
	if (h.hook == IR_HOOK_NONE) {
		err = ir_chain_add(t, h.name, &c);
		if (err)
			return err == -ENOMEM ? err : -EINVAL;
	} else {
		c = ir_table_find(t, h.name);
		if (!c || c->hook != (enum ir_hook)h.hook ||
		    (h.policy != IR_ACCEPT && h.policy != IR_DROP))
			return -EINVAL;
		c->policy = h.policy;
		err = take_counter(r, &c->counter);
		if (err)
			return err;
	}
	return ir_table_chain(t, i) == c ? 0 : -EINVAL;
}

static int read_chains(struct reader *r, struct ir_table *t, uint32_t n)
{
	uint32_t *nrules, i, j;
	int err = 0;

	if (n < ir_table_nchains(t) || n > (size_t)(r->end - r->p))
		return -EINVAL;
	nrules = calloc(n, sizeof(*nrules));
	if (!nrules)
		return -ENOMEM;
	for (i = 0; !err && i < n; i++)
		err = read_chain(r, t, i, &nrules[i]);
	for (i = 0; !err && i < n; i++)
		for (j = 0; !err && j < nrules[i]; j++)
			err = read_rule(r, t, ir_table_chain(t, i));
	free(nrules);
	if (!err && r->p != r->end)
		err = -EINVAL;
	return err;
}

static int read_header(const uint8_t *image, size_t size, struct header *h)
{
	if (size < sizeof(*h))
		return -EINVAL;
	memcpy(h, image, sizeof(*h));
	return h->magic == MAGIC && h->version == VERSION &&
	       h->size >= sizeof(*h) && h->size <= size &&
	       memchr(h->table, '\0', sizeof(h->table)) ? 0 : -EINVAL;
}

int fe_image_info(const void *image, size_t size, struct fe_image_info *info)
{
	struct header h;
	int err = read_header(image, size, &h);

	if (err)
		return err;
	memcpy(info->table, h.table, sizeof(info->table));
	info->size = h.size;
	info->counters = h.counters;
	return 0;
}

static int read_image(const uint8_t *image, size_t size, struct ir_table **t)
{
	struct reader r;
	struct header h;

	if (read_header(image, size, &h) ||
	    h.sum != checksum(h, image + sizeof(h), h.size - sizeof(h)))
		return -EINVAL;
	r.p = image + sizeof(h);
	r.end = image + h.size;
	r.counters = h.counters;
	*t = ir_table_new((int)h.family, h.table);
	if (!*t)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	return read_chains(&r, *t, h.nchains);
}

int fe_image_read(const void *image, size_t size, struct ir_table **out,
		  struct diag *diag)
{
	struct ir_table *t = NULL;
	int err = read_image(image, size, &t);

	if (!err) {
		*out = t;
		return 0;
	}
	ir_table_free(t);
	if (err == -EINVAL)
		diag_error(diag, NULL, "the loaded ruleset cannot be read: it is not of this version, or damaged");
	else
		diag_error(diag, NULL, "out of memory");
	return err;
}
