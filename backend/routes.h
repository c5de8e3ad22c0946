/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/routes.h - the route memo: what a lookup said of a destination
 *
 * Which chain a packet meets is a function of its destination, its DSCP, and of all
 * that the kernel knows of routes.  The kernel numbers the states of the latter, for
 * its own caches: netns_ipv4.rt_genid grows behind every change of a route, an
 * address, a device.  So the memo keeps, for some destinations, what the lookup said
 * and the number that was read before it; once that has grown, nothing of it holds.
 *
 * An entry is one word of 64 bits, so that who reads one that is being written has
 * the old or the new, whatever interrupts what: bits 63 to 32 the number, 31 to 8
 * what its place does not say of the destination, 7 to 2 the DSCP, 1 and 0 the answer
 * (0: none).  The place is the upper bits of the destination times an odd number, of
 * which there is one for each destination: an entry that looks the same is the same.
 *
 * What else may decide is asked for each packet: whether the device forwards at all,
 * which the memo need not know then; rules of `ip rule`, which may ask for anything,
 * and nexthop objects, which may be exchanged in a group unnoticed (with one of
 * either, each packet is looked up); and whose namespace it is, for a device may be
 * moved to another, with another count.
 *
 * Not every change is told by that number: not that of ignore_routes_with_linkdown,
 * and not that of a route just as it is looked up for the first time.  So a coarse
 * clock is added to it.  Both only grow, so the sum is the same only if both are.
 *
 * Out by which interface is not kept: a route with several nexthops says that for
 * each packet anew.  Where rules want to know, forwarded packets are looked up.
 */
#ifndef BACKEND_ROUTES_H
#define BACKEND_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/map.h"

struct be_gen;
struct be_route;

/* Odd, else arbitrary: the golden ratio spreads neighbours well. */
#define BE_ROUTES_MULTIPLIER	0x9e3779b1

enum be_routes_answer {
	BE_ROUTES_INPUT = 1,
	BE_ROUTES_FORWARD,
};

struct be_routes {
	bool		used;
	bool		peeks;		/* reads whether a device forwards */
	uint32_t	log_entries;	/* for each CPU */
	uint32_t	ncpus;
};

/*
 * Whether the program at hand has a memo, and whether it looks if a device forwards
 * (IPv6, too).  In: g->kernel, or all its members -1.
 */
void be_routes_plan(struct be_gen *g);

/* Its map. */
struct be_map_def be_routes_def(const struct be_routes *r);

/*
 * Goes where @r says if that is known without a lookup.  Falls through otherwise;
 * frame.offset and frame.length are then for be_gen_routes_note().  In: the parser's
 * registers.  Clobbers R0 to R5.
 */
void be_gen_routes_recall(struct be_gen *g, const struct be_route *r);

/*
 * The lookup that followed gave @answer.  Clobbers R0 to R2.  Emits nothing where
 * there is no memo.
 */
void be_gen_routes_note(struct be_gen *g, enum be_routes_answer answer);

#endif
