/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frontend/print.h - a rule as iptables -v shows it */
#ifndef FRONTEND_PRINT_H
#define FRONTEND_PRINT_H

#include <stdio.h>

#include "ir/ruleset.h"

/*
 * One line, newline included, such as
 * "ACCEPT  tcp opt -- in * out *  1.2.3.4  -> 0.0.0.0/0   tcp dpt:80".
 * 0, or -EINVAL when an extension could not print it (told on stderr).
 */
int fe_print_rule(FILE *out, const struct ir_rule *rule);

#endif
