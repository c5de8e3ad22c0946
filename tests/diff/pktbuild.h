/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/pktbuild.h - from fields to bytes; pktgen.c's other half */
#ifndef TESTS_DIFF_PKTBUILD_H
#define TESTS_DIFF_PKTBUILD_H

#include "ir/rng.h"
#include "tests/diff/pktgen.h"

#define PG_MAX_TCPOPTS	8

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
};

/* Fills len, data and malformed of @out. */
void pg_build(struct pg_spec *s, const struct pg_opts *opts, struct rng *r,
	      struct pg_packet *out);

#endif
