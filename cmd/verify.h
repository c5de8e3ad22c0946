/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/verify.h - --verify of restore and check */
#ifndef CMD_VERIFY_H
#define CMD_VERIFY_H

#include <stdbool.h>

#include "backend/attach.h"
#include "ir/diag.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

struct json_object;

struct cmd_verified {
	char		summary[256];	/* be_verified_print() */
	char		*idle;		/* a line for each rule without a witness */
	struct json_object *json;	/* all of it */
};

/*
 * be_verify(); *out has to be zero and ends with cmd_verified_free(), after an
 * error as well.
 */
int cmd_verify(const struct ir_table *t, const struct tr_classifier *cl,
	       const struct be_attach *attach, bool optional,
	       bool alone, struct cmd_verified *out, struct diag *diag);
void cmd_verified_free(struct cmd_verified *v);

#endif
