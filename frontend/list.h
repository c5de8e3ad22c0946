/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frontend/list.h - a table as iptables -L prints it */
#ifndef FRONTEND_LIST_H
#define FRONTEND_LIST_H

#include <stdint.h>
#include <stdio.h>

#include "ir/ruleset.h"

/*
 * All chains or @chain alone, of it rule @rulenum alone unless 0.  Of @options
 * those of FE_OPT_NUMERIC, VERBOSE, EXPANDED and LINENUMBERS count.  -ENOENT: no
 * such chain; -EINVAL when an extension could not print a rule (told on stderr).
 */
int fe_list_table(FILE *out, const struct ir_table *t, const char *chain,
		  uint32_t rulenum, unsigned int options);

#endif
