/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/figures.h - single numbers out of a report */
#ifndef CMD_BENCH_FIGURES_H
#define CMD_BENCH_FIGURES_H

#include <stddef.h>

#include "cmd/bench/flows.h"

struct json_object;

/* NULL where it is not there, also for a NULL object. */
struct json_object *bench_figure_get(struct json_object *o, const char *key);

/* "" where it is not there. */
const char *bench_figure_string(struct json_object *o, const char *key);

/* 0 for NULL. */
size_t bench_figure_length(struct json_object *array);

/*
 * What @engine or @program costs with a ruleset of the report: the median of
 * all ns per frame, or of the ns over the null program.  BENCH_NO_FIGURE where
 * it was not measured.
 */
#define BENCH_NO_FIGURE	(-1e9)

double bench_figure_frame(struct json_object *ruleset, const char *engine,
			  enum bench_traffic t);
double bench_figure_program(struct json_object *ruleset, const char *program,
			    enum bench_traffic t);

#endif
