/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/report.c - what was measured, as tables or as JSON */
#include "cmd/bench/report.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_report {
	bool		json;
	struct json_object *rulesets;
	struct json_object *ruleset;	/* the one at hand; borrowed */
};

/* JSON -------------------------------------------------------------------- */

static void put(struct json_object *o, const char *key, double v, int digits)
{
	char s[64];

	snprintf(s, sizeof(s), "%.*f", digits, v);
	json_object_object_add(o, key, json_object_new_double_s(v, s));
}

static void put_int(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

static void put_string(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

/* The array @key of @o, made when it is not there. */
static struct json_object *array(struct json_object *o, const char *key)
{
	struct json_object *a;

	if (!json_object_object_get_ex(o, key, &a)) {
		a = json_object_new_array();
		json_object_object_add(o, key, a);
	}
	return a;
}

static void put_stat(struct json_object *o, const char *key,
		     const struct bench_stat *st)
{
	struct json_object *s = json_object_new_object();

	put(s, "median", st->median, 2);
	put(s, "mad", st->mad, 2);
	put(s, "min", st->min, 2);
	put(s, "max", st->max, 2);
	put_int(s, "n", st->n);
	json_object_object_add(o, key, s);
}

struct bench_report *bench_report_new(bool json)
{
	struct bench_report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->json = json;
	r->rulesets = json_object_new_array();
	return r;
}

void bench_report_end(struct bench_report *r)
{
	if (!r)
		return;
	if (r->json)
		puts(json_object_to_json_string_ext(r->rulesets,
			JSON_C_TO_STRING_PRETTY |
			JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(r->rulesets);
	free(r);
}

/* The ruleset ------------------------------------------------------------- */

void bench_report_ruleset(struct bench_report *r,
			  const struct bench_ruleset *rs,
			  const struct bench_flows *flows)
{
	struct json_object *o = json_object_new_object();

	r->ruleset = o;
	json_object_array_add(r->rulesets, o);
	put_string(o, "name", rs->name);
	put_int(o, "rules", rs->nrules);
	put_string(o, "chain", ir_hook_name(rs->hook));
	json_object_object_add(o, "stateful",
			       json_object_new_boolean(rs->stateful));
	put_int(o, "table_bytes", rs->classifier->size);
	put(o, "parse_ms", rs->parse_ms, 3);
	put(o, "translate_ms", rs->translate_ms, 3);
	put_int(o, "flows", flows->n);
	put_int(o, "flows_martian", flows->martians);
	put_int(o, "flows_impossible", flows->impossible);
	if (r->json)
		return;
	printf("\n%s: %u rules, chain %s, %u flows\n", rs->name, rs->nrules,
	       ir_hook_name(rs->hook), flows->n);
	if (flows->martians || flows->impossible)
		printf("  (draws given up: %u with addresses no host takes, %u not possible)\n",
		       flows->martians, flows->impossible);
	printf("  parse %.1f ms, translate %.1f ms, tables %u bytes\n",
	       rs->parse_ms, rs->translate_ms, rs->classifier->size);
	fflush(stdout);
}

void bench_report_skip(struct bench_report *r, const char *what,
		       const char *reason)
{
	struct json_object *o = json_object_new_object();

	put_string(o, "what", what);
	put_string(o, "reason", reason);
	json_object_array_add(array(r->ruleset, "skipped"), o);
	if (!r->json)
		printf("  %s: skipped: %s\n", what, reason);
}

/* Programs alone ---------------------------------------------------------- */

static void program_json(struct json_object *a,
			 const struct bench_program_run *run,
			 enum bench_program p)
{
	const struct bench_program_result *res = &run->r[p];
	const struct bench_program_result *hash = &run->r[BENCH_XDP_HASH];
	struct json_object *o = json_object_new_object();

	put_string(o, "program", bench_program_name(p));
	put_string(o, "traffic", bench_traffic_name(run->traffic));
	put_int(o, "flows", run->nflows);
	if (res->ran) {
		put_stat(o, "gross_ns", &res->gross);
		put_stat(o, "net_ns", &res->net);
		if (res->insns) {
			put_int(o, "instructions", res->insns);
			put(o, "load_ms", res->load_ms, 3);
		}
		if (p == BENCH_XDP_HASH)
			put_stat(o, "lookup_ns", &run->lookup);
		if (p == BENCH_XDP_OURS && hash->ran && hash->net.median > 0)
			put(o, "of_hash", res->net.median / hash->net.median, 3);
	} else {
		put_string(o, "skipped", res->reason);
	}
	json_object_array_add(a, o);
}

static bool ran_once(const struct bench_program_run *run, uint32_t n,
		     enum bench_program p)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (run[i].r[p].ran)
			return true;
	return false;
}

static void print_stat(const struct bench_stat *st)
{
	char s[32] = "-";

	if (st->n)
		snprintf(s, sizeof(s), "%.1f \302\261%.1f", st->median,
			 st->mad);
	/* the sign is two bytes and one column */
	printf(" %*s", st->n ? 17 : 16, s);
}

static void print_row(const char *name, const struct bench_program_run *run,
		      uint32_t n, enum bench_program p)
{
	uint32_t i;

	printf("    %-22s", name);
	for (i = 0; i < n; i++)
		print_stat(&run[i].r[p].net);
	putchar('\n');
}

static void print_ratio(const struct bench_program_run *run, uint32_t n)
{
	const struct bench_stat *ours, *hash;
	uint32_t i;

	if (!ran_once(run, n, BENCH_XDP_OURS) ||
	    !ran_once(run, n, BENCH_XDP_HASH))
		return;
	printf("    %-22s", "xdp : hash");
	for (i = 0; i < n; i++) {
		ours = &run[i].r[BENCH_XDP_OURS].net;
		hash = &run[i].r[BENCH_XDP_HASH].net;
		if (ours->n && hash->n && hash->median > 0)
			printf(" %16.2f", ours->median / hash->median);
		else
			printf(" %16s", "-");
	}
	putchar('\n');
}

static void print_lookup(const struct bench_program_run *run, uint32_t n)
{
	uint32_t i;

	if (!ran_once(run, n, BENCH_XDP_HASH) ||
	    !ran_once(run, n, BENCH_XDP_PARSE))
		return;
	printf("    %-22s", "hash without parsing");
	for (i = 0; i < n; i++)
		print_stat(&run[i].lookup);
	putchar('\n');
}

static void print_programs(const struct bench_program_run *run, uint32_t n)
{
	static const struct {
		enum bench_program p;
		const char *name;
	} rows[] = {
		{ BENCH_XDP_HASH, "hash lookup" },
		{ BENCH_XDP_OURS, "iptables-bpf xdp" },
		{ BENCH_TC_OURS, "iptables-bpf tc" },
		{ BENCH_NF_OURS, "iptables-bpf netfilter" },
	};
	uint32_t i;

	puts("  program alone, ns per packet over the null program:");
	printf("    %-22s", "");
	for (i = 0; i < n; i++)
		printf(" %16s", bench_traffic_name(run[i].traffic));
	printf("\n    %-22s", "flows");
	for (i = 0; i < n; i++)
		printf(" %16u", run[i].nflows);
	putchar('\n');
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (ran_once(run, n, rows[i].p))
			print_row(rows[i].name, run, n, rows[i].p);
		if (rows[i].p == BENCH_XDP_HASH)
			print_lookup(run, n);
		if (rows[i].p == BENCH_XDP_OURS)
			print_ratio(run, n);
	}
	fflush(stdout);
}

void bench_report_programs(struct bench_report *r,
			   const struct bench_program_run *run, uint32_t n)
{
	uint32_t i;
	int p;

	for (i = 0; i < n; i++)
		for (p = 0; p < BENCH_NPROGRAMS; p++)
			program_json(array(r->ruleset, "program"), &run[i], p);
	if (!r->json)
		print_programs(run, n);
}
