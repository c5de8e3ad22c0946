/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/pktgen.h - packets made from a table's own rules
 *
 * Each packet aims at one rule: the predicates on a way to it are satisfied,
 * with boundary values; often one of them is missed by one, and then the bytes
 * are mutated (options, fragments, cut headers, odd lengths).  Packet n of a
 * seed can be had at any time, so a failing one can be found again.
 */
#ifndef TESTS_DIFF_PKTGEN_H
#define TESTS_DIFF_PKTGEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ir/packet.h"
#include "ir/ruleset.h"

#define PG_MAX		9000
#define PG_MAX_IFACES	16

struct pg_packet {
	enum ir_hook	hook;		/* of the rule aimed at */
	char		iif[IR_IFNAMSIZ];
	char		oif[IR_IFNAMSIZ];
	uint32_t	ctstate;
	bool		ipv6;
	uint32_t	len;		/* from the IP header to the end */
	bool		malformed;	/* no host looks at it: no chain */
	uint8_t		tags;		/* VLAN tags in front of it, 0..2 */
	uint16_t	vid;		/* in them; 0: a priority, no VLAN */
	uint8_t		data[PG_MAX];
};

struct pg_opts {
	uint64_t	seed;
	bool		ipv6;		/* as the table is */
	uint32_t	max_len;	/* up to PG_MAX - 64; 0: 1500 */
	bool		mutate;		/* cut, fragment, corrupt ... */
	bool		trailers;	/* bytes behind the packet's end */
	bool		malformed;	/* what meets no chain, now and then */
	bool		tags;		/* VLAN tags, now and then */
	/* Interfaces there are; nifaces 0: any name that a rule could name. */
	const char	*iface[PG_MAX_IFACES];
	uint32_t	nifaces;
};

struct pktgen;

/* @t is borrowed and must be numbered.  NULL: out of memory. */
struct pktgen *pg_new(const struct ir_table *t, const struct pg_opts *opts);
void pg_free(struct pktgen *g);

/*
 * Packet @number.  With @hooks (bit set of enum ir_hook) only rules reachable
 * from one of these are aimed at.
 */
void pg_make(const struct pktgen *g, uint64_t number, uint32_t hooks,
	     struct pg_packet *out);

/* The interfaces the rules of @t name, each once.  Returns how many. */
uint32_t pg_ifaces(const struct ir_table *t, char (*name)[IR_IFNAMSIZ],
		   uint32_t max);

/* How long a host takes it to be, from what its IP header says. */
uint32_t pg_total(const struct pg_packet *p);

/* As the chains will see it, interfaces and state left open. */
int pg_parse(const struct pg_packet *p, struct ir_packet *out);

/* In words and in hex. */
void pg_print(FILE *out, const struct pg_packet *p);

#endif
