/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/ruleset.h - a ruleset to be measured
 *
 * The filter table of a file: as text for other engines to load, as rules to
 * draw flows from, and as a classifier.
 */
#ifndef CMD_BENCH_RULESET_H
#define CMD_BENCH_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ir/diag.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

struct bench_ruleset {
	char		name[128];
	char		*text;		/* of the filter table alone; owned */
	size_t		len;
	struct ir_table	*table;		/* numbered; owned */
	struct tr_classifier *classifier; /* owned */
	uint32_t	nrules;
	uint32_t	ncounters;
	bool		stateful;
	double		parse_ms;
	double		translate_ms;

	/* The chain that is measured: INPUT or FORWARD, the one with more. */
	enum ir_hook	hook;
	const struct ir_chain *chain;

	/* Where packets come in and go out: names that rules ask for. */
	char		iif[IR_IFNAMSIZ];
	char		oif[IR_IFNAMSIZ];
};

/*
 * Reads @in to its end; libxtables must be set up.  0 or -errno, told on stderr
 * or in @diag.  To be freed on error, too.
 */
int bench_ruleset_read(struct bench_ruleset *rs, const char *name, FILE *in,
		       struct diag *diag);
void bench_ruleset_free(struct bench_ruleset *rs);

/*
 * Which chains a packet at @chain can come to, itself included: an array by
 * chain number, the caller's to free().  NULL: out of memory.
 */
bool *bench_ruleset_reach(const struct ir_table *t,
			  const struct ir_chain *chain);

#endif
