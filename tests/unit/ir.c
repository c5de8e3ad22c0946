/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/ir.c - the table, the packet parser and the evaluator */
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ir/dump.h"
#include "ir/eval.h"
#include "ir/packet.h"
#include "ir/ruleset.h"
#include "tests/unit/ir_ext.h"
#include "tests/unit/run.h"

static struct ir_table *t;

static void setup(void)
{
	t = ir_table_new(AF_INET, "filter");
	ck_assert_ptr_nonnull(t);
}

static void teardown(void)
{
	ir_table_free(t);
}

static struct ir_rule *rule(const char *chain, enum ir_target target,
			    const char *to)
{
	struct ir_rule *r = ir_rule_new(t);

	ck_assert_ptr_nonnull(r);
	r->target = target;
	r->to = to ? ir_table_find(t, to) : NULL;
	ck_assert(!to || r->to);
	ck_assert_int_eq(ir_chain_insert(t, ir_table_find(t, chain), ~0u, r), 0);
	return r;
}

static void chain(const char *name)
{
	ck_assert_int_eq(ir_chain_add(t, name, NULL), 0);
}

/* A TCP packet of @len bytes after the IP header, data offset 5. */
static struct ir_packet tcp(uint16_t dport, size_t len, uint16_t frag)
{
	uint8_t b[120] = { 0x45, 0, 0, (uint8_t)(20 + len), 0, 0,
			   (uint8_t)(frag >> 8), (uint8_t)frag, 64, 6, 0, 0,
			   10, 0, 0, 1, 10, 0, 0, 2, 0x04, 0x00,
			   (uint8_t)(dport >> 8), (uint8_t)dport };
	struct ir_packet p;

	b[32] = 0x50;
	b[33] = 0x02;
	ck_assert_int_eq(ir_packet_parse(&p, b, 20 + len), 0);
	return p;
}

START_TEST(chains_are_sorted)
{
	chain("b10");
	chain("b9");
	chain("Mid");
	ck_assert_str_eq(ir_table_chain(t, 0)->name, "INPUT");
	ck_assert_str_eq(ir_table_chain(t, 3)->name, "Mid");
	ck_assert_str_eq(ir_table_chain(t, 4)->name, "b10");
	ck_assert_str_eq(ir_table_chain(t, 5)->name, "b9");
	ck_assert_int_eq(ir_chain_add(t, "b9", NULL), -EEXIST);
	ck_assert_int_eq(ir_chain_add(t, "INPUT", NULL), -EEXIST);
	ck_assert_int_eq(ir_chain_add(t, "abcdefghijklmnopqrstuvwxyz123",
				      NULL), -ENAMETOOLONG);
	ck_assert_int_eq(ir_chain_rename(t, ir_table_find(t, "b10"), "z"), 0);
	ck_assert_str_eq(ir_table_chain(t, 5)->name, "z");
	ck_assert_ptr_null(ir_table_find(t, "b10"));
}
END_TEST

START_TEST(chain_in_use_stays)
{
	chain("a");
	rule("INPUT", IR_JUMP, "a");
	ck_assert_int_eq(ir_chain_delete(t, ir_table_find(t, "a")), -EBUSY);
	ir_chain_flush(t, ir_table_find(t, "INPUT"));
	rule("a", IR_DROP, NULL);
	ck_assert_int_eq(ir_chain_delete(t, ir_table_find(t, "a")), -ENOTEMPTY);
	ir_chain_remove(t, ir_table_find(t, "a"), 0);
	ck_assert_int_eq(ir_chain_delete(t, ir_table_find(t, "a")), 0);
	ck_assert_int_eq(ir_chain_delete(t, ir_table_find(t, "INPUT")), -EINVAL);
}
END_TEST

START_TEST(rules_keep_their_order)
{
	struct ir_chain *in = ir_table_find(t, "INPUT");
	struct ir_rule *r[40];
	int i;

	for (i = 0; i < 40; i++)
		r[i] = rule("INPUT", IR_DROP, NULL);
	for (i = 39; i >= 2; i--)
		ir_chain_remove(t, in, (uint32_t)i);
	ck_assert_int_eq(ir_chain_insert(t, in, 0, r[10]), 0);
	ck_assert_int_eq(ir_chain_insert(t, in, 2, r[11]), 0);
	ck_assert_uint_eq(in->nrules, 4);
	ck_assert_ptr_eq(in->rule[0], r[10]);
	ck_assert_ptr_eq(in->rule[1], r[0]);
	ck_assert_ptr_eq(in->rule[2], r[11]);
	ck_assert_ptr_eq(in->rule[3], r[1]);
	ck_assert_uint_eq(ir_table_number(t), 4 + 3);
	ck_assert_uint_eq(in->index, 4);
	ck_assert_uint_eq(ir_table_find(t, "FORWARD")->index, 5);
}
END_TEST

START_TEST(loops_are_found_where_a_hook_reaches)
{
	struct diag d;
	uint32_t depth;

	diag_init(&d);
	chain("a");
	chain("b");
	rule("a", IR_JUMP, "b");
	rule("b", IR_GOTO, "a");
	ck_assert_int_eq(ir_table_check(t, &depth, &d), 0);
	ck_assert_uint_eq(depth, 0);
	rule("INPUT", IR_ACCEPT, NULL)->always = true;
	rule("INPUT", IR_JUMP, "a");	/* never looked at by the kernel */
	ck_assert_int_eq(ir_table_check(t, &depth, &d), 0);
	rule("FORWARD", IR_JUMP, "a");
	ck_assert_int_eq(ir_table_check(t, &depth, &d), -ELOOP);
	ck_assert_str_eq(d.msg, "chain 'a' reaches itself through chain 'b'");
	diag_clear(&d);
}
END_TEST

START_TEST(depth_counts_jumps_not_gotos)
{
	uint32_t depth;

	chain("a");
	chain("b");
	chain("c");
	rule("INPUT", IR_JUMP, "a");
	rule("a", IR_GOTO, "b");
	rule("b", IR_JUMP, "c");
	rule("FORWARD", IR_JUMP, "c");
	ck_assert_int_eq(ir_table_check(t, &depth, NULL), 0);
	ck_assert_uint_eq(depth, 2);
}
END_TEST

static uint32_t counts(void)
{
	struct ir_extent e;

	ck_assert_int_eq(ir_table_measure(t, &e, NULL), 0);
	return e.counts;
}

START_TEST(a_packet_is_counted_so_often)
{
	uint32_t i;

	ck_assert_uint_eq(counts(), 1);		/* a policy */
	rule("INPUT", IR_DROP, NULL);
	rule("INPUT", IR_ACCEPT, NULL);
	ck_assert_uint_eq(counts(), 1);
	rule("INPUT", IR_CONTINUE, NULL);
	rule("INPUT", IR_RETURN, NULL);
	ck_assert_uint_eq(counts(), 3);
	chain("a");
	chain("b");
	rule("FORWARD", IR_JUMP, "a");
	rule("FORWARD", IR_JUMP, "a");
	ck_assert_uint_eq(counts(), 3);
	rule("a", IR_GOTO, "b");
	ck_assert_uint_eq(counts(), 5);
	rule("b", IR_CONTINUE, NULL);
	rule("b", IR_DROP, NULL);
	ck_assert_uint_eq(counts(), 7);
	/* Nothing behind it is met. */
	rule("OUTPUT", IR_ACCEPT, NULL)->always = true;
	for (i = 0; i < 10; i++)
		rule("OUTPUT", IR_CONTINUE, NULL);
	ck_assert_uint_eq(counts(), 7);
	for (i = 0; i < 2 * IR_COUNTS_MANY; i++)
		rule("b", IR_CONTINUE, NULL);
	ck_assert_uint_gt(counts(), IR_COUNTS_MANY);
	ck_assert_uint_le(counts(), 2 * IR_COUNTS_MANY);
}
END_TEST

START_TEST(kinds_of_transport_headers)
{
	static const struct {
		size_t		len;
		uint16_t	frag;
		enum ir_kind	kind;
	} c[] = {
		{ 40, 0, IR_KIND_WHOLE }, { 20, 0, IR_KIND_WHOLE },
		{ 19, 0, IR_KIND_SHORT }, { 4, 0, IR_KIND_SHORT },
		{ 3, 0, IR_KIND_NONE }, { 0, 0, IR_KIND_NONE },
		{ 40, 1, IR_KIND_FRAG1 }, { 40, 2, IR_KIND_FRAG },
		{ 40, 0x2000, IR_KIND_WHOLE }, { 40, 0x2001, IR_KIND_FRAG1 },
		{ 40, 0x1fff, IR_KIND_FRAG },
	};
	struct ir_packet p;
	size_t i;

	for (i = 0; i < sizeof(c) / sizeof(*c); i++) {
		p = tcp(22, c[i].len, c[i].frag);
		ck_assert_int_eq(p.kind, c[i].kind);
	}
	ck_assert_int_eq(ir_packet_parse(&p, "E", 1), -EINVAL);
}
END_TEST

/* The kind, protocol and destination port that IPv6 packets are given. */
static const struct {
	const char	*bytes;		/* behind the fixed header */
	uint8_t		len;
	uint8_t		next;
	enum ir_kind	kind;
	uint8_t		proto;
	uint16_t	dport;
} chains[] = {
#define TCP	"\4\0\0\x50" "\0\0\0\0\0\0\0\0" "\x50\2\0\0\0\0\0\0"
#define C(b, next, kind, proto, dport) \
	{ b, sizeof(b) - 1, next, IR_KIND_##kind, proto, dport }
	C(TCP, 6, WHOLE, 6, 80),
	C("\4\0\0\x50", 6, SHORT, 6, 80),
	C("", 6, NONE, 6, 0),
	C("\0\0\0\0\0\0\0\0", 58, WHOLE, 58, 0),
	C("\0\0\0\0\0\0\0", 58, NONE, 58, 0),
	C("", 1, WHOLE, 1, 0),		/* ICMP of IPv4 is any protocol */
	C("", 59, WHOLE, 59, 0),
	C("more", 59, WHOLE, 59, 0),
	/* hop-by-hop, destination options, routing: in units of 8 bytes + 8 */
	C("\6\0\1\4\0\0\0\0" TCP, 0, WHOLE, 6, 80),
	C("\6\1\1\xc\0\0\0\0" "\0\0\0\0\0\0\0\0" TCP, 60, WHOLE, 6, 80),
	C("\6\0\0\0\0\0\0\0" TCP, 43, WHOLE, 6, 80),
	C("\0\0\0\0\0\0\0\0" "\x2b\0\0\0\0\0\0\0"
	  "\x3c\0\0\0\0\0\0\0" "\6\0\0\0\0\0\0\0" TCP, 0, WHOLE, 6, 80),
	/* the authentication header: in units of 4 bytes + 8 */
	C("\6\1\0\0\0\0\0\0\0\0\0\0" TCP, 51, WHOLE, 6, 80),
	C("\6\0\0\0\0\0\0\0" TCP, 51, WHOLE, 6, 80),
	/* one that ends with or behind the packet */
	C("\6\0\0\0\0\0\0\0", 60, NONE, 6, 0),
	C("\6\5\0\0\0\0\0\0", 60, NONE, 6, 0),
	C("\6\0", 60, NONE, 6, 0),
	C("\6", 60, NOPROTO, 0, 0),
	C("", 60, NOPROTO, 0, 0),
	C("\x3c\5\0\0\0\0\0\0", 60, NOPROTO, 0, 0),
	C("\6\0\0\0", 43, NONE, 6, 0),
	C("\6\0\0", 43, NOPROTO, 0, 0),
	/* fragments: the first, later ones, and those cut short */
	C("\6\0\0\1\1\2\3\4" TCP, 44, WHOLE, 6, 80),
	C("\6\0\0\7\1\2\3\4" TCP, 44, WHOLE, 6, 80),
	C("\6\0\0\x8\1\2\3\4" TCP, 44, FRAG, 6, 0),
	C("\6\0\xff\xf9\1\2\3\4" TCP, 44, FRAG, 6, 0),
	C("\x3b\0\0\x10\1\2\3\4" TCP, 44, FRAG, 59, 0),
	C("\x3c\0\0\0\1\2\3\4" "\6\0\0\0\0\0\0\0" TCP, 44, WHOLE, 6, 80),
	C("\x3c\0\0\x8\1\2\3\4" "\6\0\0\0\0\0\0\0" TCP, 44, NOPROTO, 0, 0),
	C("\6\0\0\x8", 44, FRAG, 6, 0),
	C("\6\0\0\0", 44, NONE, 6, 0),
	C("\6\0\0", 44, NOPROTO, 0, 0),
#undef C
#undef TCP
};

/* All of it in memory of that very length, for the sanitizer to see. */
START_TEST(extension_headers_are_walked)
{
	size_t len = 40 + chains[_i].len;
	uint8_t *b = calloc(1, len);
	struct ir_packet p;

	ck_assert_ptr_nonnull(b);
	b[0] = 0x60;
	b[6] = chains[_i].next;
	memcpy(b + 40, chains[_i].bytes, chains[_i].len);
	ck_assert_int_eq(ir_packet_parse6(&p, b, len), 0);
	ck_assert_int_eq(p.kind, chains[_i].kind);
	ck_assert_uint_eq(p.field[IR_KIND], 1u << chains[_i].kind);
	ck_assert_uint_eq(p.field[IR_PROTO], chains[_i].proto);
	ck_assert_uint_eq(p.field[IR_DPORT], chains[_i].dport);
	free(b);
}
END_TEST

START_TEST(long_chains_are_walked_to_the_end)
{
	uint8_t b[40 + 8 * 1000 + 20] = { [0] = 0x60, [6] = 60 };
	struct ir_packet p;
	size_t i;

	for (i = 0; i < 1000; i++)
		b[40 + 8 * i] = i == 999 ? 6 : 60;
	b[8040 + 3] = 80;
	b[8040 + 12] = 0x50;
	ck_assert_int_eq(ir_packet_parse6(&p, b, sizeof(b)), 0);
	ck_assert_int_eq(p.kind, IR_KIND_WHOLE);
	ck_assert_uint_eq(p.field[IR_DPORT], 80);
}
END_TEST

START_TEST(the_ipv6_header_is_read)
{
	uint8_t b[40] = { 0x6a, 0xbc, 0xde, 0xf0, 0x12, 0x34, 59, 7 };
	struct ir_packet p;
	int i;

	for (i = 8; i < 40; i++)
		b[i] = (uint8_t)i;
	ck_assert_int_eq(ir_packet_parse6(&p, b, 39), -EINVAL);
	ck_assert_int_eq(ir_packet_parse6(&p, b, 40), 0);
	ck_assert_uint_eq(p.field[IR_TOS], 0xab);
	ck_assert_uint_eq(p.field[IR_LEN], 40);	/* not what the header says */
	ck_assert_uint_eq(p.field[IR_TTL], 7);
	ck_assert_uint_eq(p.bytes, 40);
	ck_assert_uint_eq(p.field[IR_SADDR], 0x08090a0b);
	ck_assert_uint_eq(p.field[IR_SADDR1], 0x0c0d0e0f);
	ck_assert_uint_eq(p.field[IR_SADDR3], 0x14151617);
	ck_assert_uint_eq(p.field[IR_DADDR], 0x18191a1b);
	ck_assert_uint_eq(p.field[IR_DADDR1], 0x1c1d1e1f);
	ck_assert_uint_eq(p.field[IR_DADDR3], 0x24252627);
}
END_TEST

START_TEST(tables_are_of_a_family)
{
	struct ir_table *six = ir_table_new(AF_INET6, "nat");

	ck_assert_ptr_nonnull(six);
	ck_assert_int_eq(ir_table_family(six), AF_INET6);
	ck_assert_int_eq(ir_table_family(t), AF_INET);
	ck_assert_ptr_null(ir_table_new(0, "filter"));
	ck_assert_ptr_null(ir_table_new(AF_INET6, "broute"));
	ir_table_free(six);
}
END_TEST

/* Only "-p" drops what has no protocol, and only where the rest held. */
START_TEST(no_protocol_is_dropped_by_dash_p)
{
	uint8_t b[40] = { 0x60, [6] = 60, [23] = 1 };
	struct ir_counter n[8] = { 0 };
	struct ir_packet p;
	struct ir_rule *r;

	ir_packet_parse6(&p, b, sizeof(b));
	r = rule("INPUT", IR_ACCEPT, NULL);
	ir_rule_add_range(t, r, IR_SADDR3, 2, 2, false);
	ir_rule_add_match(t, r, IR_NEED_PROTO);
	rule("INPUT", IR_CONTINUE, NULL);
	ir_table_number(t);
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_ACCEPT);
	ck_assert_uint_eq(n[1].packets, 1);
	r = rule("INPUT", IR_ACCEPT, NULL);
	ir_rule_add_match(t, r, IR_NEED_PROTO);
	ir_rule_add_range(t, r, IR_PROTO, 6, 6, true);
	ir_table_number(t);
	memset(n, 0, sizeof(n));
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_DROP);
	ck_assert_uint_eq(n[1].packets, 1);
	ck_assert_uint_eq(n[2].packets, 0);
}
END_TEST

START_TEST(tcp_options_are_walked)
{
	/* NOP, MSS (4), an unknown one with length 0, EOL */
	static const uint8_t opt[] = { 1, 2, 4, 5, 180, 200, 0, 0 };
	uint8_t b[60] = { 0x45, 0, 0, 48, [8] = 64, [9] = 6 };
	struct ir_packet p;

	memcpy(b + 40, opt, sizeof(opt));
	b[32] = 0x70;
	ck_assert_int_eq(ir_packet_parse(&p, b, 48), 0);
	ck_assert_int_eq(p.kind, IR_KIND_WHOLE);
	ck_assert_uint_eq(p.tcpopt[0], 1 << 0 | 1 << 1 | 1 << 2);
	ck_assert_uint_eq(p.tcpopt[200 / 8], 1 << 200 % 8);
	ck_assert_uint_eq(p.tcpopt[180 / 8], 0);
	ck_assert_int_eq(ir_packet_parse(&p, b, 47), 0);
	ck_assert_int_eq(p.kind, IR_KIND_BADOPT);
	b[32] = 0x40;
	ck_assert_int_eq(ir_packet_parse(&p, b, 48), 0);
	ck_assert_int_eq(p.kind, IR_KIND_BADOPT);
}
END_TEST

/* INPUT: tcp dport 22 -> RETURN (policy DROP); count; jump a; goto b. */
START_TEST(walk_counts_what_it_meets)
{
	struct ir_counter n[16] = { 0 };
	struct ir_packet p = tcp(22, 20, 0);
	struct ir_rule *r;

	chain("a");
	chain("b");
	ir_table_find(t, "INPUT")->policy = IR_DROP;
	r = rule("INPUT", IR_RETURN, NULL);
	ir_rule_add_range(t, r, IR_PROTO, 6, 6, false);
	ir_rule_add_match(t, r, IR_NEED_TCP);
	ir_rule_add_range(t, r, IR_DPORT, 22, 22, false);
	rule("INPUT", IR_CONTINUE, NULL);
	rule("INPUT", IR_JUMP, "a");
	rule("INPUT", IR_GOTO, "b");
	rule("a", IR_RETURN, NULL);
	rule("a", IR_DROP, NULL);
	rule("b", IR_CONTINUE, NULL);
	ir_table_number(t);	/* 0-3, policies 4 5 6, a 7 8, b 9 */
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_DROP);
	ck_assert_uint_eq(n[0].packets, 1);
	ck_assert_uint_eq(n[4].packets, 1);
	ck_assert_uint_eq(n[4].bytes, 40);
	p = tcp(23, 20, 0);
	memset(n, 0, sizeof(n));
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_DROP);
	ck_assert_uint_eq(n[0].packets, 0);
	ck_assert_uint_eq(n[1].packets + n[2].packets + n[3].packets, 3);
	ck_assert_uint_eq(n[7].packets, 1);
	ck_assert_uint_eq(n[8].packets, 0);
	ck_assert_uint_eq(n[9].packets, 1);
	ck_assert_uint_eq(n[4].packets, 1);
}
END_TEST

START_TEST(hotdrop_is_not_counted)
{
	struct ir_counter n[8] = { 0 };
	struct ir_packet p = tcp(22, 10, 0);
	struct ir_rule *r = rule("INPUT", IR_ACCEPT, NULL);

	ir_rule_add_range(t, r, IR_PROTO, 6, 6, false);
	ir_rule_add_match(t, r, IR_NEED_TCP);
	ir_table_number(t);
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_DROP);
	ck_assert_uint_eq(n[0].packets + n[1].packets, 0);
	p = tcp(22, 20, 2);
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_ACCEPT);
	ck_assert_uint_eq(n[0].packets, 0);
	ck_assert_uint_eq(n[1].packets, 1);
}
END_TEST

START_TEST(interfaces_match_by_prefix)
{
	struct ir_pred eth = { .kind = IR_PRED_IFACE,
			       .iface = { IR_IIF, 3, "eth" } };
	struct ir_packet p = tcp(22, 20, 0);
	struct ir_match m = { .pred = &eth, .npreds = 1 };
	bool hot = false;

	ck_assert(!ir_eval_match(&m, &p, &hot));
	ir_packet_set_iif(&p, "eth0");
	ck_assert(ir_eval_match(&m, &p, &hot));
	eth.iface.len = 4;		/* exactly "eth" */
	ck_assert(!ir_eval_match(&m, &p, &hot));
	eth.negate = true;
	ck_assert(ir_eval_match(&m, &p, &hot));
	ck_assert(!hot);
}
END_TEST

START_TEST(rules_say_what_they_test)
{
	struct ir_pred eth = { .kind = IR_PRED_IFACE,
			       .iface = { IR_OIF, 3, "eth" } };
	struct ir_pred opt = { .kind = IR_PRED_TCPOPT, .tcpopt = 2 };
	struct ir_rule *r = rule("INPUT", IR_ACCEPT, NULL);

	ir_rule_add_pred(t, r, &eth);
	ir_rule_add_match(t, r, IR_NEED_TCP);
	ir_rule_add_range(t, r, IR_DPORT, 1, 2, false);
	ck_assert(ir_rule_tests(r, IR_OIF));
	ck_assert(ir_rule_tests(r, IR_DPORT));
	ck_assert(!ir_rule_tests(r, IR_IIF));
	ck_assert(!ir_rule_tests(r, IR_TCPOPT));
	ir_rule_add_pred(t, r, &opt);
	ck_assert(ir_rule_tests(r, IR_TCPOPT));
}
END_TEST

START_TEST(caret_is_under_the_culprit)
{
	struct ir_loc loc = { "-A INPUT -m u32", 12, 12, 3 };
	char buf[256] = "";
	FILE *f = fmemopen(buf, sizeof(buf), "w");
	struct diag d;

	diag_init(&d);
	diag_error(&d, &loc, "match '%s' is not known", "u32");
	diag_error(&d, NULL, "a consequence");
	diag_print(&d, f, "prog");
	fclose(f);
	ck_assert_str_eq(buf, "prog: line 12: match 'u32' is not known\n"
			 "-A INPUT -m u32\n"
			 "            ^~~\n");
	diag_clear(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ir");
	TCase *tc = tcase_create("ir");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, chains_are_sorted);
	tcase_add_test(tc, chain_in_use_stays);
	tcase_add_test(tc, rules_keep_their_order);
	tcase_add_test(tc, loops_are_found_where_a_hook_reaches);
	tcase_add_test(tc, depth_counts_jumps_not_gotos);
	tcase_add_test(tc, a_packet_is_counted_so_often);
	tcase_add_test(tc, kinds_of_transport_headers);
	tcase_add_test(tc, tcp_options_are_walked);
	tcase_add_loop_test(tc, extension_headers_are_walked, 0,
			    sizeof(chains) / sizeof(*chains));
	tcase_add_test(tc, long_chains_are_walked_to_the_end);
	tcase_add_test(tc, the_ipv6_header_is_read);
	tcase_add_test(tc, tables_are_of_a_family);
	tcase_add_test(tc, no_protocol_is_dropped_by_dash_p);
	tcase_add_test(tc, walk_counts_what_it_meets);
	tcase_add_test(tc, hotdrop_is_not_counted);
	tcase_add_test(tc, interfaces_match_by_prefix);
	tcase_add_test(tc, rules_say_what_they_test);
	tcase_add_test(tc, caret_is_under_the_culprit);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, ext_tests());
	return test_run(s, true);
}
