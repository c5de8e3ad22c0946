/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/host.h - hosts of our own, one for each engine
 *
 * A host is a network namespace with a wire on which packets come in and, for
 * FORWARD, one on which they go out; the other ends are with us.  What gets
 * through the engine is counted and ends there: behind the outgoing wire, or
 * for INPUT behind the chain.  Every destination is routed out, or for INPUT is
 * the host's own, and the host forwards nothing.
 *
 * Nothing has a name outside of this process and all ends with it, however it
 * ends: the namespaces are held by descriptors, and what is pinned is in a
 * mount namespace of its own.
 */
#ifndef CMD_BENCH_HOST_H
#define CMD_BENCH_HOST_H

#include <stdint.h>

#include "cmd/bench/ruleset.h"
#include "ir/diag.h"

/*
 * Leaves the machine's network and mount namespaces for good.  Once, before any
 * host is made.  0 or -errno told in @diag.
 */
int bench_world_leave(struct diag *diag);

struct bench_host {
	int		netns;
	uint32_t	wire;		/* our end of the wire in: its index */
	uint32_t	in;		/* the host's end */
	int		through;	/* map of one u64: what got through */
	int		link;		/* of what counts it behind INPUT */
};

/*
 * Host number @n, which no other may have had, for the chain and interfaces of
 * @rs.  0 or -errno told in @diag.
 */
int bench_host_new(const struct bench_ruleset *rs, uint32_t n,
		   struct bench_host *out, struct diag *diag);
void bench_host_free(struct bench_host *h);

/* The Ethernet header of a frame to it: 14 bytes. */
extern const uint8_t bench_host_ethernet[14];

/* How many packets got through so far.  0 or -errno. */
int bench_host_through(const struct bench_host *h, uint64_t *n);

#endif
