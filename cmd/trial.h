/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/trial.h - a ruleset's file read and translated, nothing put in force
 *
 * What `xtbpf check` and `xtbpf convert` do alike.  Every rule that cannot be run
 * is reported, not just the first.
 */
#ifndef CMD_TRIAL_H
#define CMD_TRIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cmd/verify.h"
#include "ir/diag.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

struct json_object;

struct cmd_trial {
	/* Set by the caller. */
	int		family;
	bool		json;		/* refusals go to @refused, not to stderr */
	bool		capture;	/* what stderr gets goes to @said */
	/* Each table as it was read (numbered); may be NULL. */
	void		(*see)(void *ctx, const struct ir_table *t);
	/*
	 * Whether it can be judged, as cmd_table_check(); it has no refused rule.
	 * What is wrong is reported, once, with the table's other problems.
	 */
	int		(*check)(void *ctx, struct ir_table *t,
				 struct diag *diag);
	/* What became of one that is run.  0 or -errno told in @diag. */
	int		(*judge)(void *ctx, const struct ir_table *t,
				 const struct tr_classifier *cl,
				 struct diag *diag);
	void		*ctx;

	/* Set by cmd_trial_run(). */
	const char	*file;		/* borrowed */
	bool		opened;		/* else nothing is known of it */
	bool		ok;		/* every table was judged */
	unsigned int	problems;	/* refusals; 0 and not ok: unreadable */
	FILE		*report;	/* for judge(): lines about the table, */
	char		*text;		/* and all of them then */
	char		*said;		/* NULL: nothing */
	struct json_object *tables;
	struct json_object *refused;
};

/*
 * Reads @file ("-": standard input).  0, or -ENOMEM; the rest is in @t, which ends
 * with cmd_trial_end() in any case.
 */
int cmd_trial_run(struct cmd_trial *t, const char *file);
void cmd_trial_end(struct cmd_trial *t);

/* "file", "ok", "tables", "refused", "messages"; the caller's. */
struct json_object *cmd_trial_json(const struct cmd_trial *t);

/*
 * For judge(): reports the table and its classifier.  With @t->json that is an object
 * in t->tables, to which more can be added; else NULL is returned.
 */
struct json_object *cmd_trial_describe(struct cmd_trial *t,
				       const struct ir_table *table,
				       const struct tr_classifier *cl);

/* The same of what --verify found; @o from above. */
void cmd_trial_verified(struct cmd_trial *t, struct json_object *o,
			const struct cmd_verified *v);

#endif
