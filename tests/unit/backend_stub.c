/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_stub.c - which family's program a stub jumps to
 *
 * Frames are run through the stubs with a program in each slot that says which
 * slot it is.  As root; exit 77 otherwise.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include "backend/insn.h"
#include "backend/state.h"
#include "backend/stub.h"
#include "backend/sys.h"
#include "tests/unit/nslab.h"

/* What the program in slot n returns: none of the stubs' own verdicts. */
#define SLOT(n)		(100 + (n))

/* The verdict expected where it is not a slot's. */
enum { ACCEPT = -1, DROP = -2, IPV4 = -3, IPV6 = -4, TAGGED = -5 };

static const struct stub_kind {
	enum be_stub	stub;
	enum bpf_prog_type type;
	int		accept;
	int		drop;
} stub_kinds[] = {
	{ BE_STUB_XDP, BPF_PROG_TYPE_XDP, XDP_PASS, XDP_DROP },
	{ BE_STUB_TC_INGRESS, BPF_PROG_TYPE_SCHED_CLS, TC_ACT_UNSPEC,
	  TC_ACT_SHOT },
	{ BE_STUB_TC_EGRESS, BPF_PROG_TYPE_SCHED_CLS, TC_ACT_UNSPEC,
	  TC_ACT_SHOT },
};

#define NSTUB_KINDS	3

/* What stands behind the addresses, in 16 bit numbers: types and tags. */
static const struct frame {
	uint16_t	word[8];
	int		at_xdp;
	int		at_tc;
} frames[] = {
	{ { ETH_P_IP }, IPV4, IPV4 },
	{ { ETH_P_IPV6 }, IPV6, IPV6 },
	{ { ETH_P_ARP }, ACCEPT, ACCEPT },
	{ { ETH_P_8021Q, 0, ETH_P_IP }, IPV4, ACCEPT },
	{ { ETH_P_8021Q, 0xe000, ETH_P_IPV6 }, IPV6, ACCEPT },
	{ { ETH_P_8021AD, 0, ETH_P_8021Q, 0, ETH_P_IPV6 }, IPV6, ACCEPT },
	{ { ETH_P_8021Q, 0, ETH_P_8021Q, 0, ETH_P_IP }, IPV4, ACCEPT },
	{ { ETH_P_8021Q, 5, ETH_P_IP }, ACCEPT, ACCEPT },
	{ { ETH_P_8021Q, 0, ETH_P_8021AD, 7, ETH_P_IP }, ACCEPT, ACCEPT },
	{ { ETH_P_8021Q, 0, ETH_P_ARP }, ACCEPT, ACCEPT },
	{ { ETH_P_8021Q, 0, ETH_P_8021Q, 0, ETH_P_8021Q, 0, ETH_P_IP },
	  TAGGED, ACCEPT },
};

#define NFRAMES	(sizeof(frames) / sizeof(frames[0]))

static int active[BE_NFAMILIES];

static void put_slot(int slots, const struct stub_kind *k, uint32_t slot)
{
	const struct bpf_insn code[] = {
		insn_movi(BPF_REG_0, SLOT((int32_t)slot)),
		insn_exit(),
	};
	int fd = bpf_prog_load(k->type, "slot", "GPL", code, 2, NULL);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(be_sys_map_put(slots, &slot, &fd), 0);
	close(fd);
}

static int make_slots(const struct stub_kind *k)
{
	int fd = be_sys_map_create(BPF_MAP_TYPE_PROG_ARRAY, "slots", 4, 4,
				   BE_NGENS);
	uint32_t slot;

	ck_assert_int_ge(fd, 0);
	for (slot = 0; slot < BE_NGENS; slot++)
		put_slot(fd, k, slot);
	return fd;
}

static uint32_t send_frame(int prog, const struct frame *f, uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, o);
	unsigned char data[64] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	int i;

	for (i = 0; i < 8; i++) {
		data[12 + 2 * i] = f->word[i] >> 8;
		data[13 + 2 * i] = f->word[i] & 255;
	}
	o.data_in = data;
	o.data_size_in = len;
	o.repeat = 1;
	ck_assert_msg(!bpf_prog_test_run_opts(prog, &o), "%s", strerror(errno));
	return o.retval;
}

/* What is expected while these generations are in force. */
static uint32_t expected(const struct stub_kind *k, const struct frame *f,
			 const uint32_t *gen)
{
	int want = k->stub == BE_STUB_XDP ? f->at_xdp : f->at_tc;
	bool none = gen[0] == BE_NONE && gen[1] == BE_NONE;

	if (want == TAGGED)
		want = none ? ACCEPT : DROP;
	if (want == IPV4 || want == IPV6) {
		gen += want == IPV6;
		if (*gen != BE_NONE)
			return (uint32_t)SLOT(*gen);
		want = ACCEPT;
	}
	return (uint32_t)(want == DROP ? k->drop : k->accept);
}

static void set_active(const uint32_t *gen)
{
	int i;

	for (i = 0; i < BE_NFAMILIES; i++)
		ck_assert_int_eq(be_box_put(active[i], &gen[i]), 0);
}

static int load(const struct stub_kind *k, int slots)
{
	const uint32_t none = BE_NONE;
	int i, prog;

	for (i = 0; i < BE_NFAMILIES; i++) {
		active[i] = be_box_create("active", &none, sizeof(none));
		ck_assert_int_ge(active[i], 0);
	}
	prog = be_stub_load(k->stub, active, slots, &diag);
	ck_assert_msg(prog >= 0, "%s", diag.msg);
	return prog;
}

START_TEST(goes_by_family)
{
	const struct stub_kind *k = &stub_kinds[_i];
	static const uint32_t gens[][2] = {
		{ BE_NONE, BE_NONE }, { 0, BE_NONE }, { 1, BE_NONE },
		{ BE_NONE, 2 }, { BE_NONE, 3 }, { 0, 3 }, { 1, 2 },
	};
	int slots = make_slots(k), prog = load(k, slots);
	uint32_t got;
	size_t i, j;

	for (i = 0; i < sizeof(gens) / sizeof(gens[0]); i++) {
		set_active(gens[i]);
		for (j = 0; j < NFRAMES; j++) {
			got = send_frame(prog, &frames[j], 60);
			ck_assert_msg(got == expected(k, &frames[j], gens[i]),
				      "frame %zu, generations %zu: %u", j, i,
				      got);
		}
	}
	close(prog);
	close(slots);
}
END_TEST

/* Without a program to jump to, a packet of that family is dropped. */
START_TEST(empty_slot)
{
	const struct stub_kind *k = &stub_kinds[_i];
	static const uint32_t gen[] = { 1, 2 };
	int slots = make_slots(k), prog = load(k, slots);

	set_active(gen);
	ck_assert_int_eq(be_sys_map_delete(slots, &gen[1]), 0);
	ck_assert_uint_eq(send_frame(prog, &frames[0], 60), SLOT(1));
	ck_assert_uint_eq(send_frame(prog, &frames[1], 60),
			  (uint32_t)k->drop);
	close(prog);
	close(slots);
}
END_TEST

/* Frames that end within their tags are nobody's. */
START_TEST(short_frames)
{
	const struct stub_kind *k = &stub_kinds[0];
	static const uint32_t gen[] = { 0, 2 };
	int slots = make_slots(k), prog = load(k, slots);
	const struct frame *f = &frames[5];	/* two tags */
	uint32_t len;

	set_active(gen);
	for (len = ETH_HLEN; len < ETH_HLEN + 8; len++)
		ck_assert_uint_eq(send_frame(prog, f, len),
				  (uint32_t)k->accept);
	ck_assert_uint_eq(send_frame(prog, f, len), SLOT(2));
	close(prog);
	close(slots);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, goes_by_family, 0, NSTUB_KINDS);
	tcase_add_loop_test(tc, empty_slot, 0, NSTUB_KINDS);
	tcase_add_test(tc, short_frames);
}

int main(void)
{
	return nslab_run("backend stub", 60, add_tests);
}
