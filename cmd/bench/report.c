/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/report.c - what was measured, as tables or as JSON */
#include "cmd/bench/report.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bench/summary.h"

struct bench_report {
	bool		json;
	struct json_object *top;
	struct json_object *rulesets;	/* borrowed, in top */
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
	r->top = json_object_new_object();
	r->rulesets = json_object_new_array();
	json_object_object_add(r->top, "rulesets", r->rulesets);
	return r;
}

void bench_report_end(struct bench_report *r)
{
	if (!r)
		return;
	bench_summary_add(r->top);
	if (!r->json && json_object_array_length(r->rulesets) > 1)
		bench_summary_print(stdout, r->top);
	if (r->json)
		puts(json_object_to_json_string_ext(r->top,
			JSON_C_TO_STRING_PRETTY |
			JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(r->top);
	free(r);
}

struct json_object *bench_report_json(const struct bench_report *r)
{
	return r->top;
}

/* The machine ------------------------------------------------------------- */

static void print_machine(const struct bench_machine *m)
{
	printf("%s, %d CPUs, %s%s%s, %s\n", m->cpu, m->cpus, m->memory,
	       m->virt[0] ? ", " : "", m->virt, m->kernel);
	if (m->mitigations[0])
		printf("%s\n", m->mitigations);
}

void bench_report_machine(struct bench_report *r, const struct bench_machine *m,
			  uint32_t engines)
{
	struct json_object *o = json_object_new_object();
	struct json_object *tools = json_object_new_object();
	char version[128], last[128] = "";
	int i;

	put_string(o, "cpu", m->cpu);
	put_int(o, "cpus", (uint64_t)m->cpus);
	put_int(o, "pinned", (uint64_t)m->pinned);
	put_string(o, "memory", m->memory);
	put_string(o, "virtual", m->virt);
	put_string(o, "kernel", m->kernel);
	put_string(o, "mitigations", m->mitigations);
	put_string(o, "load", m->load);
	json_object_object_add(o, "versions", tools);
	json_object_object_add(r->top, "machine", o);
	if (!r->json)
		print_machine(m);
	for (i = 0; i < BENCH_NENGINES; i++) {
		if (!(engines >> i & 1))
			continue;
		bench_engine_version(i, version, sizeof(version));
		if (!version[0])
			continue;
		put_string(tools, bench_engine_name(i), version);
		if (!r->json && strcmp(last, version))
			puts(version);
		memcpy(last, version, sizeof(last));
	}
}

/* The ruleset ------------------------------------------------------------- */

void bench_report_ruleset(struct bench_report *r,
			  const struct bench_ruleset *rs, const char *kind,
			  const struct bench_flows *flows)
{
	struct json_object *o = json_object_new_object();

	r->ruleset = o;
	json_object_array_add(r->rulesets, o);
	put_string(o, "name", rs->name);
	if (kind)
		put_string(o, "kind", kind);
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
		{ BENCH_XDP_WALK, "xdp, no flow memo" },
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

/* Engines side by side ---------------------------------------------------- */

static void engine_json(struct json_object *a, const struct bench_comparison *c,
			enum bench_engine_kind k)
{
	const struct bench_engine_result *e = &c->r[k];
	struct json_object *o = json_object_new_object(), *f;
	int t;

	json_object_array_add(a, o);
	put_string(o, "engine", bench_engine_name(k));
	if (!e->works) {
		put_string(o, "skipped", e->reason);
		return;
	}
	if (e->wrong)
		put_string(o, "wrong", e->reason);
	if (bench_engine_has_rules(k))
		put_stat(o, "load_ms", &e->load);
	if (e->add.n)
		put_stat(o, "add_ms", &e->add);
	if (e->del.n)
		put_stat(o, "delete_ms", &e->del);
	if (e->memory >= 0)
		put_int(o, "memory_bytes", (uint64_t)e->memory);
	for (t = 0; t < BENCH_NTRAFFICS; t++) {
		if (!e->frame[t].n)
			continue;
		f = json_object_new_object();
		put_string(f, "traffic", bench_traffic_name(t));
		put_int(f, "flows", c->nflows[t]);
		put_int(f, "sent", e->sent[t]);
		put_int(f, "through", e->through[t]);
		put_stat(f, "frame_ns", &e->frame[t]);
		put_stat(f, "net_ns", &e->net[t]);
		json_object_array_add(array(o, "frames"), f);
	}
}

/* A number of ns or ms, with as many digits as say something. */
static void print_short(const struct bench_stat *st, const char *none)
{
	char s[48];

	if (!st->n) {
		printf(" %16s", none);
		return;
	}
	if (st->median < 100)
		snprintf(s, sizeof(s), "%.1f \302\261%.1f", st->median,
			 st->mad);
	else
		snprintf(s, sizeof(s), "%.0f \302\261%.0f", st->median,
			 st->mad);
	printf(" %17s", s);
}

static void print_frames(const struct bench_comparison *c,
			 enum bench_traffic t)
{
	const struct bench_engine_result *e;
	int i;

	printf("  real frames, %s, %u flows: CPU ns per frame (%.0f of them for making it)\n"
	       "    %-16s %16s %16s %16s %16s\n",
	       bench_traffic_name(t), c->nflows[t], c->making[t].median, "",
	       "whole", "without making", "min..max", "got through");
	for (i = 0; i < BENCH_NENGINES; i++) {
		e = &c->r[i];
		if (!e->frame[t].n)
			continue;
		printf("    %-16s", bench_engine_name(i));
		print_short(&e->frame[t], "");
		print_short(&e->net[t], "");
		printf(" %7.0f..%-7.0f %15.1f%%\n", e->frame[t].min,
		       e->frame[t].max,
		       e->sent[t] ? 100.0 * (double)e->through[t] /
				    (double)e->sent[t] : 0);
	}
}

static void print_bytes(int64_t bytes)
{
	if (bytes < 0)
		printf(" %14s\n", "n/a");
	else
		printf(" %10.1f KiB\n", (double)bytes / 1024);
}

static void print_load(const struct bench_comparison *c)
{
	const struct bench_engine_result *e;
	int i;

	printf("  loading, ms on the clock\n    %-16s %16s %16s %16s %14s\n",
	       "", "all rules", "add one", "delete one", "kernel memory");
	for (i = 0; i < BENCH_NENGINES; i++) {
		e = &c->r[i];
		if (!e->works || !bench_engine_has_rules(i))
			continue;
		printf("    %-16s", bench_engine_name(i));
		print_short(&e->load, "n/a");
		print_short(&e->add, "n/a");
		print_short(&e->del, "n/a");
		print_bytes(e->memory);
	}
}

static bool any_load(const struct bench_comparison *c)
{
	int i;

	for (i = 0; i < BENCH_NENGINES; i++)
		if (c->r[i].add.n)
			return true;
	return false;
}

void bench_report_comparison(struct bench_report *r,
			     const struct bench_comparison *c)
{
	int i, t;

	for (i = 0; i < BENCH_NENGINES; i++)
		engine_json(array(r->ruleset, "engines"), c, i);
	for (t = 0; t < BENCH_NTRAFFICS; t++) {
		if (!c->nflows[t])
			continue;
		put_stat(r->ruleset, "making_ns", &c->making[t]);
		if (!r->json)
			print_frames(c, t);
	}
	if (r->json)
		return;
	if (any_load(c))
		print_load(c);
	for (i = 0; i < BENCH_NENGINES; i++) {
		if (c->r[i].wrong)
			printf("    %s is WRONG: %s\n", bench_engine_name(i),
			       c->r[i].reason);
		else if (!c->r[i].works &&
			 strcmp(c->r[i].reason, "not asked for"))
			printf("    %s: skipped: %s\n", bench_engine_name(i),
			       c->r[i].reason);
	}
	fflush(stdout);
}
