/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/lab.h - a host of one's own: a network namespace to inject into
 *
 * Interfaces are taps.  A frame written to one is received, judged and
 * forwarded or delivered before the write returns; a raw socket does the same
 * for what the host sends itself.  What gets through the filter is counted and
 * dropped, and the host's own answers are dropped before they meet the filter,
 * so that the injected packets alone are counted.
 *
 * Where packets go depends on the phase: 0, every address is local; k, every
 * address that is not the host's own is reached through interface k - 1.
 *
 * A lab has no name and no process: it ends with the last descriptor.
 */
#ifndef TESTS_DIFF_LAB_H
#define TESTS_DIFF_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/packet.h"
#include "tests/diff/pktgen.h"

enum {
	LAB_STATEFUL	= 1,	/* nothing swallowed, routes between pairs */
	LAB_EGRESS	= 2,	/* what gets through is counted at the taps */
	LAB_IPV6	= 4,	/* that and nothing else; else IPv4 */
};

struct lab;

/*
 * Once per process, as root: a mount namespace with its own /run and bpffs in
 * it, so that nothing of a test outlives it or is seen from outside.  0, or -1
 * with errno.
 */
int lab_init(void);

/* Makes a host with these interfaces; NULL on error, told on stderr. */
struct lab *lab_new(const char *const *iface, uint32_t n, unsigned int flags);
void lab_free(struct lab *lab);

/* The calling thread's namespace becomes the lab's, or the machine's again. */
int lab_enter(const struct lab *lab);
int lab_leave(const struct lab *lab);

/* Copies the names of the interfaces; returns how many. */
uint32_t lab_ifaces(const struct lab *lab,
		    char (*name)[IR_IFNAMSIZ]);

uint32_t lab_nphases(const struct lab *lab);
int lab_phase(struct lab *lab, uint32_t phase);

/* A chain the packet meets, with what it sees there. */
struct lab_sight {
	enum ir_hook	hook;
	const char	*iif;
	const char	*oif;
};

/*
 * Which chains an injected packet meets in the present phase: 0, 1 or 2 (the
 * second only when the first accepted it).
 */
uint32_t lab_predict(const struct lab *lab, const struct pg_packet *p,
		     struct lab_sight sight[2]);

/* 0, or -1 when the packet could not be injected (told on stderr). */
int lab_inject(struct lab *lab, const struct pg_packet *p);

/*
 * Stateful labs: what comes in at interface @i leaves at this one, with pairing
 * number @m; and the other way round, where there are enough interfaces.
 */
static inline uint32_t lab_pair(uint32_t i, uint32_t n, uint32_t m)
{
	uint32_t to = i ^ (1 + m % 7);

	return to < n ? to : (i + 1) % n;
}

/* What the host sends itself leaves at interface @m modulo their number. */
int lab_route_pairs(struct lab *lab, uint32_t m);

/* An address, IPv4 in the first word alone. */
struct lab_addr {
	uint32_t	w[4];
};

/* That of an interface, from 0. */
struct lab_addr lab_address(bool ipv6, uint32_t iface);

/* Stateful labs: these addresses are the host's own, too. */
int lab_own(const struct lab *lab, const struct lab_addr *addr, uint32_t n);

/* Connections outlive the test, in both of two hosts. */
int lab_long_timeouts(const struct lab *lab);

/* What got through so far, locally delivered and sent. */
struct lab_through {
	struct ir_counter local;
	struct ir_counter sent;
};

int lab_through(struct lab *lab, struct lab_through *out);

#endif
