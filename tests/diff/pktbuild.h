/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/pktbuild.h - from fields to bytes; pktgen.c's other half */
#ifndef TESTS_DIFF_PKTBUILD_H
#define TESTS_DIFF_PKTBUILD_H

#include "ir/build.h"
#include "ir/rng.h"
#include "tests/diff/pktgen.h"

#define PG_MAX_TCPOPTS	8
#define PG_HEADROOM	320	/* all that a build may write to */

_Static_assert(PG_HEADROOM >= IR_BUILD_MAX, "room for headers");

/* What a packet should be, before bytes are made and mutated. */
struct pg_spec {
	uint32_t	field[IR_NFIELDS];
	char		iif[IR_IFNAMSIZ];
	char		oif[IR_IFNAMSIZ];
	uint8_t		opt[PG_MAX_TCPOPTS];	/* TCP options to have */
	uint32_t	nopts;
	uint32_t	opt_shape;	/* how they are laid out */
	bool		len_set;	/* a rule wants field[IR_LEN] */
	bool		kind_set;	/* a rule wants field[IR_KIND] */
	bool		exts_set;	/* or fields of extension headers */
};

/* Fills len, data, ipv6 and malformed of @out. */
void pg_build(const struct pg_spec *s, const struct pg_opts *opts,
	      struct rng *r, struct pg_packet *out);

/* Its half for IPv6 (pktbuild6.c), and pg_print()'s. */
void pg_build6(const struct pg_spec *s, const struct pg_opts *opts,
	       struct rng *r, struct pg_packet *out);
void pg_print6(FILE *out, const struct pg_packet *p);

/* For both: the kind, of the first @n; TCP's header; the bytes behind IP's. */
enum ir_kind pg_pick_kind(const struct pg_spec *s, const struct pg_opts *opts,
			  enum ir_kind n, struct rng *r);
void pg_choose_tcp(const struct pg_spec *s, struct rng *r, bool badopt,
		   struct ir_build *b);
uint32_t pg_transport_len(const struct pg_spec *s, enum ir_kind kind,
			  const struct ir_build *b, bool mutate, struct rng *r);

#endif
