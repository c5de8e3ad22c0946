/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/hook_tc.c - programs for tc, one for both directions
 *
 * Egress has OUTPUT (no input interface) and FORWARD.  Ingress has INPUT: what a
 * route lookup says is for this host; the rest is judged when it leaves.
 * cb[0], set by the stub, tells which of the two it is; without a stub, a bit of
 * the skb.
 *
 * Accepted packets go on to the next filter (TC_ACT_UNSPEC, which is also
 * TCX_NEXT): the administrator's own filters behind this one still see them.
 *
 * What is wrapped into something else (VLAN tags) belongs to another device,
 * which has its own filter.
 */
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>

#include "backend/gen.h"

#define OFF(member)		((int)offsetof(struct __sk_buff, member))

#define PACKET_OTHERHOST	3
#define VLAN_VID_MASK		0xfff

/* So many bytes have the headers of any link and an IP header in them. */
#define PULL			128

/* Where the IP header is in the skb's data; netfilter has its context there. */
#define HEADER_OFFSET		BE_FRAME(ctx)

static void load_ctx(struct be_gen *g, int reg, int off)
{
	be_emit(&g->a, insn_load(BPF_W, reg, BE_R_CTX, off));
}

/*
 * Of another family, or of a VLAN: nothing that a chain sees of this device. A tag that
 * names no VLAN (802.1p) is nothing; what has another tag behind such a one is
 * dropped, since the kernel would go on and look into it.
 */
static void check_protocol(struct be_gen *g)
{
	const int type = be_gen_v6(g) ? ETH_P_IPV6 : ETH_P_IP;
	struct be_asm *a = &g->a;
	be_label untagged = be_label_new(a), tagged = be_label_new(a);

	load_ctx(g, BPF_REG_2, OFF(protocol));
	be_emit(a, insn_ntoh(BPF_REG_2, 16));
	load_ctx(g, BPF_REG_1, OFF(vlan_present));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), tagged);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, type), untagged);
	be_jump(a, insn_ja(), g->accept);
	be_label_here(a, tagged);
	load_ctx(g, BPF_REG_1, OFF(vlan_tci));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, VLAN_VID_MASK));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), g->accept);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, ETH_P_8021Q), g->drop);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, ETH_P_8021AD), g->drop);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, type), g->accept);
	be_label_here(a, untagged);
}

/*
 * R1 = address of the IP header, BE_R_AVAIL = bytes from there on; jumps to @away
 * when its first 20 (40) bytes are not in linear memory.
 */
static void find_header(struct be_gen *g, be_label away)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_gen_kfunc(g, BE_CAST_TO_KERN_CTX);
	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_0, BE_SKB_HEAD);
	be_gen_member(g, BPF_H, BPF_REG_2, BPF_REG_0, BE_SKB_NETWORK_HEADER);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_2));
	be_gen_member(g, BPF_DW, BPF_REG_2, BPF_REG_0, BE_SKB_DATA);
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_1));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, HEADER_OFFSET, BPF_REG_3));
	be_gen_member(g, BPF_W, BE_R_AVAIL, BPF_REG_0, BE_SKB_LEN);
	be_emit(a, insn_alu(BPF_ADD, BE_R_AVAIL, BPF_REG_2));
	be_emit(a, insn_alu(BPF_SUB, BE_R_AVAIL, BPF_REG_1));
	be_gen_member(g, BPF_W, BPF_REG_2, BPF_REG_0, BE_SKB_DATA_LEN);
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(nonlinear),
			      BPF_REG_2));
	be_emit(a, insn_mov(BPF_REG_3, BE_R_AVAIL));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_3, BPF_REG_2));
	be_jump(a, insn_jumpi(BPF_JSLT, BPF_REG_3, be_gen_header(g)), away);
}

/* BE_R_IP = the memory at R1, to read freely. */
static void cast_header(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_movi(BPF_REG_2, 0));
	be_gen_kfunc(g, BE_RDONLY_CAST);
	be_emit(a, insn_mov(BE_R_IP, BPF_REG_0));
}

/* The IP header where it is; pulled into linear memory where it must be. */
static void header_in_place(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label away = be_label_new(a), found = be_label_new(a);
	be_label some = be_label_new(a);

	find_header(g, away);
	be_jump(a, insn_ja(), found);
	be_label_here(a, away);
	load_ctx(g, BPF_REG_2, OFF(len));
	be_jump(a, insn_jumpi(BPF_JLE, BPF_REG_2, PULL), some);
	be_emit(a, insn_movi(BPF_REG_2, PULL));
	be_label_here(a, some);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_emit(a, insn_call(BPF_FUNC_skb_pull_data));
	find_header(g, g->drop);
	be_label_here(a, found);
	cast_header(g);
}

/* In: R4 how many bytes; R2 from which on; to R10 + @to.  R0: 0 or an error. */
static void load_relative(struct be_gen *g, int to)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, to));
	be_emit(a, insn_movi(BPF_REG_5, BPF_HDR_START_NET));
	be_emit(a, insn_call(BPF_FUNC_skb_load_bytes_relative));
}

/*
 * R2 bytes behind the IP header's start, R3 of them: to R10 + @to.  Where the
 * header's place in the skb is not known, only linear memory can be read: all of
 * the packet is pulled into it, then, if it must be.
 */
static void copy_relative(struct be_gen *g, int to)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);

	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(dynptr[0]),
			      BPF_REG_2));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(dynptr[1]),
			      BPF_REG_3));
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_3));
	load_relative(g, to);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_0, 0), done);
	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	load_ctx(g, BPF_REG_2, OFF(len));
	be_emit(a, insn_call(BPF_FUNC_skb_pull_data));
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_10,
			     BE_FRAME(dynptr[0])));
	be_emit(a, insn_load(BPF_DW, BPF_REG_4, BPF_REG_10,
			     BE_FRAME(dynptr[1])));
	load_relative(g, to);
	be_label_here(a, done);
}

static void copy(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (g->copies) {
		copy_relative(g, BE_FRAME(buf));
		return;
	}
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_3));
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10, HEADER_OFFSET));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, BE_FRAME(buf)));
	be_emit(a, insn_call(BPF_FUNC_skb_load_bytes));
}

/*
 * Where memory cannot be read directly, the length of what is behind the IP
 * header is not known either, but by the header: packets that do not say it there
 * (BIG TCP, jumbograms) are dropped.
 */
static void header_copied(struct be_gen *g)
{
	int to = be_gen_v6(g) ? BE_HEADER6 : BE_HEADER;
	struct be_asm *a = &g->a;
	be_label known = be_label_new(a);

	be_emit(a, insn_movi(BPF_REG_2, 0));
	be_emit(a, insn_movi(BPF_REG_3, be_gen_header(g)));
	copy_relative(g, to);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), g->drop);
	be_emit(a, insn_mov(BE_R_IP, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BE_R_IP, to));
	be_emit(a, insn_load(BPF_H, BE_R_AVAIL, BE_R_IP,
			     be_gen_v6(g) ? 4 : 2));
	be_emit(a, insn_ntoh(BE_R_AVAIL, 16));
	if (!be_gen_v6(g)) {
		be_jump(a, insn_jumpi(BPF_JEQ, BE_R_AVAIL, 0), g->drop);
		return;
	}
	be_emit(a, insn_alui(BPF_ADD, BE_R_AVAIL, BE_HEADER6_SIZE));
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 4));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), known);
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 6));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_HOPOPTS), g->drop);
	be_label_here(a, known);
}

static void context(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BE_R_CTX, BPF_REG_1));
	check_protocol(g);
	if (g->copies)
		header_copied(g);
	else
		header_in_place(g);
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(bytes),
			      BE_R_AVAIL));
	be_gen_header_length(g);
}

static void linear(struct be_gen *g, be_label slow)
{
	be_emit(&g->a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10,
				 BE_FRAME(nonlinear)));
	be_gen_linear(g, slow);
}

/*
 * Field @f is the class of the device that the program is on, by its name where it
 * stands alone.
 */
static void own_device(struct be_gen *g, enum ir_field f)
{
	struct be_asm *a = &g->a;

	if (!be_gen_uses(g, f))
		return;
	if (!g->opts->alone) {
		load_ctx(g, BPF_REG_1, OFF(ifindex));
		be_gen_ifindex(g, f);
		return;
	}
	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_gen_kfunc(g, BE_CAST_TO_KERN_CTX);
	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_0, BE_SKB_DEV);
	be_gen_ifname(g, f);
}

/*
 * The device that it came in by.  Where the program stands alone no rule of FORWARD
 * asks (be_attach_check_alone()).
 */
static void input_device(struct be_gen *g)
{
	if (g->opts->alone) {
		be_gen_set(g, IR_IIF, tr_iface_class(g->c, NULL));
		return;
	}
	load_ctx(g, BPF_REG_1, OFF(ingress_ifindex));
	be_gen_ifindex(g, IR_IIF);
}

/* Out by this device: in by none for OUTPUT. */
static void source_egress(struct be_gen *g, enum ir_hook hook)
{
	struct be_asm *a = &g->a;

	if (!be_gen_judges(g, hook)) {
		be_jump(a, insn_ja(), g->accept);
		return;
	}
	if (hook == IR_HOOK_OUTPUT)
		be_gen_set(g, IR_IIF, tr_iface_class(g->c, NULL));
	else
		input_device(g);
	own_device(g, IR_OIF);
	be_gen_enter(g, hook);
}

/*
 * What ip_rcv() does before there is a chain: it throws bad headers away, and
 * cuts off what is behind the total length.  BIG TCP has a length of 0.
 */
static void input4(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);

	be_jump(a, insn_jumpi(BPF_JLT, BE_R_IHL, 20), g->accept);
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 0));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 4));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 4), g->accept);
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_10,
			     BE_FRAME(bytes)));
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 2));
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
	be_jump(a, insn_jump(BPF_JGT, BPF_REG_1, BPF_REG_2), g->accept);
	be_jump(a, insn_jump(BPF_JGE, BPF_REG_1, BE_R_IHL), done);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), g->accept);
	be_jump(a, insn_jumpi(BPF_JLE, BPF_REG_2, 0xffff), g->accept);
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_2));
	be_label_here(a, done);
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(bytes),
			      BPF_REG_1));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_1, BE_R_IHL));
	be_emit(a, insn_mov(BE_R_AVAIL, BPF_REG_1));
}

static void input(struct be_gen *g)
{
	if (!be_gen_v6(g)) {
		input4(g);
		return;
	}
	be_emit(&g->a, insn_load(BPF_DW, BE_R_AVAIL, BPF_REG_10,
				 BE_FRAME(bytes)));
	load_ctx(g, BPF_REG_3, OFF(ifindex));
	be_gen_rcv6(g);
}

static void source_ingress(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	struct be_route r;

	if (!be_gen_judges(g, IR_HOOK_INPUT)) {
		be_jump(a, insn_ja(), g->accept);
		return;
	}
	load_ctx(g, BPF_REG_1, OFF(pkt_type));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, PACKET_OTHERHOST),
		g->accept);
	input(g);
	be_gen_route(g, OFF(ifindex), &r);
	be_label_here(a, r.tunnel);
	be_label_here(a, r.forward);
	be_label_here(a, r.none);
	be_jump(a, insn_ja(), g->accept);
	be_label_here(a, r.input);
	own_device(g, IR_IIF);
	be_gen_set(g, IR_OIF, tr_iface_class(g->c, NULL));
	be_gen_enter(g, IR_HOOK_INPUT);
}

static void source(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label ingress = be_label_new(a), output = be_label_new(a);

	if (g->opts->alone) {
		be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
		be_gen_kfunc(g, BE_CAST_TO_KERN_CTX);
		be_gen_bit(g, BPF_REG_1, BPF_REG_0, BE_SKB_AT_INGRESS);
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), ingress);
	} else {
		load_ctx(g, BPF_REG_1, OFF(cb));
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, BE_TC_CB_INGRESS),
			ingress);
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, BE_TC_CB_EGRESS),
			g->drop);
	}
	load_ctx(g, BPF_REG_1, OFF(ingress_ifindex));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), output);
	source_egress(g, IR_HOOK_FORWARD);
	be_label_here(a, output);
	source_egress(g, IR_HOOK_OUTPUT);
	be_label_here(a, ingress);
	source_ingress(g);
}

const struct be_hook_ops be_hook_tc = {
	.name		= "tc",
	.prog_type	= BPF_PROG_TYPE_SCHED_CLS,
	.accept		= TC_ACT_UNSPEC,
	.drop		= TC_ACT_SHOT,
	.hooks		= 1u << IR_HOOK_INPUT | 1u << IR_HOOK_FORWARD |
			  1u << IR_HOOK_OUTPUT,
	.kernel		= true,
	.device		= OFF(ifindex),
	.nests		= true,
	.context	= context,
	.source		= source,
	.input		= input,
	.linear		= linear,
	.copy		= copy,
};
