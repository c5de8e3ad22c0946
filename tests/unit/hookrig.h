/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/hookrig.h - a program that asks the kernel, for tests of it
 *
 * One at a time, in a network namespace of its own with two taps, against the
 * evaluator.
 */
#ifndef TESTS_UNIT_HOOKRIG_H
#define TESTS_UNIT_HOOKRIG_H

#include <check.h>
#include <stdint.h>

#include "backend/program.h"
#include "ir/packet.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

#define ETH	14

/* Sets of hooks. */
#define BOTH	(1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD)
#define ALL	(BOTH | 1u << IR_HOOK_OUTPUT)

extern struct ir_table *t;
extern struct tr_classifier *c;
extern struct ir_counter *want, *have;
extern uint32_t ncounters, nifindexes;
extern int table, counters, ifindexes, prog;
extern unsigned int t0, t1;		/* the taps' numbers */

/* The program comes from an object (backend/object.h). */
extern bool as_object;

/*
 * All of main(): runs the tests that @add puts in, each with what @setup made, then
 * those of @add_both (NULL: none), as_object and not: none of tc ingress, since the bit by which an
 * object knows that is not set in test runs.  Returns the exit status, TEST_SKIPPED
 * without privilege.
 */
int hookrig_run(const char *name, void (*setup)(void), void (*add)(TCase *tc),
		void (*add_both)(TCase *tc));

/* be_program_force_copies(), for objects too. */
void force_copies(bool on);

/*
 * For @setup: a new network namespace with the taps t0 and t1 in which the shell
 * has run @config, and an empty table of @family.  Returns the fd of t1; what is
 * written to it comes in there.
 */
int rig(int family, const char *config);

/* Every pattern in every chain, in and out, to be counted. */
void add_patterns(const char *const *pattern, int n);
void add_some_patterns(void);

/* Whether a program looks interfaces up in a hash; in an array otherwise. */
extern bool numbers_in_hash;

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

/* The same of a frame that came in by t0. */
uint32_t run_xdp(const uint8_t *frame, uint32_t len);

/*
 * A packet of @len bytes comes in by t0 and is for the chain @hook, with @oif.
 * Whether it passes must be as the evaluator says, which sees it with one hop
 * less where it is forwarded.
 */
void judge_xdp(uint8_t *frame, uint32_t len, enum ir_hook hook,
	       const char *oif);

/* A packet goes out by t1: forwarded from t0, made here, and unasked for. */
void judge_egress(uint8_t *frame, uint32_t len);

/* It comes in by t0, with some bytes behind it. */
void judge_ingress(const uint8_t *frame, uint32_t len, enum ir_hook hook);

#endif
