/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/parse6.c - the IPv6 header, as ir/packet6.c does it
 *
 * Most packets have no extension header, and their transport header is at a fixed
 * place: no more work than in IPv4.  Extension headers are walked as
 * ipv6_find_hdr() does it (net/ipv6/exthdrs_core.c), each of them copied, since
 * they are at variable places; the transport header behind them is copied, too.
 * Each takes 8 bytes of the packet at least, so that no packet can have so many
 * of them that a loop bounded by may_goto would be cut off.
 */
#include <netinet/in.h>

#include "backend/parse.h"

#define FRAG_OFFSET	0xfff8

static const uint8_t extensions[] = {
	IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH,
	IPPROTO_DSTOPTS,
};

void be_parse_extension(struct be_gen *g, int reg, be_label to)
{
	size_t i;

	for (i = 0; i < sizeof(extensions); i++)
		be_jump(&g->a, insn_jumpi(BPF_JEQ, reg, extensions[i]), to);
}

/* One half of an address, whole for the walk and its two words as fields. */
static void parse_half(struct be_gen *g, enum tr_half half, int off)
{
	const enum ir_field high = tr_half_high(half), low = tr_half_low(half);
	struct be_asm *a = &g->a;

	if (!be_gen_uses(g, high) && !be_gen_uses(g, low))
		return;
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BE_R_IP, off));
	be_emit(a, insn_ntoh(BPF_REG_1, 64));
	be_emit(a, insn_store(BPF_DW, BPF_REG_10, BE_HALF(half), BPF_REG_1));
	be_parse_store(g, low, BPF_REG_1);
	if (!be_gen_uses(g, high))
		return;
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 32));
	be_parse_store(g, high, BPF_REG_1);
}

static void parse_header(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	parse_half(g, TR_HALF_SRC, 8);
	parse_half(g, TR_HALF_SRC_LOW, 16);
	parse_half(g, TR_HALF_DST, 24);
	parse_half(g, TR_HALF_DST_LOW, 32);
	if (!g->ops->ttl || g->opts->test_fd >= 0)
		be_parse_byte(g, IR_TTL, 7);
	if (be_gen_uses(g, IR_TOS)) {
		be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 0));
		be_emit(a, insn_ntoh(BPF_REG_1, 16));
		be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 4));
		be_emit(a, insn_alui(BPF_AND, BPF_REG_1, 0xff));
		be_parse_store(g, IR_TOS, BPF_REG_1);
	}
	if (be_gen_uses(g, IR_LEN)) {
		be_emit(a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_10,
				     BE_FRAME(bytes)));
		be_parse_store(g, IR_LEN, BPF_REG_1);
	}
}

/*
 * Copies what is read of the extension header whose number is R1: four bytes, or
 * two of one that is cut off behind them; eight where rules ask for more.
 */
static void copy_extension(struct be_gen *g, be_label cut)
{
	struct be_asm *a = &g->a;
	be_label copy = be_label_new(a);

	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(key), BPF_REG_1));
	if (be_ext_used(g)) {
		be_emit(a, insn_movi(BPF_REG_3, 8));
		be_jump(a, insn_jumpi(BPF_JSGE, BE_R_AVAIL, 8), copy);
	}
	be_emit(a, insn_movi(BPF_REG_3, 4));
	be_jump(a, insn_jumpi(BPF_JSGE, BE_R_AVAIL, 4), copy);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_ROUTING), cut);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_FRAGMENT), cut);
	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, 2), cut);
	be_emit(a, insn_movi(BPF_REG_3, 2));
	be_label_here(a, copy);
	be_emit(a, insn_mov(BPF_REG_2, BE_R_IHL));
	g->ops->copy(g);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), g->drop);
}

void be_parse_measure(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label other = be_label_new(a), ah = be_label_new(a);
	be_label done = be_label_new(a);

	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(key)));
	be_emit(a, insn_load(BPF_B, BPF_REG_2, BPF_REG_10, BE_FRAME(buf) + 1));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_AH), ah);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, IPPROTO_FRAGMENT), other);
	be_emit(a, insn_movi(BPF_REG_2, 8));
	be_jump(a, insn_ja(), done);
	be_label_here(a, ah);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, 2));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_2, 2));
	be_jump(a, insn_ja(), done);
	be_label_here(a, other);
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, 1));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_2, 3));
	be_label_here(a, done);
}

/* Jumps to @later where the header in frame.buf is a later fragment's. */
static void check_fragment(struct be_gen *g, be_label later)
{
	struct be_asm *a = &g->a;
	be_label other = be_label_new(a);

	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10, BE_FRAME(key)));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, IPPROTO_FRAGMENT), other);
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BPF_REG_10, BE_FRAME(buf) + 2));
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, FRAG_OFFSET));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), later);
	be_label_here(a, other);
}

/* R1 = the number that the extension header in frame.buf has for the next. */
static void load_next(struct be_gen *g)
{
	be_emit(&g->a, insn_load(BPF_B, BPF_REG_1, BPF_REG_10,
				 BE_FRAME(buf)));
}

void be_parse_forget(struct be_gen *g, enum ir_field f)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_DW, BPF_REG_3, BE_R_IP, 8));
	be_emit(a, insn_load(BPF_DW, BPF_REG_4, BE_R_IP, 8));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_3, BPF_REG_4));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_1, BPF_REG_3));
	be_emit(a, insn_alu(BPF_ADD, BE_R_IHL, BPF_REG_3));
	be_emit(a, insn_alu(BPF_ADD, BE_R_AVAIL, BPF_REG_3));
	if (!be_gen_uses(g, f))
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_10, BE_FIELD(f)));
	be_emit(a, insn_alu(BPF_ADD, BPF_REG_5, BPF_REG_3));
	be_parse_store(g, f, BPF_REG_5);
}

/* All that changes from header to header. */
static void forget(struct be_gen *g)
{
	be_parse_forget(g, IR_HEADERS);
	be_ext_forget(g);
}

/*
 * From the extension header with the number R1 to what is behind the last one:
 * falls through with R1 its protocol, BE_R_IHL bytes behind the packet's start.
 */
static void parse_chain(struct be_gen *g, const struct be_kinds *k)
{
	struct be_asm *a = &g->a;
	be_label later = be_label_new(a), noproto = be_label_new(a);
	be_label found = be_label_new(a), cut = be_label_new(a);
	be_label next = be_label_new(a);

	be_label_here(a, k->chain);
	forget(g);
	be_loop_open(g, BE_KEPT_PARSER, 1u << BPF_REG_1);
	be_label_here(a, next);
	forget(g);
	be_gen_loop_with(g, 1u << BPF_REG_1);
	copy_extension(g, cut);
	be_parse_measure(g);
	be_ext_note(g);
	check_fragment(g, later);
	be_emit(a, insn_alu(BPF_ADD, BE_R_IHL, BPF_REG_2));
	be_emit(a, insn_alu(BPF_SUB, BE_R_AVAIL, BPF_REG_2));
	load_next(g);
	be_parse_extension(g, BPF_REG_1, next);
	be_jump(a, insn_ja(), found);
	be_loop_close(g);

	be_label_here(a, later);
	load_next(g);
	be_parse_extension(g, BPF_REG_1, noproto);
	be_parse_store(g, IR_PROTO, BPF_REG_1);
	be_jump(a, insn_ja(), k->label[IR_KIND_FRAG]);
	be_label_here(a, cut);
	be_ext_cut(g);
	be_label_here(a, noproto);
	be_gen_set(g, IR_PROTO, 0);
	be_jump(a, insn_ja(), k->label[IR_KIND_NOPROTO]);

	be_label_here(a, found);
	load_next(g);
	be_parse_store(g, IR_PROTO, BPF_REG_1);
}

static void parse_transport(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label away = be_label_new(a), found = be_label_new(a);
	struct be_kinds k;

	be_parse_start(g, &k);
	be_parse_clear(g);
	be_gen_set(g, IR_ESPSPI, 0);
	be_ext_clear(g);
	be_ext_headers(g);
	be_parse_byte(g, IR_PROTO, 6);
	if (!g->copies) {
		if (g->ops->linear)
			g->ops->linear(g, away);
		be_parse_in_place(g, &k);
	}
	if (g->copies || g->ops->linear) {
		be_label_here(a, away);
		be_emit(a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 6));
		be_parse_extension(g, BPF_REG_1, k.chain);
		be_jump(a, insn_ja(), found);
	}
	parse_chain(g, &k);
	be_label_here(a, found);
	be_parse_copy(g, &k);
	be_parse_end(g, &k);
}

void be_parse6(struct be_gen *g)
{
	const uint32_t asks = be_transport_fields | 1u << IR_PROTO |
			      1u << IR_HEADERS | 1u << IR_ESPSPI;

	parse_header(g);
	if (g->c->variants || g->c->fields & asks || be_ext_used(g))
		parse_transport(g);
	else
		be_parse_no_transport(g);
}
