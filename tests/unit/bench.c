/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/bench.c - rulesets, flows and numbers of the benchmark */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bench/flows.h"
#include "cmd/bench/rulegen.h"
#include "cmd/bench/ruleset.h"
#include "cmd/bench/set.h"
#include "cmd/bench/stat.h"
#include "cmd/cmd.h"
#include "frontend/xt.h"
#include "ir/eval.h"
#include "tests/unit/run.h"

#define HEAD	"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"

static const char mixed[] = HEAD
	":sub - [0:0]\n"
	"-A FORWARD -i wan+ -p tcp -m tcp --dport 1000:1999 -j sub\n"
	"-A FORWARD -s 10.0.0.0/8 -p udp -m multiport --dports 53,123 -j ACCEPT\n"
	"-A FORWARD ! -s 192.0.2.0/24 -p icmp -m icmp --icmp-type 8 -j DROP\n"
	"-A FORWARD -o lan0 -m ttl --ttl-eq 9 -m length --length 44:46 -j ACCEPT\n"
	"-A FORWARD -s 127.0.0.1/32 -j DROP\n"
	"-A FORWARD -f -j DROP\n"
	"-A sub -d 198.51.100.0/28 -p tcp -m tcp --tcp-flags SYN,ACK SYN -j DROP\n"
	"-A sub -j RETURN\n"
	"COMMIT\n";

static void read_text(struct bench_ruleset *rs, const char *text)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	struct diag diag;

	diag_init(&diag);
	ck_assert_int_eq(bench_ruleset_read(rs, "test", f, &diag), 0);
	diag_clear(&diag);
	fclose(f);
}

static char *generate(const char *kind, uint32_t n, uint64_t seed)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_int_eq(bench_rulegen_write(f, kind, n, seed), 0);
	fclose(f);
	return text;
}

static void read_generated(struct bench_ruleset *rs, const char *kind,
			   uint32_t n)
{
	char *text = generate(kind, n, 7);

	read_text(rs, text);
	free(text);
}

/* Rulesets ---------------------------------------------------------------- */

START_TEST(rulegen_sizes)
{
	static const uint32_t sizes[] = { 1, 2, 10, 81, 1000 };
	struct bench_ruleset rs;
	uint32_t k, i;

	for (k = 0; bench_rulegen_kinds[k]; k++) {
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			read_generated(&rs, bench_rulegen_kinds[k], sizes[i]);
			ck_assert_uint_eq(rs.nrules, sizes[i]);
			ck_assert_uint_eq(rs.chain->nrules, sizes[i]);
			ck_assert_int_eq(rs.hook, IR_HOOK_FORWARD);
			ck_assert(!rs.stateful);
			bench_ruleset_free(&rs);
		}
	}
}
END_TEST

START_TEST(rulegen_seeds)
{
	char *a = generate("fw", 200, 1), *b = generate("fw", 200, 1);
	char *c = generate("fw", 200, 2);

	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
	free(a);
	free(b);
	free(c);
}
END_TEST

START_TEST(rulegen_unknown)
{
	FILE *f = fopen("/dev/null", "w");

	ck_assert_int_eq(bench_rulegen_write(f, "tree", 3, 1), -EINVAL);
	fclose(f);
}
END_TEST

/* What other engines get is the same ruleset. */
START_TEST(ruleset_text)
{
	struct bench_ruleset a, b;

	read_text(&a, mixed);
	read_text(&b, a.text);
	ck_assert_str_eq(a.text, b.text);
	ck_assert_uint_eq(b.nrules, 8);
	ck_assert_str_eq(a.iif, "wan0");
	ck_assert_str_eq(a.oif, "lan0");
	bench_ruleset_free(&a);
	bench_ruleset_free(&b);
}
END_TEST

START_TEST(ruleset_chain)
{
	struct bench_ruleset rs;

	read_text(&rs, HEAD
		  "-A INPUT -p tcp -j ACCEPT\n-A INPUT -m conntrack --ctstate NEW -j DROP\n"
		  "-A FORWARD -p tcp -j ACCEPT\nCOMMIT\n");
	ck_assert_int_eq(rs.hook, IR_HOOK_INPUT);
	ck_assert(rs.stateful);
	ck_assert_str_eq(rs.oif, "");
	bench_ruleset_free(&rs);
}
END_TEST

START_TEST(ruleset_no_filter)
{
	struct bench_ruleset rs;
	FILE *f = fmemopen((void *)"*nat\nCOMMIT\n", 12, "r");
	struct diag diag;

	diag_init(&diag);
	ck_assert_int_eq(bench_ruleset_read(&rs, "test", f, &diag), -ENOENT);
	ck_assert(diag.set);
	diag_clear(&diag);
	bench_ruleset_free(&rs);
	fclose(f);
}
END_TEST

/* Flows ------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const struct bench_flow *x = a, *y = b;
	int d = memcmp(x->header + 12, y->header + 12, 12);

	return d ? d : x->header[9] - y->header[9];
}

static uint32_t sum16(const uint8_t *p, uint32_t n)
{
	uint32_t s = 0, i;

	for (i = 0; i < n; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	s = (s >> 16) + (s & 0xffff);
	return (s >> 16) + (s & 0xffff);
}

/* All different, all possible, and the verdict is the model's. */
static void check_flows(const struct bench_ruleset *rs,
			struct bench_flows *flows)
{
	struct ir_packet p;
	uint32_t i;

	for (i = 0; i < flows->n; i++) {
		bench_flow_packet(rs, &flows->v[i], &p);
		ck_assert_int_eq(p.kind, IR_KIND_WHOLE);
		ck_assert_uint_eq(sum16(flows->v[i].header, 20), 0xffff);
		ck_assert_uint_ge(p.bytes, BENCH_HEADERS);
		ck_assert_uint_le(p.bytes, BENCH_LEN_MAX);
		ck_assert_uint_ne(p.field[IR_SADDR] >> 24, 127);
		ck_assert_uint_lt(p.field[IR_DADDR] >> 24, 224);
		ck_assert_int_eq(ir_eval(rs->table, rs->hook, &p, NULL) ==
				 IR_ACCEPT, flows->v[i].accept);
	}
	qsort(flows->v, flows->n, sizeof(*flows->v), by_key);
	for (i = 1; i < flows->n; i++)
		ck_assert_int_ne(by_key(&flows->v[i - 1], &flows->v[i]), 0);
}

/* Every rule that a packet of ours can match is drawn, and no other. */
START_TEST(flows_any)
{
	const struct bench_flows_opts opts = { .n = 600, .seed = 3 };
	struct bench_flows flows;
	struct ir_counter *count;
	struct bench_ruleset rs;
	const struct ir_chain *sub;
	struct ir_packet p;
	uint32_t i;

	read_text(&rs, mixed);
	ck_assert_int_eq(bench_flows_draw(&rs, &opts, &flows), 0);
	ck_assert_uint_eq(flows.n, 600);
	ck_assert_uint_gt(flows.martians, 0);
	ck_assert_uint_gt(flows.impossible, 0);
	check_flows(&rs, &flows);
	count = calloc(rs.ncounters, sizeof(*count));
	for (i = 0; i < flows.n; i++) {
		bench_flow_packet(&rs, &flows.v[i], &p);
		ir_eval(rs.table, rs.hook, &p, count);
	}
	for (i = 0; i < 4; i++)
		ck_assert_uint_gt(count[rs.chain->rule[i]->index].packets, 20);
	ck_assert_uint_eq(count[rs.chain->rule[4]->index].packets, 0);
	ck_assert_uint_eq(count[rs.chain->rule[5]->index].packets, 0);
	sub = ir_table_find(rs.table, "sub");
	ck_assert_uint_gt(count[sub->rule[0]->index].packets, 20);
	free(count);
	bench_flows_free(&flows);
	bench_ruleset_free(&rs);
}
END_TEST

START_TEST(flows_last)
{
	const struct bench_flows_opts opts = {
		.n = 500, .seed = 3, .hit = BENCH_HIT_LAST,
	};
	struct bench_flows flows;
	struct bench_ruleset rs;
	uint32_t i;

	read_generated(&rs, "linear", 100);
	ck_assert_int_eq(bench_flows_draw(&rs, &opts, &flows), 0);
	ck_assert_uint_eq(flows.n, 500);
	check_flows(&rs, &flows);
	for (i = 0; i < flows.n; i++) {
		ck_assert(!flows.v[i].accept);
		ck_assert_mem_eq(flows.v[i].header + 16, "\x0a\2\0\2", 4);
		ck_assert_uint_eq(flows.v[i].header[9], IPPROTO_TCP);
	}
	bench_flows_free(&flows);
	bench_ruleset_free(&rs);
}
END_TEST

/* Whatever comes to the rule for all packets has matched nothing else. */
START_TEST(flows_none)
{
	const struct bench_flows_opts opts = {
		.n = 300, .seed = 3, .hit = BENCH_HIT_NONE,
	};
	struct bench_flows flows;
	struct ir_counter *count;
	struct bench_ruleset rs;
	struct ir_packet p;
	uint32_t i;

	read_text(&rs, HEAD
		  "-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n-A FORWARD -j DROP\n"
		  "-A FORWARD -p tcp -j ACCEPT\nCOMMIT\n");
	count = calloc(rs.ncounters, sizeof(*count));
	ck_assert_int_eq(bench_flows_draw(&rs, &opts, &flows), 0);
	ck_assert_uint_eq(flows.n, 300);
	check_flows(&rs, &flows);
	for (i = 0; i < flows.n; i++) {
		bench_flow_packet(&rs, &flows.v[i], &p);
		ir_eval(rs.table, rs.hook, &p, count);
	}
	ck_assert_uint_eq(count[rs.chain->rule[1]->index].packets, 300);
	ck_assert_uint_eq(count[rs.chain->rule[0]->index].packets, 0);
	free(count);
	bench_flows_free(&flows);
	bench_ruleset_free(&rs);
}
END_TEST

/* A rule for one flow alone: there are no more. */
START_TEST(flows_few)
{
	const struct bench_flows_opts opts = { .n = 1000, .seed = 3 };
	struct bench_flows flows;
	struct bench_ruleset rs;

	read_generated(&rs, "grid", 81);
	ck_assert_int_eq(bench_flows_draw(&rs, &opts, &flows), 0);
	ck_assert_uint_eq(flows.n, 81);
	check_flows(&rs, &flows);
	bench_flows_free(&flows);
	bench_ruleset_free(&rs);
}
END_TEST

/* With rules that test the state, all are the first of a connection. */
START_TEST(flows_stateful)
{
	const struct bench_flows_opts opts = { .n = 300, .seed = 3 };
	struct bench_flows flows;
	struct bench_ruleset rs;
	uint32_t i;

	read_text(&rs, HEAD
		  "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
		  "-A FORWARD -p tcp -m tcp --tcp-flags ALL FIN,PSH,URG -j DROP\n"
		  "-A FORWARD -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT\n"
		  "COMMIT\n");
	ck_assert_int_eq(bench_flows_draw(&rs, &opts, &flows), 0);
	ck_assert_uint_eq(flows.n, 300);
	check_flows(&rs, &flows);
	for (i = 0; i < flows.n; i++) {
		ck_assert(flows.v[i].accept);
		ck_assert_uint_eq(flows.v[i].header[33], 2);
	}
	bench_flows_free(&flows);
	bench_ruleset_free(&rs);
}
END_TEST

/* Ways to group -------------------------------------------------------------- */

/*
 * The part for packets with half a header fits beside the other one: else both
 * are cut into segments, which all packets go through.
 */
START_TEST(ruleset_segments)
{
	struct tr_options opt = { .grouping = TR_GROUPING_BEST };
	struct tr_classifier *again;
	struct bench_ruleset rs;
	struct diag diag;
	char *text;

	diag_init(&diag);
	text = generate("ipc", 10000, 1);
	read_text(&rs, text);
	free(text);
	ck_assert_uint_eq(rs.classifier->stats.segments, 6);
	opt.like = rs.classifier;
	again = tr_translate(rs.table, &opt, &diag);
	ck_assert_ptr_nonnull(again);
	ck_assert_uint_eq(again->size, rs.classifier->size);
	ck_assert_mem_eq(again->word, rs.classifier->word, again->size);
	tr_classifier_free(again);
	bench_ruleset_free(&rs);
}
END_TEST

/* Sequences --------------------------------------------------------------- */

static void make_sequence(struct bench_ruleset *rs, struct bench_flows *flows,
			  enum bench_traffic t, struct bench_sequence *seq)
{
	const struct bench_flows_opts opts = { .n = 256, .seed = 5 };

	read_generated(rs, "acl", 50);
	ck_assert_int_eq(bench_flows_draw(rs, &opts, flows), 0);
	ck_assert_uint_eq(flows->n, 256);
	ck_assert_int_eq(bench_sequence_make(flows, t, 1.0, 5, seq), 0);
	ck_assert_uint_eq(seq->n & (seq->n - 1), 0);
}

static void free_sequence(struct bench_ruleset *rs, struct bench_flows *flows,
			  struct bench_sequence *seq)
{
	bench_sequence_free(seq);
	bench_flows_free(flows);
	bench_ruleset_free(rs);
}

START_TEST(sequence_uniform)
{
	uint32_t count[256] = { 0 }, i;
	struct bench_sequence seq;
	struct bench_flows flows;
	struct bench_ruleset rs;

	make_sequence(&rs, &flows, BENCH_UNIFORM, &seq);
	for (i = 0; i < seq.n; i++)
		count[seq.flow[i]]++;
	for (i = 0; i < 256; i++)
		ck_assert_uint_eq(count[i], seq.n / 256);
	ck_assert_uint_eq(seq.distinct, 256);
	free_sequence(&rs, &flows, &seq);
}
END_TEST

/* The share of the first of n is 1 / (1 + 1/2 + ... + 1/n). */
START_TEST(sequence_zipf)
{
	uint32_t count[256] = { 0 }, i;
	struct bench_sequence seq;
	struct bench_flows flows;
	struct bench_ruleset rs;
	double h = 0;

	make_sequence(&rs, &flows, BENCH_ZIPF, &seq);
	for (i = 0; i < seq.n; i++)
		count[seq.flow[i]]++;
	for (i = 0; i < 256; i++)
		h += 1.0 / (i + 1);
	ck_assert_double_lt(fabs(count[0] / (seq.n / h) - 1), 0.1);
	ck_assert_double_lt(fabs(count[9] / (seq.n / h / 10) - 1), 0.2);
	free_sequence(&rs, &flows, &seq);
}
END_TEST

START_TEST(sequence_hot)
{
	struct bench_sequence seq;
	struct bench_flows flows;
	struct bench_ruleset rs;
	uint32_t i;

	make_sequence(&rs, &flows, BENCH_HOT, &seq);
	ck_assert_uint_eq(seq.distinct, BENCH_NHOT);
	for (i = 0; i < seq.n; i++)
		ck_assert_uint_lt(seq.flow[i], BENCH_NHOT);
	free_sequence(&rs, &flows, &seq);
}
END_TEST

/* More than a pass: as if every packet were walked. */
START_TEST(sequence_expect)
{
	struct ir_counter *got, *want;
	struct bench_sequence seq;
	struct bench_flows flows;
	struct bench_ruleset rs;
	uint64_t accepted = 0, n;
	struct ir_packet p;
	uint32_t i;

	make_sequence(&rs, &flows, BENCH_UNIFORM, &seq);
	n = 2 * seq.n + 12345;
	got = calloc(rs.ncounters, sizeof(*got));
	want = calloc(rs.ncounters, sizeof(*want));
	for (i = 0; i < n; i++) {
		bench_flow_packet(&rs, &flows.v[seq.flow[i % seq.n]], &p);
		accepted += ir_eval(rs.table, rs.hook, &p, want) == IR_ACCEPT;
	}
	ck_assert_uint_eq(bench_sequence_expect(&rs, &seq, n, got), accepted);
	for (i = 0; i < rs.ncounters; i++) {
		ck_assert_uint_eq(got[i].packets, want[i].packets);
		ck_assert_uint_eq(got[i].bytes, want[i].bytes);
	}
	free(got);
	free(want);
	free_sequence(&rs, &flows, &seq);
}
END_TEST

/* Sets -------------------------------------------------------------------- */

/* In nft's words, or with @rule in ipset's. */
static int write_set(const char *rules, char **text, char **rule)
{
	struct bench_ruleset rs;
	struct bench_set set;
	char all[1024];
	size_t len;
	int err;

	snprintf(all, sizeof(all), HEAD "%sCOMMIT\n", rules);
	read_text(&rs, all);
	*text = NULL;
	err = bench_set_read(&rs, &set);
	if (!err)
		err = rule ? bench_set_write_ipset(&set, text, rule) :
			     bench_set_write_nft(&set, text, &len);
	bench_ruleset_free(&rs);
	return err;
}

START_TEST(set_addresses)
{
	char *text;

	ck_assert_int_eq(write_set("-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j DROP\n"
				   "-A FORWARD -s 10.0.0.2/32 -p tcp -m tcp --dport 80 -j DROP\n",
				   &text, NULL), 0);
	ck_assert_ptr_nonnull(strstr(text, "type ipv4_addr\n"));
	ck_assert_ptr_nonnull(strstr(text, "{ 10.0.0.1,\n10.0.0.2 }"));
	ck_assert_ptr_nonnull(strstr(text, "ip protocol 6 tcp dport 80 ip saddr @bench counter drop"));
	free(text);
}
END_TEST

START_TEST(set_pairs)
{
	char *text;

	ck_assert_int_eq(write_set("-A FORWARD -d 10.0.0.1/32 -p udp -m udp --dport 53 -j ACCEPT\n"
				   "-A FORWARD -d 10.0.0.2/32 -p udp -m udp --dport 54 -j ACCEPT\n",
				   &text, NULL), 0);
	ck_assert_ptr_nonnull(strstr(text, "type ipv4_addr . inet_service\n"));
	ck_assert_ptr_nonnull(strstr(text, "10.0.0.1 . 53,\n10.0.0.2 . 54"));
	ck_assert_ptr_nonnull(strstr(text, "ip daddr . udp dport @bench counter accept"));
	free(text);
}
END_TEST

START_TEST(set_ranges)
{
	char *text;

	ck_assert_int_eq(write_set("-A FORWARD -s 10.0.0.0/8 -j DROP\n"
				   "-A FORWARD -m iprange --src-range 11.0.0.1-11.0.0.9 -j DROP\n"
				   "-A FORWARD -s 12.0.0.1/32 -j DROP\n",
				   &text, NULL), 0);
	ck_assert_ptr_nonnull(strstr(text, "flags interval\nauto-merge\n"));
	ck_assert_ptr_nonnull(strstr(text, "{ 10.0.0.0/8,\n11.0.0.1-11.0.0.9,\n12.0.0.1 }"));
	free(text);
	ck_assert_int_eq(write_set("-A FORWARD -d 10.0.0.0/9 -p udp -m udp --dport 53:54 -j ACCEPT\n"
				   "-A FORWARD -d 10.0.0.2/32 -p udp -m udp --dport 54 -j ACCEPT\n",
				   &text, NULL), 0);
	ck_assert_ptr_nonnull(strstr(text, "flags interval\nelements"));
	ck_assert_ptr_nonnull(strstr(text, "10.0.0.0/9 . 53-54,\n10.0.0.2 . 54"));
	free(text);
}
END_TEST

START_TEST(set_ipset)
{
	char *text, *rule;

	ck_assert_int_eq(write_set("-A FORWARD -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j DROP\n"
				   "-A FORWARD -s 10.0.0.2/32 -p tcp -m tcp --dport 80 -j DROP\n",
				   &text, &rule), 0);
	ck_assert_ptr_nonnull(strstr(text, "create bench hash:ip maxelem "));
	ck_assert_ptr_nonnull(strstr(text, "\nadd bench-new 10.0.0.2\nswap "));
	ck_assert_ptr_nonnull(strstr(rule, "\n-A FORWARD -p 6 -m tcp --dport 80:80 -m set --match-set bench src -j DROP\n"));
	free(text);
	free(rule);
	ck_assert_int_eq(write_set("-A FORWARD -s 9.0.0.0/8 -d 10.0.0.0/8 -p udp -m udp --sport 53 -j ACCEPT\n"
				   "-A FORWARD -s 9.0.0.0/8 -d 10.0.0.2/32 -p udp -m udp --sport 54 -j ACCEPT\n",
				   &text, &rule), 0);
	ck_assert_ptr_nonnull(strstr(text, "create bench hash:net,port "));
	ck_assert_ptr_nonnull(strstr(text, "\nadd bench-new 10.0.0.0/8,udp:53\n"));
	ck_assert_ptr_nonnull(strstr(rule, " -s 9.0.0.0/8 -m udp -m set --match-set bench dst,src -j ACCEPT\n"));
	free(text);
	free(rule);
	/* Four columns that differ: there is no such type. */
	ck_assert_int_eq(write_set("-A FORWARD -s 1.0.0.1/32 -d 10.0.0.1/32 -p udp -m udp --sport 5 --dport 53 -j ACCEPT\n"
				   "-A FORWARD -s 1.0.0.2/32 -d 10.0.0.2/32 -p udp -m udp --sport 4 --dport 54 -j ACCEPT\n",
				   &text, &rule), -EOPNOTSUPP);
}
END_TEST

START_TEST(set_not)
{
	static const char *const rules[] = {
		"-A FORWARD -s 10.0.0.1/32 -j DROP\n",
		"-A FORWARD -s 10.0.0.1/32 -j DROP\n-A FORWARD -s 10.0.0.2/32 -j ACCEPT\n",
		"-A FORWARD -s 10.0.0.1/32 -j DROP\n-A FORWARD -d 10.0.0.2/32 -j DROP\n",
		"-A FORWARD -s 10.0.0.1/32 -j DROP\n-A FORWARD -s 10.0.1.0/255.255.0.255 -j DROP\n",
		"-A FORWARD -s 10.0.0.1/32 -j DROP\n-A FORWARD -j DROP\n",
		"-A FORWARD -s 10.0.0.1/32 -j DROP\n-A FORWARD ! -s 10.0.0.2/32 -j DROP\n",
		"-A FORWARD -s 10.0.0.1/32 -j DROP\n-A FORWARD -s 10.0.0.2/32 -j DROP\n-A INPUT -j DROP\n",
		"-A FORWARD -s 10.0.0.1/32 -p tcp -j DROP\n-A FORWARD -s 10.0.0.2/32 -p udp -j DROP\n",
	};
	char *text;
	uint32_t i;

	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		ck_assert_int_eq(write_set(rules[i], &text, NULL), -EOPNOTSUPP);
}
END_TEST

/* Numbers ----------------------------------------------------------------- */

START_TEST(stat_numbers)
{
	struct bench_samples a = { .n = 0 }, b = a, over;
	struct bench_stat st = bench_samples_stat(&a);
	static const double v[] = { 5, 1, 100, 3, 4 };
	uint32_t i;

	ck_assert_uint_eq(st.n, 0);
	for (i = 0; i < 5; i++) {
		bench_sample_add(&a, v[i]);
		bench_sample_add(&b, 1);
	}
	st = bench_samples_stat(&a);
	ck_assert_double_eq(st.median, 4);
	ck_assert_double_eq(st.mad, 1);
	ck_assert_double_eq(st.min, 1);
	ck_assert_double_eq(st.max, 100);
	bench_samples_over(&a, &b, &over);
	ck_assert_double_eq(bench_samples_stat(&over).median, 3);
	bench_sample_add(&a, 6);
	ck_assert_double_eq(bench_samples_stat(&a).median, 4.5);
	for (i = 0; i < 2 * BENCH_SAMPLES_MAX; i++)
		bench_sample_add(&a, 1);
	ck_assert_uint_eq(a.n, BENCH_SAMPLES_MAX);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bench");
	TCase *t = tcase_create("bench");

	tcase_add_test(t, rulegen_sizes);
	tcase_add_test(t, rulegen_seeds);
	tcase_add_test(t, rulegen_unknown);
	tcase_add_test(t, ruleset_text);
	tcase_add_test(t, ruleset_chain);
	tcase_add_test(t, ruleset_no_filter);
	tcase_add_test(t, ruleset_segments);
	tcase_add_test(t, flows_any);
	tcase_add_test(t, flows_last);
	tcase_add_test(t, flows_none);
	tcase_add_test(t, flows_few);
	tcase_add_test(t, flows_stateful);
	tcase_add_test(t, sequence_uniform);
	tcase_add_test(t, sequence_zipf);
	tcase_add_test(t, sequence_hot);
	tcase_add_test(t, sequence_expect);
	tcase_add_test(t, set_addresses);
	tcase_add_test(t, set_pairs);
	tcase_add_test(t, set_ranges);
	tcase_add_test(t, set_ipset);
	tcase_add_test(t, set_not);
	tcase_add_test(t, stat_numbers);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	if (fe_xt_init(AF_INET, CMD_RESTORE))
		return EXIT_FAILURE;
	return test_run(suite(), true);
}
