/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/figures.c - single numbers out of a report */
#include "cmd/bench/figures.h"

#include <json-c/json.h>
#include <string.h>

struct json_object *bench_figure_get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return o && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

const char *bench_figure_string(struct json_object *o, const char *key)
{
	struct json_object *v = bench_figure_get(o, key);

	return v ? json_object_get_string(v) : "";
}

size_t bench_figure_length(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* The first element that has both; @key2 may be NULL. */
static struct json_object *find(struct json_object *array, const char *key,
				const char *value, const char *key2,
				const char *value2)
{
	struct json_object *o;
	size_t i;

	for (i = 0; i < bench_figure_length(array); i++) {
		o = json_object_array_get_idx(array, i);
		if (!strcmp(bench_figure_string(o, key), value) &&
		    (!key2 || !strcmp(bench_figure_string(o, key2), value2)))
			return o;
	}
	return NULL;
}

static double median(struct json_object *o, const char *key)
{
	o = bench_figure_get(bench_figure_get(o, key), "median");
	return o ? json_object_get_double(o) : BENCH_NO_FIGURE;
}

double bench_figure_frame(struct json_object *ruleset, const char *engine,
			  enum bench_traffic t)
{
	struct json_object *o;

	o = find(bench_figure_get(ruleset, "engines"), "engine", engine, NULL,
		 NULL);
	o = find(bench_figure_get(o, "frames"), "traffic",
		 bench_traffic_name(t), NULL, NULL);
	return median(o, "frame_ns");
}

double bench_figure_program(struct json_object *ruleset, const char *program,
			    enum bench_traffic t)
{
	return median(find(bench_figure_get(ruleset, "program"), "program",
			   program, "traffic", bench_traffic_name(t)),
		      "net_ns");
}
