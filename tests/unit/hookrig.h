/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/hookrig.h - a program that asks the kernel, for tests of it
 *
 * One at a time, in a network namespace of its own with two taps, against the
 * evaluator.
 */
#ifndef TESTS_UNIT_HOOKRIG_H
#define TESTS_UNIT_HOOKRIG_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/program.h"
#include "ir/packet.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

#define ETH	14

extern struct ir_table *t;
extern struct tr_classifier *c;
extern struct ir_counter *want, *have;
extern uint32_t ncounters;
extern int table, counters, ifindexes, prog;
extern unsigned int t0, t1;		/* the taps' numbers */

/* A new one; what is written to its fd comes in by it. */
int tap(const char *name);

/* Frees the table and all that was made of it. */
void teardown(void);

/* Every pattern in every chain, in and out, to be counted. */
void add_patterns(const char *const *pattern, int n);

/* Translates the table and loads its program. */
void load(enum be_hook_type type, uint32_t hooks);

/* No counter differs from what the evaluator says. */
void compare(const char *what);

/*
 * The evaluator's word on the packet at @ip: whether it is accepted.  With
 * IR_HOOK_NONE nobody sees it.
 */
int expect(enum ir_hook hook, const uint8_t *ip, uint32_t len, const char *iif,
	   const char *oif);

/* What the program returns. */
uint32_t run(const void *data, uint32_t len, const void *ctx,
	     uint32_t ctx_len);

#endif
