/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/hook_nf.c - programs for netfilter BPF links (Linux 6.4)
 *
 * They stand where iptables stands: reassembled packets, hook and devices in
 * struct nf_hook_state, the connection's state in the skb.  One program serves
 * all hooks.
 *
 * Sources: net/netfilter/nf_bpf_link.c, net/netfilter/xt_conntrack.c.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/xt_conntrack.h>

#include "backend/gen.h"

/* linux/bpf.h of Linux 6.4 */
#define PROG_TYPE_NETFILTER	32
#define ATTACH_TYPE_NETFILTER	45

/* struct bpf_nf_ctx */
#define CTX_STATE		0
#define CTX_SKB			8

/* enum ip_conntrack_info; in the low bits of skb->_nfct. */
#define CTINFO_MASK		7
#define CTINFO_UNTRACKED	7

/* XT_CONNTRACK_STATE_BIT(ctinfo), one byte for each ctinfo. */
#define STATE_BITS		0x0402080402080402ull

/* R1 = struct nf_hook_state. */
static void load_state(struct be_gen *g)
{
	be_emit(&g->a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10,
				 BE_FRAME(ctx)));
	be_emit(&g->a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_1, CTX_STATE));
}

/*
 * IPv6 only: the header must be where the skb's data begins.  It is not where a
 * routing header behind another extension header sends a packet round again
 * (ipv6_rthdr_rcv()): such a packet is dropped.  In: R1 skb->data.  Clobbers R2,
 * R3.
 */
static void check_data(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_gen_v6(g))
		return;
	be_gen_member(g, BPF_DW, BPF_REG_2, BE_R_CTX, BE_SKB_HEAD);
	be_gen_member(g, BPF_H, BPF_REG_3, BE_R_CTX, BE_SKB_NETWORK_HEADER);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_2, BPF_REG_3));
	be_jump(a, insn_jump(BPF_JNE, BPF_REG_1, BPF_REG_2), g->drop);
}

/* BE_R_IP = the packet's bytes in linear memory (R1), to read freely. */
static void cast_data(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_movi(BPF_REG_2, 0));
	be_gen_kfunc(g, BE_RDONLY_CAST);
	be_emit(a, insn_mov(BE_R_IP, BPF_REG_0));
}

/* R2 bytes into the skb, R3 of them: to R10 + @to.  R0: 0 or an error. */
static void copy_to(struct be_gen *g, int to)
{
	struct be_asm *a = &g->a;
	be_label out = be_label_new(a);

	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(offset),
			      BPF_REG_2));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(length),
			      BPF_REG_3));
	be_emit(a, insn_mov(BPF_REG_1, BE_R_CTX));
	be_emit(a, insn_movi(BPF_REG_2, 0));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, BE_FRAME(dynptr)));
	be_gen_kfunc(g, BE_DYNPTR_FROM_SKB);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), out);
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, to));
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_10,
			     BE_FRAME(length)));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_3, BE_FRAME(dynptr)));
	be_emit(a, insn_load(BPF_DW, BPF_REG_4, BPF_REG_10,
			     BE_FRAME(offset)));
	be_emit(a, insn_movi(BPF_REG_5, 0));
	be_emit(a, insn_call(BPF_FUNC_dynptr_read));
	be_label_here(a, out);
}

static void copy(struct be_gen *g)
{
	copy_to(g, BE_FRAME(buf));
}

/* The IP header at BE_R_IP: where it is, or copied. */
static void find_header(struct be_gen *g)
{
	int to = be_gen_v6(g) ? BE_HEADER6 : BE_HEADER;
	struct be_asm *a = &g->a;

	be_gen_member(g, BPF_DW, BPF_REG_1, BE_R_CTX, BE_SKB_DATA);
	check_data(g);
	if (!g->copies) {
		cast_data(g);
		return;
	}
	be_emit(a, insn_movi(BPF_REG_2, 0));
	be_emit(a, insn_movi(BPF_REG_3, be_gen_header(g)));
	copy_to(g, to);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), g->drop);
	be_emit(a, insn_mov(BE_R_IP, BPF_REG_10));
	be_emit(a, insn_alui(BPF_ADD, BE_R_IP, to));
}

/*
 * What is attached here is on the hooks of the table's family.  An object is
 * attached by others, who may take those of the other family: what comes by there is
 * not read as what it is not, but goes on uncounted, as it never meets a table
 * of iptables-legacy that is not its family's.  In: R1 the context, which stays.
 * Clobbers R2.
 */
static void check_family(struct be_gen *g)
{
	const int own = be_gen_v6(g) ? NFPROTO_IPV6 : NFPROTO_IPV4;
	struct be_asm *a = &g->a;

	if (!g->opts->alone)
		return;
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_1, CTX_STATE));
	be_gen_member(g, BPF_B, BPF_REG_2, BPF_REG_2, BE_STATE_PF);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, own), g->accept);
}

/*
 * The header's first 20 (40) bytes are in linear memory: iptables itself reads
 * them there.  No check of its length: a raw socket may send what it likes.
 */
static void context(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	check_family(g);
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(ctx), BPF_REG_1));
	be_emit(a, insn_load(BPF_DW, BE_R_CTX, BPF_REG_1, CTX_SKB));
	find_header(g);
	be_gen_member(g, BPF_W, BE_R_AVAIL, BE_R_CTX, BE_SKB_LEN);
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(bytes),
			      BE_R_AVAIL));
	be_gen_header_length(g);
}

static void linear(struct be_gen *g, be_label slow)
{
	be_gen_member(g, BPF_W, BPF_REG_1, BE_R_CTX, BE_SKB_DATA_LEN);
	be_gen_linear(g, slow);
}

/* What the conntrack match sees, as one bit. */
static void source_state(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a), tracked = be_label_new(a);

	if (!be_gen_uses(g, IR_CTSTATE))
		return;
	be_gen_member(g, BPF_DW, BPF_REG_1, BE_R_CTX, BE_SKB_NFCT);
	be_jump(a, insn_jumpi(BPF_JGT, BPF_REG_1, CTINFO_MASK), tracked);
	be_emit(a, insn_mov32i(BPF_REG_2, XT_CONNTRACK_STATE_UNTRACKED));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, CTINFO_UNTRACKED), done);
	be_emit(a, insn_mov32i(BPF_REG_2, XT_CONNTRACK_STATE_INVALID));
	be_jump(a, insn_ja(), done);
	be_label_here(a, tracked);
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, CTINFO_MASK));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 3));
	be_emit_load64(a, BPF_REG_2, 0, STATE_BITS);
	be_emit(a, insn_alu(BPF_RSH, BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, 0xff));
	be_label_here(a, done);
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_CTSTATE),
			      BPF_REG_2));
}

static void source_device(struct be_gen *g, enum ir_field f, enum be_member m)
{
	if (!be_gen_uses(g, f))
		return;
	load_state(g);
	be_gen_member(g, BPF_DW, BPF_REG_1, BPF_REG_1, m);
	be_gen_ifname(g, f);
}

static void source(struct be_gen *g)
{
	source_device(g, IR_IIF, BE_STATE_IN);
	source_device(g, IR_OIF, BE_STATE_OUT);
	source_state(g);
	load_state(g);
	be_gen_member(g, BPF_B, BPF_REG_1, BPF_REG_1, BE_STATE_HOOK);
	be_gen_select(g);
}

const struct be_hook_ops be_hook_netfilter = {
	.name		= "netfilter",
	.prog_type	= PROG_TYPE_NETFILTER,
	.attach_type	= ATTACH_TYPE_NETFILTER,
	.accept		= 1,		/* NF_ACCEPT */
	.drop		= 0,		/* NF_DROP */
	.hooks		= (1u << IR_NHOOKS) - 1,
	.state		= true,
	.names		= true,
	.kernel		= true,
	.nests		= true,
	.context	= context,
	.source		= source,
	.linear		= linear,
	.copy		= copy,
};
