/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/faults.h - wrong bits in the block of a classifier
 *
 * What a translator with an error in it could have made: walks of it end, and
 * read nothing outside the block.
 */
#ifndef TESTS_UNIT_FAULTS_H
#define TESTS_UNIT_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/rng.h"
#include "translator/classifier.h"

enum fault_type {
	FAULT_THRESHOLD,	/* of a node, another by one or by a bit */
	FAULT_CHILDREN,		/* of a node, two exchanged */
	FAULT_TEST,		/* one bit of what a record tests */
	FAULT_EXTRA,		/* of its extra terms */
	FAULT_ACTION,		/* another action */
	FAULT_END,		/* another policy */
	FAULT_ID,		/* another rule's counter */
	FAULT_LOST,		/* records behind it are not seen */
	FAULT_GROUP,		/* a group or slot is passed over too early */
	FAULT_MASK,		/* of a group's key, one bit more or less */
	FAULT_NTYPES
};

extern const char *const fault_names[FAULT_NTYPES];

/* A place for a fault; the words from it on are what @type says. */
struct fault_site {
	enum fault_type	type;
	uint32_t	word;		/* of the block */
	uint32_t	n;		/* words, thresholds or tests there */
};

struct fault_sites {
	struct fault_site *v;
	uint32_t	n;
	uint32_t	room;
};

/* All places in @c; aborts when out of memory. */
struct fault_sites faults_find(const struct tr_classifier *c);
void faults_free(struct fault_sites *s);

/*
 * Plants one fault of a type at random: what the block had there is kept in
 * *old for faults_undo().
 */
struct fault_undo {
	uint32_t	word;
	uint32_t	value[16];
};

enum fault_type faults_plant(struct tr_classifier *c,
			     const struct fault_sites *s, struct rng *r,
			     struct fault_undo *old);
void faults_undo(struct tr_classifier *c, const struct fault_undo *old);

#endif
