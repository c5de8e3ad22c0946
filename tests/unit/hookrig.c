/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/hookrig.c - one program, its table and what it counted */
#define _GNU_SOURCE
#include "config.h"

#include "tests/unit/hookrig.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/pkt_cls.h>
#include <net/if.h>

#include "backend/gen.h"
#include "ir/eval.h"
#include "tests/unit/loops.h"
#include "tests/unit/objects.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"

struct ir_table *t;
struct tr_classifier *c;
struct ir_counter *want, *have;
uint32_t ncounters, nifindexes;
int table = -1, counters = -1, ifindexes = -1, prog = -1;
unsigned int t0, t1;
bool as_object;

static bool copies;

static int tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);

	ck_assert_msg(fd >= 0, "/dev/net/tun: %s", strerror(errno));
	strcpy(ifr.ifr_name, name);
	ck_assert_int_eq(ioctl(fd, TUNSETIFF, &ifr), 0);
	return fd;
}

int rig(int family, const char *config)
{
	int fd;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	tap("t0");
	fd = tap("t1");
	ck_assert_int_eq(system(config), 0);
	t0 = if_nametoindex("t0");
	t1 = if_nametoindex("t1");
	t = ir_table_new(family, "filter");
	ck_assert_ptr_nonnull(t);
	return fd;
}

void force_copies(bool on)
{
	copies = on;
	be_program_force_copies(on);
}

static void teardown(void)
{
	int *const fds[] = { &table, &counters, &ifindexes, &prog };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		close(*fds[i]);
		*fds[i] = -1;
	}
	free(want);
	free(have);
	want = have = NULL;
	tr_classifier_free(c);
	c = NULL;
	ir_table_free(t);
	force_copies(false);
}

void add_patterns(const char *const *pattern, int n)
{
	struct ir_chain *chain;
	struct ir_rule *r;
	int hook, i;

	for (hook = IR_HOOK_INPUT; hook <= IR_HOOK_OUTPUT; hook++) {
		chain = ir_table_base(t, (enum ir_hook)hook);
		chain->policy = IR_DROP;
		for (i = 0; i < 2 * n; i++) {
			r = add_rule(t, chain, IR_CONTINUE, NULL);
			add_iface(t, r, i % 2 ? IR_IIF : IR_OIF,
				  pattern[i / 2], !(i % 3));
		}
		r = add_rule(t, chain, IR_CONTINUE, NULL);
		ck_assert_int_eq(ir_rule_add_range(t, r, IR_TTL, 64, 64, false),
				 0);
	}
}

void add_some_patterns(void)
{
	static const char *const some[] = { "t0", "t1", "t+", "lo" };

	add_patterns(some, 4);
}

bool numbers_in_hash;

/* One number is too large for an array where it is to be a hash. */
static void number_interfaces(struct be_program_opts *o)
{
	const struct be_iface iface[] = {
		{ 1, tr_iface_class(c, "lo") },
		{ t0, tr_iface_class(c, "t0") },
		{ t1, tr_iface_class(c, "t1") },
		{ numbers_in_hash ? 70000 : 9, tr_iface_class(c, "none") },
	};

	o->ifindex_fd = ifindexes = be_ifaces_create(iface, 4, &o->nifindexes);
	ck_assert_int_ge(ifindexes, 0);
	ck_assert_int_eq(!o->nifindexes, numbers_in_hash);
	nifindexes = o->nifindexes;
}

/* What no program that stands alone knows: FORWARD's other device. */
static void leave_out(enum be_hook_type type)
{
	const enum ir_field other = type == BE_XDP ? IR_OIF : IR_IIF;
	struct ir_chain *chain = ir_table_base(t, IR_HOOK_FORWARD);
	uint32_t i;

	for (i = 0; type != BE_NETFILTER && i < chain->nrules; )
		if (ir_rule_tests(chain->rule[i], other))
			ir_chain_remove(t, chain, i);
		else
			i++;
}

void load(enum be_hook_type type, uint32_t hooks)
{
	struct be_program_opts o = { .type = type, .hooks = hooks,
				     .test_fd = -1 };
	struct diag diag;

	diag_init(&diag);
	if (as_object)
		leave_out(type);
	ncounters = ir_table_number(t);
	c = tr_translate(t, NULL, &diag);
	ck_assert_msg(c != NULL, "%s", diag.msg);
	want = calloc(ncounters, sizeof(*want));
	have = calloc(ncounters, sizeof(*have));
	o.table_fd = table = be_table_create(c, &diag);
	o.counter_fd = counters = be_counter_create(ncounters, &diag);
	if (as_object) {
		const struct object obj = { .c = c, .type = type,
			.hooks = hooks, .copies = copies && type != BE_XDP };

		prog = object_load(&obj, counters, -1);
		return;
	}
	number_interfaces(&o);
	prog = be_program_load(c, &o, NULL, &diag);
	ck_assert_msg(prog >= 0, "%s", diag.msg);
}

void compare(const char *what)
{
	uint32_t i;

	ck_assert_int_eq(be_counter_read(counters, have, ncounters), 0);
	for (i = 0; i < ncounters; i++)
		ck_assert_msg(have[i].packets == want[i].packets &&
			      have[i].bytes == want[i].bytes,
			      "%s: counter %u is %lu/%lu, not %lu/%lu", what, i,
			      (unsigned long)have[i].packets,
			      (unsigned long)have[i].bytes,
			      (unsigned long)want[i].packets,
			      (unsigned long)want[i].bytes);
}

int expect(enum ir_hook hook, const uint8_t *ip, uint32_t len,
	   const char *iif, const char *oif)
{
	struct ir_packet p;

	if (hook == IR_HOOK_NONE)
		return 1;
	ck_assert_int_eq(ir_table_family(t) == AF_INET6 ?
			 ir_packet_parse6(&p, ip, len) :
			 ir_packet_parse(&p, ip, len), 0);
	ir_packet_set_iif(&p, iif);
	ir_packet_set_oif(&p, oif);
	return ir_eval(t, hook, &p, want) == IR_ACCEPT;
}

uint32_t run(const void *data, uint32_t len, const void *ctx,
	     uint32_t ctx_len)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = data, .data_size_in = len,
		    .ctx_in = ctx, .ctx_size_in = ctx_len, .repeat = 1);

	ck_assert_msg(!bpf_prog_test_run_opts(prog, &o), "%s",
		      strerror(errno));
	return o.retval;
}

uint32_t run_xdp(const uint8_t *frame, uint32_t len)
{
	const struct xdp_md md = { .ingress_ifindex = t0, .data_end = len };

	return run(frame, len, &md, sizeof(md));
}

void judge_xdp(uint8_t *frame, uint32_t len, enum ir_hook hook,
	       const char *oif)
{
	uint8_t *hops = frame + ETH + (ir_table_family(t) == AF_INET6 ? 7 : 8);
	const bool forward = hook == IR_HOOK_FORWARD;
	int verdict;

	*hops = (uint8_t)(*hops - forward);
	verdict = expect(hook, frame + ETH, len, "t0", oif);
	*hops = (uint8_t)(*hops + forward);
	ck_assert_int_eq(run_xdp(frame, ETH + len),
			 verdict ? XDP_PASS : XDP_DROP);
}

static uint32_t run_tc(const uint8_t *frame, uint32_t len, uint32_t cb,
		       unsigned int iif, unsigned int ifindex)
{
	const struct __sk_buff skb = { .cb[0] = cb, .ingress_ifindex = iif,
				       .ifindex = ifindex };

	return run(frame, len, &skb, sizeof(skb));
}

static uint32_t verdict_tc(int accept)
{
	return accept ? (uint32_t)TC_ACT_UNSPEC : TC_ACT_SHOT;
}

static void put_ethertype(uint8_t *frame, int family)
{
	frame[12] = family == AF_INET6 ? 0x86 : 8;
	frame[13] = family == AF_INET6 ? 0xdd : 0;
}

void judge_egress(uint8_t *frame, uint32_t len)
{
	const uint32_t all = ETH + len;
	int verdict;

	verdict = expect(IR_HOOK_FORWARD, frame + ETH, len, "t0", "t1");
	ck_assert_int_eq(run_tc(frame, all, BE_TC_CB_EGRESS, t0, t1),
			 verdict_tc(verdict));
	compare("FORWARD");
	verdict = expect(IR_HOOK_OUTPUT, frame + ETH, len, "", "t1");
	ck_assert_int_eq(run_tc(frame, all, BE_TC_CB_EGRESS, 0, t1),
			 verdict_tc(verdict));
	compare("OUTPUT");
	/* Not called by a stub, and of the other family. */
	if (!as_object)
		ck_assert_int_eq(run_tc(frame, all, 0, t0, t1), TC_ACT_SHOT);
	put_ethertype(frame, AF_INET + AF_INET6 - ir_table_family(t));
	ck_assert_int_eq(run_tc(frame, all, BE_TC_CB_EGRESS, t0, t1),
			 verdict_tc(true));
	compare("neither");
}

void judge_ingress(const uint8_t *frame, uint32_t len, enum ir_hook hook)
{
	int verdict = expect(hook, frame + ETH, len, "t0", "");

	ck_assert_int_eq(run_tc(frame, ETH + len + 6, BE_TC_CB_INGRESS, 0, t0),
			 verdict_tc(verdict));
}

static void set_object(void)
{
	as_object = true;
}

int hookrig_run(const char *name, void (*setup)(void), void (*add)(TCase *tc),
		void (*add_both)(TCase *tc))
{
	TCase *tc;
	Suite *s;

	if (!test_privileged())
		return TEST_SKIPPED;
	test_loops();
	s = suite_create(name);
	tc = tcase_create("hooks");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	add(tc);
	suite_add_tcase(s, tc);
	if (add_both)
		add_both(tc);
	if (!add_both || !test_objects())
		return test_run(s, true);
	tc = tcase_create("objects");
	tcase_add_checked_fixture(tc, set_object, NULL);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	add_both(tc);
	suite_add_tcase(s, tc);
	return test_run(s, true);
}
