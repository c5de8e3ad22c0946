/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_hooks.c - what programs ask the kernel: chain, interfaces
 *
 * Test runs in a network namespace of its own, with contexts made up, against
 * the evaluator.  As root; exit 77 otherwise.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "backend/gen.h"
#include "backend/program.h"
#include "tests/unit/hookrig.h"
#include "tests/unit/loops.h"
#include "tests/unit/rules.h"
#include "translator/classifier.h"

static int tap1 = -1;			/* t1's fd */

/* A router between 10.1/16 and 10.2/16, in a namespace that ends with us. */
static void setup(void)
{
	tap1 = rig(AF_INET,
		   "ip link set lo up && ip link set t0 up &&"
		   "ip link set t0 address 02:00:00:00:00:01 &&"
		   "ip link set t1 address 02:00:00:00:00:02 &&"
		   "ip link set t1 mtu 1000 up &&"
		   "ip addr add 10.1.0.1/16 dev t0 &&"
		   "ip addr add 10.2.0.1/16 dev t1 &&"
		   "ip route add blackhole 10.3.0.0/16 &&"
		   "ip route add default via 10.2.0.9 &&"
		   "echo 1 > /proc/sys/net/ipv4/ip_forward");
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* An Ethernet frame with an UDP packet of @len bytes. */
static void make(uint8_t *frame, uint32_t dst, uint32_t len, uint8_t ttl)
{
	uint8_t *ip = frame + ETH;

	memset(frame, 0, ETH + len);
	frame[0] = 2;
	frame[5] = 1;
	frame[12] = 8;
	ip[0] = 0x45;
	ip[2] = (uint8_t)(len >> 8);
	ip[3] = (uint8_t)len;
	ip[8] = ttl;
	ip[9] = 17;
	put32(ip + 12, 0x0a010005);
	put32(ip + 16, dst);
}

/* --- netfilter --- */

static const char *const patterns[] = {
	"lo", "l", "l+", "lo+", "lo0", "m", "abcdefgh", "abcdefghi",
	"abcdefgh+", "abcdefg+", "verylongname15c", "verylongname15+",
	"verylongname15d", "+", "eth0", "zzz+", "\xff+", "a", "a+", "",
};

/* Short behind long: the kernel may leave what is behind the NUL. */
static const char *const names[] = {
	"verylongname15c", "eth0", "verylongname15c", "abcdefg", "abcdefghi",
	"l", "abcdefgh", "verylongname15d", "lo", "zzzzzzzz0",
};

/* A frame comes in with its Ethernet header, and goes out without one. */
static uint32_t run_state(const uint8_t *frame, const uint8_t state[48])
{
	uint32_t skip = state[0] == IR_HOOK_OUTPUT ? ETH : 0;

	return run(frame + skip, ETH + 40 - skip, state, 48);
}

/*
 * struct nf_hook_state: hook, pf, and pointers that must be NULL.  A test run
 * has no input device, and lo as the output device at all hooks.
 */
static void run_netfilter(enum ir_hook hook, const char *lo)
{
	uint8_t state[48] = { (uint8_t)hook, 2 }, frame[ETH + 40];
	int verdict;

	make(frame, 0x7f000001, 40, 64);
	verdict = expect(hook, frame + ETH, 40, "", lo);
	ck_assert_int_eq(run_state(frame, state), verdict);
}

static void rename_lo(const char *from, const char *to)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "ip link set dev %s down && ip link set dev %s name %s",
		 from, from, to);
	if (strcmp(from, to))
		ck_assert_int_eq(system(cmd), 0);
}

START_TEST(netfilter_names)
{
	const char *lo = "lo";
	size_t i;
	int hook;

	add_patterns(patterns, (int)(sizeof(patterns) / sizeof(*patterns)));
	load(BE_NETFILTER, ALL);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		rename_lo(lo, names[i]);
		lo = names[i];
		for (hook = IR_HOOK_INPUT; hook <= IR_HOOK_OUTPUT; hook++) {
			run_netfilter((enum ir_hook)hook, lo);
			compare(lo);
		}
	}
}
END_TEST

/* R0 = the class of the device R1, whose name is at its start. */
static void load_classify(int device)
{
	struct be_program_opts o = { .table_fd = table, .test_fd = -1 };
	struct be_gen g = { .c = c, .opts = &o, .mask = be_table_mask(c),
			    .map[BE_MAP_TABLE].fd = table };
	LIBBPF_OPTS(bpf_prog_load_opts, lo);

	be_emit_load64(&g.a, BPF_REG_1, BPF_PSEUDO_MAP_VALUE,
		       (uint32_t)device);
	be_gen_ifname(&g, IR_IIF);
	be_emit(&g.a, insn_load(BPF_W, BPF_REG_0, BPF_REG_10,
				BE_FIELD(IR_IIF)));
	be_emit(&g.a, insn_exit());
	ck_assert_int_eq(be_finish(&g.a), 0);
	close(prog);
	prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "classify", "GPL", g.a.insns,
			     g.a.ninsns, &lo);
	ck_assert_msg(prog >= 0, "%s", strerror(errno));
	be_asm_free(&g.a);
}

/* What is behind the NUL of a name does not count. */
START_TEST(names_with_leftovers)
{
	uint8_t frame[ETH + 40];
	char name[17] = { 0 };
	int i, j, device;

	add_patterns(patterns, (int)(sizeof(patterns) / sizeof(*patterns)));
	load(BE_NETFILTER, 1u << IR_HOOK_INPUT);
	device = bpf_map_create(BPF_MAP_TYPE_ARRAY, "device", 4, 16, 1, NULL);
	ck_assert_int_ge(device, 0);
	load_classify(device);
	make(frame, 0, 40, 64);
	rnd_seed(1);
	for (i = 0; i < 20000; i++) {
		strncpy(name, patterns[rnd(20)], 16);
		for (j = (int)strlen(name) + (int)rnd(2); j < 16; j++)
			name[j] = (char)(rnd(3) ? 0 : rnd(256));
		ck_assert(!bpf_map_update_elem(device, &(uint32_t){ 0 }, name,
					       0));
		ck_assert_uint_eq(run(frame, sizeof(frame), NULL, 0),
				  tr_iface_class(c, name));
	}
	close(device);
}
END_TEST

START_TEST(many_interfaces)
{
	struct ir_chain *chain = ir_table_base(t, IR_HOOK_FORWARD);
	char name[16], lo[16];
	int i;

	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "interface%04d%s", i,
			 i % 7 ? "" : "+");
		add_iface(t, add_rule(t, chain, IR_CONTINUE, NULL),
			  i % 2 ? IR_OIF : IR_IIF, name, !(i % 100));
	}
	load(BE_NETFILTER, 1u << IR_HOOK_FORWARD);
	strcpy(lo, "lo");
	for (i = 0; i < 3000; i += 271) {
		snprintf(name, sizeof(name), "interface%04d", i);
		rename_lo(lo, name);
		strcpy(lo, name);
		run_netfilter(IR_HOOK_FORWARD, lo);
		compare(lo);
	}
}
END_TEST

START_TEST(netfilter_other_hooks)
{
	uint8_t state[48] = { IR_HOOK_FORWARD, 2 }, frame[ETH + 40];

	add_patterns(patterns, 3);
	load(BE_NETFILTER, 1u << IR_HOOK_INPUT);
	make(frame, 0x7f000001, 40, 64);
	ck_assert_int_eq(run_state(frame, state), 1);
	compare("FORWARD");
	run_netfilter(IR_HOOK_INPUT, "lo");
	compare("INPUT");
}
END_TEST

/* A packet without a connection is INVALID. */
START_TEST(netfilter_state)
{
	struct ir_chain *chain = ir_table_base(t, IR_HOOK_INPUT);
	uint32_t bit;

	for (bit = 1; bit <= 64; bit *= 2)
		ck_assert_int_eq(ir_rule_add_masked(t,
			add_rule(t, chain, IR_CONTINUE, NULL), IR_CTSTATE, bit,
			bit, false), 0);
	load(BE_NETFILTER, 1u << IR_HOOK_INPUT);
	run_netfilter(IR_HOOK_INPUT, "lo");
	compare("INPUT");
}
END_TEST

/* --- xdp and tc --- */

static const struct route {
	uint32_t	dst;
	uint32_t	len;
	uint8_t		ttl;
	bool		df;
	enum ir_hook	hook;
} routes[] = {
	{ 0x0a020005, 40, 65, false, IR_HOOK_FORWARD },
	{ 0x0a020005, 40, 64, false, IR_HOOK_FORWARD },
	{ 0x0a020005, 40, 1, false, IR_HOOK_NONE },
	{ 0x0a020005, 40, 0, false, IR_HOOK_NONE },
	{ 0x0a020005, 1001, 64, false, IR_HOOK_FORWARD },
	{ 0x0a020005, 1001, 64, true, IR_HOOK_FORWARD },
	{ 0x0a020005, 1000, 64, true, IR_HOOK_FORWARD },
	{ 0x08080808, 40, 64, false, IR_HOOK_FORWARD },
	{ 0x0a010001, 40, 64, false, IR_HOOK_INPUT },
	{ 0x0a020001, 40, 1, false, IR_HOOK_INPUT },
	{ 0x0a01ffff, 40, 64, false, IR_HOOK_INPUT },
	{ 0xffffffff, 40, 64, false, IR_HOOK_INPUT },
	{ 0xe0000001, 40, 64, false, IR_HOOK_INPUT },
	{ 0x0a030001, 40, 64, false, IR_HOOK_NONE },
};

#define NROUTES	((int)(sizeof(routes) / sizeof(*routes)))

static void make_route(uint8_t *frame, const struct route *r)
{
	make(frame, r->dst, r->len, r->ttl);
	if (r->df)
		frame[ETH + 6] = 0x40;
}

static void judge_route(const struct route *r, uint32_t hooks)
{
	enum ir_hook hook = hooks & 1u << r->hook ? r->hook : IR_HOOK_NONE;
	uint8_t frame[ETH + 1500];

	make_route(frame, r);
	judge_xdp(frame, r->len, hook, hook == IR_HOOK_FORWARD ? "t1" : "");
}

START_TEST(xdp_routes)
{
	uint32_t hooks = _i % 3 == 0 ? BOTH : _i % 3 == 1 ? 1u << IR_HOOK_INPUT :
			 1u << IR_HOOK_FORWARD;
	char what[32];
	int i;

	numbers_in_hash = _i >= 3;
	add_some_patterns();
	load(BE_XDP, hooks);
	for (i = 0; i < NROUTES; i++) {
		judge_route(&routes[i], hooks);
		snprintf(what, sizeof(what), "route %d", i);
		compare(what);
	}
}
END_TEST

/* Whether a program for @n devices, the @k-th with number @at, judges at 50. */
static bool judges_at(uint32_t n, uint32_t k, uint32_t at)
{
	const struct xdp_md md = { .ingress_ifindex = 50, .data_end = ETH + 40 };
	struct be_program_opts o = {
		.type = BE_XDP, .hooks = BOTH, .table_fd = table,
		.counter_fd = counters, .ifindex_fd = ifindexes,
		.nifindexes = nifindexes, .test_fd = -1,
	};
	uint8_t frame[ETH + 40];
	uint32_t dev[12], i;
	struct diag diag;

	for (i = 0; i < n; i++)
		dev[i] = at + 2 * i - 2 * k;
	o.dev = dev;
	o.ndevs = n;
	diag_init(&diag);
	close(prog);
	prog = be_program_load(c, &o, NULL, &diag);
	ck_assert_msg(prog >= 0, "%s", diag.msg);
	make(frame, 0x0a010001, 40, 64);
	return run(frame, ETH + 40, &md, sizeof(md)) == XDP_DROP;
}

START_TEST(devices)
{
	uint32_t n, k;

	ck_assert_int_eq(system("ip link add d0 index 50 type veth peer name d1"), 0);
	ir_table_base(t, IR_HOOK_INPUT)->policy = IR_DROP;
	load(BE_XDP, BOTH);
	ck_assert(!judges_at(0, 0, 50));
	for (n = 1; n <= 12; n++) {
		for (k = 0; k < n; k++) {
			ck_assert(judges_at(n, k, 50));
			ck_assert(!judges_at(n, k, 51));
		}
	}
}
END_TEST

static uint16_t checksum(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0, i;

	for (i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The port of a socket of ours that sends to @dst. */
static uint16_t talk_to(uint32_t dst, int *fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(dst) };
	socklen_t len = sizeof(to);

	*fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(*fd, 0);
	ck_assert_int_eq(connect(*fd, (void *)&to, len), 0);
	ck_assert_int_eq(getsockname(*fd, (void *)&to, &len), 0);
	return ntohs(to.sin_port);
}

/* The next router says that what we sent to @dst was longer than 600 bytes. */
static void learn_pmtu(uint32_t dst)
{
	uint8_t frame[ETH + 56] = { 0 }, *ip = frame + ETH, *icmp = ip + 20;
	int fd;

	make(icmp + 8 - ETH, dst, 28, 64);
	put16(icmp + 8 + 20, talk_to(dst, &fd));
	put16(icmp + 8 + 22, 9);
	put32(icmp + 8 + 12, 0x0a020001);
	make(frame, 0x0a020001, 28, 64);
	frame[5] = 2;
	put16(ip + 2, 56);
	put32(ip + 12, 0x0a020009);
	ip[9] = IPPROTO_ICMP;
	put16(ip + 10, checksum(ip, 20));
	icmp[0] = 3;
	icmp[1] = 4;
	put16(icmp + 6, 600);
	put16(icmp + 2, checksum(icmp, 36));
	ck_assert_int_eq(write(tap1, frame, sizeof(frame)), sizeof(frame));
	close(fd);
}

/*
 * ip_forward() does not ask what path MTU was learnt, but it does what MTU a route
 * has: the route lookup does it the other way round.
 */
START_TEST(xdp_too_big)
{
	static const struct route far[] = {
		{ 0x08080808, 900, 64, true, IR_HOOK_FORWARD },
		{ 0x09090909, 1200, 64, true, IR_HOOK_FORWARD },
	};

	ck_assert_int_eq(system("ip route add 9.9.9.9 via 10.2.0.9 mtu 5000"),
			 0);
	learn_pmtu(0x08080808);
	ck_assert_int_eq(system("ip route get 8.8.8.8 | grep -q 'mtu 600'"), 0);
	add_some_patterns();
	load(BE_XDP, BOTH);
	judge_route(&far[0], BOTH);
	compare("learnt");
	judge_route(&far[1], BOTH);
	compare("the route's");
}
END_TEST

START_TEST(xdp_no_forwarding)
{
	static const struct route r = { 0x0a020005, 40, 64, false,
					IR_HOOK_INPUT };

	ck_assert_int_eq(system("echo 0 > /proc/sys/net/ipv4/ip_forward"), 0);
	add_some_patterns();
	load(BE_XDP, BOTH);
	judge_route(&r, BOTH);
	compare("no forwarding");
}
END_TEST

/* What ip_rcv() throws away is not counted, and left to it. */
START_TEST(xdp_malformed)
{
	static const struct { uint8_t at, value; } bad[] = {
		{ 12, 0x81 }, { 12, 0x86 }, { ETH, 0x44 }, { ETH, 0x65 },
		{ ETH, 0x4b }, { ETH + 3, 19 }, { ETH + 3, 41 },
		{ ETH + 2, 1 },
	};
	uint8_t frame[ETH + 40];
	uint32_t i;

	add_some_patterns();
	load(BE_XDP, BOTH);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		make(frame, 0x0a010001, 40, 64);
		frame[bad[i].at] = bad[i].value;
		ck_assert_int_eq(run_xdp(frame, ETH + 40), XDP_PASS);
	}
	for (i = ETH; i < ETH + 28; i++) {
		make(frame, 0x0a010001, 28, 64);
		ck_assert_int_eq(run_xdp(frame, i), XDP_PASS);
	}
	compare("malformed");
}
END_TEST

/* One that is not in the map: dropped, and not counted. */
START_TEST(unknown_interface)
{
	static const unsigned int number[] = { 8, 10, 5000 };
	struct xdp_md md = { .data_end = ETH + 40 };
	uint8_t frame[ETH + 40];
	char cmd[128];
	int i;

	numbers_in_hash = _i;
	add_some_patterns();
	load(BE_XDP, BOTH);
	make(frame, 0x0a010001, 40, 64);
	for (i = 0; i < 3; i++) {
		snprintf(cmd, sizeof(cmd),
			 "ip link add d%d index %u type veth peer name e%d &&"
			 "ip link set d%d up", i, number[i], i, i);
		ck_assert_int_eq(system(cmd), 0);
		md.ingress_ifindex = number[i];
		ck_assert_int_eq(run(frame, ETH + 40, &md, sizeof(md)),
				 XDP_DROP);
	}
	compare("unknown interface");
}
END_TEST

START_TEST(tc_egress)
{
	uint8_t frame[ETH + 40];

	force_copies(_i & 1);
	numbers_in_hash = _i & 2;
	add_some_patterns();
	load(BE_TC, ALL);
	make(frame, 0x0a020005, 40, 64);
	judge_egress(frame, 40);
}
END_TEST

/* Only what is for this host is judged, without what is behind the packet. */
START_TEST(tc_ingress)
{
	uint8_t frame[ETH + 1510];
	enum ir_hook hook;
	int i;

	force_copies(_i & 1);
	numbers_in_hash = _i & 2;
	add_some_patterns();
	load(BE_TC, ALL);
	for (i = 0; i < NROUTES; i++) {
		memset(frame, 0, sizeof(frame));
		make_route(frame, &routes[i]);
		hook = routes[i].hook == IR_HOOK_INPUT ? IR_HOOK_INPUT :
		       IR_HOOK_NONE;
		judge_ingress(frame, routes[i].len, hook);
		compare("INPUT");
	}
	make(frame, 0x0a010001, 40, 64);
	frame[5] = 2;
	judge_ingress(frame, 40, IR_HOOK_NONE);
	compare("for another host");
}
END_TEST

/* --- refusals --- */

static void refuse(enum be_hook_type type, int err, const char *word)
{
	struct be_program_opts o = { .type = type, .hooks = BOTH,
				     .ifindex_fd = -1, .test_fd = -1 };
	struct diag diag;

	diag_init(&diag);
	ir_table_number(t);
	c = tr_translate(t, NULL, &diag);
	ck_assert_ptr_nonnull(c);
	o.table_fd = table = be_table_create(c, &diag);
	o.counter_fd = counters = be_counter_create(c->ncounters, &diag);
	ck_assert_int_eq(be_program_load(c, &o, NULL, &diag), err);
	ck_assert_msg(strstr(diag.msg, word) != NULL, "%s", diag.msg);
	diag_clear(&diag);
}

START_TEST(state_refused)
{
	struct ir_rule *r;

	r = add_rule(t, ir_table_base(t, IR_HOOK_INPUT), IR_DROP, NULL);
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_CTSTATE, 1, 1, false), 0);
	refuse(_i ? BE_TC : BE_XDP, -EOPNOTSUPP, "state");
}
END_TEST

/* What only OUTPUT asks for need not be known where packets come in. */
START_TEST(state_elsewhere)
{
	struct ir_rule *r;
	int i;

	add_some_patterns();
	r = add_rule(t, ir_table_base(t, IR_HOOK_OUTPUT), IR_DROP, NULL);
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_CTSTATE, 1, 1, false), 0);
	load(BE_XDP, ALL);
	for (i = 0; i < NROUTES; i++) {
		judge_route(&routes[i], BOTH);
		compare("a rule without the state");
	}
}
END_TEST

/* In a chain that BOTH of them lead to it must be known. */
START_TEST(state_refused_behind_a_jump)
{
	struct ir_chain *user;
	struct ir_rule *r;

	ck_assert_int_eq(ir_chain_add(t, "user", &user), 0);
	r = add_rule(t, user, IR_DROP, NULL);
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_CTSTATE, 1, 1, false), 0);
	add_rule(t, ir_table_base(t, IR_HOOK_OUTPUT), IR_JUMP, user);
	add_rule(t, ir_table_base(t, IR_HOOK_INPUT), IR_GOTO, user);
	refuse(BE_XDP, -EOPNOTSUPP, "state");
}
END_TEST

START_TEST(interfaces_refused)
{
	struct ir_rule *r;

	r = add_rule(t, ir_table_base(t, IR_HOOK_INPUT), IR_DROP, NULL);
	add_iface(t, r, IR_IIF, "eth0", false);
	refuse(_i ? BE_TC : BE_XDP, -EINVAL, "interfaces");
}
END_TEST

static void add_both(TCase *tc)
{
	if (test_first_type() == BE_NETFILTER) {
		tcase_add_test(tc, netfilter_names);
		tcase_add_test(tc, many_interfaces);
		tcase_add_test(tc, netfilter_other_hooks);
		tcase_add_test(tc, netfilter_state);
	} else {
		puts("no hook 'netfilter' in this kernel: its tests are left out");
	}
	tcase_add_loop_test(tc, xdp_routes, 0, 6);
	tcase_add_test(tc, xdp_too_big);
	tcase_add_test(tc, xdp_no_forwarding);
	tcase_add_test(tc, xdp_malformed);
	tcase_add_loop_test(tc, tc_egress, 0, 4);
	tcase_add_test(tc, state_elsewhere);
}

static void add_tests(TCase *tc)
{
	if (test_first_type() == BE_NETFILTER)
		tcase_add_test(tc, names_with_leftovers);
	tcase_add_test(tc, devices);
	tcase_add_loop_test(tc, unknown_interface, 0, 2);
	tcase_add_loop_test(tc, tc_ingress, 0, 4);
	tcase_add_loop_test(tc, state_refused, 0, 2);
	tcase_add_test(tc, state_refused_behind_a_jump);
	tcase_add_loop_test(tc, interfaces_refused, 0, 2);
}

int main(void)
{
	return hookrig_run("hooks", setup, add_tests, add_both);
}
