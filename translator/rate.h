/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/rate.h - what a mask is worth
 *
 * A mask is good when many boxes fix all its bits, when few of them share a
 * key, and when packets seldom meet a key with many boxes.
 */
#ifndef TRANSLATOR_RATE_H
#define TRANSLATOR_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "translator/box.h"

/* Boxes and packets looked at when masks are rated. */
#define TR_RATE_SAMPLE	8192
#define TR_RATE_PACKETS	256
/* Fewer boxes are not worth a mask. */
#define TR_RATE_MIN	16
/* Boxes of one key beyond this many count less. */
#define TR_RATE_GOOD	16

/* Counts per key: open addressing, a stamp instead of clearing. */
struct tr_tally {
	struct {
		uint64_t	key;
		uint32_t	stamp;
		uint32_t	n;
	}		*entry;		/* owned */
	uint32_t	size;
	uint32_t	stamp;		/* one more forgets all */
};

/* Room for the keys of @n boxes and all packets.  0 or -ENOMEM. */
int tr_tally_start(struct tr_tally *t, uint32_t n);
void tr_tally_stop(struct tr_tally *t);

/* The counter of @key, 0 when it is new. */
uint32_t *tr_tally_at(struct tr_tally *t, uint64_t key);

/* How many boxes of the list are looked at. */
uint32_t tr_rate_sample(const struct tr_boxes *list);

/* Whether @boxes of @n are too few to be served by a mask. */
bool tr_rate_few(uint32_t n, uint32_t boxes);

/* What all packets cost; each meets so many boxes. */
double tr_rate_packets(const uint32_t meets[TR_RATE_PACKETS]);

#endif
