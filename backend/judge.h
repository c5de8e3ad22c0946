/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/judge.h - those whom --verify asks about packets
 *
 * The classifier's walk in C, the programs that are to judge, loaded for test runs,
 * and ir_boxes_eval(), the quick evaluation of the rules, of whom it is said whether he
 * agrees with ir_eval().  Each has counters of his own: what he counted, and what
 * he should have.
 */
#ifndef BACKEND_JUDGE_H
#define BACKEND_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/program.h"
#include "backend/verify.h"
#include "ir/boxes.h"
#include "ir/diag.h"
#include "ir/witness.h"

/* Behind enum be_hook_type. */
enum { BE_JUDGE_WALK = BE_NTYPES, BE_JUDGE_QUICK };

/*
 * A program judges each packet twice: by the table, and then, where it has a flow
 * memo, from what that kept.
 */
struct be_judge {
	int		type;		/* or one of BE_JUDGE_* */
	uint32_t	hooks;
	uint32_t	times;		/* he judges each packet */
	int		counters;	/* a program's, or -1 */
	int		prog;
	struct ir_counter *have;	/* of a program: by be_judges_count() */
	struct ir_counter *want;
};

struct be_judges {
	const struct be_verify *in;
	struct diag	*diag;
	uint32_t	ncounters;
	bool		programs;	/* there are some */
	struct ir_boxes	*boxes;
	struct be_judge	judge[BE_NTYPES + 1];	/* the walk first */
	uint32_t	njudges;
	struct be_judge	quick;

	/* For test runs. */
	int		table;
	void		*image;		/* an object with the programs, or NULL */
	size_t		size;
	int		test;
	struct be_test_input *input;	/* the only element of that map */
	uint8_t		*frame;
};

/*
 * All that @in asks for; it and @diag are borrowed.  0 or -errno, of which -ENOMEM
 * need not be told in @diag.  Ends with be_judges_end(), after an error too.
 */
int be_judges_init(struct be_judges *js, const struct be_verify *in,
		   struct diag *diag);
void be_judges_end(struct be_judges *js);

/*
 * The program that judges @p, or the walk where none does: too long for a test run,
 * or in a large ruleset the @number is odd.
 */
struct be_judge *be_judges_find(struct be_judges *js, const struct ir_probe *p,
				uint64_t number);

/* What he says of @p, and counts it: 1 accept, 0 drop, or -errno told. */
int be_judge_ask(struct be_judges *js, const struct be_judge *j,
		 const struct ir_probe *p);

/* What he has in one counter by now.  0 or -errno. */
int be_judge_count(const struct be_judge *j, uint32_t index,
		   struct ir_counter *out);

/*
 * To be called once, at the end, with what each of those found by be_judges_find()
 * should have counted for a packet judged once: sets what all have counted, and
 * what they should have.  0 or -errno told.
 */
int be_judges_count(struct be_judges *js);

/* "the walk in C", "xdp" */
const char *be_judge_name(const struct be_judge *j);

#endif
