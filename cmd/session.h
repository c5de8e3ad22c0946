/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/session.h - a ruleset out of the kernel, changed, and back into it
 *
 * What lies between the front end's "*table" and "COMMIT": the xtables lock,
 * the ruleset in force as a table with counters, and the way back through
 * translator and backend.
 */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/attach.h"
#include "backend/ns.h"
#include "ir/diag.h"
#include "ir/ruleset.h"

struct cmd_session {
	int		family;		/* AF_INET unless changed */
	int		wait;		/* for the lock: cmd_lock_take() */
	struct be_attach attach;
	bool		keep;		/* the attachment in force, if there is one */
	/*
	 * Tables that cannot be judged are kept and printed all the same, with a
	 * warning on stderr.  From the environment: XTBPF_STORE_ONLY=1.
	 */
	bool		store_only;
	bool		verify;		/* --verify: before anything is put in force */
	bool		test;		/* nothing is */
	int		lock;		/* -1: not held */
	struct be_ns	*ns;		/* NULL: nothing loaded here so far */
	struct be_image	before;		/* what was in force at begin */
};

void cmd_session_init(struct cmd_session *s);

/*
 * Where rules shall be judged: @spec, or where that is NULL the environment
 * (XTBPF_ATTACH).  Without both, what is in force stays where it is.  0, or
 * -EINVAL told in @diag.
 */
int cmd_session_attach(struct cmd_session *s, const char *spec,
		       struct diag *diag);

/*
 * The functions of struct fe_restore_ops, @ctx being a struct cmd_session.  The
 * lock is held from begin to commit or abort.  A busy lock has been said on
 * stderr: @diag stays empty.  Commit is -EINVAL or -ELOOP where iptables' kernel
 * would refuse the table, -EOPNOTSUPP where only we cannot judge it.
 */
int cmd_session_begin(void *ctx, const char *table, struct ir_table **out,
		      struct diag *diag);
int cmd_session_commit(void *ctx, struct ir_table *t, struct diag *diag);
void cmd_session_abort(void *ctx);

/*
 * The table @name in @image with its counters, numbered; every old_index is set.
 * *out is NULL where there is none.  0 or -errno told in @diag.
 */
int cmd_image_table(const struct be_image *image, const char *name,
		    struct ir_table **out, struct diag *diag);

/*
 * Calls @each for the tables in @image, the newest first, as iptables lists
 * them, until it returns other than 0; @judged: packets meet it.  Returns that,
 * or -errno told in @diag.
 */
int cmd_image_each(const struct be_image *image,
		   int (*each)(void *ctx, struct ir_table *t, bool judged),
		   void *ctx, struct diag *diag);

/*
 * Numbers and checks @t.  What iptables' kernel would refuse is -EINVAL, or
 * -ELOOP for a loop.  -EOPNOTSUPP: the first reason why it cannot be judged: a
 * table we do not run, a refused rule, or a rule which is not exact at @attach
 * (NULL: no hook is asked about).  All told in @diag.
 */
int cmd_table_check(struct ir_table *t, const struct be_attach *attach,
		    struct diag *diag);

/* Whether @t has neither rules nor a policy but ACCEPT: it does nothing. */
bool cmd_table_idle(const struct ir_table *t);

/* Whether tables of this name are run; others are taken only while empty. */
bool cmd_table_run(const struct ir_table *t);

/* The first rule that tests the connection state; NULL: none. */
const struct ir_rule *cmd_table_stateful(const struct ir_table *t);

/* How many rules it has. */
uint32_t cmd_table_nrules(const struct ir_table *t);

#endif
