/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/set.h - rulesets that are one set, in other words */
#ifndef CMD_BENCH_SET_H
#define CMD_BENCH_SET_H

#include <stddef.h>

#include "cmd/bench/ruleset.h"

/*
 * The ruleset as an nft set "bench" and one rule, where all its rules are in one
 * chain, do the same, and ask for single addresses and ports in the same
 * fields.  0 (*text is the caller's), -EOPNOTSUPP: it is not a set, or -ENOMEM.
 */
int bench_set_write(const struct bench_ruleset *rs, char **text, size_t *len);

/* An element that no flow is, such as "203.0.113.77 . 4242". */
int bench_set_element(const struct bench_ruleset *rs, char *s, size_t len);

#endif
