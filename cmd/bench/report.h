/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/report.h - what was measured, as tables or as JSON
 *
 * JSON is printed whole at the end, tables as soon as there is something.
 */
#ifndef CMD_BENCH_REPORT_H
#define CMD_BENCH_REPORT_H

#include <stdbool.h>

#include "cmd/bench/flows.h"
#include "cmd/bench/program.h"
#include "cmd/bench/ruleset.h"

struct bench_report;
struct json_object;

/* NULL: out of memory. */
struct bench_report *bench_report_new(bool json);

/* Prints what has not been printed yet, and ends it. */
void bench_report_end(struct bench_report *r);

/* The ruleset that what follows is about. */
void bench_report_ruleset(struct bench_report *r,
			  const struct bench_ruleset *rs,
			  const struct bench_flows *flows);

void bench_report_programs(struct bench_report *r,
			   const struct bench_program_run *run, uint32_t n);

/* Why something was not measured; @what may be an engine. */
void bench_report_skip(struct bench_report *r, const char *what,
		       const char *reason);

#endif
