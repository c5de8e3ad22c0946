/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/save.h - a table as iptables-save prints it
 *
 * libxtables prints the matches and targets, to stdout; it is redirected for
 * the time of the call.
 */
#ifndef FRONTEND_SAVE_H
#define FRONTEND_SAVE_H

#include <stdbool.h>
#include <stdio.h>

#include "ir/ruleset.h"

/* "*table" to "COMMIT", with [p:b] before each rule when @counters. */
int fe_save_table(FILE *out, const struct ir_table *t, bool counters);

/* "-A CHAIN ..." without newline. */
int fe_save_rule(FILE *out, const struct ir_chain *chain,
		 const struct ir_rule *rule);

#endif
