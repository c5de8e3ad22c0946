/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/oracle.h - what the parts of the oracle program share */
#ifndef TESTS_DIFF_ORACLE_H
#define TESTS_DIFF_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ruleset.h"
#include "tests/diff/fault.h"
#include "tests/diff/lab.h"

/* The exit code of one ruleset's test, and of the program. */
enum outcome {
	SAME,
	DIFFERENT,
	BROKEN,			/* could not be tested */
	SKIPPED = 77,
};

enum mode {
	MODE_MODEL,		/* the model against the kernel */
	MODE_LIVE,		/* ours in force against the kernel */
	MODE_QUICK,		/* our programs, test runs, against the model */
	MODE_SAVE,		/* what save prints, nothing injected */
};

struct conf {
	enum mode	mode;
	int		family;
	const char	*hook;		/* of MODE_LIVE */
	const char	*type;		/* of MODE_QUICK; NULL: all */
	uint64_t	seed;
	uint64_t	rulesets;
	uint64_t	packets;
	uint32_t	batch;
	uint32_t	rules;		/* per random ruleset; 0: any */
	bool		stateful;
	bool		verbose;
	int		plant;		/* FAULT_NONE: none */
};

/* One ruleset under test. */
struct subject {
	const struct conf *conf;
	const char	*name;
	const char	*text;
	uint64_t	seed;
	struct ir_table	*t;
	struct ir_table	*ours;		/* @t, or with a fault planted */
	uint32_t	lost;		/* counter our side loses */
	uint32_t	ncounters;
	struct lab	*lab[2];
	char		note[128];	/* printed behind the result */
};

/* New hosts in the place of those of @s.  0 or -1. */
int oracle_new_labs(struct subject *s);

/* Ours against the kernel with connection states: the same in two hosts. */
enum outcome twin_test(struct subject *s);

#endif
