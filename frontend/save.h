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
#include <stdint.h>
#include <stdio.h>

#include "ir/ruleset.h"

/*
 * "*table" to "COMMIT", with [p:b] before each rule when @counters.  0, or
 * -EINVAL when an extension could not print a rule (told on stderr).
 */
int fe_save_table(FILE *out, const struct ir_table *t, bool counters);

/* "-A CHAIN ..." without newline.  Errors as above. */
int fe_save_rule(FILE *out, const struct ir_chain *chain,
		 const struct ir_rule *rule);

/*
 * As iptables -S: "-P", "-N" and "-A" lines, of all chains or of @chain alone,
 * of it rule @rulenum alone unless 0.  With "-c P B" in each when @counters.
 * -ENOENT: no such chain.
 */
int fe_save_list(FILE *out, const struct ir_table *t, const char *chain,
		 uint32_t rulenum, bool counters);

#endif
