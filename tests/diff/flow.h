/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/flow.h - traffic with connections: both directions, in order
 *
 * Connections have addresses and ports that rules ask for.  They are opened,
 * answered, closed, and treated badly: segments out of window, wrong flags and
 * checksums, ICMP errors about them and about nothing, fragments in any order.
 * The same seed gives the same packets.
 */
#ifndef TESTS_DIFF_FLOW_H
#define TESTS_DIFF_FLOW_H

#include "tests/diff/lab.h"
#include "tests/diff/pktgen.h"

struct flowgen;

struct flow_opts {
	uint64_t	seed;
	bool		ipv6;
	struct pktgen	*aim;		/* where tuples come from; borrowed */
	const struct lab_addr *local;	/* addresses of the host; borrowed */
	uint32_t	nlocal;
	uint32_t	nifaces;
	const char	*const *iface;
};

/* NULL: out of memory. */
struct flowgen *flow_new(const struct flow_opts *opts);
void flow_free(struct flowgen *g);

/* From here on the hosts route as lab_route_pairs() says for @m. */
void flow_set_pairing(struct flowgen *g, uint32_t m);

/* Whether hosts talk to this address, and it is not a host's name for itself. */
bool flow_usable(bool ipv6, const struct lab_addr *a);

/* The next packet; out->hook is OUTPUT where the host sends it itself. */
void flow_next(struct flowgen *g, struct pg_packet *out);

#endif
