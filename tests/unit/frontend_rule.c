/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/frontend_rule.c - a rule in; its text and its meaning out
 *
 * The texts are what iptables-save of 1.8.11 prints.
 */
#include "tests/unit/frontend_run.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char	*rule;
	const char	*saved;		/* NULL: the same; "": not looked at */
	const char	*ir;		/* NULL: not looked at */
} rules[] = {
	/* addresses */
	{ "-A INPUT", NULL, "ip() -> continue" },
	{ "-A INPUT -s 1.2.3.4 -d 10.0.0.0/8 -j DROP",
	  "-A INPUT -s 1.2.3.4/32 -d 10.0.0.0/8 -j DROP",
	  "ip( saddr=1.2.3.4 daddr&255.0.0.0=10.0.0.0 ) -> DROP" },
	{ "-A INPUT ! -s 1.2.3.4/32 ! -d 5.6.7.9/24",
	  "-A INPUT ! -s 1.2.3.4/32 ! -d 5.6.7.0/24",
	  "ip( !saddr=1.2.3.4 !daddr&255.255.255.0=5.6.7.0 ) -> continue" },
	{ "-A INPUT -s 10.9.2.7/255.0.255.0",
	  "-A INPUT -s 10.0.2.0/255.0.255.0",
	  "ip( saddr&255.0.255.0=10.0.2.0 ) -> continue" },
	{ "-A INPUT -s 1.2.3.4/0.0.0.255",
	  "-A INPUT -s 0.0.0.4/0.0.0.255",
	  "ip( saddr&0.0.0.255=0.0.0.4 ) -> continue" },
	{ "-A INPUT -s 1.2.3.5/255.255.255.1",
	  "-A INPUT -s 1.2.3.1/255.255.255.1", NULL },
	{ "-A INPUT -s 10", "-A INPUT -s 10.0.0.0/32", NULL },
	{ "-A INPUT -s 10.1/16", "-A INPUT -s 10.1.0.0/16", NULL },
	{ "-A INPUT -s 0x0a.0.0.1", "-A INPUT -s 10.0.0.1/32", NULL },
	{ "-A INPUT -s 010.1.1.1", "-A INPUT -s 8.1.1.1/32", NULL },
	{ "-A INPUT -s 1.2.3.4/0", "-A INPUT", "ip() -> continue" },
	{ "-A INPUT ! -s 0/0", "-A INPUT ! -s 0.0.0.0/0",
	  "ip( !saddr&0.0.0.0=0.0.0.0 ) -> continue" },

	/* interfaces */
	{ "-A FORWARD -i eth0 ! -o wlan+", NULL,
	  "ip( iif=\"eth0\" !oif=\"wlan+\" ) -> continue" },
	{ "-A FORWARD -i +", "-A FORWARD", "ip() -> continue" },
	{ "-A FORWARD ! -i +", NULL, "ip( never ) -> continue" },
	{ "-A FORWARD -i eth0.100", NULL, NULL },
	{ "-A FORWARD -i *", NULL, "ip( iif=\"*\" ) -> continue" },
	{ "-A FORWARD -i e+h0", NULL, "ip( iif=\"e+h0\" ) -> continue" },
	{ "-A FORWARD -i a/b", NULL, NULL },
	{ "-A FORWARD -i abcdefghijklmno", NULL,
	  "ip( iif=\"abcdefghijklmno\" ) -> continue" },

	/* protocols and fragments */
	{ "-A INPUT -p tcp -f", NULL,
	  "ip( proto=6 kind&0x30=0x1-max ) -> continue" },
	{ "-A INPUT ! -f -j ACCEPT", NULL,
	  "ip( !kind&0x30=0x1-max ) -> ACCEPT" },
	{ "-A INPUT ! -p UDP", "-A INPUT ! -p udp",
	  "ip( !proto=17 ) -> continue" },
	{ "-A INPUT -p gre", "-A INPUT -p 47", "ip( proto=47 ) -> continue" },
	{ "-A INPUT -p 250", NULL, NULL },
	{ "-A INPUT -p all", "-A INPUT", "ip() -> continue" },
	{ "-A INPUT -p 0", "-A INPUT", "ip() -> continue" },
	{ "-A INPUT -p 58", "-A INPUT -p ipv6-icmp", NULL },

	/* targets */
	{ "-A INPUT -j RETURN", NULL, "ip() -> RETURN" },
	{ "-A INPUT -j c", NULL, "ip() -> jump c" },
	{ "-A INPUT -p tcp -g c", NULL, "ip( proto=6 ) -> goto c" },
	{ "-A INPUT -j CONTINUE", "-A INPUT", "ip() -> continue" },
	{ "-A INPUT -j QUEUE", NULL, "ip() -> extension REFUSED: "
				     "target 'QUEUE' cannot be compiled yet" },
	{ "-A INPUT -j LOG --log-prefix \"x: \"", NULL,
	  "ip() -> extension REFUSED: target 'LOG' cannot be compiled yet" },
	{ "-A INPUT -j REJECT",
	  "-A INPUT -j REJECT --reject-with icmp-port-unreachable",
	  "ip() -> extension REFUSED: "
	  "target 'REJECT' cannot be compiled yet" },

	/* tcp */
	{ "-A INPUT -p tcp --dport 22 -j ACCEPT",
	  "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
	  "ip( proto=6 ) tcp( dport=22 ) -> ACCEPT" },
	{ "-A INPUT -p 6 --sport 1:1023 ! --dport 80:",
	  "-A INPUT -p tcp -m tcp --sport 1:1023 ! --dport 80:65535",
	  "ip( proto=6 ) tcp( sport=1-1023 !dport=80-65535 ) -> continue" },
	{ "-A INPUT -p tcp -m tcp ! --sport 0:65535", "",
	  "ip( proto=6 ) tcp( never ) -> continue" },
	{ "-A INPUT -p tcp -m tcp", NULL,
	  "ip( proto=6 ) tcp() -> continue" },
	{ "-A INPUT -p tcp --syn",
	  "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
	  "ip( proto=6 ) tcp( tcpflags&0x17=0x2 ) -> continue" },
	{ "-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN", NULL,
	  "ip( proto=6 ) tcp( !tcpflags&0x17=0x2 ) -> continue" },
	{ "-A INPUT -p tcp -m tcp --tcp-flags ALL NONE",
	  "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
	  "ip( proto=6 ) tcp( tcpflags&0x3f=0x0 ) -> continue" },
	{ "-A INPUT -p tcp -m tcp --tcp-flags SYN SYN,ACK", NULL,
	  "ip( proto=6 ) tcp( tcpflags&0x2=0x12 ) -> continue" },
	{ "-A INPUT -p tcp -m tcp --dport 1 --tcp-option 30", NULL,
	  "ip( proto=6 ) tcp( dport=1 ) tcpopt( tcpopt=30 ) -> continue" },
	{ "-A INPUT -p tcp -m tcp ! --tcp-option 2", NULL,
	  "ip( proto=6 ) tcp() tcpopt( !tcpopt=2 ) -> continue" },
	{ "-A INPUT -p tcp --sport 1 -m tcp --dport 2",
	  "-A INPUT -p tcp -m tcp --sport 1 -m tcp --dport 2",
	  "ip( proto=6 ) tcp( sport=1 ) tcp( dport=2 ) -> continue" },

	/* udp, icmp */
	{ "-A INPUT -p udp --dport 53",
	  "-A INPUT -p udp -m udp --dport 53",
	  "ip( proto=17 ) udp( dport=53 ) -> continue" },
	{ "-A INPUT -p udp -m udp ! --sport 1:2 --dport 3", NULL,
	  "ip( proto=17 ) udp( !sport=1-2 dport=3 ) -> continue" },
	{ "-A INPUT -p icmp --icmp-type echo-request",
	  "-A INPUT -p icmp -m icmp --icmp-type 8",
	  "ip( proto=1 ) icmp( icmp=0x800-0x8ff ) -> continue" },
	{ "-A INPUT -p icmp -m icmp ! --icmp-type 3/4", NULL,
	  "ip( proto=1 ) icmp( !icmp=0x304 ) -> continue" },
	{ "-A INPUT -p icmp -m icmp --icmp-type any", NULL,
	  "ip( proto=1 ) icmp() -> continue" },
	{ "-A INPUT -p icmp -m icmp ! --icmp-type any", NULL,
	  "ip( proto=1 ) icmp( never ) -> continue" },

	/* multiport */
	{ "-A INPUT -p tcp -m multiport --dports 80,443,1000:2000 -j DROP",
	  NULL, "ip( proto=6 ) ports( dport=80|dport=443|dport=1000-2000 )"
		" -> DROP" },
	{ "-A INPUT -p udp -m multiport ! --sports 1,2", NULL,
	  "ip( proto=17 ) ports( !sport=1|sport=2 ) -> continue" },
	{ "-A INPUT -p udp -m multiport --ports 7,8:9", NULL,
	  "ip( proto=17 ) ports( sport=7|dport=7|sport=8-9|dport=8-9 )"
	  " -> continue" },

	/* the rest that is compiled */
	{ "-A INPUT -m iprange --src-range 1.1.1.1-1.1.1.9 "
	  "! --dst-range 2.2.2.2-2.2.2.3", NULL,
	  "ip() ip( saddr=1.1.1.1-1.1.1.9 !daddr=2.2.2.2-2.2.2.3 )"
	  " -> continue" },
	{ "-A INPUT -m length --length 100:200", NULL,
	  "ip() ip( length=100-200 ) -> continue" },
	{ "-A INPUT -m length ! --length 64", NULL,
	  "ip() ip( !length=64 ) -> continue" },
	{ "-A INPUT -m ttl --ttl-eq 64", NULL,
	  "ip() ip( ttl=64 ) -> continue" },
	{ "-A INPUT -m ttl ! --ttl-eq 64", NULL,
	  "ip() ip( !ttl=64 ) -> continue" },
	{ "-A INPUT -m ttl --ttl-lt 5", NULL,
	  "ip() ip( ttl=0-4 ) -> continue" },
	{ "-A INPUT -m ttl --ttl-lt 0", NULL,
	  "ip() ip( never ) -> continue" },
	{ "-A INPUT -m ttl --ttl-gt 255", NULL,
	  "ip() ip( never ) -> continue" },
	{ "-A INPUT -m ttl --ttl-gt 254", NULL,
	  "ip() ip( ttl=255 ) -> continue" },
	{ "-A INPUT -m tos --tos 0x10/0x3f", NULL,
	  "ip() ip( tos&0x3f=0x10 ) -> continue" },
	{ "-A INPUT -m tos ! --tos 0x10", "-A INPUT -m tos ! --tos 0x10/0xff",
	  "ip() ip( !tos=0x10 ) -> continue" },
	{ "-A INPUT -m dscp --dscp-class EF", "-A INPUT -m dscp --dscp 0x2e",
	  "ip() ip( tos&0xfc=0xb8 ) -> continue" },
	{ "-A INPUT -m dscp ! --dscp 1", "-A INPUT -m dscp ! --dscp 0x01",
	  "ip() ip( !tos&0xfc=0x4 ) -> continue" },
	{ "-A INPUT -m conntrack --ctstate NEW,ESTABLISHED",
	  "-A INPUT -m conntrack --ctstate NEW,ESTABLISHED",
	  "ip() ip( ctstate&0xa=0x1-max ) -> continue" },
	{ "-A INPUT -m conntrack ! --ctstate INVALID", NULL,
	  "ip() ip( !ctstate&0x1=0x1-max ) -> continue" },
	{ "-A INPUT -m conntrack --ctstate RELATED,UNTRACKED", NULL,
	  "ip() ip( ctstate&0x104=0x1-max ) -> continue" },
	{ "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT", NULL,
	  "ip() ip( ctstate&0x6=0x1-max ) -> ACCEPT" },
	{ "-A INPUT -m comment --comment \"it's \\\"x\\\"\"",
	  "-A INPUT -m comment --comment \"it\\'s \\\"x\\\"\"",
	  "ip() -> continue" },
	{ "-A INPUT -m comment --comment \"\"", NULL, "ip() -> continue" },

	/* refused, but kept and printed */
	{ "-A INPUT -m limit --limit 5/min -j ACCEPT", NULL,
	  "ip() -> ACCEPT REFUSED: match 'limit' cannot be compiled yet" },
	{ "-A INPUT -m mark --mark 1", "-A INPUT -m mark --mark 0x1",
	  "ip() -> continue REFUSED: match 'mark' cannot be compiled yet" },
	{ "-A INPUT -m conntrack --ctstate SNAT", NULL,
	  "ip() -> continue REFUSED: "
	  "match 'conntrack' with 'SNAT' cannot be compiled yet" },
	{ "-A INPUT -m conntrack --ctstate NEW --ctdir ORIGINAL", NULL,
	  "ip() -> continue REFUSED: "
	  "match 'conntrack' with '--ctdir' cannot be compiled yet" },

	/* order of matches is kept, of options it is the extension's */
	{ "-A INPUT -m mark --mark 1 -p tcp --dport 80 --sport 1000 "
	  "-m comment --comment c -i lo -s 1.2.3.4 -j ACCEPT",
	  "-A INPUT -s 1.2.3.4/32 -i lo -p tcp -m mark --mark 0x1 -m tcp "
	  "--sport 1000 --dport 80 -m comment --comment c -j ACCEPT", NULL },
	{ "-A INPUT -p tcp -m conntrack --ctstate NEW --dport 22",
	  "-A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 22",
	  "ip( proto=6 ) ip( ctstate&0x8=0x1-max ) tcp( dport=22 )"
	  " -> continue" },
	{ "-A INPUT -m mark --mark 0x1 -m mark --mark 0x2", NULL, NULL },
	{ "-A INPUT -4 -s 1.1.1.1", "-A INPUT -s 1.1.1.1/32", NULL },

	/* quoting */
	{ "-A INPUT -m comment --comment ab\"cd ef\" -j DROP",
	  "-A INPUT -m comment --comment \"abcd ef\" -j DROP", NULL },
	{ "-A INPUT -m comment --comment a\\b -j DROP",
	  "-A INPUT -m comment --comment \"a\\\\b\" -j DROP", NULL },
	{ "-A\tINPUT \"-j\" DROP", "-A INPUT -j DROP", NULL },
	{ "  -A INPUT   -j   DROP  ", "-A INPUT -j DROP", NULL },
	{ "--append INPUT --jump=DROP", "-A INPUT -j DROP", NULL },
	{ "-AINPUT -jDROP", "-A INPUT -j DROP", NULL },
};

START_TEST(test_rule)
{
	check_rule(rules[_i].rule, rules[_i].saved, rules[_i].ir);
}
END_TEST

START_TEST(test_open_quote)
{
	struct run r = { 0 };

	run(&r, "*filter\n-A INPUT -m comment --comment \"abc -j DROP\n"
		"COMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_str_eq(r.saved, "*filter\n" EMPTY "[0:0] -A INPUT -m comment "
			 "--comment \"abc -j DROP\n\"\nCOMMIT\n");
	run_free(&r);
}
END_TEST

/* A comma list is a rule for each pair; the last option varies fastest. */
START_TEST(test_pairs)
{
	struct run r = { 0 };

	run(&r, "*filter\n"
		"-A INPUT -s 1.1.1.1,2.2.2.2/24 -d 3.3.3.3,4.4.4.4 -j DROP\n"
		"-I INPUT -s 9.9.9.1,9.9.9.2 -j DROP\n"
		"COMMIT\n");
	ck_assert_str_eq(r.saved, "*filter\n" EMPTY
			 "[0:0] -A INPUT -s 9.9.9.2/32 -j DROP\n"
			 "[0:0] -A INPUT -s 9.9.9.1/32 -j DROP\n"
			 "[0:0] -A INPUT -s 1.1.1.1/32 -d 3.3.3.3/32 -j DROP\n"
			 "[0:0] -A INPUT -s 1.1.1.1/32 -d 4.4.4.4/32 -j DROP\n"
			 "[0:0] -A INPUT -s 2.2.2.0/24 -d 3.3.3.3/32 -j DROP\n"
			 "[0:0] -A INPUT -s 2.2.2.0/24 -d 4.4.4.4/32 -j DROP\n"
			 "COMMIT\n");
	run_free(&r);
}
END_TEST

/* 255 bytes of a comment are kept; a word may have 1023. */
START_TEST(test_long_comment)
{
	char in[2048], x[1024], want[512];
	struct run r = { 0 };

	memset(x, 'x', sizeof(x) - 1);
	x[sizeof(x) - 1] = '\0';
	snprintf(in, sizeof(in),
		 "*filter\n-A INPUT -m comment --comment %s\nCOMMIT\n", x);
	run(&r, in);
	ck_assert_int_eq(r.rc, FE_OK);
	snprintf(want, sizeof(want), "--comment %.255s\n", x);
	ck_assert_ptr_nonnull(strstr(r.saved, want));
	run_free(&r);
}
END_TEST

static void look_always(struct run *r, struct ir_table *t)
{
	struct ir_chain *c = ir_table_base(t, IR_HOOK_INPUT);

	(void)r;
	ck_assert(c->rule[0]->always);
	ck_assert(!c->rule[1]->always);
	ck_assert(!c->rule[2]->always);
	ck_assert(!c->rule[3]->always);
	ck_assert(!c->rule[4]->always);
}

/* What the kernel calls unconditional; "-i +" holds always but is not. */
START_TEST(test_always)
{
	struct run r = { .look = look_always };

	run(&r, "*filter\n:c -\n-A INPUT -s 0/0 -p all\n"
		"-A INPUT -m comment --comment x\n-A INPUT -i +\n-A INPUT -g c\n"
		"-A INPUT -p udp\nCOMMIT\n");
	ck_assert_int_eq(r.rc, FE_OK);
	ck_assert_uint_eq(r.commits, 1);
	run_free(&r);
}
END_TEST

TCase *rule_tests(void)
{
	TCase *tc = tcase_create("rule");

	tcase_add_loop_test(tc, test_rule, 0,
			    sizeof(rules) / sizeof(*rules));
	tcase_add_test(tc, test_open_quote);
	tcase_add_test(tc, test_pairs);
	tcase_add_test(tc, test_long_comment);
	tcase_add_test(tc, test_always);
	return tc;
}
