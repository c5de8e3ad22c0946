/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/words.c - the growing block, and pieces stored only once */
#include "translator/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tr_cons_entry {
	uint32_t	hash;
	uint32_t	offset;		/* bytes; 0: the entry is free */
	uint32_t	n;
};

void tr_words_free(struct tr_words *ws)
{
	free(ws->word);
	memset(ws, 0, sizeof(*ws));
}

static int grow(struct tr_words *ws, uint32_t want)
{
	uint32_t cap = ws->cap ? ws->cap : 1024;
	uint32_t *word;

	while (cap < want)
		cap *= 2;
	word = realloc(ws->word, (size_t)cap * sizeof(*word));
	if (!word)
		return -ENOMEM;
	ws->word = word;
	ws->cap = cap;
	return 0;
}

uint32_t tr_words_reserve(struct tr_words *ws, uint32_t n, uint32_t align)
{
	uint32_t at = (ws->n + align / 4 - 1) & ~(align / 4 - 1);

	if (ws->err)
		return 0;
	if (n > TR_WORDS_MAX || at > TR_WORDS_MAX - n) {
		ws->err = -E2BIG;
		return 0;
	}
	if (at + n > ws->cap) {
		ws->err = grow(ws, at + n);
		if (ws->err)
			return 0;
	}
	memset(ws->word + ws->n, 0, (size_t)(at + n - ws->n) * 4);
	ws->n = at + n;
	return at * 4;
}

uint32_t tr_words_add(struct tr_words *ws, const uint32_t *w, uint32_t n,
		      uint32_t align)
{
	uint32_t offset = tr_words_reserve(ws, n, align);

	if (!ws->err)
		memcpy(ws->word + offset / 4, w, (size_t)n * 4);
	return offset;
}

void tr_words_cut(struct tr_words *ws, uint32_t n)
{
	if (n < ws->n)
		ws->n = n;
}

static uint32_t hash_words(const uint32_t *w, uint32_t n)
{
	uint64_t h = n * 0x9e3779b97f4a7c15ull;
	uint32_t i;

	for (i = 0; i < n; i++)
		h = ((h ^ w[i]) * 0xff51afd7ed558ccdull) ^ h >> 29;
	return h ^ h >> 32;
}

/* Twice the table, or the first one. */
static int rehash(struct tr_cons *c)
{
	uint32_t size = c->size ? c->size * 2 : 256, i, at;
	struct tr_cons_entry *entry = calloc(size, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	for (i = 0; i < c->size; i++) {
		if (!c->entry[i].offset)
			continue;
		at = c->entry[i].hash & (size - 1);
		while (entry[at].offset)
			at = (at + 1) & (size - 1);
		entry[at] = c->entry[i];
	}
	free(c->entry);
	c->entry = entry;
	c->size = size;
	return 0;
}

uint32_t tr_cons_add(struct tr_cons *c, struct tr_words *ws, const uint32_t *w,
		     uint32_t n, uint32_t align)
{
	uint32_t hash = hash_words(w, n), at, offset;
	const struct tr_cons_entry *e;

	if (ws->err)
		return 0;
	if (c->n >= c->size / 2) {
		ws->err = rehash(c);
		if (ws->err)
			return 0;
	}
	at = hash & (c->size - 1);
	for (; c->entry[at].offset; at = (at + 1) & (c->size - 1)) {
		e = &c->entry[at];
		if (e->hash == hash && e->n == n && e->offset % align == 0 &&
		    !memcmp(ws->word + e->offset / 4, w, (size_t)n * 4))
			return e->offset;
	}
	offset = tr_words_add(ws, w, n, align);
	if (offset) {
		c->entry[at] = (struct tr_cons_entry){ hash, offset, n };
		c->n++;
	}
	return offset;
}

void tr_cons_clear(struct tr_cons *c)
{
	if (c->n)
		memset(c->entry, 0, c->size * sizeof(*c->entry));
	c->n = 0;
}

void tr_cons_free(struct tr_cons *c)
{
	free(c->entry);
	memset(c, 0, sizeof(*c));
}
