/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/summary.c - all rulesets of a run in one table */
#include "cmd/bench/summary.h"

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cmd/bench/engine.h"
#include "cmd/bench/figures.h"
#include "cmd/bench/flows.h"
#include "cmd/bench/stat.h"

#define NAME	18		/* columns of a ruleset's name */

static struct json_object *ruleset(struct json_object *report, size_t i)
{
	return json_object_array_get_idx(bench_figure_get(report, "rulesets"),
					 i);
}

static size_t nrulesets(struct json_object *report)
{
	return bench_figure_length(bench_figure_get(report, "rulesets"));
}

/* Frames ------------------------------------------------------------------ */

static bool engine_ran(struct json_object *report, int k, enum bench_traffic t)
{
	size_t i;

	for (i = 0; i < nrulesets(report); i++)
		if (bench_figure_frame(ruleset(report, i),
				       bench_engine_name(k), t) >= 0)
			return true;
	return false;
}

static void print_frames(FILE *out, struct json_object *report,
			 enum bench_traffic t, const bool *ran)
{
	double ns;
	size_t i;
	int k;

	fprintf(out, "\nCPU ns per frame, its making included, %s\n%-*s",
		bench_traffic_name(t), NAME, "");
	for (k = 0; k < BENCH_NENGINES; k++)
		if (ran[k])
			fprintf(out, " %15s", bench_engine_name(k));
	fputc('\n', out);
	for (i = 0; i < nrulesets(report); i++) {
		fprintf(out, "%-*s", NAME,
			bench_figure_string(ruleset(report, i), "name"));
		for (k = 0; k < BENCH_NENGINES; k++) {
			ns = bench_figure_frame(ruleset(report, i),
						bench_engine_name(k), t);
			if (ran[k] && ns < 0)
				fprintf(out, " %15s", "-");
			else if (ran[k])
				fprintf(out, " %15.0f", ns);
		}
		fputc('\n', out);
	}
}

/* Programs ---------------------------------------------------------------- */

/* How much of a hash lookup the program at xdp costs; NAN: not measured. */
static double ratio(struct json_object *rs, enum bench_traffic t)
{
	double ours = bench_figure_program(rs, "xdp", t);
	double hash = bench_figure_program(rs, "xdp hash", t);

	return ours > BENCH_NO_FIGURE && hash > 0 ? ours / hash : (double)NAN;
}

static struct bench_stat ratios(struct json_object *report,
				enum bench_traffic t)
{
	struct bench_samples s = { .n = 0 };
	double x;
	size_t i;

	for (i = 0; i < nrulesets(report); i++) {
		x = ratio(ruleset(report, i), t);
		if (!isnan(x))
			bench_sample_add(&s, x);
	}
	return bench_samples_stat(&s);
}

static void print_cell(FILE *out, struct json_object *rs, enum bench_traffic t)
{
	double x = ratio(rs, t);
	char s[48];

	snprintf(s, sizeof(s), "%.0f : %.0f = %.2f",
		 bench_figure_program(rs, "xdp", t),
		 bench_figure_program(rs, "xdp hash", t), x);
	fprintf(out, " %20s", isnan(x) ? "-" : s);
}

static void print_bottom(FILE *out, const char *name,
			 const struct bench_stat *st, bool worst)
{
	int t;

	fprintf(out, "%-*s", NAME, name);
	for (t = 0; t < BENCH_NTRAFFICS; t++)
		if (st[t].n)
			fprintf(out, " %20.2f",
				worst ? st[t].max : st[t].median);
	fputc('\n', out);
}

static void print_programs(FILE *out, struct json_object *report)
{
	struct bench_stat st[BENCH_NTRAFFICS];
	bool any = false;
	size_t i;
	int t;

	for (t = 0; t < BENCH_NTRAFFICS; t++) {
		st[t] = ratios(report, t);
		any |= st[t].n;
	}
	if (!any)
		return;
	fprintf(out, "\nThe program at xdp : one hash lookup, ns over the null program\n%-*s",
		NAME, "");
	for (t = 0; t < BENCH_NTRAFFICS; t++)
		if (st[t].n)
			fprintf(out, " %20s", bench_traffic_name(t));
	fputc('\n', out);
	for (i = 0; i < nrulesets(report); i++) {
		fprintf(out, "%-*s", NAME,
			bench_figure_string(ruleset(report, i), "name"));
		for (t = 0; t < BENCH_NTRAFFICS; t++)
			if (st[t].n)
				print_cell(out, ruleset(report, i), t);
		fputc('\n', out);
	}
	print_bottom(out, "median", st, false);
	print_bottom(out, "worst", st, true);
}

void bench_summary_print(FILE *out, struct json_object *report)
{
	bool ran[BENCH_NENGINES], any;
	int t, k;

	for (t = 0; t < BENCH_NTRAFFICS; t++) {
		any = false;
		for (k = 0; k < BENCH_NENGINES; k++) {
			ran[k] = engine_ran(report, k, t);
			any |= ran[k];
		}
		if (any)
			print_frames(out, report, t, ran);
	}
	print_programs(out, report);
}

void bench_summary_add(struct json_object *report)
{
	struct json_object *all = json_object_new_object(), *o;
	struct bench_stat st;
	int t;

	for (t = 0; t < BENCH_NTRAFFICS; t++) {
		st = ratios(report, t);
		if (!st.n)
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "median",
				       json_object_new_double(st.median));
		json_object_object_add(o, "worst",
				       json_object_new_double(st.max));
		json_object_object_add(all, bench_traffic_name(t), o);
	}
	json_object_object_add(report, "of_hash", all);
}
