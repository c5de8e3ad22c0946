/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/flows.h - traffic: packets drawn from a ruleset's own rules
 *
 * A flow is one packet, sent again and again: the IPv4 header and what of the
 * transport header rules can ask for.  All flows of a set differ in addresses,
 * protocol or ports.
 */
#ifndef CMD_BENCH_FLOWS_H
#define CMD_BENCH_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/bench/ruleset.h"
#include "ir/packet.h"

#define BENCH_HEADERS	40		/* IPv4 and TCP without options */
#define BENCH_LEN_MAX	50		/* IPv4: the frame has 64 bytes */

struct bench_flow {
	uint8_t		header[BENCH_HEADERS];	/* as the chain sees it */
	bool		accept;			/* the verdict it must have */
};

struct bench_flows {
	struct bench_flow *v;		/* owned */
	uint32_t	n;
	/* Draws given up: no host takes such addresses; no packet of ours. */
	uint32_t	martians;
	uint32_t	impossible;
};

/* What the rules drawn from are. */
enum bench_hit {
	BENCH_HIT_ANY,
	BENCH_HIT_LAST,		/* the last rule of the chain counts it */
	BENCH_HIT_NONE,		/* the policy or a rule for all packets */
};

struct bench_flows_opts {
	uint32_t	n;		/* how many are wanted */
	uint64_t	seed;
	enum bench_hit	hit;
};

/*
 * Draws up to opts->n flows: fewer where the rules do not allow more.  0 or
 * -ENOMEM.
 */
int bench_flows_draw(const struct bench_ruleset *rs,
		     const struct bench_flows_opts *opts,
		     struct bench_flows *out);
void bench_flows_free(struct bench_flows *f);

/* The flow as the model sees it at the chain. */
void bench_flow_packet(const struct bench_ruleset *rs,
		       const struct bench_flow *f, struct ir_packet *p);

/* How often a flow comes. */
enum bench_traffic {
	BENCH_UNIFORM,
	BENCH_ZIPF,
	BENCH_HOT,		/* a hundred of them */
	BENCH_NONE,		/* what matches nothing, uniform */
	BENCH_NTRAFFICS
};

/* "uniform" ... */
const char *bench_traffic_name(enum bench_traffic t);

#define BENCH_NHOT	100

/* An order in which flows are sent, again and again. */
struct bench_sequence {
	const struct bench_flows *flows;	/* borrowed */
	uint32_t	*flow;		/* numbers; owned */
	uint32_t	n;		/* a power of two */
	uint32_t	distinct;	/* flows that occur in it */
};

/* @flows must have one at the least.  0 or -ENOMEM. */
int bench_sequence_make(const struct bench_flows *flows, enum bench_traffic t,
			double zipf, uint64_t seed,
			struct bench_sequence *out);
void bench_sequence_free(struct bench_sequence *s);

/*
 * What the counters are after @n packets of it, from the first on, into @count:
 * rs->ncounters elements, zeroed.  Returns how many were accepted.
 */
uint64_t bench_sequence_expect(const struct bench_ruleset *rs,
			       const struct bench_sequence *s, uint64_t n,
			       struct ir_counter *count);

#endif
