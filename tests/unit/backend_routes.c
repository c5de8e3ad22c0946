/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_routes.c - the route memo
 *
 * What a program with one makes of a packet, right after the kernel's routes have
 * changed in some way, against a program that asks the kernel each time.  As root;
 * exit 77 otherwise.
 */
#define _GNU_SOURCE
#include "config.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "backend/program.h"
#include "backend/routes.h"
#include "tests/unit/hookrig.h"
#include "tests/unit/rules.h"

#define LEN	40
#define FAR	0x08080808		/* by the default route */
#define NEAR	0x0a020005		/* behind t1 */
#define FRESH	500000			/* us: the clock of the memo goes on */

#define INPUT	BE_ROUTES_INPUT
#define FORWARD	BE_ROUTES_FORWARD
#define NONE	((enum be_routes_answer)0)

static const char config[] =
	"ip link set lo up && ip link set t0 up && ip link set t1 up &&"
	"ip link set t0 address 02:00:00:00:00:01 &&"
	"ip addr add 10.1.0.1/16 dev t0 && ip addr add 10.2.0.1/16 dev t1 &&"
	"ip route add default via 10.2.0.9 &&"
	"echo 1 > /proc/sys/net/ipv4/ip_forward";

/* One that looks up always, with counters of its own. */
static int plain = -1, plain_counters = -1;
static enum be_hook_type type;

/* Each CPU has a memo of its own. */
static void stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(here), &here), 0);
}

static void setup(void)
{
	stay_here();
	rig(AF_INET, config);
}

static void sh(const char *cmd)
{
	ck_assert_msg(!system(cmd), "%s", cmd);
}

/* The map of that name that a program has, or -1. */
static int find_map(int fd, const char *name)
{
	uint32_t ids[8], len = sizeof(struct bpf_prog_info), i;
	struct bpf_prog_info info = {
		.nr_map_ids = 8, .map_ids = (uintptr_t)ids,
	};
	struct bpf_map_info map;
	int m;

	ck_assert_int_eq(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	for (i = 0; i < info.nr_map_ids; i++) {
		m = bpf_map_get_fd_by_id(ids[i]);
		len = sizeof(map);
		memset(&map, 0, len);
		ck_assert_int_eq(bpf_obj_get_info_by_fd(m, &map, &len), 0);
		if (!strcmp(map.name, name))
			return m;
		close(m);
	}
	return -1;
}

/* A program for the same table that counts in @count. */
static int load_one(enum be_routes_mode routes, int count)
{
	struct be_program_opts o = {
		.type = type, .hooks = BOTH, .table_fd = table,
		.counter_fd = count, .ifindex_fd = -1, .test_fd = -1,
		.routes = routes,
	};
	struct diag diag;
	int fd;

	diag_init(&diag);
	fd = be_program_load(c, &o, NULL, &diag);
	ck_assert_msg(fd >= 0, "%s", diag.msg);
	return fd;
}

static void load_both(enum be_hook_type which)
{
	struct diag diag;

	diag_init(&diag);
	type = which;
	ir_table_base(t, IR_HOOK_INPUT)->policy = IR_DROP;
	ir_table_base(t, IR_HOOK_FORWARD)->policy = IR_ACCEPT;
	load(type, BOTH);
	plain_counters = be_counter_create(ncounters, &diag);
	plain = load_one(BE_ROUTES_NEVER, plain_counters);
	ck_assert_int_ge(find_map(prog, BE_ROUTES_NAME), 0);
	ck_assert_int_lt(find_map(plain, BE_ROUTES_NAME), 0);
}

static void make(uint8_t *frame, uint32_t dst, uint8_t tos)
{
	static const uint8_t head[ETH + 20] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0,
		0x45, 0, 0, LEN, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 5,
	};

	memset(frame, 0, ETH + LEN);
	memcpy(frame, head, sizeof(head));
	frame[ETH + 1] = tos;
	frame[ETH + 16] = (uint8_t)(dst >> 24);
	frame[ETH + 17] = (uint8_t)(dst >> 16);
	frame[ETH + 18] = (uint8_t)(dst >> 8);
	frame[ETH + 19] = (uint8_t)dst;
}

static uint64_t counted(int fd)
{
	uint64_t sum = 0;
	uint32_t i;

	ck_assert_int_eq(be_counter_read(fd, have, ncounters), 0);
	for (i = 0; i < ncounters; i++)
		sum += have[i].packets;
	return sum;
}

/* What program @fd takes a packet for; at tc nothing is forwarded, or lost. */
static enum be_routes_answer ask_one(int fd, int count, const uint8_t *frame)
{
	struct xdp_md md = { .ingress_ifindex = t0, .data_end = ETH + LEN };
	struct __sk_buff skb = { .cb[0] = BE_TC_CB_INGRESS, .ifindex = t0 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = ETH + LEN, .repeat = 1);
	uint64_t before = counted(count);

	o.ctx_in = type == BE_XDP ? (void *)&md : &skb;
	o.ctx_size_in = type == BE_XDP ? sizeof(md) : sizeof(skb);
	ck_assert_msg(!bpf_prog_test_run_opts(fd, &o), "%s", strerror(errno));
	if (counted(count) == before)
		return NONE;
	return o.retval == (type == BE_XDP ? (uint32_t)XDP_DROP :
			    (uint32_t)TC_ACT_SHOT) ? INPUT : FORWARD;
}

static enum be_routes_answer ask(uint32_t dst, uint8_t tos, const char *what)
{
	enum be_routes_answer ours, theirs;
	uint8_t frame[ETH + LEN];

	make(frame, dst, tos);
	ours = ask_one(prog, counters, frame);
	theirs = ask_one(plain, plain_counters, frame);
	ck_assert_msg(ours == theirs, "%s: %08x is %d, not %d", what, dst,
		      ours, theirs);
	return ours;
}

static enum be_routes_answer seen(enum be_routes_answer a)
{
	return type == BE_TC && a == FORWARD ? NONE : a;
}

/* --- each change of the routes is seen by the next packet --- */

static const struct change {
	const char	*before;	/* what is done before it, if anything */
	const char	*change;
	uint32_t	dst;
	enum be_routes_answer was, is;
	uint8_t		tos;
} changes[] = {
	{ NULL, "ip route add blackhole 8.8.8.8", FAR, FORWARD, NONE, 0 },
	{ NULL, "ip route add unreachable 8.8.8.0/24", FAR, FORWARD, NONE, 0 },
	{ NULL, "ip route add prohibit 8.0.0.0/8", FAR, FORWARD, NONE, 0 },
	{ NULL, "ip route add local 8.8.8.8 dev lo", FAR, FORWARD, INPUT, 0 },
	{ NULL, "ip route del default", FAR, FORWARD, INPUT, 0 },
	{ "ip route add blackhole 8.8.8.8", "ip route del blackhole 8.8.8.8",
	  FAR, NONE, FORWARD, 0 },
	{ "ip route del default", "ip route add default via 10.2.0.9", FAR,
	  INPUT, FORWARD, 0 },
	{ "ip route del default",
	  "ip route add default via 10.2.0.9 table default", FAR, INPUT,
	  FORWARD, 0 },
	{ "ip route add 8.8.8.8 via 10.2.0.9",
	  "ip route replace blackhole 8.8.8.8", FAR, FORWARD, NONE, 0 },
	{ "ip route add blackhole 8.8.8.8",
	  "ip route replace 8.8.8.8 via 10.2.0.9", FAR, NONE, FORWARD, 0 },
	{ "ip route add blackhole 8.8.8.8 metric 9",
	  "ip route add 8.8.8.8 via 10.2.0.9 metric 5", FAR, NONE, FORWARD, 0 },
	{ "ip route del default",
	  "ip route add 8.8.8.8 nexthop via 10.2.0.8 nexthop via 10.1.0.8",
	  FAR, INPUT, FORWARD, 0 },
	{ NULL, "ip route add blackhole 8.8.8.8 tos 0x10", FAR, FORWARD, NONE,
	  0x10 },
	{ NULL, "ip route add blackhole 8.8.8.8 tos 0x10", FAR, FORWARD,
	  FORWARD, 0 },
	{ NULL, "ip addr add 10.2.0.5/32 dev t0", NEAR, FORWARD, INPUT, 0 },
	{ "ip addr add 10.2.0.5/32 dev t0", "ip addr del 10.2.0.5/32 dev t0",
	  NEAR, INPUT, FORWARD, 0 },
	{ "ip route del default", "ip addr del 10.2.0.1/16 dev t1", NEAR,
	  FORWARD, INPUT, 0 },
	{ NULL, "ip link set t1 down", NEAR, FORWARD, INPUT, 0 },
	{ "ip link set t1 down", "ip link set t1 up", NEAR, INPUT, FORWARD, 0 },
	{ "ip link add v0 type veth peer name v1 && ip link set v1 up &&"
	  "ip link set v0 up && ip route add 9.9.9.9 dev v0 &&"
	  "ip route del default", "ip link del v0", 0x09090909, FORWARD,
	  INPUT, 0 },
	{ "ip link add v0 type veth peer name v1 && ip link set v1 up &&"
	  "ip link set v0 up && ip route del default &&"
	  "echo 1 > /proc/sys/net/ipv4/conf/v0/ignore_routes_with_linkdown &&"
	  "ip route add 9.9.9.9 dev v0", "ip link set v1 down", 0x09090909,
	  FORWARD, INPUT, 0 },
	{ "ip link add v0 type veth peer name v1 && ip link set v1 up &&"
	  "ip link set v0 up && ip route del default &&"
	  "echo 1 > /proc/sys/net/ipv4/conf/v0/ignore_routes_with_linkdown &&"
	  "ip route add 9.9.9.9 dev v0 && ip link set v1 down &&"
	  "ip link set v0 mtu 1400", "ip link set v1 up", 0x09090909, INPUT,
	  FORWARD, 0 },
	{ NULL, "echo 0 > /proc/sys/net/ipv4/ip_forward", FAR, FORWARD, INPUT,
	  0 },
	{ "echo 0 > /proc/sys/net/ipv4/ip_forward",
	  "echo 1 > /proc/sys/net/ipv4/ip_forward", FAR, INPUT, FORWARD, 0 },
	{ NULL, "echo 0 > /proc/sys/net/ipv4/conf/t0/forwarding", FAR, FORWARD,
	  INPUT, 0 },
	{ NULL, "echo 0 > /proc/sys/net/ipv4/conf/t1/forwarding", FAR, FORWARD,
	  FORWARD, 0 },
	{ "echo 0 > /proc/sys/net/ipv4/conf/t0/forwarding",
	  "echo 1 > /proc/sys/net/ipv4/conf/t0/forwarding", FAR, INPUT,
	  FORWARD, 0 },
	{ NULL, "ip rule add to 8.8.8.8 blackhole", FAR, FORWARD, NONE, 0 },
	{ NULL, "ip rule add from 10.1.0.5 prohibit", FAR, FORWARD, NONE, 0 },
	{ NULL, "ip rule add from 10.1.0.6 prohibit", FAR, FORWARD, FORWARD,
	  0 },
	{ "ip rule add to 8.8.8.8 blackhole",
	  "ip rule del to 8.8.8.8 blackhole", FAR, NONE, FORWARD, 0 },
	{ "ip rule add to 8.8.8.8 table 7",
	  "ip route add blackhole 8.8.8.8 table 7", FAR, FORWARD, NONE, 0 },
	{ "ip nexthop add id 1 via 10.2.0.9 dev t1 &&"
	  "ip route add 8.8.8.8 nhid 1", "ip nexthop replace id 1 blackhole",
	  FAR, FORWARD, NONE, 0 },
	{ "ip nexthop add id 1 via 10.2.0.9 dev t1 &&"
	  "ip nexthop add id 2 group 1 && ip route add 8.8.8.8 nhid 2",
	  "ip nexthop replace id 1 blackhole", FAR, FORWARD, NONE, 0 },
	{ "ip nexthop add id 1 via 10.2.0.9 dev t1 && ip route del default &&"
	  "ip route add 8.8.8.8 nhid 1", "ip nexthop del id 1", FAR, FORWARD,
	  INPUT, 0 },
	{ NULL, "ip nexthop add id 1 blackhole &&"
	  "ip route add 8.8.8.8 nhid 1", FAR, FORWARD, NONE, 0 },
};

#define NCHANGES	((int)(sizeof(changes) / sizeof(*changes)))

/* That a link, v1's peer, has lost or got its carrier, is told when there is time. */
static void wait_for(const struct change *ch, enum be_routes_answer answer)
{
	uint8_t frame[ETH + LEN];
	int i;

	make(frame, ch->dst, ch->tos);
	for (i = 0; strstr(ch->change, "v1") && i < 5000; i++) {
		usleep(1000);
		if (ask_one(plain, plain_counters, frame) == seen(answer))
			break;
	}
}

static void change(enum be_hook_type which, const struct change *ch)
{
	int i;

	load_both(which);
	if (ch->before)
		sh(ch->before);
	wait_for(ch, ch->was);
	for (i = 0; i < 3; i++)
		ck_assert_msg(ask(ch->dst, ch->tos, ch->change) ==
			      seen(ch->was), "before: %s", ch->change);
	sh(ch->change);
	wait_for(ch, ch->is);
	for (i = 0; i < 3; i++)
		ck_assert_msg(ask(ch->dst, ch->tos, ch->change) ==
			      seen(ch->is), "after: %s", ch->change);
}

START_TEST(at_xdp)
{
	change(BE_XDP, &changes[_i]);
}
END_TEST

START_TEST(at_tc)
{
	change(BE_TC, &changes[_i]);
}
END_TEST

/* What the kernel's number does not tell: it may take as long as the clock. */
START_TEST(told_by_the_clock)
{
	static const char flag[] =
		"echo %d > /proc/sys/net/ipv4/conf/v0/ignore_routes_with_linkdown";
	char cmd[128];
	int on;

	load_both(BE_XDP);
	sh("ip link add v0 type veth peer name v1 && ip link set v1 up &&"
	   "ip link set v0 up && ip route del default &&"
	   "ip route add 9.9.9.9 dev v0 && ip link set v1 down &&"
	   "timeout 5 sh -c 'until ip route show 9.9.9.9 | grep -q linkdown;"
	   "do sleep 0.1; done'");
	for (on = 0; on < 4; on++) {
		snprintf(cmd, sizeof(cmd), flag, on & 1);
		sh(cmd);
		usleep(FRESH);
		ck_assert_int_eq(ask(0x09090909, 0, cmd),
				 on & 1 ? INPUT : FORWARD);
	}
}
END_TEST

/* --- whether it is used, and when not --- */

/* A memo's bytes, to be looked at and changed. */
struct memo {
	int	map;
	size_t	size;
	uint8_t	*value;
	size_t	at;			/* of the only word in use; 0: none */
	uint64_t word;
};

static void memo_open(struct memo *m, int fd)
{
	struct bpf_map_info info;
	uint32_t len = sizeof(info);

	memset(&info, 0, len);
	m->map = find_map(fd, BE_ROUTES_NAME);
	ck_assert_int_eq(bpf_obj_get_info_by_fd(m->map, &info, &len), 0);
	m->size = info.value_size;
	m->value = calloc(1, m->size);
	ck_assert_ptr_nonnull(m->value);
}

static void memo_close(struct memo *m)
{
	close(m->map);
	free(m->value);
}

static void memo_write(struct memo *m)
{
	uint32_t zero = 0;

	ck_assert_int_eq(bpf_map_update_elem(m->map, &zero, m->value, 0), 0);
}

/* An owner's word, a cookie, has no upper half. */
static void memo_read(struct memo *m)
{
	uint32_t zero = 0;
	uint64_t word;
	size_t at;

	ck_assert_int_eq(bpf_map_lookup_elem(m->map, &zero, m->value), 0);
	m->at = 0;
	for (at = 0; at < m->size; at += 8) {
		memcpy(&word, m->value + at, 8);
		if (!(word >> 32))
			continue;
		m->at = at;
		m->word = word;
	}
}

static void memo_change(struct memo *m, uint64_t word)
{
	ck_assert_uint_ne(m->at, 0);
	memcpy(m->value + m->at, &word, 8);
	memo_write(m);
}

/* What the program with a memo says. */
static enum be_routes_answer believed(uint32_t dst, uint8_t tos)
{
	uint8_t frame[ETH + LEN];

	make(frame, dst, tos);
	return ask_one(prog, counters, frame);
}

/*
 * Lets an empty memo learn what becomes of @dst; if @lie is not 0, it says that then,
 * as of now.  Returns the state it goes by.
 */
static uint32_t teach(uint32_t dst, unsigned int lie)
{
	struct memo m;

	memo_open(&m, prog);
	memo_write(&m);
	/* The first packet of all makes the area ours. */
	believed(dst, 0);
	believed(dst, 0);
	memo_read(&m);
	if (lie)
		memo_change(&m, (m.word & ~3ull) | lie);
	memo_close(&m);
	return (uint32_t)(m.word >> 32);
}

/* The clock may go on meanwhile, but not each time. */
START_TEST(believed_until_it_changes)
{
	int i, n = 0;

	load_both(_i ? BE_TC : BE_XDP);
	for (i = 0; i < 20; i++) {
		teach(FAR, INPUT);
		n += believed(FAR, 0) == INPUT;
		ck_assert_int_eq(believed(FAR, 4), seen(FORWARD));
		ck_assert_int_eq(believed(FAR + 1, 0), seen(FORWARD));
		teach(FAR, INPUT);
		sh("echo 1 > /proc/sys/net/ipv4/route/flush");
		ck_assert_int_eq(believed(FAR, 0), seen(FORWARD));
	}
	ck_assert_int_gt(n, 10);
}
END_TEST

/* Time alone makes it ask again. */
START_TEST(believed_for_a_while)
{
	load_both(BE_XDP);
	teach(FAR, INPUT);
	usleep(FRESH);
	ck_assert_int_eq(believed(FAR, 0), FORWARD);
}
END_TEST

/* With a rule of `ip rule` or a nexthop object there is nothing to be kept. */
START_TEST(not_asked)
{
	static const char *const other[] = {
		"ip rule add from 10.77.0.0/16 table 7",
		"ip nexthop add id 1 blackhole",
	};
	struct memo m;
	int i;

	load_both(BE_XDP);
	sh(other[_i]);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(believed(FAR, 0), FORWARD);
	memo_open(&m, prog);
	memo_read(&m);
	ck_assert_uint_eq(m.at, 0);
	memo_close(&m);
}
END_TEST

/*
 * A device goes to another namespace and keeps its number, and by chance the routes
 * there are numbered as they were here.
 */
START_TEST(moved_to_another_namespace)
{
	struct memo m;
	uint64_t state;
	int moved, i;

	load_both(BE_XDP);
	teach(FAR, 0);
	memo_open(&m, prog);
	memo_read(&m);
	moved = prog;
	ir_table_free(t);
	rig(AF_INET, config);
	sh("ip route add local 8.8.8.8 dev lo");
	for (i = 0; i < 10; i++) {
		prog = load_one(BE_ROUTES_AUTO, counters);
		state = teach(FAR, 0);
		ck_assert_int_eq(believed(FAR, 0), INPUT);
		close(prog);
		prog = moved;
		memo_change(&m, (m.word & UINT32_MAX) | state << 32);
		ck_assert_int_eq(believed(FAR, 0), INPUT);
	}
	memo_close(&m);
}
END_TEST

/* What is passed on since the stack drops it is looked up always. */
START_TEST(dropped_is_not_kept)
{
	struct memo m;
	int i;

	load_both(BE_XDP);
	sh("ip route add blackhole 8.8.8.8");
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(ask(FAR, 0, "blackhole"), NONE);
	memo_open(&m, prog);
	memo_read(&m);
	ck_assert_uint_eq(m.at, 0);
	ck_assert_int_eq(ask(NEAR, 0, "unicast"), FORWARD);
	memo_read(&m);
	ck_assert_uint_ne(m.at, 0);
	memo_close(&m);
}
END_TEST

/* Told to the device by netlink, of which the routes know nothing. */
static void set_forwarding(uint32_t on)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct nlattr *spec, *inet, *conf;
	struct ifinfomsg *ifi;
	ssize_t len;

	ck_assert_ptr_nonnull(nl);
	n->nlmsg_type = RTM_SETLINK;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(n, sizeof(*ifi));
	ifi->ifi_index = (int)t0;
	spec = mnl_attr_nest_start(n, IFLA_AF_SPEC);
	inet = mnl_attr_nest_start(n, AF_INET);
	conf = mnl_attr_nest_start(n, IFLA_INET_CONF);
	mnl_attr_put_u32(n, IPV4_DEVCONF_FORWARDING, on);
	mnl_attr_nest_end(n, conf);
	mnl_attr_nest_end(n, inet);
	mnl_attr_nest_end(n, spec);
	ck_assert_int_gt(mnl_socket_sendto(nl, n, n->nlmsg_len), 0);
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	ck_assert_int_gt(mnl_cb_run(buf, (size_t)len, 0, 0, NULL, NULL), -1);
	mnl_socket_close(nl);
}

START_TEST(forwarding_by_netlink)
{
	int i, on;

	load_both(_i ? BE_TC : BE_XDP);
	for (on = 1; on < 6; on++) {
		set_forwarding(on & 1);
		for (i = 0; i < 3; i++)
			ck_assert_int_eq(ask(FAR, 0, "by netlink"),
					 seen(on & 1 ? FORWARD : INPUT));
	}
}
END_TEST

/* A device that has no address forwards as any other. */
START_TEST(no_addresses)
{
	load_both(BE_XDP);
	sh("ip addr flush dev t0");
	ck_assert_int_eq(ask(FAR, 0, "no address"), FORWARD);
}
END_TEST

/* --- many destinations, many changes --- */

/* Half of them are neighbours of each other, which share prefixes. */
static uint32_t random_destination(void)
{
	return rnd(2) ? 0x08080800 + rnd(512) : rnd(0xdfffffff) + 0x01000000;
}

static void random_route(char *cmd, size_t size)
{
	static const char *const verb[] = { "add", "append", "replace", "del" };
	static const char *const kind[] = {
		"blackhole", "prohibit", "local", "unicast", "unicast",
	};
	uint32_t dst = random_destination(), k = rnd(5), len = 8 + rnd(25);
	uint32_t net = dst & ~((len < 32 ? 1u << (32 - len) : 1u) - 1);

	snprintf(cmd, size, "ip route %s %s %u.%u.%u.%u/%u %s tos %u 2>/dev/null;:",
		 verb[rnd(4)], kind[k], net >> 24, net >> 16 & 255,
		 net >> 8 & 255, net & 255, len,
		 k == 2 ? "dev lo" : k > 2 ? "via 10.2.0.9" : "",
		 rnd(4) ? 0 : 16);
}

START_TEST(at_random)
{
	uint32_t dst[64];
	char cmd[160];
	int i, j;

	rnd_seed((uint32_t)_i + 1);
	load_both(_i ? BE_TC : BE_XDP);
	for (i = 0; i < 150; i++) {
		for (j = 0; j < 64; j++)
			if (!i || !rnd(10))
				dst[j] = random_destination();
		for (j = 0; j < 192; j++)
			ask(dst[rnd(64)], rnd(4) ? 0 : 16, cmd);
		random_route(cmd, sizeof(cmd));
		sh(cmd);
	}
}
END_TEST

/* What times the multiplier is @h. */
static uint32_t destination_of(uint32_t h)
{
	uint32_t inverse = BE_ROUTES_MULTIPLIER;
	int i;

	for (i = 0; i < 5; i++)
		inverse *= 2 - BE_ROUTES_MULTIPLIER * inverse;
	return h * inverse;
}

/*
 * Two destinations that differ, by all that the memo tells them by, in one bit, as an
 * address that is routed.
 */
static uint32_t twin_of(uint32_t *dst, int bit)
{
	uint32_t twin;

	do {
		*dst = random_destination();
		twin = destination_of(*dst * BE_ROUTES_MULTIPLIER ^ 1u << bit);
	} while (twin >> 24 < 11 || twin >> 24 == 127 || twin >> 24 > 223 ||
		 *dst >> 24 < 11);
	return twin;
}

START_TEST(told_apart)
{
	uint32_t dst, twin;
	char cmd[64];
	int i;

	rnd_seed(1);
	load_both(BE_XDP);
	twin = twin_of(&dst, _i);
	ck_assert_uint_ne(dst, twin);
	snprintf(cmd, sizeof(cmd), "ip route add blackhole %u.%u.%u.%u",
		 twin >> 24, twin >> 16 & 255, twin >> 8 & 255, twin & 255);
	sh(cmd);
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(ask(dst, 0, cmd), FORWARD);
		ck_assert_int_eq(ask(twin, 0, cmd), NONE);
	}
}
END_TEST

/* --- who has none --- */

START_TEST(not_where_rules_name_the_way_out)
{
	add_some_patterns();
	load(BE_XDP, BOTH);
	ck_assert_int_lt(find_map(prog, BE_ROUTES_NAME), 0);
}
END_TEST

START_TEST(where_nobody_forwards_by_rules)
{
	add_some_patterns();
	load(_i ? BE_TC : BE_XDP, 1u << IR_HOOK_INPUT);
	ck_assert_int_ge(find_map(prog, BE_ROUTES_NAME), 0);
}
END_TEST

/* How many instructions the program has. */
static uint32_t insns_of(enum be_routes_mode routes)
{
	struct be_program_opts o = {
		.type = type, .hooks = BOTH, .table_fd = table,
		.counter_fd = counters, .ifindex_fd = ifindexes,
		.nifindexes = nifindexes, .test_fd = -1,
		.routes = routes,
	};
	struct diag diag;
	uint32_t n;
	int fd;

	diag_init(&diag);
	fd = be_program_load(c, &o, &n, &diag);
	ck_assert_msg(fd >= 0, "%s", diag.msg);
	close(fd);
	return n;
}

/* Without a memo, too, a program looks whether the device forwards. */
START_TEST(forwarding_asked)
{
	if (_i & 2) {
		ir_table_free(t);
		rig(AF_INET6, "ip link set t0 up");
	}
	add_some_patterns();
	load(type = _i & 1 ? BE_TC : BE_XDP, BOTH);
	ck_assert_uint_gt(insns_of(BE_ROUTES_AUTO),
			  insns_of(BE_ROUTES_NEVER) + 5);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, at_xdp, 0, NCHANGES);
	tcase_add_loop_test(tc, at_tc, 0, NCHANGES);
	tcase_add_test(tc, told_by_the_clock);
	tcase_add_loop_test(tc, believed_until_it_changes, 0, 2);
	tcase_add_test(tc, believed_for_a_while);
	tcase_add_loop_test(tc, not_asked, 0, 2);
	tcase_add_test(tc, moved_to_another_namespace);
	tcase_add_test(tc, dropped_is_not_kept);
	tcase_add_loop_test(tc, forwarding_by_netlink, 0, 2);
	tcase_add_test(tc, no_addresses);
	tcase_add_loop_test(tc, at_random, 0, 2);
	tcase_add_loop_test(tc, told_apart, 0, 32);
	tcase_add_test(tc, not_where_rules_name_the_way_out);
	tcase_add_loop_test(tc, where_nobody_forwards_by_rules, 0, 2);
	tcase_add_loop_test(tc, forwarding_asked, 0, 4);
}

int main(void)
{
	return hookrig_run("routes", setup, add_tests, NULL);
}
