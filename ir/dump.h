/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/dump.h - the IR as text, for `xtbpf check --dump ir` and golden tests */
#ifndef IR_DUMP_H
#define IR_DUMP_H

#include <stdio.h>

#include "ir/ruleset.h"

/* One line per chain and rule; refused rules say why. */
void ir_dump_table(FILE *out, const struct ir_table *t);

#endif
