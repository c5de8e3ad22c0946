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

/*
 * The same of the bits @mask of a field (a run of ones), as a number of their
 * own.
 */
int fe_match_bits(const struct fe_into *in, enum ir_field field, uint32_t mask,
		  uint32_t lo, uint32_t hi, bool negate);

/*
 * The length byte under @mask stands for @bytes: it counts units of @unit bytes,
 * less @less of them.
 */
int fe_match_bytes(const struct fe_into *in, enum ir_field field,
		    uint32_t mask, uint32_t bytes, uint32_t unit, uint32_t less,
		    bool negate);

/*
 * Starts a match that asks something of this IPv6 extension header: a packet in
 * which it is cut off is dropped, and without it the match does not hold.
 */
int fe_match_header(const struct fe_into *in, enum ir_ext ext);

extern const struct fe_match fe_match_ah;
extern const struct fe_match fe_match_comment;
extern const struct fe_match fe_match_conntrack;
extern const struct fe_match fe_match_dscp;
extern const struct fe_match fe_match_dst;
extern const struct fe_match fe_match_esp;
extern const struct fe_match fe_match_eui64;
extern const struct fe_match fe_match_frag;
extern const struct fe_match fe_match_hbh;
extern const struct fe_match fe_match_hl;
extern const struct fe_match fe_match_icmp;
extern const struct fe_match fe_match_icmp6;
extern const struct fe_match fe_match_iprange;
extern const struct fe_match fe_match_ipv6header;
extern const struct fe_match fe_match_length;
extern const struct fe_match fe_match_mh;
extern const struct fe_match fe_match_multiport;
extern const struct fe_match fe_match_rt;
extern const struct fe_match fe_match_tcp;
extern const struct fe_match fe_match_tos;
extern const struct fe_match fe_match_ttl;
extern const struct fe_match fe_match_udp;

#endif
