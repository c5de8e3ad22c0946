/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/compare.h - engines side by side: loading, changing, real frames
 *
 * In rounds, each engine in turn, so that whatever else the machine does is
 * shared fairly.  After the frames of one kind of traffic each engine must have
 * let through, and counted, exactly what the model says.
 */
#ifndef CMD_BENCH_COMPARE_H
#define CMD_BENCH_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/bench/engine.h"
#include "cmd/bench/flows.h"
#include "cmd/bench/ruleset.h"
#include "cmd/bench/stat.h"
#include "ir/diag.h"

struct bench_compare_opts {
	uint32_t	engines;	/* bit set of enum bench_engine_kind */
	bool		frames;
	bool		load;		/* more than once, and changes */
	uint32_t	rounds;
	double		batch_ms;
	/* Says what is going on; may be NULL. */
	void		(*say)(void *ctx, const char *what, const char *name);
	void		*ctx;
};

struct bench_engine_result {
	bool		works;
	bool		wrong;		/* it judged otherwise than the model */
	char		reason[512];	/* why it does not work, or is wrong */
	struct bench_stat load;		/* ms */
	struct bench_stat add;		/* one rule */
	struct bench_stat del;
	int64_t		memory;		/* bytes; -1: not known */
	/* By enum bench_traffic. */
	struct bench_stat frame[BENCH_NTRAFFICS];	/* ns, with making */
	struct bench_stat net[BENCH_NTRAFFICS];		/* without */
	uint64_t	sent[BENCH_NTRAFFICS];
	uint64_t	through[BENCH_NTRAFFICS];
};

struct bench_comparison {
	struct bench_engine_result r[BENCH_NENGINES];
	struct bench_stat making[BENCH_NTRAFFICS];	/* ns per frame */
	uint32_t	nflows[BENCH_NTRAFFICS];	/* 0: not measured */
};

/*
 * @seq: one for each kind of traffic, those with n 0 left out.  0, -EBADMSG
 * when an engine was wrong, or -errno told in @diag.
 */
int bench_compare(const struct bench_ruleset *rs,
		  const struct bench_sequence *seq,
		  const struct bench_compare_opts *opts,
		  struct bench_comparison *out, struct diag *diag);

#endif
