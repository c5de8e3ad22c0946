/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/difference.h - what a judge is wrong about, in words
 */
#ifndef BACKEND_DIFFERENCE_H
#define BACKEND_DIFFERENCE_H

#include <stdint.h>

#include "backend/judge.h"
#include "ir/diag.h"
#include "ir/ruleset.h"
#include "ir/witness.h"

/*
 * "rule 3 of chain 'INPUT': the program at xdp drops what is accepted: ..." and the
 * packet, at the place of the rule that it was made for.  Only the first is told.
 */
void be_difference_say(struct diag *diag, const struct be_judge *j,
		       const struct ir_probe *p, const char *what);

/* The same where only the sums differ: of counter @index, which @t has numbered. */
void be_difference_say_count(struct diag *diag, const struct be_judge *j,
			     const struct ir_table *t, uint32_t index,
			     struct ir_counter have, struct ir_counter want);

#endif
