/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/program.h - what a program alone costs, by BPF_PROG_TEST_RUN
 *
 * In rounds: each program in turn judges one or more whole passes of the
 * sequence.  What it costs is what it takes longer than the null program of the
 * same hook in the same round.
 */
#ifndef CMD_BENCH_PROGRAM_H
#define CMD_BENCH_PROGRAM_H

#include <stdint.h>

#include "cmd/bench/flows.h"
#include "cmd/bench/ruleset.h"
#include "cmd/bench/stat.h"
#include "ir/diag.h"

enum bench_program {
	BENCH_XDP_NULL,		/* returns XDP_PASS */
	BENCH_XDP_PARSE,	/* the key of a flow, and no lookup */
	BENCH_XDP_HASH,		/* the key, and one hash lookup */
	BENCH_XDP_OURS,
	BENCH_XDP_WALK,		/* ours without a flow memo */
	BENCH_TC_NULL,
	BENCH_TC_OURS,
	BENCH_NF_NULL,
	BENCH_NF_OURS,
	BENCH_NPROGRAMS
};

/* Those of a hook; what is compared with ours at xdp is among them. */
#define BENCH_PROGRAMS_XDP	(1u << BENCH_XDP_NULL | 1u << BENCH_XDP_PARSE | \
				 1u << BENCH_XDP_HASH | 1u << BENCH_XDP_OURS | \
				 1u << BENCH_XDP_WALK)
#define BENCH_PROGRAMS_TC	(1u << BENCH_TC_NULL | 1u << BENCH_TC_OURS)
#define BENCH_PROGRAMS_NF	(1u << BENCH_NF_NULL | 1u << BENCH_NF_OURS)

/* "xdp hash" ... */
const char *bench_program_name(enum bench_program p);

struct bench_program_opts {
	uint32_t	programs;	/* bit set of enum bench_program */
	uint32_t	rounds;
	double		batch_ms;
};

struct bench_program_result {
	bool		ran;
	char		reason[512];	/* why not */
	uint32_t	insns;		/* ours */
	double		load_ms;	/* ours: emitting, verifier and JIT */
	struct bench_stat gross;	/* ns per packet, shuffler and all */
	struct bench_stat net;		/* over the null program */
	struct bench_samples samples;	/* of gross */
};

/* What one pattern of traffic costs. */
struct bench_program_run {
	enum bench_traffic traffic;
	uint32_t	nflows;
	struct bench_program_result r[BENCH_NPROGRAMS];
	struct bench_stat lookup;	/* of the hash alone: over parsing */
};

/*
 * -errno told in @diag where nothing can be measured, or where a program did
 * not judge a packet as the model says.
 */
int bench_program_measure(const struct bench_ruleset *rs,
			  const struct bench_sequence *seq,
			  const struct bench_program_opts *opts,
			  struct bench_program_run *out, struct diag *diag);

#endif
