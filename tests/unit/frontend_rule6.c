/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend_rule6.c - an IPv6 rule in; its text and its meaning out
 */
#include "tests/unit/frontend_run.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval.h"

static const struct {
	const char	*rule;
	const char	*saved;		/* NULL: the same; "": not looked at */
	const char	*ir;		/* NULL: not looked at */
} rules[] = {
	/* addresses */
	{ "-A INPUT", NULL, "ip() -> continue" },
	{ "-A INPUT -s 2001:db8::1", "-A INPUT -s 2001:db8::1/128",
	  "ip( saddr=0x20010db8 saddr1=0x0 saddr2=0x0 saddr3=0x1 ) -> continue" },
	{ "-A INPUT -s 64:ff9b::/96 -d fe80::/10 -j DROP", NULL,
	  "ip( saddr=0x64ff9b saddr1=0x0 saddr2=0x0 "
	  "daddr&0xffc00000=0xfe800000 ) -> DROP" },
	{ "-A INPUT -d 2001:db8:0:1234::/56", "-A INPUT -d 2001:db8:0:1200::/56",
	  "ip( daddr=0x20010db8 daddr1&0xffffff00=0x1200 ) -> continue" },
	{ "-A INPUT -s ::5/::f", "-A INPUT -s ::5/::f",
	  "ip( saddr3&0xf=0x5 ) -> continue" },
	{ "-A INPUT -s ::ffff:1.2.3.4", "-A INPUT -s ::ffff:1.2.3.4/128", NULL },
	{ "-A INPUT -s ::1/0", "-A INPUT", "ip() -> continue" },
	{ "-A INPUT ! -s ::/0", NULL, "ip( never ) -> continue" },
	{ "-A INPUT ! -s 2001:db8::/32", NULL,
	  "ip( saddr=0x0-0x20010db7|saddr=0x20010db9-0xffffffff ) -> continue" },
	{ "-A INPUT ! -d ff00::/8", NULL,
	  "ip( daddr&0xff000000=0x0-0xfeffffff ) -> continue" },
	{ "-A INPUT ! -d ::2:0:0/96", NULL,
	  "ip( daddr=0x1-0xffffffff|daddr1=0x1-0xffffffff|daddr2=0x0-0x1|"
	  "daddr2=0x3-0xffffffff ) -> continue" },

	/* interfaces and protocols */
	{ "-A FORWARD -i eth0 ! -o wlan+", NULL,
	  "ip( iif=\"eth0\" !oif=\"wlan+\" ) -> continue" },
	{ "-A INPUT -s ::1/128 -p tcp -j ACCEPT", NULL,
	  "ip( saddr=0x0 saddr1=0x0 saddr2=0x0 saddr3=0x1 ) "
	  "proto( proto=6 ) -> ACCEPT" },
	{ "-A INPUT ! -p icmpv6", "-A INPUT ! -p ipv6-icmp",
	  "ip() proto( !proto=58 ) -> continue" },
	{ "-A INPUT -p all", "-A INPUT", "ip() proto() -> continue" },
	{ "-A INPUT -p 1", "-A INPUT -p icmp", NULL },
	{ "-A INPUT -p mh", "-A INPUT -p mobility-header", NULL },
	{ "-A INPUT -g c", NULL, "ip() -> goto c" },

	/* what both families have */
	{ "-A INPUT -p tcp --dport 80", "-A INPUT -p tcp -m tcp --dport 80",
	  "ip() proto( proto=6 ) tcp( dport=80 ) -> continue" },
	{ "-A INPUT -p udp -m multiport --dports 53,100:200", NULL,
	  "ip() proto( proto=17 ) ports( dport=53|dport=100-200 ) -> continue" },
	{ "-A INPUT -m conntrack --ctstate INVALID", NULL,
	  "ip() ip( ctstate&0x1=0x1-max ) -> continue" },
	{ "-A INPUT -m length --length 40:99", NULL,
	  "ip() ip( length=40-99 ) -> continue" },
	{ "-A INPUT -m dscp --dscp 0x2e", NULL,
	  "ip() ip( tos&0xfc=0xb8 ) -> continue" },
	{ "-A INPUT -m comment --comment x", NULL, "ip() -> continue" },
	{ "-A INPUT -j REJECT",
	  "-A INPUT -j REJECT --reject-with icmp6-port-unreachable", NULL },

	/* icmp6, hl */
	{ "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128", NULL,
	  "ip() proto( proto=58 ) icmp( icmp=0x8000-0x80ff ) -> continue" },
	{ "-A INPUT -p ipv6-icmp -m icmp6 ! --icmpv6-type 1/4", NULL,
	  "ip() proto( proto=58 ) icmp( !icmp=0x104 ) -> continue" },
	{ "-A INPUT -p icmpv6 --icmpv6-type 255",
	  "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 255",
	  "ip() proto( proto=58 ) icmp( icmp=0xff00-0xffff ) -> continue" },
	{ "-A INPUT -m hl --hl-eq 255", NULL,
	  "ip() ip( ttl=255 ) -> continue" },
	{ "-A INPUT -m hl ! --hl-eq 1", NULL, "ip() ip( !ttl=1 ) -> continue" },
	{ "-A INPUT -m hl --hl-lt 5", NULL, "ip() ip( ttl=0-4 ) -> continue" },
	{ "-A INPUT -m hl --hl-gt 254", NULL,
	  "ip() ip( ttl=255 ) -> continue" },

	/* extension headers */
	{ "-A INPUT -m frag --fragid 5", NULL,
	  "ip() drop-if( ext&0x800=0x800 ) ip( ext&0x8=0x8 fragid=0x5 ) "
	  "-> continue" },
	{ "-A INPUT -m frag ! --fragid 1:9 --fragres --fragfirst --fragmore",
	  NULL, "ip() drop-if( ext&0x800=0x800 ) ip( ext&0x8=0x8 "
	  "!fragid=0x1-0x9 frag&0xff0006=0x0 frag&0xfff8=0x0 frag&0x1=0x1 ) "
	  "-> continue" },
	{ "-A INPUT -m frag --fraglast", "-A INPUT -m frag --fraglast",
	  "ip() drop-if( ext&0x800=0x800 ) ip( ext&0x8=0x8 frag&0x1=0x0 ) "
	  "-> continue" },
	{ "-A INPUT -m rt --rt-type 0 --rt-segsleft 0 -j DROP", NULL,
	  "ip() drop-if( ext&0x400=0x400 ) ip( ext&0x4=0x4 rt&0xff=0x0 "
	  "rt&0xff00=0x0 ) -> DROP" },
	{ "-A INPUT -m rt ! --rt-len 16", NULL,
	  "ip() drop-if( ext&0x400=0x400 ) ip( ext&0x4=0x4 "
	  "!rt&0xff0000=0x10000 ) -> continue" },
	{ "-A INPUT -m rt --rt-len 17", NULL,
	  "ip() drop-if( ext&0x400=0x400 ) ip( ext&0x4=0x4 never ) "
	  "-> continue" },
	{ "-A INPUT -m rt --rt-type 0 --rt-0-res", NULL,
	  "ip() -> continue REFUSED: match 'rt' with '--rt-0-res' cannot be "
	  "compiled yet" },
	{ "-A INPUT -m rt --rt-type 0 --rt-0-addrs ::1", NULL,
	  "ip() -> continue REFUSED: match 'rt' with '--rt-0-addrs' cannot be "
	  "compiled yet" },
	{ "-A INPUT -m hbh --hbh-len 8", NULL,
	  "ip() drop-if( ext&0x100=0x100 ) ip( ext&0x1=0x1 "
	  "optlen&0xff00=0x0 ) -> continue" },
	{ "-A INPUT -m dst ! --dst-len 24", NULL,
	  "ip() drop-if( ext&0x200=0x200 ) ip( ext&0x2=0x2 "
	  "!optlen&0xff=0x2 ) -> continue" },
	{ "-A INPUT -m dst --dst-opts 1", "",
	  "ip() -> continue REFUSED: match 'dst' with '--dst-opts' cannot be "
	  "compiled yet" },
	{ "-A INPUT -m ah --ahspi 5:6 --ahlen 12 --ahres", NULL,
	  "ip() drop-if( ext&0x1000=0x1000 ) ip( ext&0x10=0x10 "
	  "ahspi=0x5-0x6 ah&0xff0000=0x10000 ah&0xffff=0x0 ) -> continue" },
	{ "-A INPUT -p esp -m esp ! --espspi 7", NULL,
	  "ip() proto( proto=50 ) esp( !espspi=0x7 ) -> continue" },
	{ "-A INPUT -p mobility-header -m mh --mh-type 1:2", "",
	  "ip() proto( proto=135 ) mh() drop-if( !icmp&0xff=0x3b ) "
	  "ip( icmp&0xff00=0x100-0x200 ) -> continue" },
	{ "-A INPUT -m ipv6header --header dst,prot", "",
	  "ip() ip( headers&0x100=0x0 headers&0xff=0x41 ) -> continue" },
	{ "-A INPUT -m ipv6header ! --header frag", "",
	  "ip() ip( headers&0x100=0x0 !headers&0xff=0x10 ) -> continue" },
	{ "-A INPUT -m ipv6header --header frag --soft", "",
	  "ip() ip( headers&0x110=0x10 ) -> continue" },
	{ "-A INPUT -m ipv6header ! --header frag --soft", "",
	  "ip() ip( headers&0x110=0x0 ) -> continue" },
	{ "-A INPUT -m eui64", NULL,
	  "ip() -> continue REFUSED: match 'eui64' asks for the Ethernet "
	  "header, which not every hook has" },
};

START_TEST(test_rule6)
{
	check_rule6(rules[_i].rule, rules[_i].saved, rules[_i].ir);
}
END_TEST

START_TEST(lines_of_the_other_family_are_left_out)
{
	struct run r = { .family = AF_INET6 };

	run(&r, "*filter\n-4 -A INPUT -s 1.2.3.4\n-6 -A INPUT -s ::1\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_ptr_nonnull(strstr(r.saved, "-A INPUT -s ::1/128\n"));
	ck_assert_ptr_null(strstr(r.saved, "1.2.3.4"));
	run_free(&r);
}
END_TEST

START_TEST(rules_are_found_again)
{
	struct run r = { .family = AF_INET6 };

	run(&r, "*filter\n-A INPUT -s ::1,fe80::/10 -p tcp -m frag -j DROP\n"
		"-A INPUT -p all\n-A INPUT\n-I INPUT -p udp -d ::5/::ff\n"
		"-C INPUT -d ::5/::ff -p 17\n-D INPUT -p all\n"
		"-D INPUT -s fe80::ff/10 -p tcp -m frag -j DROP\nCOMMIT\n");
	ck_assert_msg(r.rc == FE_OK, "%s", r.err);
	ck_assert_str_eq(strchr(strstr(r.saved, "[0:0] -A"), '-'),
			 "-A INPUT -d ::5/::ff -p udp\n"
			 "[0:0] -A INPUT -s ::1/128 -p tcp -m frag -j DROP\n"
			 "[0:0] -A INPUT\nCOMMIT\n");
	run_free(&r);
}
END_TEST

START_TEST(fragments_have_no_option)
{
	struct run r = { .family = AF_INET6 };

	run(&r, "*filter\n-A INPUT -f\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_PARAMETER_PROBLEM);
	ck_assert_ptr_nonnull(strstr(r.err,
		"`-f' is not supported in IPv6, use -m frag instead"));
	run_free(&r);
}
END_TEST

START_TEST(protocols_no_packet_has_are_warned_of)
{
	struct run r = { .family = AF_INET6 };

	run(&r, "*filter\n-A INPUT -p ipv6-frag\n-A INPUT ! -p ah\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_str_eq(r.err, "Warning: never matched protocol: ipv6-frag. "
			 "use extension match instead.\n");
	run_free(&r);
}
END_TEST

/* --- ranges of addresses, against a comparison of 128 bits --- */

static uint32_t seed;

/* Words with many that are equal, and with the ends of what there is. */
static void random_addr(uint32_t w[4])
{
	static const uint32_t usual[] = { 0, 1, 2, 0xfffffffe, 0xffffffff,
					  0x20010db8, 0x20010db9 };
	int i;

	for (i = 0; i < 4; i++) {
		seed = seed * 1103515245 + 12345;
		w[i] = usual[(seed >> 16) % 7];
	}
}

static int compare(const uint32_t *a, const uint32_t *b)
{
	int i;

	for (i = 0; i < 4; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static void put_text(char *text, const uint32_t *w)
{
	sprintf(text, "%x:%x:%x:%x:%x:%x:%x:%x", w[0] >> 16, w[0] & 0xffff,
		w[1] >> 16, w[1] & 0xffff, w[2] >> 16, w[2] & 0xffff,
		w[3] >> 16, w[3] & 0xffff);
}

static uint32_t range[2][4];
static bool inverted;

static void try_range(struct run *r, struct ir_table *t)
{
	struct ir_packet p = { .kind = IR_KIND_WHOLE };
	uint32_t a[4];
	bool inside, want;
	int i, k;

	(void)r;
	ir_table_number(t);
	for (i = 0; i < 60; i++) {
		if (i < 2)
			memcpy(a, range[i], sizeof(a));
		else
			random_addr(a);
		p.field[IR_SADDR] = a[0];
		for (k = 0; k < 3; k++)
			p.field[IR_SADDR1 + k] = a[k + 1];
		inside = compare(a, range[0]) >= 0 && compare(a, range[1]) <= 0;
		want = inside != inverted;
		ck_assert_int_eq(ir_eval(t, IR_HOOK_INPUT, &p, NULL) == IR_DROP,
				 want);
	}
}

START_TEST(ranges_of_addresses)
{
	struct run r = { .family = AF_INET6, .look = try_range };
	char from[64], to[64], text[256];

	seed = (uint32_t)_i + 1;
	random_addr(range[0]);
	random_addr(range[1]);
	if (_i % 3 == 0)
		memcpy(range[1], range[0], 4 * (size_t)(_i / 3 % 5));
	if (compare(range[0], range[1]) > 0) {
		uint32_t tmp[4];

		memcpy(tmp, range[0], sizeof(tmp));
		memcpy(range[0], range[1], sizeof(tmp));
		memcpy(range[1], tmp, sizeof(tmp));
	}
	inverted = _i % 2;
	put_text(from, range[0]);
	put_text(to, range[1]);
	snprintf(text, sizeof(text),
		 "*filter\n-A INPUT -m iprange %s--src-range %s-%s -j DROP\n"
		 "COMMIT\n", inverted ? "! " : "", from, to);
	run(&r, text);
	ck_assert_msg(r.rc == FE_OK, "%s%s", text, r.err);
	run_free(&r);
}
END_TEST

TCase *rule6_tests(void)
{
	TCase *tc = tcase_create("rule6");

	tcase_add_loop_test(tc, test_rule6, 0, sizeof(rules) / sizeof(*rules));
	tcase_add_test(tc, lines_of_the_other_family_are_left_out);
	tcase_add_test(tc, rules_are_found_again);
	tcase_add_test(tc, fragments_have_no_option);
	tcase_add_test(tc, protocols_no_packet_has_are_warned_of);
	tcase_add_loop_test(tc, ranges_of_addresses, 0, 60);
	return tc;
}
