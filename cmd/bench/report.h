/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/report.h - what was measured, as tables or as JSON
 *
 * JSON is printed whole at the end, tables as soon as there is something.
 */
#ifndef CMD_BENCH_REPORT_H
#define CMD_BENCH_REPORT_H

#include <stdbool.h>

#include "cmd/bench/compare.h"
#include "cmd/bench/flows.h"
#include "cmd/bench/machine.h"
#include "cmd/bench/program.h"
#include "cmd/bench/ruleset.h"

struct bench_report;
struct json_object;

/* NULL: out of memory. */
struct bench_report *bench_report_new(bool json);

/* Prints what has not been printed yet, and ends it. */
void bench_report_end(struct bench_report *r);

/* The machine and the engines' versions, each once. */
void bench_report_machine(struct bench_report *r, const struct bench_machine *m,
			  uint32_t engines);

/* The ruleset that what follows is about; @kind NULL: out of a file. */
void bench_report_ruleset(struct bench_report *r,
			  const struct bench_ruleset *rs, const char *kind,
			  const struct bench_flows *flows);

void bench_report_programs(struct bench_report *r,
			   const struct bench_program_run *run, uint32_t n);

/* What of @c was measured. */
void bench_report_comparison(struct bench_report *r,
			     const struct bench_comparison *c);

/* Why something was not measured; @what may be an engine. */
void bench_report_skip(struct bench_report *r, const char *what,
		       const char *reason);

/*
 * All that was measured, as JSON; borrowed.  An object: "machine" and
 * "rulesets", an array of objects with "name", "rules", "program", "engines" ...
 */
struct json_object *bench_report_json(const struct bench_report *r);

#endif
