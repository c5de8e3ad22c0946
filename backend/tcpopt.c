/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/tcpopt.c - the set of TCP options that a packet has
 *
 * Walked as tcp_find_option() in net/netfilter/xt_tcpudp.c does it, once for all
 * options that rules ask for.  The bytes are copied first: they are of variable
 * length at a variable place.
 */
#include "backend/gen.h"

/* R1 |= 1 << @bit where R2 is @option.  Clobbers R3. */
static void mark(struct be_asm *a, uint32_t bit, uint8_t option)
{
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_alui(BPF_XOR, BPF_REG_3, option));
	be_emit(a, insn_alui(BPF_SUB, BPF_REG_3, 1));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_3, 63));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_3, (int32_t)bit));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_1, BPF_REG_3));
}

/* R2 = the byte @off behind that with the number in R0.  Clobbers R3. */
static void load_byte(struct be_asm *a, int off)
{
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_0));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, off));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, 63));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_10));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_3, BPF_REG_2));
	be_emit(a, insn_load(BPF_B, BPF_REG_2, BPF_REG_3, BE_FRAME(buf)));
}

/*
 * Copies R1 bytes behind the 20 of the header; R5 = how many, R0 = 0, which the
 * verifier is not to know: it would count up on its own, option by option.
 */
static void copy(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(length),
			      BPF_REG_1));
	be_emit(a, insn_mov(BPF_REG_2, BE_R_IHL));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, 20));
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_1));
	g->ops->copy(g);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), g->drop);
	be_emit(a, insn_load(BPF_DW, BPF_REG_5, BPF_REG_10,
			     BE_FRAME(length)));
	be_emit(a, insn_load(BPF_DW, BPF_REG_0, BPF_REG_10,
			     BE_FRAME(length)));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_0, BPF_REG_5));
}

void be_gen_tcpopt(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label next = be_label_new(a), step = be_label_new(a);
	be_label done = be_label_new(a);
	uint32_t i;

	const uint32_t live = 1u << BPF_REG_0 | 1u << BPF_REG_1 |
			      1u << BPF_REG_5;

	copy(g);
	/* No option yet; R0 is 0, too. */
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_0));
	be_loop_open(g, BE_KEPT_PARSER, live);
	be_label_here(a, next);
	be_gen_loop_with(g, live);
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_TCPOPT),
			      BPF_REG_1));
	be_jump(a, insn_jump(BPF_JGE, BPF_REG_0, BPF_REG_5), done);
	load_byte(a, 0);
	for (i = 0; i < g->c->ntcpopts; i++)
		mark(a, i, g->c->tcpopt[i]);
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_2));
	be_emit(a, insn_movi(BPF_REG_2, 1));
	be_jump(a, insn_jumpi(BPF_JLT, BPF_REG_4, 2), step);
	/* Past the end this is any byte, and the walk ends anyway. */
	load_byte(a, 1);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), step);
	be_emit(a, insn_movi(BPF_REG_2, 1));
	be_label_here(a, step);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_0, BPF_REG_2));
	be_jump(a, insn_ja(), next);
	be_loop_close(g);
	be_label_here(a, done);
}
