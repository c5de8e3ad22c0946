/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/ext6.c - what rules ask of IPv6 extension headers
 *
 * Noted header by header while the parser walks over them, as ir/packet6.c does
 * it; the match ipv6header has a walk of its own.  Only where some rule asks.
 */
#include <linux/netfilter_ipv6/ip6t_ipv6header.h>
#include <netinet/in.h>

#include "backend/parse.h"

static const enum ir_field noted[] = {
	IR_EXT, IR_FRAG, IR_FRAGID, IR_RT, IR_OPTLEN, IR_AH, IR_AHSPI,
};

#define NNOTED	(sizeof(noted) / sizeof(*noted))

/* Where a kind of header is noted. */
static const struct {
	uint8_t		next;
	enum ir_field	word;		/* bytes 1 to 3 of the header */
	enum ir_field	id;		/* and the four behind them */
	uint8_t		shift;		/* IR_OPTLEN: of byte 1 in it */
	uint32_t	mask;		/* MASK_* of ipv6header */
} kinds[IR_NEXTS] = {
	[IR_EXT_HOP]	= { IPPROTO_HOPOPTS, IR_OPTLEN, 0, 8, MASK_HOPOPTS },
	[IR_EXT_DST]	= { IPPROTO_DSTOPTS, IR_OPTLEN, 0, 0, MASK_DSTOPTS },
	[IR_EXT_RT]	= { IPPROTO_ROUTING, IR_RT, 0, 0, MASK_ROUTING },
	[IR_EXT_FRAG]	= { IPPROTO_FRAGMENT, IR_FRAG, IR_FRAGID, 0,
			    MASK_FRAGMENT },
	[IR_EXT_AH]	= { IPPROTO_AH, IR_AH, IR_AHSPI, 0, MASK_AH },
};

/* An authentication header that is there has so many bytes. */
#define AH_MIN	12

bool be_ext_used(const struct be_gen *g)
{
	size_t i;

	for (i = 0; i < NNOTED; i++)
		if (be_gen_uses(g, noted[i]))
			return true;
	return false;
}

void be_ext_clear(struct be_gen *g)
{
	size_t i;

	if (!be_ext_used(g))
		return;
	for (i = 0; i < NNOTED; i++)
		be_emit(&g->a, insn_storei(BPF_W, BPF_REG_10,
					   BE_FIELD(noted[i]), 0));
}

void be_ext_forget(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	size_t i;

	if (!be_ext_used(g))
		return;
	for (i = 0; i < NNOTED; i++) {
		be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_10,
				     BE_FIELD(noted[i])));
		be_emit(a, insn_alu(BPF_ADD, BPF_REG_5, BPF_REG_3));
		be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(noted[i]),
				      BPF_REG_5));
	}
}

/* The values of a header of @kind that is all there.  Clobbers R4, R5. */
static void note_values(struct be_gen *g, int kind)
{
	const enum ir_field word = kinds[kind].word, id = kinds[kind].id;
	struct be_asm *a = &g->a;

	if (word == IR_OPTLEN) {
		be_emit(a, insn_load(BPF_B, BPF_REG_4, BPF_REG_10,
				     BE_FRAME(buf) + 1));
		be_emit(a, insn_alui(BPF_LSH, BPF_REG_4, kinds[kind].shift));
		be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_10,
				     BE_FIELD(word)));
		be_emit(a, insn_alu(BPF_OR, BPF_REG_4, BPF_REG_5));
	} else {
		be_emit(a, insn_load(BPF_W, BPF_REG_4, BPF_REG_10,
				     BE_FRAME(buf)));
		be_emit(a, insn_ntoh(BPF_REG_4, 32));
		be_emit(a, insn_alui(BPF_AND, BPF_REG_4, 0xffffff));
	}
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(word), BPF_REG_4));
	if (!id)
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_4, BPF_REG_10,
			     BE_FRAME(buf) + 4));
	be_emit(a, insn_ntoh(BPF_REG_4, 32));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(id), BPF_REG_4));
}

/* In: R2 the length, R3 the bits so far.  Clobbers R3 to R5. */
static void note_kind(struct be_gen *g, int kind, be_label done)
{
	struct be_asm *a = &g->a;
	be_label whole = be_label_new(a), least = be_label_new(a);
	const int32_t bit = 1 << kind, bad = bit * (int32_t)IR_EXT_BAD;

	be_jump(a, insn_jumpi(BPF_JSET, BPF_REG_3, bit | bad), done);
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_2));
	if (kind == IR_EXT_AH) {
		be_jump(a, insn_jumpi(BPF_JGE, BPF_REG_4, AH_MIN), least);
		be_emit(a, insn_movi(BPF_REG_4, AH_MIN));
	}
	be_label_here(a, least);
	be_jump(a, insn_jump(BPF_JSGE, BE_R_AVAIL, BPF_REG_4), whole);
	be_emit(a, insn_alui(BPF_OR, BPF_REG_3, bad));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_EXT), BPF_REG_3));
	be_jump(a, insn_ja(), done);
	be_label_here(a, whole);
	be_emit(a, insn_alui(BPF_OR, BPF_REG_3, bit));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_EXT), BPF_REG_3));
	note_values(g, kind);
	be_jump(a, insn_ja(), done);
}

void be_ext_note(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a), other;
	int i;

	if (!be_ext_used(g))
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(key)));
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_10, BE_FIELD(IR_EXT)));
	for (i = 0; i < IR_NEXTS; i++) {
		other = be_label_new(a);
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, kinds[i].next),
			other);
		note_kind(g, i, done);
		be_label_here(a, other);
	}
	be_label_here(a, done);
}

void be_ext_cut(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_ext_used(g))
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_10, BE_FIELD(IR_EXT)));
	be_emit(a, insn_mov(BPF_REG_4, BPF_REG_3));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_4, 8));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_4, BPF_REG_3));
	be_emit(a, insn_alui(BPF_XOR, BPF_REG_4, -1));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_4, IR_EXT_ALL));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_4, 8));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_3, BPF_REG_4));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_EXT), BPF_REG_3));
}

/* --- ipv6header --- */

/* The bit of the header R1 into R2. */
static void header_bit(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);
	int i;

	for (i = 0; i < IR_NEXTS; i++) {
		be_emit(a, insn_movi(BPF_REG_2, (int32_t)kinds[i].mask));
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, kinds[i].next),
			done);
	}
	be_label_here(a, done);
}

/* IR_HEADERS |= R2.  Clobbers R3. */
static void add_headers(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_10,
			     BE_FIELD(IR_HEADERS)));
	be_emit(a, insn_alu(BPF_OR, BPF_REG_3, BPF_REG_2));
	be_parse_store(g, IR_HEADERS, BPF_REG_3);
}

/* The end: R1 is what is behind the last header. */
static void end_headers(struct be_gen *g, be_label fail, be_label done)
{
	struct be_asm *a = &g->a;
	be_label proto = be_label_new(a), esp = be_label_new(a);
	be_label add = be_label_new(a), special = be_label_new(a);

	be_emit(a, insn_movi(BPF_REG_2, MASK_NONE));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_NONE), special);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_ESP), esp);
	be_label_here(a, proto);
	be_emit(a, insn_movi(BPF_REG_2, MASK_PROTO));
	be_jump(a, insn_ja(), add);
	be_label_here(a, esp);
	be_emit(a, insn_movi(BPF_REG_2, MASK_ESP));
	be_label_here(a, special);
	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, 0), done);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, MASK_NONE), add);
	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, 2), fail);
	be_label_here(a, add);
	add_headers(g);
	be_jump(a, insn_ja(), done);
}

/* Back to the first header. */
static void rewind_headers(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_alu(BPF_ADD, BE_R_AVAIL, BE_R_IHL));
	be_emit(a, insn_alui(BPF_SUB, BE_R_AVAIL, BE_HEADER6_SIZE));
	be_emit(a, insn_movi(BE_R_IHL, BE_HEADER6_SIZE));
}

void be_ext_headers(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label next = be_label_new(a), end = be_label_new(a);
	be_label fail = be_label_new(a), done = be_label_new(a);
	be_label first = be_label_new(a);

	if (!be_gen_uses(g, IR_HEADERS))
		return;
	be_gen_set(g, IR_HEADERS, 0);
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 6));
	be_parse_extension(g, BPF_REG_1, first);
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(key), BPF_REG_1));
	be_jump(a, insn_ja(), end);

	be_label_here(a, first);
	be_parse_forget(g, IR_HEADERS);
	be_loop_open(g, BE_KEPT_PARSER, 1u << BPF_REG_1);
	be_label_here(a, next);
	be_parse_forget(g, IR_HEADERS);
	be_gen_loop_with(g, 1u << BPF_REG_1);
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(key), BPF_REG_1));
	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, 0), end);
	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, 2), fail);
	header_bit(g);
	add_headers(g);
	be_emit(a, insn_mov(BPF_REG_2, BE_R_IHL));
	be_emit(a, insn_movi(BPF_REG_3, 2));
	g->ops->copy(g);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), g->drop);
	be_parse_measure(g);
	be_emit(a, insn_alu(BPF_ADD, BE_R_IHL, BPF_REG_2));
	be_emit(a, insn_alu(BPF_SUB, BE_R_AVAIL, BPF_REG_2));
	be_emit(a, insn_load(BPF_B, BPF_REG_1, BPF_REG_10, BE_FRAME(buf)));
	be_parse_extension(g, BPF_REG_1, next);
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(key), BPF_REG_1));
	be_jump(a, insn_ja(), end);
	be_loop_close(g);

	be_label_here(a, end);
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(key)));
	end_headers(g, fail, done);
	be_label_here(a, fail);
	be_gen_set(g, IR_HEADERS, IR_HEADERS_FAIL);
	be_label_here(a, done);
	rewind_headers(g);
}
