/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/iface.h - interface names as numbers
 *
 * The patterns of all rules cut the space of names (16-byte big-endian numbers)
 * into classes; every pattern is a range of classes.
 */
#ifndef TRANSLATOR_IFACE_H
#define TRANSLATOR_IFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ruleset.h"
#include "translator/classifier.h"
#include "translator/words.h"

/* A name, as in the classifier's words. */
struct tr_name {
	uint64_t	high;
	uint64_t	low;
};

struct tr_ifaces {
	struct tr_name	*name;		/* the boundaries */
	uint32_t	n;
	uint32_t	cap;
};

void tr_ifaces_free(struct tr_ifaces *f);

/* Adds the boundaries of a pattern.  0 or -ENOMEM. */
int tr_ifaces_add(struct tr_ifaces *f, const struct ir_iface *pattern);

/* Call after the last tr_ifaces_add(): sorts, removes duplicates. */
void tr_ifaces_sort(struct tr_ifaces *f);

/* The classes of an added pattern, from *lo to *hi. */
void tr_ifaces_range(const struct tr_ifaces *f, const struct ir_iface *pattern,
		     uint32_t *lo, uint32_t *hi);

/* Whether its boundaries are there; @f is sorted. */
bool tr_ifaces_knows(const struct tr_ifaces *f, const struct ir_iface *pattern);

/* The boundaries of a classifier.  0 or -ENOMEM. */
int tr_ifaces_read(struct tr_ifaces *f, const struct tr_classifier *c);

/* Writes the boundaries; returns their offset, 0 when there are none. */
uint32_t tr_ifaces_write(const struct tr_ifaces *f, struct tr_words *ws);

#endif
