/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/summary.h - all rulesets of a run in one table */
#ifndef CMD_BENCH_SUMMARY_H
#define CMD_BENCH_SUMMARY_H

#include <stdio.h>

struct json_object;

/*
 * Prints a line for each ruleset of @report (bench_report_json()): what real
 * frames cost with each engine, and what the program at xdp costs beside one
 * hash lookup.  Nothing of what was not measured.
 */
void bench_summary_print(FILE *out, struct json_object *report);

/* Adds "of_hash" to @report: by traffic, the median and the worst ratio. */
void bench_summary_add(struct json_object *report);

#endif
