/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/restore.h - the iptables-save format, read as iptables-restore does
 *
 * Where the tables come from and go to is the caller's business: they are
 * asked for at "*table" and handed over at "COMMIT".
 */
#ifndef FRONTEND_RESTORE_H
#define FRONTEND_RESTORE_H

#include <stdbool.h>
#include <stdio.h>

#include "ir/diag.h"
#include "ir/ruleset.h"

/* enum xtables_exittype of xtables.h */
enum fe_exit {
	FE_OK,
	FE_OTHER_PROBLEM,
	FE_PARAMETER_PROBLEM,
	FE_VERSION_PROBLEM,
	FE_RESOURCE_PROBLEM,
};

struct fe_restore_ops {
	/*
	 * The table as it is in force (built-in chains, policies and counters at
	 * the least), for the front end to change; it becomes the front end's.
	 * Called at "*table"; the caller locks here.  0 or -errno told in
	 * @diag; -EBUSY (somebody else holds the lock) makes the exit code
	 * FE_RESOURCE_PROBLEM, and of -ENOENT (no such table) iptables' message
	 * is printed instead.
	 */
	int (*begin)(void *ctx, const char *table, struct ir_table **out,
		     struct diag *diag);
	/*
	 * Puts the table in force; it stays the front end's.  The caller unlocks
	 * here, on failure too.  Not called with @test.  0 or -errno told in
	 * @diag.
	 */
	int (*commit)(void *ctx, struct ir_table *t, struct diag *diag);
	/*
	 * The table begun will not be committed (error, @test): unlock.  It is
	 * still there.
	 */
	void (*abort)(void *ctx);
};

struct fe_restore_opts {
	const char	*prog;		/* "iptables-bpf-restore", for messages */
	bool		counters;	/* -c */
	bool		noflush;	/* -n */
	bool		test;		/* -t */
	const char	*table;		/* -T: only this one; NULL: all */
	int		verbose;	/* -v, times given */
	/*
	 * Hands over tables as they are, with rules that are refused and tables
	 * that cannot be compiled: for a commit() that looks at them itself.
	 */
	bool		refused;
};

/*
 * Reads @in to its end.  Messages go to stderr.  Tables committed before an
 * error stay committed, as with iptables.
 */
enum fe_exit fe_restore(FILE *in, const struct fe_restore_opts *opts,
			const struct fe_restore_ops *ops, void *ctx);

#endif
