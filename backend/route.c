/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/route.c - which chain a packet coming in will meet: a route lookup
 *
 * The kernel's answer does not tell "for this host" from "no route": both are
 * taken as INPUT, since the kernel drops the latter anyway.  Neither does it
 * have an answer for the loopback interface, where all is for this host.
 *
 * In IPv6 it knows itself which destinations are never forwarded.  It says the
 * same of a source on the link, which the kernel may send back by the interface
 * it came in by: such a packet is looked up without its source.
 *
 * It is not asked whether a packet is too big to be forwarded (tot_len is 0). It
 * goes by learnt path MTUs, which ip_forward() and ip6_forward() do not ask for,
 * and not by the MTU of an IPv4 route, which ip_forward() does; and what it takes
 * for one packet may be many that are not too big (GSO, by generic XDP).
 */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "backend/gen.h"

#define LOOPBACK_IFINDEX	1
#define FIB_LOOKUP_SKIP_NEIGH	4	/* Linux 6.3 */
#define FLOWINFO		0x0fffffff	/* traffic class and flow label */

#define FIB(member)		BE_FRAME(buf.fib.member)

static void store(struct be_gen *g, int size, int member, int reg)
{
	be_emit(&g->a, insn_store(size, BPF_REG_10, member, reg));
}

static void load(struct be_gen *g, int size, int off)
{
	be_emit(&g->a, insn_load(size, BPF_REG_1, BE_R_IP, off));
}

/* 16 bytes at @off of the packet to @member. */
static void store_address(struct be_gen *g, int member, int off)
{
	int i;

	for (i = 0; i < 16; i += 4) {
		load(g, BPF_W, off + i);
		store(g, BPF_W, member + i, BPF_REG_1);
	}
}

static void fill6(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label local = be_label_new(a);

	load(g, BPF_W, 0);
	be_emit(a, insn_ntoh(BPF_REG_1, 32));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, FLOWINFO));
	be_emit(a, insn_ntoh(BPF_REG_1, 32));
	store(g, BPF_W, FIB(flowinfo), BPF_REG_1);
	load(g, BPF_B, 6);
	store(g, BPF_B, FIB(l4_protocol), BPF_REG_1);
	store_address(g, FIB(ipv6_dst), 24);
	be_gen_link_local(g, local);
	store_address(g, FIB(ipv6_src), 8);
	be_label_here(a, local);
}

void be_gen_link_local(struct be_gen *g, be_label to)
{
	struct be_asm *a = &g->a;

	load(g, BPF_H, 8);
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, 0xffc0));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0xfe80), to);
}

static void fill4(struct be_gen *g)
{
	load(g, BPF_B, 1);
	store(g, BPF_B, FIB(tos), BPF_REG_1);
	load(g, BPF_B, 9);
	store(g, BPF_B, FIB(l4_protocol), BPF_REG_1);
	load(g, BPF_W, 12);
	store(g, BPF_W, FIB(ipv4_src), BPF_REG_1);
	load(g, BPF_W, 16);
	store(g, BPF_W, FIB(ipv4_dst), BPF_REG_1);
}

static void fill(struct be_gen *g, int ifindex)
{
	struct be_asm *a = &g->a;
	int i;

	for (i = 0; i < (int)sizeof(struct bpf_fib_lookup); i += 8)
		be_emit(a, insn_storei(BPF_DW, BPF_REG_10,
				       BE_FRAME(buf) + i, 0));
	be_emit(a, insn_storei(BPF_B, BPF_REG_10, FIB(family),
			       g->c->family));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BE_R_CTX, ifindex));
	store(g, BPF_W, FIB(ifindex), BPF_REG_1);
	if (be_gen_v6(g))
		fill6(g);
	else
		fill4(g);
}

/*
 * Destinations the kernel knows before it asks the table, where a default route
 * would have an answer: multicast, 255.255.255.255 and 0.0.0.0 are for this host
 * or for nobody (ip_route_input_rcu()).
 */
static void never_forwarded(struct be_gen *g, be_label input)
{
	struct be_asm *a = &g->a;

	load(g, BPF_W, 16);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), input);
	be_emit(a, insn_ntoh(BPF_REG_1, 32));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_1));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_3, 28));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_3, 14), input);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 1));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 32));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), input);
}

static void call(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, BE_FRAME(buf)));
	be_emit(a, insn_movi(BPF_REG_3, sizeof(struct bpf_fib_lookup)));
	/* Old kernels do not know it; they say that there is no neighbour. */
	be_emit(a, insn_movi(BPF_REG_4,
			     g->loop.calls ? 0 : FIB_LOOKUP_SKIP_NEIGH));
	be_emit(a, insn_call(BPF_FUNC_fib_lookup));
}

/* Notes the lookup's answer and goes on to @to. */
static void answer(struct be_gen *g, be_label here, enum be_routes_answer what,
		   be_label to)
{
	be_label_here(&g->a, here);
	be_gen_routes_note(g, what);
	be_jump(&g->a, insn_ja(), to);
}

/*
 * In: R0, what the lookup returned.  That a device does not forward is not noted: it
 * would hold for others.  Nor is that a packet is dropped before it meets a chain: what
 * is passed on for that must not be, by an entry that is a moment old, a packet that
 * meets one.
 */
static void sort(struct be_gen *g, const struct be_route *r)
{
	struct be_asm *a = &g->a;
	be_label input = be_label_new(a), forward = be_label_new(a);
	be_label tunnel = be_label_new(a);
	const struct {
		int		rc;
		be_label	to;
	} answers[] = {
		{ BPF_FIB_LKUP_RET_SUCCESS, forward },
		{ BPF_FIB_LKUP_RET_NO_NEIGH, forward },
		{ BPF_FIB_LKUP_RET_NOT_FWDED, input },
		{ BPF_FIB_LKUP_RET_FWD_DISABLED, r->input },
		{ BPF_FIB_LKUP_RET_FRAG_NEEDED, forward },	/* at tc */
		{ BPF_FIB_LKUP_RET_UNSUPP_LWT, tunnel },
		{ BPF_FIB_LKUP_RET_BLACKHOLE, r->none },
		{ BPF_FIB_LKUP_RET_UNREACHABLE, r->none },
		{ BPF_FIB_LKUP_RET_PROHIBIT, r->none },
	};
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_0, answers[i].rc),
			answers[i].to);
	be_jump(a, insn_ja(), g->drop);
	answer(g, input, BE_ROUTES_INPUT, r->input);
	answer(g, tunnel, BE_ROUTES_FORWARD, r->tunnel);
	answer(g, forward, BE_ROUTES_FORWARD, r->forward);
}

void be_gen_route(struct be_gen *g, int ifindex, struct be_route *r)
{
	struct be_asm *a = &g->a;

	r->input = be_label_new(a);
	r->forward = be_label_new(a);
	r->tunnel = be_label_new(a);
	r->none = be_label_new(a);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BE_R_CTX, ifindex));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, LOOPBACK_IFINDEX), r->input);
	if (!be_gen_v6(g))
		never_forwarded(g, r->input);
	be_gen_routes_recall(g, r);
	fill(g, ifindex);
	call(g);
	sort(g, r);
}
