/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/hopopts.c - hop-by-hop options, as a host reads them before any chain
 *
 * As ipv6_parse_hopopts() and ip6_parse_tlv() in net/ipv6/exthdrs.c, with the
 * sysctls as they are at first (at most 8 options, IOAM not enabled): a packet
 * whose options are bad is thrown away there.  Whether a CALIPSO label is good
 * is not looked at.
 */
#include <netinet/in.h>

#include "backend/parse.h"

/* linux/in6.h */
#define TLV_PAD1	0
#define TLV_PADN	1
#define TLV_RA		5
#define TLV_CALIPSO	7
#define TLV_IOAM	49
#define TLV_JUMBO	194

#define MAX_OPTIONS	8
#define MAX_PADDING	7
#define MAX_PAYLOAD	65535

/* Kept in the frame; the walk has other uses for these. */
#define END		BE_FRAME(offset)	/* offset behind the options */
#define LENGTH		BE_FRAME(length)	/* of the option at hand */
#define PADDING		BE_FRAME(multi)		/* bytes in a row */
#define COUNT		BE_FRAME(k0)		/* options other than padding */

struct options {
	be_label	next, advance, bad, done;
};

static void load(struct be_gen *g, int size, int reg, int at)
{
	be_emit(&g->a, insn_load(size, reg, BPF_REG_10, at));
}

static void store(struct be_gen *g, int size, int at, int reg)
{
	be_emit(&g->a, insn_store(size, BPF_REG_10, at, reg));
}

/* What is at @at, and R3, which the verifier does not know is 0.  Clobbers R5. */
static void forget(struct be_gen *g, int at)
{
	load(g, BPF_W, BPF_REG_5, at);
	be_emit(&g->a, insn_alu(BPF_ADD, BPF_REG_5, BPF_REG_3));
	store(g, BPF_W, at, BPF_REG_5);
}

/* All that changes from option to option.  In: R1 a number. */
static void forget_all(struct be_gen *g)
{
	be_parse_forget(g, IR_NFIELDS);
	forget(g, PADDING);
	forget(g, COUNT);
}

/* R3 bytes, @off behind the option at hand, to frame.buf. */
static void copy(struct be_gen *g, int off)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_mov(BPF_REG_2, BE_R_IHL));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, off));
	g->ops->copy(g);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), g->drop);
}

/* Padding grows by R1. */
static void pad(struct be_gen *g, const struct options *o)
{
	struct be_asm *a = &g->a;

	load(g, BPF_W, BPF_REG_2, PADDING);
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_2, BPF_REG_1));
	store(g, BPF_W, PADDING, BPF_REG_2);
	be_jump(a, insn_jumpi(BPF_JGT, BPF_REG_2, MAX_PADDING), o->bad);
}

/* In: R1 the length of the option.  What is in it must be zeros. */
static void check_padn(struct be_gen *g, const struct options *o)
{
	struct be_asm *a = &g->a;

	pad(g, o);
	be_emit(a, insn_mov(BPF_REG_3, BPF_REG_1));
	be_emit(a, insn_alui(BPF_SUB, BPF_REG_3, 2));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_3, 7));
	/* Not JEQ: old verifiers learn nothing from that. */
	be_jump(a, insn_jumpi(BPF_JLT, BPF_REG_3, 1), o->advance);
	be_emit(a, insn_storei(BPF_DW, BPF_REG_10, BE_FRAME(buf), 0));
	copy(g, 2);
	load(g, BPF_DW, BPF_REG_1, BE_FRAME(buf));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), o->bad);
	be_jump(a, insn_ja(), o->advance);
}

/* The length of a packet that is longer than its header can say. */
static void check_jumbo(struct be_gen *g, const struct options *o)
{
	struct be_asm *a = &g->a;

	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 6), o->bad);
	be_emit(a, insn_mov(BPF_REG_2, BE_R_IHL));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, 3));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 2), o->bad);
	be_emit(a, insn_load(BPF_H, BPF_REG_2, BE_R_IP, 4));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), o->bad);
	be_emit(a, insn_movi(BPF_REG_3, 4));
	copy(g, 2);
	load(g, BPF_W, BPF_REG_1, BE_FRAME(buf));
	be_emit(a, insn_ntoh(BPF_REG_1, 32));
	be_jump(a, insn_jumpi(BPF_JLE, BPF_REG_1, MAX_PAYLOAD), o->bad);
	be_jump(a, insn_jump(BPF_JSGT, BPF_REG_1, BE_R_AVAIL), o->bad);
	be_emit(a, insn_mov(BE_R_AVAIL, BPF_REG_1));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, BE_HEADER6_SIZE));
	store(g, BPF_DW, BE_FRAME(bytes), BPF_REG_1);
	be_jump(a, insn_ja(), o->advance);
}

/* In: R4 its type, R1 its length. */
static void check_option(struct be_gen *g, const struct options *o)
{
	struct be_asm *a = &g->a;
	be_label ra = be_label_new(a), ioam = be_label_new(a);
	be_label jumbo = be_label_new(a);

	be_emit(a, insn_storei(BPF_W, BPF_REG_10, PADDING, 0));
	load(g, BPF_W, BPF_REG_2, COUNT);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, 1));
	store(g, BPF_W, COUNT, BPF_REG_2);
	/* How many are allowed can be changed: not accepted, as it is not known. */
	be_jump(a, insn_jumpi(BPF_JGT, BPF_REG_2, MAX_OPTIONS), g->drop);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_4, TLV_RA), ra);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_4, TLV_CALIPSO), o->advance);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_4, TLV_IOAM), ioam);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_4, TLV_JUMBO), jumbo);
	/* Of others these bits say whether not to know them is bad. */
	be_emit(a, insn_alui(BPF_AND, BPF_REG_4, 0xc0));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_4, 0), o->bad);
	be_jump(a, insn_ja(), o->advance);
	be_label_here(a, ra);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 4), o->bad);
	be_jump(a, insn_ja(), o->advance);
	be_label_here(a, ioam);
	be_emit(a, insn_mov(BPF_REG_2, BE_R_IHL));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, 3));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), o->bad);
	be_jump(a, insn_ja(), o->advance);
	be_label_here(a, jumbo);
	check_jumbo(g, o);
}

/* R4 = the type of the option at BE_R_IHL; R1 = its length, if it has one. */
static void read_option(struct be_gen *g, const struct options *o)
{
	struct be_asm *a = &g->a;
	be_label two = be_label_new(a), fits = be_label_new(a);
	be_label one = be_label_new(a);

	load(g, BPF_DW, BPF_REG_4, END);
	be_jump(a, insn_jump(BPF_JGE, BE_R_IHL, BPF_REG_4), o->done);
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_4, BE_R_IHL));
	be_emit(a, insn_movi(BPF_REG_3, 2));
	be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_4, 2), two);
	be_emit(a, insn_movi(BPF_REG_3, 1));
	be_label_here(a, two);
	copy(g, 0);
	load(g, BPF_B, BPF_REG_4, BE_FRAME(buf));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_4, TLV_PAD1), one);
	be_emit(a, insn_movi(BPF_REG_1, 1));
	be_emit(a, insn_storei(BPF_DW, BPF_REG_10, LENGTH, 1));
	pad(g, o);
	be_jump(a, insn_ja(), o->advance);
	be_label_here(a, one);
	load(g, BPF_B, BPF_REG_1, BE_FRAME(buf) + 1);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 2));
	store(g, BPF_DW, LENGTH, BPF_REG_1);
	/* Where there is no byte for a length the smallest is too much. */
	load(g, BPF_DW, BPF_REG_2, END);
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_2, BE_R_IHL));
	be_jump(a, insn_jump(BPF_JLE, BPF_REG_1, BPF_REG_2), fits);
	be_jump(a, insn_ja(), o->bad);
	be_label_here(a, fits);
}

void be_gen_hopopts(struct be_gen *g, be_label bad)
{
	struct be_asm *a = &g->a;
	struct options o = {
		.next = be_label_new(a), .advance = be_label_new(a),
		.bad = bad, .done = be_label_new(a),
	};
	be_label padn = be_label_new(a);

	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 6));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, IPPROTO_HOPOPTS), o.done);
	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, 8), bad);
	be_emit(a, insn_movi(BPF_REG_3, 2));
	copy(g, 0);
	load(g, BPF_B, BPF_REG_1, BE_FRAME(buf) + 1);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, 1));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 3));
	be_jump(a, insn_jump(BPF_JSGT, BPF_REG_1, BE_R_AVAIL), bad);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_1, BE_HEADER6_SIZE));
	store(g, BPF_DW, END, BPF_REG_1);
	be_emit(a, insn_storei(BPF_W, BPF_REG_10, PADDING, 0));
	be_emit(a, insn_storei(BPF_W, BPF_REG_10, COUNT, 0));
	be_emit(a, insn_alui(BPF_ADD, BE_R_IHL, 2));
	be_emit(a, insn_movi(BPF_REG_1, 0));

	forget_all(g);
	be_loop_open(g, BE_KEPT_PARSER, 0);
	be_emit(a, insn_movi(BPF_REG_1, 0));
	be_label_here(a, o.next);
	forget_all(g);
	be_gen_loop(g);
	read_option(g, &o);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_4, TLV_PADN), padn);
	check_option(g, &o);
	be_label_here(a, padn);
	check_padn(g, &o);

	be_label_here(a, o.advance);
	load(g, BPF_DW, BPF_REG_2, LENGTH);
	be_emit(a, insn_alu(BPF_ADD, BE_R_IHL, BPF_REG_2));
	be_emit(a, insn_movi(BPF_REG_1, 0));
	be_jump(a, insn_ja(), o.next);
	be_loop_close(g);
	be_label_here(a, o.done);
	be_emit(a, insn_movi(BE_R_IHL, BE_HEADER6_SIZE));
}
