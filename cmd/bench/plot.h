/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/plot.h - cost against rules, as a picture */
#ifndef CMD_BENCH_PLOT_H
#define CMD_BENCH_PLOT_H

#include <stdio.h>

#include "cmd/bench/flows.h"
#include "ir/diag.h"

struct json_object;

/*
 * Draws what @report (bench_report_json()) has of real frames with uniform
 * traffic, or else of the programs alone, into @out as SVG: a graph for each
 * kind of made-up rules, and one for files.  Needs gnuplot.  0 or -errno told
 * in @diag.
 */
int bench_plot(struct json_object *report, FILE *out, struct diag *diag);

#endif
