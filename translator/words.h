/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/words.h - the block of words a classifier is written into
 *
 * It only grows at its end, and can be cut back to an earlier length when an
 * attempt turns out too big.  A tr_cons remembers what was written, so that
 * equal pieces are stored once.
 */
#ifndef TRANSLATOR_WORDS_H
#define TRANSLATOR_WORDS_H

#include <stdint.h>

/* The largest block, in words: 2^29 bytes. */
#define TR_WORDS_MAX	(1u << 27)

struct tr_words {
	uint32_t	*word;
	uint32_t	n;		/* words in use */
	uint32_t	cap;
	int		err;		/* the first error sticks: -ENOMEM, -E2BIG */
};

void tr_words_free(struct tr_words *ws);

/*
 * Appends @n zero words at a multiple of @align bytes (a power of two of at
 * least 4).  Returns their offset in bytes, 0 after an error.
 */
uint32_t tr_words_reserve(struct tr_words *ws, uint32_t n, uint32_t align);

/* The same with a copy of @w[0..n-1]. */
uint32_t tr_words_add(struct tr_words *ws, const uint32_t *w, uint32_t n,
		      uint32_t align);

/* Forgets all but the first @n words. */
void tr_words_cut(struct tr_words *ws, uint32_t n);

struct tr_cons {
	struct tr_cons_entry *entry;
	uint32_t	n;
	uint32_t	size;		/* a power of two, or 0 */
};

/* As tr_words_add(), but an equal piece added before is returned instead. */
uint32_t tr_cons_add(struct tr_cons *c, struct tr_words *ws, const uint32_t *w,
		     uint32_t n, uint32_t align);

/* Forgets what was added; needed when the words are cut. */
void tr_cons_clear(struct tr_cons *c);
void tr_cons_free(struct tr_cons *c);

#endif
