/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/hook_xdp.c - programs for XDP: INPUT and FORWARD before the stack
 *
 * What the kernel throws away before any chain sees it is passed on uncounted,
 * so that it does: bad headers (ip_rcv(), ipv6_rcv()), a TTL that is used up
 * (ip_forward()), packets without a route.  Chain and output interface come from a
 * route lookup.  Not seen from here are bad checksums, addresses that the route
 * lookup refuses as a source, frames to another host, and what is too big to be
 * forwarded and may not be cut: those are counted although no chain sees them; the
 * verdict is the same.
 *
 * A program never interrupts itself: it runs in softirqs, with BHs off.
 */
#include <linux/if_ether.h>

#include "backend/gen.h"

#define VLAN_HLEN	4
#define VLAN_VID_MASK	0xfff
#define OFF(member)	((int)offsetof(struct xdp_md, member))

/* Jumps to @to unless this is a whole IPv4 header in a whole packet. */
static void check_header4(struct be_gen *g, be_label to)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 0));
	be_emit(a, insn_mov(BE_R_IHL, BPF_REG_1));
	be_emit(a, insn_alui(BPF_AND, BE_R_IHL, 15));
	be_emit(a, insn_alui(BPF_LSH, BE_R_IHL, 2));
	be_jump(a, insn_jumpi(BPF_JLT, BE_R_IHL, 20), to);
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 4));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 4), to);
	be_emit(a, insn_load(BPF_H, BE_R_AVAIL, BE_R_IP, 2));
	be_emit(a, insn_ntoh(BE_R_AVAIL, 16));
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_2));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_1, BE_R_IP));
	be_jump(a, insn_jump(BPF_JSGT, BE_R_AVAIL, BPF_REG_1), to);
	be_jump(a, insn_jump(BPF_JLT, BE_R_AVAIL, BE_R_IHL), to);
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(bytes),
			      BE_R_AVAIL));
	be_emit(a, insn_alu(BPF_SUB, BE_R_AVAIL, BE_R_IHL));
}

static void check_header6(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BE_R_AVAIL, BPF_REG_2));
	be_emit(a, insn_alu(BPF_SUB, BE_R_AVAIL, BE_R_IP));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BE_R_CTX,
			     OFF(ingress_ifindex)));
	be_gen_rcv6(g);
}

/* R1 = the Ethernet type; data_end is in R2. */
static void load_type(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_1, BE_R_IP));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1,
			     ETH_HLEN + be_gen_header(g)));
	be_jump(a, insn_jump(BPF_JGT, BPF_REG_1, BPF_REG_2), g->accept);
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 12));
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
}

/*
 * Past VLAN tags that name no VLAN (802.1p): the kernel takes such a packet for
 * this device. One of a VLAN belongs to another device, which has its own
 * program. Moves BE_R_IP so that what follows is where it is without tags.
 */
static void skip_priority_tags(struct be_gen *g, be_label ip)
{
	const int type = be_gen_v6(g) ? ETH_P_IPV6 : ETH_P_IP;
	struct be_asm *a = &g->a;
	be_label tag;
	int i;

	for (i = 0; i < 2; i++) {
		tag = be_label_new(a);
		load_type(g);
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, type), ip);
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, ETH_P_8021Q), tag);
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, ETH_P_8021AD),
			g->accept);
		be_label_here(a, tag);
		be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 14));
		be_emit(a, insn_ntoh(BPF_REG_1, 16));
		be_emit(a, insn_alui(BPF_AND, BPF_REG_1, VLAN_VID_MASK));
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), g->accept);
		be_emit(a, insn_alui(BPF_ADD, BE_R_IP, VLAN_HLEN));
	}
	load_type(g);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, ETH_P_8021Q), g->drop);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, ETH_P_8021AD), g->drop);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, type), g->accept);
}

static void context(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label ip = be_label_new(a);

	be_emit(a, insn_mov(BE_R_CTX, BPF_REG_1));
	be_emit(a, insn_load(BPF_W, BE_R_IP, BE_R_CTX, OFF(data)));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BE_R_CTX, OFF(data_end)));
	skip_priority_tags(g, ip);
	be_label_here(a, ip);
	be_emit(a, insn_alui(BPF_ADD, BE_R_IP, ETH_HLEN));
	if (be_gen_v6(g))
		check_header6(g);
	else
		check_header4(g, g->accept);
}

/*
 * For what is at variable places: TCP options, and all that is behind an IPv6
 * extension header.
 */
static void copy(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_3));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BE_R_CTX, OFF(data)));
	be_emit(a, insn_mov(BPF_REG_3, BE_R_IP));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_3, BPF_REG_1));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_2, BPF_REG_3));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, BE_FRAME(buf)));
	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_emit(a, insn_call(BPF_FUNC_xdp_load_bytes));
}

/* R1 = what the chain will see. */
static void store_ttl(struct be_gen *g)
{
	if (be_gen_uses(g, IR_TTL))
		be_emit(&g->a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_TTL),
					  BPF_REG_1));
}

/*
 * What ip6_forward() sends nowhere but back where it came from: packets without
 * a source, or with one that is good on the link alone.
 */
static void check_source6(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label bad = be_label_new(a), good = be_label_new(a);

	be_gen_link_local(g, bad);
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BE_R_IP, 8));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), good);
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BE_R_IP, 16));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), good);
	be_label_here(a, bad);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10,
			     BE_FRAME(buf.fib.ifindex)));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BE_R_CTX,
			     OFF(ingress_ifindex)));
	be_jump(a, insn_jump(BPF_JNE, BPF_REG_1, BPF_REG_2), g->accept);
	be_label_here(a, good);
}

/*
 * The device that the packet came in by, by its name where the program stands
 * alone.
 */
static void input_device(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_gen_uses(g, IR_IIF))
		return;
	if (!g->opts->alone) {
		be_emit(a, insn_load(BPF_W, BPF_REG_1, BE_R_CTX,
				     OFF(ingress_ifindex)));
		be_gen_ifindex(g, IR_IIF);
		return;
	}
	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_gen_kfunc(g, BE_CAST_TO_KERN_CTX);
	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_0, BE_XDP_RXQ);
	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_1, BE_RXQ_DEV);
	be_gen_ifname(g, IR_IIF);
}

/*
 * The one that it will leave by.  Where the program stands alone no rule of FORWARD
 * asks (be_attach_check_alone()).
 */
static void output_device(struct be_gen *g)
{
	if (g->opts->alone) {
		be_gen_set(g, IR_OIF, tr_iface_class(g->c, NULL));
		return;
	}
	be_emit(&g->a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10,
				 BE_FRAME(buf.fib.ifindex)));
	be_gen_ifindex(g, IR_OIF);
}

/* ip_forward() takes one off the TTL before it asks the chain. */
static void source_forward(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_gen_judges(g, IR_HOOK_FORWARD)) {
		be_jump(a, insn_ja(), g->accept);
		return;
	}
	if (be_gen_v6(g))
		check_source6(g);
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, be_gen_ttl(g)));
	be_jump(a, insn_jumpi(BPF_JLE, BPF_REG_1, 1), g->accept);
	be_emit(a, insn_alui(BPF_SUB, BPF_REG_1, 1));
	store_ttl(g);
	output_device(g);
	input_device(g);
	be_gen_enter(g, IR_HOOK_FORWARD);
}

static void source_input(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_gen_judges(g, IR_HOOK_INPUT)) {
		be_jump(a, insn_ja(), g->accept);
		return;
	}
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, be_gen_ttl(g)));
	store_ttl(g);
	input_device(g);
	be_gen_set(g, IR_OIF, tr_iface_class(g->c, NULL));
	be_gen_enter(g, IR_HOOK_INPUT);
}

static void source(struct be_gen *g)
{
	struct be_route r;

	be_gen_route(g, OFF(ingress_ifindex), &r);
	be_label_here(&g->a, r.tunnel);
	/* Which device it leaves by is not told: with -o rules, who knows. */
	if (be_gen_judges(g, IR_HOOK_FORWARD) && be_gen_uses(g, IR_OIF) &&
	    !g->opts->alone)
		be_jump(&g->a, insn_ja(), g->drop);
	be_label_here(&g->a, r.forward);
	source_forward(g);
	be_label_here(&g->a, r.input);
	source_input(g);
	be_label_here(&g->a, r.none);
	be_jump(&g->a, insn_ja(), g->accept);
}

const struct be_hook_ops be_hook_xdp = {
	.name		= "xdp",
	.prog_type	= BPF_PROG_TYPE_XDP,
	.device		= OFF(ingress_ifindex),
	.ttl		= true,
	.accept		= XDP_PASS,
	.drop		= XDP_DROP,
	.hooks		= 1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD,
	.context	= context,
	.source		= source,
	.copy		= copy,
};
