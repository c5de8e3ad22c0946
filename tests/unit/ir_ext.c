/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/ir_ext.c - what rules see of IPv6 extension headers
 *
 * What is expected was read off the counters of ip6tables-legacy (Linux 6.18).
 */
#include <check.h>
#include <linux/netfilter_ipv6/ip6t_ipv6header.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/packet.h"
#include "ir/ruleset.h"
#include "tests/unit/ir_ext.h"

#define HOP	MASK_HOPOPTS
#define DST	MASK_DSTOPTS
#define RT	MASK_ROUTING
#define FRAG	MASK_FRAGMENT
#define AH	MASK_AH
#define ESP	MASK_ESP
#define NONE	MASK_NONE
#define PROTO	MASK_PROTO
#define FAIL	IR_HEADERS_FAIL

#define TCP	"\4\0\0\x50" "\0\0\0\0\0\0\0\0" "\x50\2\0\0\0\0\0\0"
#define E8(next, length)	next length "\0\0\0\0\0\0"
#define F8(next, offset)	next "\0\0" offset "\1\2\3\4"
#define C(b, next, found, headers) { b, sizeof(b) - 1, next, found, headers }

/*
 * @found: what the matches hop, dst, rt, frag and ah make of the packet: Test,
 * Fail, Hotdrop.
 */
static const struct {
	const char	*bytes;		/* behind the fixed header */
	uint8_t		len;
	uint8_t		next;
	char		found[IR_NEXTS + 1];
	uint32_t	headers;
} chains[] = {
	C(TCP, 6, "FFFFF", PROTO),
	C("", 59, "FFFFF", NONE),
	C(E8("\6", "\0") TCP, 60, "FTFFF", DST | PROTO),
	C(E8("\6", "\5"), 60, "FHFFF", DST | PROTO),
	C(E8("\x3c", "\0") "\6", 60, "HTHHH", FAIL),
	C(E8("\x3c", "\0") E8("\x2b", "\0") E8("\x2c", "\0") F8("\x33", "\0")
	  "\6\1\0\0\0\0\0\0\0\0\0\0" TCP, 0, "TTTTT",
	  HOP | DST | RT | FRAG | AH | PROTO),
	/* later fragments */
	C(F8("\x3c", "\x8") E8("\6", "\0") TCP, 44, "FFFTF", FRAG | DST | PROTO),
	C(E8("\x2c", "\0") F8("\x33", "\x8") "\6\1\0\0\0\0\0\0\0\0\0\0" TCP, 60,
	  "FTFTF", DST | FRAG | AH | PROTO),
	C(E8("\x2c", "\0") F8("\6", "\x8") TCP, 60, "FTFTF", DST | FRAG | PROTO),
	/* cut off */
	C("\6\0\0\x8", 44, "FFFHF", FRAG | PROTO),
	C("\6\0\0\0", 44, "FFFHF", FRAG | PROTO),
	C("\x3c\0\0\0", 44, "HHHHH", FRAG | PROTO),
	C("\6\0\0", 44, "HHHHH", FRAG | PROTO),
	C("\6\0\0", 43, "HHHHH", RT | PROTO),
	C("\6\0\0\0", 43, "FFHFF", RT | PROTO),
	C(E8("\6", "\1"), 43, "FFHFF", RT | PROTO),
	C(E8("\x3c", "\0") "\6", 43, "HHTHH", FAIL),
	C(E8("\x2b", "\2"), 43, "HHHHH", RT | PROTO),
	C("\6\1\0\0\0\0\0\0\0\0\0", 51, "FFFFH", AH | PROTO),
	C("\6\1\0\0\0\0\0\0\0\0\0\0", 51, "FFFFT", AH | PROTO),
	C("\6\4\0\0\0\0\0\0\0\0\0\0", 51, "FFFFH", AH | PROTO),
	C("\6\0\0\0\0\0\0\0", 51, "FFFFH", AH | PROTO),
	/* where ipv6header stops */
	C("", 50, "FFFFF", FAIL),
	C("1", 50, "FFFFF", FAIL),
	C("12", 50, "FFFFF", ESP),
	C(E8("\x3b", "\0"), 60, "FTFFF", DST | NONE),
	C(E8("\x3b", "\5"), 60, "FHFFF", DST),
	C(E8("\x32", "\5"), 60, "FHFFF", DST),
	C(E8("\x3c", "\0"), 60, "HTHHH", FAIL),
	C(E8("\x3c", "\5"), 60, "HHHHH", DST | PROTO),
	C("\6", 60, "HHHHH", FAIL),
};

static struct ir_packet parse(uint8_t next, const void *bytes, size_t n)
{
	uint8_t *b = calloc(1, 40 + n);	/* no more, for the sanitizer to see */
	struct ir_packet p;

	ck_assert_ptr_nonnull(b);
	b[0] = 0x60;
	b[6] = next;
	memcpy(b + 40, bytes, n);
	ck_assert_int_eq(ir_packet_parse6(&p, b, 40 + n), 0);
	free(b);
	return p;
}

START_TEST(headers_are_found)
{
	struct ir_packet p = parse(chains[_i].next, chains[_i].bytes,
				   chains[_i].len);
	uint32_t ext = p.field[IR_EXT], i;
	char found[IR_NEXTS + 1] = "";

	for (i = 0; i < IR_NEXTS; i++)
		found[i] = ext >> i & 1 ? 'T' :
			   ext & IR_EXT_BAD << i ? 'H' : 'F';
	ck_assert_str_eq(found, chains[_i].found);
	ck_assert_uint_eq(p.field[IR_HEADERS], chains[_i].headers);
}
END_TEST

START_TEST(values_are_those_of_the_first)
{
	static const uint8_t b[] = {
		60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		60, 0, 0, 0, 0, 0, 0, 0,
		43, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		43, 0, 3, 4, 0, 0, 0, 0,
		44, 1, 7, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		51, 5, 0, 7, 1, 2, 3, 4,
		50, 2, 0x12, 0x34, 9, 8, 7, 6, 0, 0, 0, 0, 0, 0, 0, 0,
		0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0,
	};
	struct ir_packet p = parse(0, b, sizeof(b));

	ck_assert_uint_eq(p.field[IR_EXT], IR_EXT_ALL);
	ck_assert_uint_eq(p.field[IR_OPTLEN], 0x0100);
	ck_assert_uint_eq(p.field[IR_RT], 0x000304);
	ck_assert_uint_eq(p.field[IR_FRAG], 0x050007);
	ck_assert_uint_eq(p.field[IR_FRAGID], 0x01020304);
	ck_assert_uint_eq(p.field[IR_AH], 0x021234);
	ck_assert_uint_eq(p.field[IR_AHSPI], 0x09080706);
	ck_assert_uint_eq(p.field[IR_ESPSPI], 0xcafebabe);
}
END_TEST

START_TEST(esp_and_mh_are_transports)
{
	struct ir_packet p = parse(50, "\1\2\3\4\0\0\0\0", 8);

	ck_assert_uint_eq(p.field[IR_ESPSPI], 0x01020304);
	ck_assert_int_eq(p.kind, IR_KIND_WHOLE);
	ck_assert_int_eq(parse(50, "\1\2\3\4\0\0\0", 7).kind, IR_KIND_NONE);
	p = parse(135, "\x3b\0\5\0\0\0", 6);
	ck_assert_uint_eq(p.field[IR_ICMP], 0x053b);
	ck_assert_int_eq(p.kind, IR_KIND_WHOLE);
	ck_assert_int_eq(parse(135, "\x3b\0\5\0\0", 5).kind, IR_KIND_NONE);
}
END_TEST

/* A guard drops only what the matches before it let through. */
START_TEST(guards_drop_in_their_turn)
{
	struct ir_table *t = ir_table_new(AF_INET6, "filter");
	struct ir_rule *r = ir_rule_new(t);
	struct ir_counter n[8] = { 0 };
	struct ir_packet p = parse(60, "\6\5\0\0\0\0\0\0", 8);

	ck_assert_ptr_nonnull(r);
	r->target = IR_ACCEPT;
	ir_rule_add_range(t, r, IR_TTL, 1, 255, false);
	ir_rule_add_match(t, r, IR_NEED_GUARD);
	ir_rule_add_masked(t, r, IR_EXT, IR_EXT_BAD << IR_EXT_DST,
			   IR_EXT_BAD << IR_EXT_DST, false);
	ir_rule_add_match(t, r, IR_NEED_NOTHING);
	ir_rule_add_range(t, r, IR_DADDR, 0, 0, false);
	ck_assert_int_eq(ir_chain_insert(t, ir_table_find(t, "INPUT"), 0, r), 0);
	ir_table_number(t);
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_ACCEPT);
	ck_assert_uint_eq(n[0].packets, 0);	/* the policy */
	p.field[IR_TTL] = 64;
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_DROP);
	ck_assert_uint_eq(n[0].packets, 0);
	p.field[IR_EXT] = 0;
	ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, n), IR_ACCEPT);
	ck_assert_uint_eq(n[0].packets, 1);
	ir_table_free(t);
}
END_TEST

TCase *ext_tests(void)
{
	TCase *tc = tcase_create("extension headers");

	tcase_add_loop_test(tc, headers_are_found, 0,
			    sizeof(chains) / sizeof(*chains));
	tcase_add_test(tc, values_are_those_of_the_first);
	tcase_add_test(tc, esp_and_mh_are_transports);
	tcase_add_test(tc, guards_drop_in_their_turn);
	return tc;
}
