/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/rcv6.c - what an IPv6 packet must be to get as far as a chain
 *
 * As ip6_rcv_core() in net/ipv6/ip6_input.c: what it throws away meets no chain,
 * and is passed on uncounted so that it does.  A payload length of 0 with
 * hop-by-hop options is a jumbogram, or means nothing: such a packet is as long
 * as it came in (hopopts.c).  Not looked at are whether the device has IPv6, and
 * what came in by a broadcast: such packets are counted although no chain sees
 * them, and dropped anyway.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "backend/gen.h"

#define LOOPBACK_IFINDEX	1

/* Jumps to g->accept where the address at @off is the loopback address. */
static void not_loopback(struct be_gen *g, int off)
{
	struct be_asm *a = &g->a;
	be_label other = be_label_new(a);

	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BE_R_IP, off));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), other);
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BE_R_IP, off + 8));
	be_emit(a, insn_ntoh(BPF_REG_1, 64));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 1), g->accept);
	be_label_here(a, other);
}

/* In: R3 the input interface. */
static void check_addresses(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label home = be_label_new(a), unicast = be_label_new(a);

	/* Multicast is nobody's source. */
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 8));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0xff), g->accept);
	/* Of a multicast destination the scope is not 0, nor 1 but on lo. */
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 24));
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_1));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_2, 8));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0xff), unicast);
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, 0x0f));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), g->accept);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 1), unicast);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_3, LOOPBACK_IFINDEX), g->accept);
	be_label_here(a, unicast);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_3, LOOPBACK_IFINDEX), home);
	not_loopback(g, 8);
	not_loopback(g, 24);
	be_label_here(a, home);
}

void be_gen_rcv6(struct be_gen *g)
{
	/* A test asks what the chain would say, if the packet came so far. */
	const bool test = g->opts->test_fd >= 0;
	struct be_asm *a = &g->a;
	be_label known = be_label_new(a), whole = be_label_new(a);

	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 0));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 4));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 6), g->accept);
	if (!test)
		check_addresses(g);
	/* Loaded twice: walk.c wants a length that the verifier does not know. */
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 4));
	be_emit(a, insn_load(BPF_H, BPF_REG_2, BE_R_IP, 4));
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), known);
	be_emit(a, insn_load(BPF_B, BPF_REG_2, BE_R_IP, 6));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, IPPROTO_HOPOPTS), whole);
	be_label_here(a, known);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, BE_HEADER6_SIZE));
	be_jump(a, insn_jump(BPF_JSGT, BPF_REG_1, BE_R_AVAIL), g->accept);
	be_emit(a, insn_mov(BE_R_AVAIL, BPF_REG_1));
	be_label_here(a, whole);
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_FRAME(bytes),
			      BE_R_AVAIL));
	be_gen_header_length(g);
	if (!test)
		be_gen_hopopts(g, g->accept);
}
