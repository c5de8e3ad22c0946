/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/shuffle.h - small BPF programs that surround the measured ones
 *
 * A shuffler takes the next flow of a sequence, writes it into the packet and
 * tail-calls what is measured.  So one test run of many repeats judges many
 * flows, and what a shuffler costs is the same for all.
 */
#ifndef CMD_BENCH_SHUFFLE_H
#define CMD_BENCH_SHUFFLE_H

#include <stdint.h>

#include "backend/attach.h"
#include "cmd/bench/flows.h"
#include "ir/diag.h"

/* The value of the map that a shuffler and the yardsticks write to. */
struct bench_shuffle_state {
	uint32_t	next;		/* number of the next packet */
	uint32_t	missed;		/* lookups that found nothing */
};

/* How live frames are made of it: the value of one map. */
struct bench_sender_conf {
	uint32_t	next;		/* number of the next packet */
	uint32_t	ifindex;	/* where it is sent; 0: thrown away */
	uint8_t		ethernet[16];	/* the first 14 are used */
};

/* These return a new fd, or -errno told in @diag. */

int bench_shuffle_state_create(struct diag *diag);

/* The headers of a sequence, in order, each with @ttl added to its TTL. */
int bench_shuffle_packets_create(const struct bench_sequence *s, uint8_t ttl,
				 struct diag *diag);

struct bench_shuffler {
	int		prog;		/* -1: none */
	int		array;		/* it empties when this is closed */
};

/*
 * @target is a program of @type, which is BE_XDP or BE_TC.  The packet it is
 * run with must be Ethernet and have 54 bytes.  0 or -errno told in @diag.
 */
int bench_shuffler_load(enum be_hook_type type, int target, int packets,
			uint32_t npackets, int state,
			struct bench_shuffler *out, struct diag *diag);
void bench_shuffler_free(struct bench_shuffler *s);

/* The sender of live frames; @conf is a map of struct bench_sender_conf. */
int bench_sender_load(int packets, uint32_t npackets, int conf,
		      struct diag *diag);

/*
 * The yardsticks, at xdp: a program that finds addresses, protocol and ports in
 * the packet (@flows -1), and one that then looks them up in the hash @flows
 * and returns the verdict it finds there.
 */
int bench_yardstick_load(int flows, int state, struct diag *diag);
int bench_yardstick_flows_create(const struct bench_sequence *s,
				 struct diag *diag);

#endif
