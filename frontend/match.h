/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/match.h - the matches that can be compiled, one file each
 *
 * A match turns its data, as the kernel would get it, into predicates that hold
 * exactly when the kernel's match does (net/netfilter/xt_*.c).
 */
#ifndef FRONTEND_MATCH_H
#define FRONTEND_MATCH_H

#include <stddef.h>
#include <stdint.h>

#include "frontend/family.h"
#include "ir/ruleset.h"

/* The rule a match is decoded into. */
struct fe_into {
	struct ir_table		*table;
	struct ir_rule		*rule;
	const struct ir_loc	*loc;	/* of the match */
};

struct fe_match {
	const char	*name;
	uint8_t		revision;
	uint8_t		family;		/* AF_INET, AF_INET6, or 0: both */
	size_t		size;		/* of the data, at the least */
	/* Appends its matches and predicates, or refuses.  0 or -ENOMEM. */
	int		(*decode)(const struct fe_into *in, const void *data);
};

/* NULL when there is none. */
const struct fe_match *fe_match_find(int family, const char *name,
				     uint8_t revision);

/* Starts a match with @need.  0 or -ENOMEM. */
int fe_match_begin(const struct fe_into *in, enum ir_need need);

/*
 * (the address & mask) == addr, or its contrary: of all words of it.  @field is
 * IR_SADDR or IR_DADDR.
 */
int fe_match_addr(const struct fe_into *in, enum ir_field field,
		  const struct in6_addr *addr, const struct in6_addr *mask,
		  bool negate);

/* min <= the address <= max, or its contrary. */
int fe_match_addr_range(const struct fe_into *in, enum ir_field field,
			const struct in6_addr *min, const struct in6_addr *max,
			bool negate);

/* A predicate that never holds. */
int fe_match_never(const struct fe_into *in);

/*
 * lo <= field <= hi or its contrary.  One that always holds is left out, and
 * lo > hi is allowed.
 */
int fe_match_range(const struct fe_into *in, enum ir_field field, uint32_t lo,
		   uint32_t hi, bool negate);

extern const struct fe_match fe_match_comment;
extern const struct fe_match fe_match_conntrack;
extern const struct fe_match fe_match_dscp;
extern const struct fe_match fe_match_hl;
extern const struct fe_match fe_match_icmp;
extern const struct fe_match fe_match_icmp6;
extern const struct fe_match fe_match_iprange;
extern const struct fe_match fe_match_length;
extern const struct fe_match fe_match_multiport;
extern const struct fe_match fe_match_tcp;
extern const struct fe_match fe_match_tos;
extern const struct fe_match fe_match_ttl;
extern const struct fe_match fe_match_udp;

#endif
