/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/memo.c - what a classifier remembers, and as bytes */
#include "translator/memo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tr_memo *tr_memo_new(uint32_t nchains, uint32_t ncounters)
{
	struct tr_memo *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->chain = calloc((size_t)nchains + 1, sizeof(*m->chain));
	m->late = calloc((size_t)ncounters + 1, 1);
	m->ncounters = ncounters;
	if (m->chain && m->late)
		return m;
	tr_memo_free(m);
	return NULL;
}

void tr_memo_free(struct tr_memo *m)
{
	if (!m)
		return;
	free(m->chain);
	free(m->late);
	free(m);
}

static int by_name(const void *a, const void *b)
{
	const struct tr_memo_chain *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void tr_memo_sort(struct tr_memo *m)
{
	if (m->nchains > 1)
		qsort(m->chain, m->nchains, sizeof(*m->chain), by_name);
}

uint32_t tr_memo_edits(const struct tr_memo_chain *m,
		       const struct ir_chain *chain)
{
	uint32_t i, kept = 0;

	for (i = 0; i < chain->nrules; i++)
		kept += chain->rule[i]->old_index - m->first < m->nrules;
	return chain->nrules - kept + m->nrules - kept;
}

static int name_of(const void *name, const void *chain)
{
	const struct tr_memo_chain *m = chain;

	return strcmp(name, m->name);
}

const struct tr_memo_chain *tr_memo_find(const struct tr_memo *m,
					 const char *name)
{
	if (!m->nchains)
		return NULL;
	return bsearch(name, m->chain, m->nchains, sizeof(*m->chain), name_of);
}

/* --- as bytes --- */

/* What is packed: this, the chains, and a byte per counter. */
struct head {
	uint32_t	size;		/* of all three structs: one build's bytes */
	uint32_t	format;		/* of the block */
	uint32_t	bytes;		/* of the block */
	struct tr_classifier c;		/* its pointers mean nothing */
	struct tr_memo	memo;		/* nor do these */
};

#define HEAD_SIZE	(sizeof(struct head) << 16 | sizeof(struct tr_memo_chain))

static size_t packed_size(const struct tr_memo *m)
{
	return sizeof(struct head) + m->nchains * sizeof(*m->chain) +
	       m->ncounters;
}

int tr_classifier_pack(const struct tr_classifier *c, void **bytes,
		       size_t *size)
{
	size_t chains = c->memo->nchains * sizeof(*c->memo->chain);
	struct head *h;
	char *p;

	*size = packed_size(c->memo);
	*bytes = p = calloc(1, *size);
	if (!p)
		return -ENOMEM;
	h = *bytes;
	h->size = HEAD_SIZE;
	h->format = TR_FORMAT;
	h->bytes = c->size;
	h->c = *c;
	h->c.word = NULL;
	h->c.memo = NULL;
	h->memo = *c->memo;
	h->memo.chain = NULL;
	h->memo.late = NULL;
	p += sizeof(*h);
	memcpy(p, c->memo->chain, chains);
	memcpy(p + chains, c->memo->late, c->memo->ncounters);
	return 0;
}

static bool is_whole(const struct head *h, size_t size, size_t bytes)
{
	return size >= sizeof(*h) && h->size == HEAD_SIZE &&
	       h->format == TR_FORMAT &&
	       h->bytes == h->c.size && h->bytes <= bytes &&
	       h->c.ncounters == h->memo.ncounters &&
	       packed_size(&h->memo) == size && h->memo.base <= h->bytes &&
	       h->c.ifaces <= h->bytes &&
	       h->c.nifaces <= (h->bytes - h->c.ifaces) / 16;
}

static struct tr_classifier *unpack(const struct head *h)
{
	const char *p = (const char *)(h + 1);
	struct tr_classifier *c = malloc(sizeof(*c));
	struct tr_memo *m;
	uint32_t i;

	if (!c)
		return NULL;
	*c = h->c;
	c->word = NULL;
	c->memo = m = tr_memo_new(h->memo.nchains, h->memo.ncounters);
	if (!m) {
		free(c);
		return NULL;
	}
	m->base = h->memo.base;
	m->stats = h->memo.stats;
	m->nchains = h->memo.nchains;
	memcpy(m->chain, p, m->nchains * sizeof(*m->chain));
	memcpy(m->late, p + m->nchains * sizeof(*m->chain), m->ncounters);
	for (i = 0; i < m->nchains; i++) {
		m->chain[i].name[sizeof(m->chain[i].name) - 1] = '\0';
		if (!m->chain[i].segment)
			m->base = 0;
	}
	return c;
}

struct tr_classifier *tr_classifier_unpack(const void *packed, size_t size,
					   uint32_t *word, size_t bytes)
{
	struct tr_classifier *c = NULL;

	if (is_whole(packed, size, bytes))
		c = unpack(packed);
	if (c)
		c->word = word;
	else
		free(word);
	return c;
}
