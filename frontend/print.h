/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frontend/print.h - a rule as iptables -v and -L show it */
#ifndef FRONTEND_PRINT_H
#define FRONTEND_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "ir/ruleset.h"

/*
 * One line, newline included, such as
 * "ACCEPT  tcp opt -- in * out *  1.2.3.4  -> 0.0.0.0/0   tcp dpt:80".
 * 0, or -EINVAL when an extension could not print it (told on stderr).
 */
int fe_print_rule(FILE *out, const struct ir_rule *rule);

/*
 * The same to stdout in any layout, @format being a set of libxtables' FMT_*,
 * @number the rule's for FMT_LINENUMBERS.  To be called inside fe_xt_print().
 */
void fe_print_format(const struct ir_rule *rule, uint32_t number,
		     unsigned int format);

#endif
