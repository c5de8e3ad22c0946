/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/rulegen.c - random filter rulesets
 *
 * User chains have a level, 1 to 5; a rule jumps only to a deeper level, so
 * there is no loop and chains nest to 5.
 */
#include "tests/diff/rulegen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/rng.h"

#define LEVELS		5
#define MAX_CHAINS	24
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

struct gen {
	FILE		*out;
	struct rng	r;
	bool		ipv6;
	bool		stateful;
	bool		printable;
	uint32_t	rules;
	uint32_t	nchains;
	uint32_t	level[MAX_CHAINS];
};

/* Where the rule being written stands. */
struct place {
	int		base;		/* index into bases, -1: user chain */
	uint32_t	level;		/* 0: base chain */
};

static const char *const bases[] = { "INPUT", "FORWARD", "OUTPUT" };

static const char *const addrs[] = {
	"10.0.0.0/8", "10.9.0.0/16", "10.9.8.0/24", "10.9.8.7/32",
	"10.9.8.7/255.0.255.255", "10.10.0.0/15", "192.168.0.0/16",
	"192.168.1.0/24", "192.168.1.1", "192.168.1.128/25", "172.16.0.0/12",
	"172.16.5.4/30", "203.0.113.64/26", "198.51.100.0/255.255.253.0",
	"0.0.0.1/0.0.0.1", "8.8.8.8", "8.8.4.4/31", "128.0.0.0/1",
	"64.0.0.0/2", "100.64.0.0/10", "1.2.3.4/255.255.0.255",
	"10.9.8.6/255.255.255.254", "0.0.0.0/0", "250.1.2.0/24",
};

static const char *const addrs6[] = {
	"2001:db8::/32", "2001:db8:9::/48", "2001:db8:9:8::/64",
	"2001:db8:9:8::7/128", "2001:db8:9:8::7/ffff:ffff:0:ffff::ff",
	"2001:db8:a::/47", "fd00::/8", "fd12:3456:789a::/48",
	"fd12:3456:789a:1::/64", "fd12:3456:789a:1::1",
	"fd12:3456:789a:1:8000::/65", "fe80::/10", "fe80::1", "ff00::/8",
	"ff02::1", "ff02::2", "2000::/3", "64:ff9b::/96", "64:ff9b::8.8.8.8",
	"::ffff:0:0/96", "::1", "::", "::/0", "8000::/1", "4000::/2",
	"2001:db8:9:8:7:6:5:4/126", "2001:db8:9:8:7:6:5:4/127",
	"2001:db8::1/::1", "2001:db8::/ffff:fffd::", "2001:db8:9:8::/33",
	"2001:db8:9:8:7:6:5:4/96", "2001:db8:9:8:7:6:5:4/97",
	"2001:db8:9:8::7:0:0/ffff::ffff:0:0", "2001:db8:fa::1",
};

static const char *const ranges[] = {
	"10.9.8.3-10.9.8.9", "10.9.0.0-10.10.255.255", "192.168.1.1-192.168.1.1",
	"192.168.0.200-192.168.2.7", "1.0.0.0-9.255.255.255",
	"172.16.5.0-172.16.5.255", "8.8.8.7-8.8.8.9", "128.0.0.0-223.255.255.255",
};

static const char *const ranges6[] = {
	"2001:db8:9:8::3-2001:db8:9:8::9", "2001:db8:9::-2001:db8:a:ffff::",
	"fd12:3456:789a:1::1-fd12:3456:789a:1::1", "::1-::5",
	"2001:db8:9:8:7:6:5:0-2001:db8:9:8:7:6:8:7", "fe80::-febf::ffff",
	"2001:db8:9:8:ffff::-2001:db8:9:9:0:0:0:1", "8000::-dfff::",
	"2001:db8:9:8:7:6:5:4-2001:db8:9:8:7:7:5:4",
};

static const char *const ports[] = {
	"0", "22", "22:23", "53", "80", "80:88", "443", "1024:65535", ":1023",
	"65535", "65534:", "8080", "6000:6063", "256", "20:21", "5632", "0:65535",
	"1", "25", "40000:50000",
};

static const char *const port_lists[] = {
	"22,80,443", "20:25,53", "80", "1:21,23:79,81:442,444:65535", "0,65535",
	"22,23,25,53,80,110,143,443,465,587,993,995,3306,5432,8080",
	"8080,6000:6063,53", "256:512,5632", "1024:65535",
};

static const char *const ifaces[] = {
	"eth0", "eth1", "eth+", "eth2", "e+", "ppp0", "ppp+", "wlan0", "lo", "+",
	"eth0.5",
};

static const char *const tcp_flags[] = {
	"SYN,RST,ACK,FIN SYN", "SYN SYN", "ALL NONE", "ALL ALL", "SYN,FIN SYN,FIN",
	"ACK ACK", "RST RST", "ALL SYN,ACK", "FIN,PSH,URG FIN,PSH,URG",
	"SYN,ACK NONE", "ACK,URG URG",
};

static const char *const icmp_types[] = {
	"8", "0", "3", "3/4", "3/3", "echo-request", "11/0", "any", "13", "5/1",
	"destination-unreachable", "255",
};

static const char *const icmp6_types[] = {
	"128", "129", "1", "1/4", "1/3", "echo-request", "3/0", "135", "136",
	"133", "134", "143", "2", "packet-too-big", "130", "255",
	"destination-unreachable", "4/1",
};

static const char *const states[] = {
	"NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "NEW,ESTABLISHED",
	"NEW,RELATED", "UNTRACKED", "INVALID,NEW,UNTRACKED",
	"NEW,RELATED,ESTABLISHED", "RELATED",
};

static const char *const lengths[] = {
	"0:60", "100", "41", "61:99", "200:65535", "1:1499", "40:128", "28",
};

/* What is asked of extension headers; none of these is printed otherwise. */
static const char *const headers[] = {
	"frag --fragid 0", "frag ! --fragid 0:2", "frag --fragid 256:4294967295",
	"frag --fragres", "frag --fragfirst", "frag --fragmore",
	"frag --fraglast", "frag --fragfirst --fraglast",
	"rt --rt-type 0", "rt ! --rt-type 3", "rt --rt-segsleft 1",
	"rt ! --rt-segsleft 1:2", "rt --rt-len 8", "rt ! --rt-len 16",
	"rt --rt-type 0 --rt-segsleft 0", "dst --dst-len 8",
	"dst ! --dst-len 16", "hbh --hbh-len 16", "hbh ! --hbh-len 8",
	"ah --ahspi 0", "ah ! --ahspi 0:65536", "ah ! --ahlen 12",
	"ah --ahspi 1:4294967295 --ahlen 16 --ahres",
	"ipv6header --header none --soft", "ipv6header --header prot",
	"ipv6header ! --header prot", "ipv6header --header dst --soft",
	"ipv6header ! --header frag,auth --soft",
	"ipv6header --header route,prot",
	"ipv6header --header hop,prot",
	"ipv6header ! --header frag,prot",
};

#define PICK(g, a)	((a)[rng_below(&(g)->r, COUNT(a))])

/* One of the family's. */
#define PICK6(g, four, six) ((g)->ipv6 ? PICK(g, six) : PICK(g, four))

static bool chance(struct gen *g, uint32_t percent)
{
	return rng_below(&g->r, 100) < percent;
}

static const char *not(struct gen *g)
{
	return chance(g, 18) ? "! " : "";
}

static void put_ports(struct gen *g, bool both)
{
	if (both || chance(g, 35))
		fprintf(g->out, " %s--sport %s", not(g), PICK(g, ports));
	if (both || chance(g, 70))
		fprintf(g->out, " %s--dport %s", not(g), PICK(g, ports));
}

static void put_tcp(struct gen *g)
{
	fputs(" -m tcp", g->out);
	put_ports(g, chance(g, 10));
	if (chance(g, 15))
		fprintf(g->out, " %s--tcp-flags %s", not(g),
			PICK(g, tcp_flags));
	else if (chance(g, 15))
		fprintf(g->out, " %s--syn", not(g));
	if (chance(g, 8))
		fprintf(g->out, " %s--tcp-option %u", not(g),
			1 + rng_below(&g->r, 8));
}

static void put_multiport(struct gen *g)
{
	static const char *const opt[] = { "--sports", "--dports", "--dports",
					   "--ports" };

	fprintf(g->out, " -m multiport %s%s %s", not(g), PICK(g, opt),
		PICK(g, port_lists));
}

static void put_icmp(struct gen *g)
{
	fputs(g->ipv6 ? " -p ipv6-icmp" : " -p icmp", g->out);
	if (!chance(g, 80))
		return;
	fputs(g->ipv6 ? " -m icmp6 " : " -m icmp ", g->out);
	fprintf(g->out, "%s%s %s", not(g),
		g->ipv6 ? "--icmpv6-type" : "--icmp-type",
		PICK6(g, icmp_types, icmp6_types));
}

/* Not those of extension headers, but what ends a chain of them. */
static void put_other(struct gen *g)
{
	static const char *const four[] = { "sctp", "dccp", "udplite", "47",
					    "50", "2", "255", "igmp" };
	static const char *const six[] = { "sctp", "dccp", "udplite", "47",
					   "50", "59", "255", "135", "58" };
	uint32_t k = rng_below(&g->r, g->printable ? 3 : g->ipv6 ?
			       COUNT(six) : COUNT(four));

	fprintf(g->out, " -p %s", g->ipv6 ? six[k] : four[k]);
	if (g->ipv6 && !strcmp(six[k], "50") && chance(g, 60))
		fprintf(g->out, " -m esp %s--espspi %s", not(g),
			chance(g, 50) ? "0" : "0:65536");
	if (g->ipv6 && !strcmp(six[k], "135") && chance(g, 60))
		fprintf(g->out, " -m mh %s--mh-type %s", not(g),
			chance(g, 50) ? "0" : "1:3");
	if (k < 3 && chance(g, 60))
		put_multiport(g);
}

static void put_proto(struct gen *g)
{
	uint32_t k = rng_below(&g->r, 100);

	if (k < 35) {
		fputs(" -p tcp", g->out);
		if (chance(g, 75))
			put_tcp(g);
		if (chance(g, 20))
			put_multiport(g);
	} else if (k < 60) {
		fputs(" -p udp", g->out);
		if (chance(g, 20))
			put_multiport(g);
		if (chance(g, 75)) {
			fputs(" -m udp", g->out);
			put_ports(g, chance(g, 20));
		}
	} else if (k < 75) {
		put_icmp(g);
	} else if (k < 82) {
		put_other(g);
	} else if (k < 86) {
		fprintf(g->out, " ! -p %s", chance(g, 50) ? "tcp" : "udp");
	}
}

static void put_iface(struct gen *g, const char *opt)
{
	const char *name = PICK(g, ifaces);
	bool negate = chance(g, 18) && !(g->printable && name[0] == '+');

	fprintf(g->out, " %s%s %s", negate ? "! " : "", opt, name);
}

static void put_ifaces(struct gen *g, const struct place *at)
{
	if (at->base != 2 && chance(g, 25))
		put_iface(g, "-i");
	if (at->base != 0 && chance(g, 20))
		put_iface(g, "-o");
}

static void put_addrs(struct gen *g)
{
	if (chance(g, 2)) {
		fputs(g->ipv6 ? " -s 2001:db8:9:8::7,fd00::/8" :
		      " -s 10.9.8.7,192.168.1.0/24", g->out);
		return;
	}
	if (chance(g, 40))
		fprintf(g->out, " %s-s %s", not(g),
			PICK6(g, addrs, addrs6));
	if (chance(g, 40))
		fprintf(g->out, " %s-d %s", not(g),
			PICK6(g, addrs, addrs6));
}

/* Large rulesets: addresses that leave something for the rules behind. */
static void put_narrow(struct gen *g)
{
	uint32_t a = rng_below(&g->r, 64), b = rng_below(&g->r, 64);

	if (g->ipv6) {
		fprintf(g->out, " -s 2001:db8:%x:%x::/%u", a, b,
			40 + rng_below(&g->r, 25));
		if (chance(g, 80))
			fprintf(g->out, " -d fd00::%x:%x/%u", b, a,
				96 + rng_below(&g->r, 33));
		return;
	}
	fprintf(g->out, " -s 10.%u.%u.0/%u", a, b, 18 + rng_below(&g->r, 8));
	if (chance(g, 80))
		fprintf(g->out, " -d 172.16.%u.%u/%u", b, a,
			24 + rng_below(&g->r, 9));
}

static void put_ttl(struct gen *g)
{
	static const char *const value[] = { "1", "2", "63", "64", "65", "128",
					     "254", "255", "0" };
	uint32_t k = rng_below(&g->r, 3);
	const char *v = PICK(g, value);

	const char *name = g->ipv6 ? "hl" : "ttl";

	if (k == 0)
		fprintf(g->out, " -m %s %s--%s-eq %s", name, not(g), name, v);
	else
		fprintf(g->out, " -m %s --%s-%s %s", name, name,
			k == 1 ? "lt" : "gt", v);
}

static void put_tos(struct gen *g)
{
	static const char *const value[] = { "0x10/0x3f", "0x08", "0x00/0xff",
					     "0xb8/0xfc", "0x01/0x03",
					     "0x10/0x10" };

	fprintf(g->out, " -m tos %s--tos %s", not(g), PICK(g, value));
}

static void put_state(struct gen *g)
{
	if (chance(g, 40))
		fprintf(g->out, " -m state %s--state %s", not(g),
			PICK(g, states));
	else
		fprintf(g->out, " -m conntrack %s--ctstate %s", not(g),
			PICK(g, states));
}

static void put_match(struct gen *g)
{
	switch (rng_below(&g->r, 8)) {
	case 0:
		fprintf(g->out, " -m iprange %s--src-range %s", not(g),
			PICK6(g, ranges, ranges6));
		if (chance(g, 30))
			fprintf(g->out, " %s--dst-range %s", not(g),
				PICK6(g, ranges, ranges6));
		break;
	case 1:
		fprintf(g->out, " -m iprange %s--dst-range %s", not(g),
			PICK6(g, ranges, ranges6));
		break;
	case 2:
		fprintf(g->out, " -m length %s--length %s", not(g),
			PICK(g, lengths));
		break;
	case 3:
		put_ttl(g);
		break;
	case 4:
		put_tos(g);
		break;
	case 5:
		fprintf(g->out, " -m dscp %s--dscp 0x%02x", not(g),
			chance(g, 50) ? 0x2e : rng_below(&g->r, 64));
		break;
	case 6:
		fputs(" -m comment --comment \"a \\\"quoted\\\" word\"", g->out);
		break;
	case 7:
		fputs(" -m comment --comment plain", g->out);
		break;
	}
}

static void put_target(struct gen *g, const struct place *at)
{
	uint32_t k = rng_below(&g->r, 100), i, deeper = 0, pick;

	for (i = 0; i < g->nchains; i++)
		deeper += g->level[i] > at->level;
	if (k < 40 && deeper) {
		pick = rng_below(&g->r, deeper);
		for (i = 0; ; i++)
			if (g->level[i] > at->level && !pick--)
				break;
		fprintf(g->out, " %s c%u-%u", k < 8 ? "-g" : "-j", g->level[i],
			i);
	} else if (k < 62) {
		fputs(" -j ACCEPT", g->out);
	} else if (k < 80) {
		fputs(" -j DROP", g->out);
	} else if (k < 88) {
		fputs(" -j RETURN", g->out);
	}
}

static void put_rule(struct gen *g, const struct place *at)
{
	bool any = rng_below(&g->r, 100 + g->rules) < 3;
	bool narrow = g->rules > 200 && rng_below(&g->r, g->rules) > 20;

	if (!any) {
		if (narrow)
			put_narrow(g);
		else
			put_addrs(g);
		put_ifaces(g, at);
		if (chance(g, 65))
			put_proto(g);
		if (!g->ipv6 && chance(g, 5))
			fprintf(g->out, " %s-f", not(g));
		if (g->ipv6 && chance(g, 8))
			fprintf(g->out, " -m %s", PICK(g, headers));
		while (chance(g, 25))
			put_match(g);
	}
	if (g->stateful && chance(g, 30))
		put_state(g);
	if (g->rules <= 200 || narrow || chance(g, 10))
		put_target(g, at);
	fputc('\n', g->out);
}

static void put_chains(struct gen *g)
{
	uint32_t i;

	for (i = 0; i < COUNT(bases); i++)
		fprintf(g->out, ":%s %s [0:0]\n", bases[i],
			chance(g, 60) ? "ACCEPT" : "DROP");
	for (i = 0; i < g->nchains; i++) {
		g->level[i] = i < LEVELS ? i + 1 : 1 + rng_below(&g->r, LEVELS);
		fprintf(g->out, ":c%u-%u - [0:0]\n", g->level[i], i);
	}
}

/* One way through all levels, wide enough for packets to get to its end. */
static void put_nest(struct gen *g)
{
	uint32_t i;

	if (g->nchains < LEVELS)
		return;
	for (i = 0; i < COUNT(bases); i++)
		fprintf(g->out, "-A %s ! -p 132 -j c1-0\n", bases[i]);
	for (i = 0; i + 1 < LEVELS; i++)
		fprintf(g->out, "-A c%u-%u -s %s -j c%u-%u\n", i + 1, i,
			g->ipv6 ? "::/1" : "0.0.0.0/1", i + 2, i + 1);
}

char *rg_make(const struct rg_opts *opts)
{
	struct gen g = { .r = rng_at(opts->seed, 77), .ipv6 = opts->ipv6,
			 .stateful = opts->stateful,
			 .printable = opts->printable };
	uint32_t i, k, rules = opts->rules;
	struct place at;
	char *text = NULL;
	size_t size;

	g.out = open_memstream(&text, &size);
	if (!g.out)
		return NULL;
	if (!rules)
		rules = 3 + rng_below(&g.r, chance(&g, 20) ? 300 : 60);
	g.rules = rules;
	g.nchains = rng_below(&g.r, rules < 20 ? 4 : MAX_CHAINS + 1);
	fputs("*filter\n", g.out);
	put_chains(&g);
	if (chance(&g, 50))
		put_nest(&g);
	for (i = 0; i < rules; i++) {
		k = rng_below(&g.r, 3 + g.nchains);
		if (k < 3 || chance(&g, 30)) {
			at = (struct place){ .base = k % 3 };
			fprintf(g.out, "-A %s", bases[at.base]);
		} else {
			at = (struct place){ -1, g.level[k - 3] };
			fprintf(g.out, "-A c%u-%u", at.level, k - 3);
		}
		put_rule(&g, &at);
	}
	fputs("COMMIT\n", g.out);
	if (fclose(g.out)) {
		free(text);
		return NULL;
	}
	return text;
}
