/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/judge.h - somebody who judges packets and counts what he did
 *
 * The kernel's iptables, the model, and ours in force: one shape, so that any
 * two can be held against each other.
 */
#ifndef TESTS_DIFF_JUDGE_H
#define TESTS_DIFF_JUDGE_H

#include "ir/ruleset.h"
#include "tests/diff/lab.h"

struct judge {
	const char	*name;
	void		*ctx;
	uint32_t	lost;		/* counter read as 0; UINT32_MAX: none */
	/* Each 0, or -1 told on stderr. */
	int (*phase)(void *ctx, uint32_t phase);
	int (*inject)(void *ctx, const struct pg_packet *p);
	int (*read)(void *ctx, struct ir_counter *count);
	int (*through)(void *ctx, struct lab_through *out);	/* or NULL */
	void (*close)(void *ctx);
};

/*
 * Each fills *j; @lab and @t are borrowed until judge_close().  0 or -1.
 *
 * judge_kernel: iptables-legacy, loaded with @text in @lab.
 */
int judge_kernel(struct judge *j, struct lab *lab, const struct ir_table *t,
		 const char *text);

/* ir_eval() on what lab_predict() says. */
int judge_model(struct judge *j, struct lab *lab, const struct ir_table *t);

/* Ours, translated and attached in @lab as @attach says ("xdp", ...). */
int judge_ours(struct judge *j, struct lab *lab, const struct ir_table *t,
	       const char *attach);

/*
 * Two without a lab: what a packet says of its hook, interfaces and state is
 * true.  judge_direct: ir_eval().  judge_program: a program of ours of the type
 * @type ("netfilter", "xdp", "tc") by BPF_PROG_TEST_RUN, or "walk", the
 * classifier walked in C.
 */
int judge_direct(struct judge *j, const struct ir_table *t);
int judge_program(struct judge *j, const struct ir_table *t, const char *type);

void judge_close(struct judge *j);

#endif
