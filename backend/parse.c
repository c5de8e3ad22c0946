/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/parse.c - headers into the field vector, as ir/packet.c does it
 *
 * What "is there" of the transport header is decided by BE_R_AVAIL alone, never
 * by what can be read with plain loads: an skb may have its bytes elsewhere, and
 * they are copied then.  So the transport part is emitted twice, for the header
 * in place and for the copy.  A field that no rule uses costs nothing.
 */
#include <netinet/in.h>

#include "backend/parse.h"

#define IP_OFFSET	0x1fff

/*
 * How much of a header is copied: what matches read together (but options).  Not
 * all that is there: the verifier would follow each length on its own.
 */
static const int copied[] = { 20, 8, 4 };

const uint32_t be_transport_fields =
	1u << IR_SPORT | 1u << IR_DPORT | 1u << IR_TCPFLAGS | 1u << IR_ICMP |
	1u << IR_TCPOPT | 1u << IR_KIND;

/* One emission of the transport part. */
struct transport {
	int		base;		/* register with the header */
	int		off;		/* and the header's offset from it */
	bool		bounded;	/* loads need a check of data_end */
	be_label	tcp, udp, icmp, ports;
	be_label	esp, mobility;	/* IPv6 */
	be_label	tcp_short, udp_short;
};

void be_parse_store(struct be_gen *g, enum ir_field f, int reg)
{
	if (be_gen_uses(g, f))
		be_emit(&g->a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(f), reg));
}

static void parse_addresses(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (!be_gen_uses(g, IR_SADDR) && !be_gen_uses(g, IR_DADDR))
		return;
	be_emit(a, insn_load(BPF_DW, BPF_REG_1, BE_R_IP, 12));
	be_emit(a, insn_ntoh(BPF_REG_1, 64));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_DADDR),
			      BPF_REG_1));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 32));
	be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(IR_SADDR),
			      BPF_REG_1));
}

/* The total length; BIG TCP has 0 there and the length in the skb alone. */
static void parse_length(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label done = be_label_new(a);

	if (!be_gen_uses(g, IR_LEN))
		return;
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 2));
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), done);
	be_emit(a, insn_load(BPF_DW, BPF_REG_2, BPF_REG_10, BE_FRAME(bytes)));
	be_jump(a, insn_jumpi(BPF_JLE, BPF_REG_2, 0xffff), done);
	be_emit(a, insn_mov(BPF_REG_1, BPF_REG_2));
	be_label_here(a, done);
	be_parse_store(g, IR_LEN, BPF_REG_1);
}

void be_parse_byte(struct be_gen *g, enum ir_field f, int off)
{
	if (!be_gen_uses(g, f))
		return;
	be_emit(&g->a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, off));
	be_parse_store(g, f, BPF_REG_1);
}

/* Jumps to @to unless @n bytes are there, and lets the verifier see them. */
static void need(struct be_gen *g, const struct transport *t, int n,
		 be_label to)
{
	struct be_asm *a = &g->a;

	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, n), to);
	if (!t->bounded)
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BE_R_CTX,
			     offsetof(struct xdp_md, data_end)));
	be_emit(a, insn_mov(BPF_REG_2, t->base));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, t->off + n));
	be_jump(a, insn_jump(BPF_JGT, BPF_REG_2, BPF_REG_1), g->drop);
}

static void load_ports(struct be_gen *g, const struct transport *t)
{
	struct be_asm *a = &g->a;

	if (!be_gen_uses(g, IR_SPORT) && !be_gen_uses(g, IR_DPORT))
		return;
	be_emit(a, insn_load(BPF_W, BPF_REG_1, t->base, t->off));
	be_emit(a, insn_ntoh(BPF_REG_1, 32));
	if (be_gen_uses(g, IR_DPORT)) {
		be_emit(a, insn_mov32(BPF_REG_2, BPF_REG_1));
		be_emit(a, insn_alui(BPF_AND, BPF_REG_2, 0xffff));
		be_parse_store(g, IR_DPORT, BPF_REG_2);
	}
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 16));
	be_parse_store(g, IR_SPORT, BPF_REG_1);
}

/* R1 = the length of the TCP header, which is all there. */
static void check_options(struct be_gen *g, const struct transport *t,
			  const struct be_kinds *k)
{
	be_label bad = k->label[IR_KIND_BADOPT];
	struct be_asm *a = &g->a;

	be_emit(a, insn_load(BPF_B, BPF_REG_1, t->base, t->off + 12));
	be_emit(a, insn_alui(BPF_RSH, BPF_REG_1, 4));
	be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 2));
	be_jump(a, insn_jumpi(BPF_JLT, BPF_REG_1, 20), bad);
	be_jump(a, insn_jump(BPF_JSGT, BPF_REG_1, BE_R_AVAIL), bad);
}

/* In: R1 as check_options() left it. */
static void parse_options(struct be_gen *g, const struct be_kinds *k)
{
	struct be_asm *a = &g->a;

	be_emit(a, insn_alui(BPF_SUB, BPF_REG_1, 20));
	be_jump(a, insn_jumpi(BPF_JLT, BPF_REG_1, 1),
		k->label[IR_KIND_WHOLE]);
	be_gen_tcpopt(g);
}

static void parse_tcp(struct be_gen *g, struct transport *t,
		      const struct be_kinds *k)
{
	struct be_asm *a = &g->a;

	be_label_here(a, t->tcp);
	need(g, t, 20, t->tcp_short);
	load_ports(g, t);
	if (be_gen_uses(g, IR_TCPFLAGS)) {
		be_emit(a, insn_load(BPF_B, BPF_REG_1, t->base, t->off + 13));
		be_parse_store(g, IR_TCPFLAGS, BPF_REG_1);
	}
	if (g->c->ntcpopts || be_gen_uses(g, IR_KIND))
		check_options(g, t, k);
	if (g->c->ntcpopts)
		parse_options(g, k);
	be_jump(a, insn_ja(), k->label[IR_KIND_WHOLE]);

	be_label_here(a, t->tcp_short);
	need(g, t, 4, k->label[IR_KIND_NONE]);
	load_ports(g, t);
	be_jump(a, insn_ja(), k->label[IR_KIND_SHORT]);
}

static void parse_udp(struct be_gen *g, struct transport *t,
		      const struct be_kinds *k)
{
	be_label_here(&g->a, t->udp);
	need(g, t, 8, t->udp_short);
	load_ports(g, t);
	be_jump(&g->a, insn_ja(), k->label[IR_KIND_WHOLE]);

	be_label_here(&g->a, t->udp_short);
	need(g, t, 4, k->label[IR_KIND_NONE]);
	load_ports(g, t);
	be_jump(&g->a, insn_ja(), k->label[IR_KIND_SHORT]);
}

static void parse_icmp(struct be_gen *g, struct transport *t,
		       const struct be_kinds *k)
{
	struct be_asm *a = &g->a;

	be_label_here(a, t->icmp);
	need(g, t, 8, k->label[IR_KIND_NONE]);
	if (be_gen_uses(g, IR_ICMP)) {
		be_emit(a, insn_load(BPF_H, BPF_REG_1, t->base, t->off));
		be_emit(a, insn_ntoh(BPF_REG_1, 16));
		be_parse_store(g, IR_ICMP, BPF_REG_1);
	}
	be_jump(a, insn_ja(), k->label[IR_KIND_WHOLE]);
}

static void parse_esp(struct be_gen *g, struct transport *t,
		      const struct be_kinds *k)
{
	struct be_asm *a = &g->a;

	be_label_here(a, t->esp);
	need(g, t, 8, k->label[IR_KIND_NONE]);
	if (be_gen_uses(g, IR_ESPSPI)) {
		be_emit(a, insn_load(BPF_W, BPF_REG_1, t->base, t->off));
		be_emit(a, insn_ntoh(BPF_REG_1, 32));
		be_parse_store(g, IR_ESPSPI, BPF_REG_1);
	}
	be_jump(a, insn_ja(), k->label[IR_KIND_WHOLE]);
}

/* Of the mobility header the type and the payload protocol. */
static void parse_mobility(struct be_gen *g, struct transport *t,
			   const struct be_kinds *k)
{
	struct be_asm *a = &g->a;

	be_label_here(a, t->mobility);
	need(g, t, 6, k->label[IR_KIND_NONE]);
	if (be_gen_uses(g, IR_ICMP)) {
		be_emit(a, insn_load(BPF_B, BPF_REG_1, t->base, t->off + 2));
		be_emit(a, insn_alui(BPF_LSH, BPF_REG_1, 8));
		be_emit(a, insn_load(BPF_B, BPF_REG_2, t->base, t->off));
		be_emit(a, insn_alu(BPF_OR, BPF_REG_1, BPF_REG_2));
		be_parse_store(g, IR_ICMP, BPF_REG_1);
	}
	be_jump(a, insn_ja(), k->label[IR_KIND_WHOLE]);
}

/* R1 = the protocol: from the header, or where be_parse_copy() has put it. */
static void load_protocol(struct be_gen *g, const struct transport *t)
{
	if (!be_gen_v6(g))
		be_emit(&g->a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 9));
	else if (t->base == BE_R_IP)
		be_emit(&g->a, insn_load(BPF_B, BPF_REG_1, BE_R_IP, 6));
	else
		be_emit(&g->a, insn_load(BPF_W, BPF_REG_1, BPF_REG_10,
					 BE_FRAME(key)));
}

/* To k->chain where it is an extension header after all. */
static void check_chain(struct be_gen *g, const struct transport *t,
			const struct be_kinds *k)
{
	if (be_gen_v6(g) && t->base == BE_R_IP)
		be_parse_extension(g, BPF_REG_1, k->chain);
}

/* In: BE_R_IP, BE_R_AVAIL, t->base.  Ends at one of the kinds' labels. */
static void parse_protocol(struct be_gen *g, struct transport *t,
			   const struct be_kinds *k)
{
	int icmp = be_gen_v6(g) ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	struct be_asm *a = &g->a;

	t->tcp = be_label_new(a);
	t->udp = be_label_new(a);
	t->icmp = be_label_new(a);
	t->ports = be_label_new(a);
	t->esp = be_label_new(a);
	t->mobility = be_label_new(a);
	t->tcp_short = be_label_new(a);
	t->udp_short = be_label_new(a);
	load_protocol(g, t);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_TCP), t->tcp);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_UDP), t->udp);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, icmp), t->icmp);
	check_chain(g, t, k);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_DCCP), t->ports);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_SCTP), t->ports);
	if (be_gen_v6(g)) {
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_ESP), t->esp);
		be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, IPPROTO_MH),
			t->mobility);
	}
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, IPPROTO_UDPLITE),
		k->label[IR_KIND_WHOLE]);
	be_label_here(a, t->ports);
	need(g, t, 4, k->label[IR_KIND_NONE]);
	load_ports(g, t);
	be_jump(a, insn_ja(), k->label[IR_KIND_WHOLE]);

	parse_tcp(g, t, k);
	parse_udp(g, t, k);
	parse_icmp(g, t, k);
	if (be_gen_v6(g)) {
		parse_esp(g, t, k);
		parse_mobility(g, t, k);
	}
}

void be_parse_in_place(struct be_gen *g, const struct be_kinds *k)
{
	struct transport t = { .base = BPF_REG_5, .bounded = !g->ops->linear };

	if (be_gen_v6(g)) {
		t.base = BE_R_IP;
		t.off = BE_HEADER6_SIZE;
	} else {
		be_emit(&g->a, insn_mov(BPF_REG_5, BE_R_IP));
		be_emit(&g->a, insn_alu(BPF_ADD, BPF_REG_5, BE_R_IHL));
	}
	parse_protocol(g, &t, k);
}

void be_parse_copy(struct be_gen *g, const struct be_kinds *k)
{
	struct transport t = { .base = BPF_REG_10, .off = BE_FRAME(buf) };
	struct be_asm *a = &g->a;
	be_label some = be_label_new(a), ready = be_label_new(a);
	uint32_t i;

	if (be_gen_v6(g))
		be_emit(a, insn_store(BPF_W, BPF_REG_10, BE_FRAME(key),
				      BPF_REG_1));
	be_jump(a, insn_jumpi(BPF_JSLT, BE_R_AVAIL, 4), ready);
	for (i = 0; i < sizeof(copied) / sizeof(*copied); i++) {
		be_emit(a, insn_movi(BPF_REG_3, copied[i]));
		be_jump(a, insn_jumpi(BPF_JSGE, BE_R_AVAIL, copied[i]), some);
	}
	be_label_here(a, some);
	be_emit(a, insn_mov(BPF_REG_2, BE_R_IHL));
	g->ops->copy(g);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_0, 0), g->drop);
	be_label_here(a, ready);
	parse_protocol(g, &t, k);
}

static void end_kind(struct be_gen *g, const struct be_kinds *k, enum ir_kind kind)
{
	struct be_asm *a = &g->a;
	uint32_t variant = kind == IR_KIND_WHOLE || !g->c->variants ?
			   0 : sizeof(struct tr_segment);

	if (!be_label_used(a, k->label[kind]))
		return;		/* the verifier refuses what is not reached */
	be_label_here(a, k->label[kind]);
	be_gen_set(g, IR_KIND, 1u << kind);
	be_emit(a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(variant),
			       (int32_t)variant));
	be_jump(a, insn_ja(), g->walk);
}

void be_parse_clear(struct be_gen *g)
{
	be_gen_set(g, IR_SPORT, 0);
	be_gen_set(g, IR_DPORT, 0);
	be_gen_set(g, IR_TCPFLAGS, 0);
	be_gen_set(g, IR_ICMP, 0);
	be_gen_set(g, IR_TCPOPT, 0);
}

void be_parse_start(struct be_gen *g, struct be_kinds *k)
{
	int i;

	for (i = 0; i < IR_NKINDS; i++)
		k->label[i] = be_label_new(&g->a);
	k->chain = be_label_new(&g->a);
}

void be_parse_end(struct be_gen *g, const struct be_kinds *k)
{
	int i;

	for (i = 0; i < IR_NKINDS; i++)
		end_kind(g, k, (enum ir_kind)i);
}

static void parse_transport(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label copy = be_label_new(a), frag = be_label_new(a);
	struct be_kinds k;

	be_parse_start(g, &k);
	be_parse_clear(g);
	be_emit(a, insn_load(BPF_H, BPF_REG_1, BE_R_IP, 6));
	be_emit(a, insn_ntoh(BPF_REG_1, 16));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_1, IP_OFFSET));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 0), frag);
	if (!g->copies) {
		if (g->ops->linear)
			g->ops->linear(g, copy);
		be_parse_in_place(g, &k);
	}
	if (g->copies || g->ops->linear) {
		be_label_here(a, copy);
		be_parse_copy(g, &k);
	}
	be_label_here(a, frag);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, 1), k.label[IR_KIND_FRAG]);
	be_jump(a, insn_ja(), k.label[IR_KIND_FRAG1]);
	be_parse_end(g, &k);
}

void be_parse_no_transport(struct be_gen *g)
{
	be_emit(&g->a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(variant), 0));
	be_jump(&g->a, insn_ja(), g->walk);
}

void be_gen_linear(struct be_gen *g, be_label slow)
{
	struct be_asm *a = &g->a;
	be_label all = be_label_new(a);

	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_1, 0), all);
	be_emit(a, insn_mov(BPF_REG_2, BE_R_AVAIL));
	be_emit(a, insn_alu(BPF_SUB, BPF_REG_2, BPF_REG_1));
	be_jump(a, insn_jumpi(BPF_JSLT, BPF_REG_2, 20), slow);
	be_label_here(a, all);
}

void be_gen_header_length(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	if (be_gen_v6(g)) {
		be_emit(a, insn_movi(BE_R_IHL, BE_HEADER6_SIZE));
	} else {
		be_emit(a, insn_load(BPF_B, BE_R_IHL, BE_R_IP, 0));
		be_emit(a, insn_alui(BPF_AND, BE_R_IHL, 15));
		be_emit(a, insn_alui(BPF_LSH, BE_R_IHL, 2));
	}
	be_emit(a, insn_alu(BPF_SUB, BE_R_AVAIL, BE_R_IHL));
}

static void parse4(struct be_gen *g)
{
	parse_addresses(g);
	be_parse_byte(g, IR_PROTO, 9);
	if (!g->ops->ttl || g->opts->test_fd >= 0)
		be_parse_byte(g, IR_TTL, 8);
	be_parse_byte(g, IR_TOS, 1);
	parse_length(g);
	if (g->c->variants || g->c->fields & be_transport_fields)
		parse_transport(g);
	else
		be_parse_no_transport(g);
}

void be_gen_parse(struct be_gen *g)
{
	if (be_gen_v6(g))
		be_parse6(g);
	else
		parse4(g);
}
