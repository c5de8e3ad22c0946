/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/rulegen.h - random filter rulesets, as iptables-save text
 *
 * Values come from small pools, so that rules overlap and packets meet several
 * of them.  Everything the front end decodes occurs.
 */
#ifndef TESTS_DIFF_RULEGEN_H
#define TESTS_DIFF_RULEGEN_H

#include <stdbool.h>
#include <stdint.h>

struct rg_opts {
	uint64_t	seed;
	bool		ipv6;
	uint32_t	rules;		/* about so many; 0: a random number */
	bool		stateful;	/* -m conntrack and -m state as well */
	/*
	 * Without what older iptables-save prints otherwise: 1.8.9 drops
	 * "! -i +", and looks up all protocols' names in /etc/protocols.
	 */
	bool		printable;
};

/* The caller's to free(); NULL: out of memory. */
char *rg_make(const struct rg_opts *opts);

#endif
