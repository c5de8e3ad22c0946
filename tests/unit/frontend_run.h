/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend_run.h - fe_restore() on a string, everything it says kept
 */
#ifndef TESTS_UNIT_FRONTEND_RUN_H
#define TESTS_UNIT_FRONTEND_RUN_H

#include <check.h>
#include <stdbool.h>

#include "frontend/restore.h"

#define PROG	"iptables-bpf-restore"
#define V	PROG " v1.8.11 (bpf): "

/* Built-in chains without rules, as most inputs leave them. */
#define EMPTY	":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n" \
		":OUTPUT ACCEPT [0:0]\n"

struct run {
	/* to be set */
	struct fe_restore_opts opts;
	int		family;		/* 0: AF_INET */
	const char	*before;	/* in force before, read with -c; or NULL */
	int		commit_err;	/* what commit() shall return */

	/* the outcome */
	enum fe_exit	rc;
	char		*out;		/* stdout */
	char		*err;		/* stderr */
	char		*saved;		/* the last table committed, -c; "" if none */
	char		*ir;		/* the same, ir_dump_table() */
	unsigned int	begun;
	unsigned int	commits;
	unsigned int	aborts;
	struct ir_table	*kept;		/* from @before, with old_index set */
	/* called with each table committed, if set */
	void		(*look)(struct run *r, struct ir_table *t);
};

/* Runs @in with what is set in *r; a NULL opts.prog becomes PROG. */
void run(struct run *r, const char *in);
void run_free(struct run *r);

/*
 * A table with this rule alone: its text (NULL: the same; "": not looked at),
 * and its IR (NULL: not looked at).
 */
void check_rule(const char *rule, const char *saved, const char *ir);
/* The same of ip6tables. */
void check_rule6(const char *rule, const char *saved, const char *ir);

TCase *rule_tests(void);
TCase *rule6_tests(void);
TCase *error_tests(void);
TCase *edit_tests(void);
TCase *list_tests(void);

#endif
