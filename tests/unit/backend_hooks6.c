/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_hooks6.c - which chain an IPv6 packet meets at xdp and tc
 *
 * Test runs in a network namespace of its own, against the evaluator.  As root;
 * exit 77 otherwise.
 */
#include "config.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "backend/gen.h"
#include "tests/unit/hookrig.h"

/* A router between 2001:db8:1::/64 and 2001:db8:2::/64. */
static void setup(void)
{
	rig(AF_INET6, "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding &&"
		      "ip link set lo up && ip link set t0 up &&"
		      "ip link set t0 address 02:00:00:00:00:01 &&"
		      "ip link set t1 mtu 1300 up &&"
		      "ip addr add 2001:db8:1::1/64 dev t0 nodad &&"
		      "ip addr add 2001:db8:2::1/64 dev t1 nodad &&"
		      "ip route add blackhole 2001:db8:3::/64 &&"
		      "ip -6 route add default via 2001:db8:2::9");
}

static const struct route {
	const char	*src;
	const char	*dst;
	uint32_t	len;
	uint8_t		hops;
	enum ir_hook	hook;
	const char	*oif;
} routes[] = {
	{ "2001:db8:1::5", "2001:db8:2::5", 100, 65, IR_HOOK_FORWARD, "t1" },
	{ "2001:db8:1::5", "2001:db8:2::5", 100, 64, IR_HOOK_FORWARD, "t1" },
	{ "2001:db8:1::5", "2001:db8:2::5", 100, 1, IR_HOOK_NONE, "" },
	{ "2001:db8:1::5", "2001:db8:2::5", 100, 0, IR_HOOK_NONE, "" },
	{ "2001:db8:1::5", "2001:db8:2::5", 1300, 64, IR_HOOK_FORWARD, "t1" },
	{ "2001:db8:1::5", "2001:db8:2::5", 1301, 64, IR_HOOK_FORWARD, "t1" },
	{ "2001:db8:1::5", "2a00::1", 100, 64, IR_HOOK_FORWARD, "t1" },
	{ "2001:db8:1::5", "2001:db8:1::1", 100, 64, IR_HOOK_INPUT, "" },
	{ "2001:db8:1::5", "2001:db8:2::1", 1301, 1, IR_HOOK_INPUT, "" },
	{ "2001:db8:1::5", "2001:db8:2::", 100, 64, IR_HOOK_INPUT, "" },
	{ "2001:db8:1::5", "fe80::1", 100, 64, IR_HOOK_INPUT, "" },
	{ "2001:db8:1::5", "ff02::1", 100, 64, IR_HOOK_INPUT, "" },
	{ "2001:db8:1::5", "ff00::1", 100, 64, IR_HOOK_NONE, "" },
	{ "2001:db8:1::5", "ff01::1", 100, 64, IR_HOOK_NONE, "" },
	{ "2001:db8:1::5", "ff10::1", 100, 64, IR_HOOK_NONE, "" },
	{ "ff02::1", "2001:db8:1::1", 100, 64, IR_HOOK_NONE, "" },
	{ "::1", "2001:db8:1::1", 100, 64, IR_HOOK_NONE, "" },
	{ "2001:db8:1::5", "::1", 100, 64, IR_HOOK_NONE, "" },
	{ "2001:db8:1::5", "2001:db8:3::1", 100, 64, IR_HOOK_NONE, "" },
	/* sources that are good on the link alone */
	{ "fe80::5", "2001:db8:1::1", 100, 64, IR_HOOK_INPUT, "" },
	{ "fe80::5", "2001:db8:2::5", 100, 64, IR_HOOK_NONE, "" },
	{ "febf::5", "2001:db8:2::5", 100, 64, IR_HOOK_NONE, "" },
	{ "fe80::5", "2001:db8:1::7", 100, 64, IR_HOOK_FORWARD, "t0" },
	{ "::", "ff02::1", 100, 255, IR_HOOK_INPUT, "" },
	{ "::", "2001:db8:2::5", 100, 64, IR_HOOK_NONE, "" },
	{ "::", "2001:db8:1::7", 100, 64, IR_HOOK_FORWARD, "t0" },
};

#define NROUTES	((int)(sizeof(routes) / sizeof(*routes)))

static void make(uint8_t *frame, const struct route *r)
{
	uint8_t *ip = frame + ETH;
	uint32_t payload = r->len - 40;

	memset(frame, 0, ETH + r->len);
	frame[0] = 2;
	frame[5] = 1;
	frame[12] = 0x86;
	frame[13] = 0xdd;
	ip[0] = 0x60;
	ip[4] = (uint8_t)(payload >> 8);
	ip[5] = (uint8_t)payload;
	ip[6] = IPPROTO_UDP;
	ip[7] = r->hops;
	ck_assert_int_eq(inet_pton(AF_INET6, r->src, ip + 8), 1);
	ck_assert_int_eq(inet_pton(AF_INET6, r->dst, ip + 24), 1);
}

static void judge_route(const struct route *r, uint32_t hooks)
{
	enum ir_hook hook = hooks & 1u << r->hook ? r->hook : IR_HOOK_NONE;
	uint8_t frame[ETH + 1500];

	make(frame, r);
	judge_xdp(frame, r->len, hook, r->oif);
}

START_TEST(xdp_routes)
{
	uint32_t hooks = _i == 0 ? BOTH : _i == 1 ? 1u << IR_HOOK_INPUT :
			 1u << IR_HOOK_FORWARD;
	char what[96];
	int i;

	add_some_patterns();
	load(BE_XDP, hooks);
	for (i = 0; i < NROUTES; i++) {
		judge_route(&routes[i], hooks);
		snprintf(what, sizeof(what), "%s to %s", routes[i].src,
			 routes[i].dst);
		compare(what);
	}
}
END_TEST

START_TEST(xdp_no_forwarding)
{
	struct route r = routes[0];

	ck_assert_int_eq(system("echo 0 > /proc/sys/net/ipv6/conf/all/forwarding"),
			 0);
	add_some_patterns();
	load(BE_XDP, BOTH);
	r.hook = IR_HOOK_INPUT;
	r.oif = "";
	judge_route(&r, BOTH);
	compare("no forwarding");
}
END_TEST

static int check(const char *spec)
{
	struct be_attach where;
	struct diag diag;
	int err;

	diag_init(&diag);
	ck_assert_int_eq(be_attach_parse(spec, &where, &diag), 0);
	err = be_attach_check(t, &where, &diag);
	ck_assert_msg(!err || strstr(diag.msg, "conf.t0.forwarding"), "%s",
		      diag.msg);
	diag_clear(&diag);
	return err;
}

/* An interface whose setting says something else than the host's. */
START_TEST(forwarding_in_doubt)
{
	ck_assert_int_eq(check("xdp"), 0);
	ck_assert_int_eq(system("echo 0 > /proc/sys/net/ipv6/conf/t0/forwarding"),
			 0);
	ck_assert_int_eq(check("xdp"), -EOPNOTSUPP);
	ck_assert_int_eq(check("tc"), -EOPNOTSUPP);
	ck_assert_int_eq(check("xdp:t0"), -EOPNOTSUPP);
	ck_assert_int_eq(check("xdp:t1"), 0);
	ck_assert_int_eq(check("netfilter"), 0);
	ck_assert_int_eq(system("echo 0 > /proc/sys/net/ipv6/conf/all/forwarding"),
			 0);
	ck_assert_int_eq(check("xdp"), 0);
}
END_TEST

/* What ipv6_rcv() throws away is not counted, and left to it. */
START_TEST(xdp_malformed)
{
	static const struct { uint8_t at, value; } bad[] = {
		{ 12, 0x81 }, { 12, 8 }, { ETH, 0x45 }, { ETH, 0x70 },
		{ ETH + 4, 1 }, { ETH + 5, 61 },
	};
	const struct route r = { "2001:db8:1::5", "2001:db8:1::1", 100, 64,
				 IR_HOOK_INPUT, "" };
	uint8_t frame[ETH + 100];
	uint32_t i;

	add_some_patterns();
	load(BE_XDP, BOTH);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		make(frame, &r);
		frame[bad[i].at] = bad[i].value;
		ck_assert_int_eq(run_xdp(frame, ETH + 100), XDP_PASS);
	}
	for (i = ETH; i < ETH + 100; i++) {
		make(frame, &r);
		ck_assert_int_eq(run_xdp(frame, i), XDP_PASS);
	}
	compare("malformed");
}
END_TEST

/* The options of a hop-by-hop header, and whether a host goes on. */
static const struct {
	uint8_t		byte[22];
	uint8_t		len;	/* of the header, as it says */
	enum { BAD, GOOD, UNSURE } is;	/* UNSURE: it can be told to go on */
} options[] = {
	{ { 1, 4, 0, 0, 0, 0 }, 0, GOOD },
	{ { 0, 0, 0, 0, 0, 0 }, 0, GOOD },
	{ { 1, 4, 0, 0, 1, 0 }, 0, BAD },	/* no zeros */
	{ { 1, 5, 0, 0, 0, 0 }, 0, BAD },	/* too long */
	{ { 0, 0, 0, 0, 0, 1 }, 0, BAD },	/* no length */
	{ { 0, 0, 0, 0, 1, 0 }, 0, GOOD },
	{ { 5, 2, 0, 0, 1, 0 }, 0, GOOD },	/* router alert */
	{ { 5, 3, 0, 0, 0, 0 }, 0, BAD },
	{ { 0x1e, 4, 1, 2, 3, 4 }, 0, GOOD },	/* not known, which is good */
	{ { 0x5e, 4, 1, 2, 3, 4 }, 0, BAD },	/* ... or bad */
	{ { 0x9e, 4, 1, 2, 3, 4 }, 0, BAD },
	{ { 0xde, 4, 1, 2, 3, 4 }, 0, BAD },
	{ { 0xc2, 4, 0, 1, 0, 0 }, 0, BAD },	/* a jumbogram, but too short */
	{ { 49, 4, 0, 0, 0, 0 }, 0, BAD },	/* IOAM at a wrong place */
	{ { 1, 0, 49, 2, 0, 0 }, 0, GOOD },
	{ { 1, 4, 0, 0, 0, 0, 1, 6 }, 1, BAD },	/* much padding */
	{ { 1, 4, 0, 0, 0, 0, 0, 1, 5 }, 1, BAD },
	{ { 0x1e, 0, 1, 0, 0x1e, 0, 1, 0, 0x1e, 0, 1, 0, 0x1e, 8 }, 2, GOOD },
	{ { 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 1, 6 }, 2, BAD },
	{ { 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 4 }, 2, GOOD },
	{ { 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 2 }, 2, UNSURE },
	{ { 1, 4, 0, 0, 0, 0 }, 8, BAD },	/* cut off */
};

#define NOPTIONS	((int)(sizeof(options) / sizeof(*options)))

/* As long as its header says, or as the frame with a payload of 0. */
static void make_options(uint8_t *frame, int i, bool zero)
{
	const struct route r = { "2001:db8:1::5", "2001:db8:1::1", 100, 64,
				 IR_HOOK_INPUT, "" };

	make(frame, &r);
	frame[ETH + 6] = IPPROTO_HOPOPTS;
	frame[ETH + 40] = IPPROTO_UDP;
	frame[ETH + 41] = options[i].len;
	memcpy(frame + ETH + 42, options[i].byte, sizeof(options[i].byte));
	if (zero)
		frame[ETH + 5] = 0;
}

/*
 * Whether a program at tc knows the length of a packet whose header does not say it:
 * from Linux 6.17 on.
 */
static bool knows_length(void)
{
	int major, minor;
	struct utsname u;

	ck_assert_int_eq(uname(&u), 0);
	ck_assert_int_eq(sscanf(u.release, "%d.%d", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 17);
}

START_TEST(hop_by_hop_options)
{
	struct __sk_buff skb = { .cb[0] = BE_TC_CB_INGRESS, .ifindex = t0 };
	uint8_t frame[ETH + 100];
	char what[32];
	int i, verdict;

	add_some_patterns();
	force_copies(_i == 4);
	load(_i / 2 ? BE_TC : BE_XDP, BOTH);
	for (i = 0; i < NOPTIONS; i++) {
		make_options(frame, i, _i % 2);
		if (_i == 3 && !knows_length()) {
			ck_assert_int_eq(run(frame, ETH + 100, &skb,
					     sizeof(skb)), TC_ACT_SHOT);
			continue;
		}
		verdict = expect(options[i].is == GOOD ? IR_HOOK_INPUT :
				 IR_HOOK_NONE, frame + ETH, 100, "t0", "") &&
			  options[i].is != UNSURE;
		if (_i / 2)
			ck_assert_int_eq(run(frame, ETH + 100, &skb,
					     sizeof(skb)),
					 verdict ? (uint32_t)TC_ACT_UNSPEC :
					 TC_ACT_SHOT);
		else
			ck_assert_int_eq(run_xdp(frame, ETH + 100),
					 verdict ? XDP_PASS : XDP_DROP);
		snprintf(what, sizeof(what), "options %d", i);
		compare(what);
	}
}
END_TEST

/* @n VLAN tags in front of the packet, the last with this number. */
static uint32_t tag(uint8_t *frame, uint32_t len, int n, uint8_t vid)
{
	for (; n; n--, len += 4) {
		memmove(frame + 16, frame + 12, len - 12);
		frame[12] = n % 2 ? 0x81 : 0x88;
		frame[13] = n % 2 ? 0 : 0xa8;
		frame[14] = 0xe0;
		frame[15] = vid;
		vid = 0;
	}
	return len;
}

/* A tag without a number is nothing; one with a number is another device's. */
START_TEST(xdp_tags)
{
	static const struct { int n; uint8_t vid; enum ir_hook hook; } tags[] = {
		{ 1, 0, IR_HOOK_INPUT }, { 2, 0, IR_HOOK_INPUT },
		{ 1, 5, IR_HOOK_NONE }, { 2, 5, IR_HOOK_NONE },
	};
	const struct route r = { "2001:db8:1::5", "2001:db8:1::1", 100, 64,
				 IR_HOOK_INPUT, "" };
	uint8_t frame[ETH + 120];
	uint32_t len;
	size_t i;
	int verdict;

	add_some_patterns();
	load(BE_XDP, BOTH);
	for (i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		make(frame, &r);
		verdict = expect(tags[i].hook, frame + ETH, 100, "t0", "");
		len = tag(frame, ETH + 100, tags[i].n, tags[i].vid);
		ck_assert_int_eq(run_xdp(frame, len),
				 verdict ? XDP_PASS : XDP_DROP);
		compare("tags");
	}
	make(frame, &r);
	len = tag(frame, ETH + 100, 3, 0);
	ck_assert_int_eq(run_xdp(frame, len), XDP_DROP);
	compare("three tags");
}
END_TEST

START_TEST(tc_egress)
{
	uint8_t frame[ETH + 100];

	force_copies(_i);
	add_some_patterns();
	load(BE_TC, ALL);
	make(frame, &routes[0]);
	judge_egress(frame, 100);
}
END_TEST

/* Only what is for this host is judged, without what is behind the packet. */
START_TEST(tc_ingress)
{
	uint8_t frame[ETH + 1510];
	enum ir_hook hook;
	int i;

	force_copies(_i);
	add_some_patterns();
	load(BE_TC, ALL);
	for (i = 0; i < NROUTES; i++) {
		memset(frame, 0, sizeof(frame));
		make(frame, &routes[i]);
		hook = routes[i].hook == IR_HOOK_INPUT ? IR_HOOK_INPUT :
		       IR_HOOK_NONE;
		judge_ingress(frame, routes[i].len, hook);
		compare(routes[i].dst);
	}
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, forwarding_in_doubt);
	tcase_add_loop_test(tc, hop_by_hop_options, 2, 5);
	tcase_add_loop_test(tc, tc_ingress, 0, 2);
}

static void add_both(TCase *tc)
{
	tcase_add_loop_test(tc, xdp_routes, 0, 3);
	tcase_add_test(tc, xdp_no_forwarding);
	tcase_add_test(tc, xdp_malformed);
	tcase_add_loop_test(tc, hop_by_hop_options, 0, 2);
	tcase_add_test(tc, xdp_tags);
	tcase_add_loop_test(tc, tc_egress, 0, 2);
}

int main(void)
{
	return hookrig_run("IPv6 hooks", setup, add_tests, add_both);
}
