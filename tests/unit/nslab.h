/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/nslab.h - two rulesets in a network namespace of its own
 *
 * As root.  Everything happens in a mount namespace with a bpffs of its own,
 * which ends with the process and takes all pins along.
 *
 * The rulesets take turns: "pass" accepts, "stop" drops what comes in.  Which
 * one is in force is asked with a datagram over lo, and from the image.  They
 * are IPv4's, or with beside() one family's while the other has a ruleset of its
 * own, that drops, somewhere: expect() looks after it, too.
 */
#ifndef TESTS_UNIT_NSLAB_H
#define TESTS_UNIT_NSLAB_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/attach.h"
#include "backend/ns.h"
#include "ir/diag.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

/* The kinds of attachment that every test goes through. */
struct kind {
	const char	*spec;
	bool		clsact;
};

#define NKINDS	4

extern const struct kind kinds[NKINDS];

struct rules {
	struct ir_table	*t;
	struct tr_classifier *c;
	struct ir_counter *start;
	uint32_t	*continues;
	uint32_t	policy;		/* counter of INPUT's */
	const char	*image;
};

extern int af;			/* of pass and stop */
extern struct rules pass, stop;
extern struct be_attach attach;
extern struct diag diag;

/*
 * All of main(): runs the tests that @add puts in, each in a namespace with
 * both rulesets and the first kind, and nothing in force.  Returns the exit
 * status, 77 without privilege.
 */
int nslab_run(const char *name, double timeout, void (*add)(TCase *tc));

/* The calling process goes into a new namespace, with lo up. */
void new_ns(void);

/* From here on, attach like this. */
void use(const struct kind *k);

/*
 * Kind @i, with a ruleset of the other family in force beside it, at this or
 * another hook.  Which is which depends on @i.
 */
void beside(int i);

/*
 * A ruleset of one family (which one depends on @i) where attach says; pass and
 * stop are the other's from here on.
 */
void beside_there(int i);

struct be_ns *open_ns(void);

int commit_from(const struct rules *r, const struct be_image *before,
		bool conntrack);

/* Must work. */
void commit(const struct rules *r);
void detach(void);		/* this family alone */

/* Sends a datagram over lo: whether it arrives, or whether it does not. */
bool arrives(void);
bool is_stopped(void);
bool arrives_beside(void);	/* one of the other family */

/* What is in force, by its image; NULL: nothing. */
const struct rules *in_force(struct be_image *image);

/* Asserts that @r, whole, is what judges; NULL: nothing is loaded. */
void expect(const struct rules *r);

/* The packets at the policy of INPUT. */
uint64_t policy_packets(void);

/* Whether there is any state of this family, or the directory by itself. */
bool dir_exists(void);

/* Whether the link with this stub serves the family beside, too. */
bool is_shared(uint32_t prog_id);

/* Exactly one generation, the slots and links that it needs, no more. */
void expect_tidy(void);

#endif
