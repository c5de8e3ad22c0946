/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/edit.h - a command carried out on a table
 */
#ifndef FRONTEND_EDIT_H
#define FRONTEND_EDIT_H

#include "frontend/command.h"
#include "ir/ruleset.h"

struct fe_edit {
	struct ir_table		*table;
	struct fe_command	*command;
	const char		*text;	/* the line, for messages; or NULL */
	uint32_t		line;
};

/*
 * Does what iptables does to its copy of the table.  To be called inside
 * fe_xt_run(): what iptables words itself leaves through xtables_error().  What
 * it only answers with an error code is -errno, told in @diag.
 */
int fe_edit_run(const struct fe_edit *ed, struct diag *diag);

/* Whether the command may leave the table other than it was. */
bool fe_edit_changes(const struct fe_command *c);

/*
 * What iptables says of the error @err (-errno) that fe_edit_run() returned for
 * @c.  With @c NULL what it says of the kernel's, or when it does not know any
 * more what it did.
 */
const char *fe_edit_strerror(const struct fe_command *c, int err);

/*
 * The same for the lines of the save format.  "Flushing chain ..." is printed
 * when @verbose.  -ENOENT: no such chain.
 */
int fe_edit_flush(struct ir_table *t, const char *chain, bool verbose);

/* Deletes all user chains when @chain is NULL. -errno as ir_chain_delete(). */
int fe_edit_delete_chain(struct ir_table *t, const char *chain, bool verbose);

/* -EEXIST also for the names of targets that cannot be chains. */
int fe_edit_new_chain(struct ir_table *t, const char *name);

/* -ENOENT: no such built-in chain, -EINVAL: no such policy. */
int fe_edit_policy(struct ir_table *t, const char *chain, const char *policy,
		   const struct ir_counter *counter);

#endif
