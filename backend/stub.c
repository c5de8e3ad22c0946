/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/stub.c - what is attached to a hook: the jump to the program in force
 */
#include "backend/stub.h"

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>

#include "backend/asm.h"
#include "backend/gen.h"
#include "backend/load.h"
#include "backend/program.h"
#include "backend/state.h"
#include "backend/sys.h"

#define VLAN_HLEN	4
#define VLAN_VID_MASK	0xfff

struct stub;

struct code {
	struct be_asm	a;
	const struct stub *stub;
	const int	*active;	/* by family number */
	int		slots;
	be_label	ip;		/* the packet is IPv4 */
	be_label	ip6;
	be_label	tagged;		/* more VLAN tags than anybody follows */
	be_label	accept;
	be_label	drop;
};

/* The type's properties are the programs': a slot takes only its like. */
struct stub {
	const struct be_hook_ops *ops;
	/*
	 * In: R1 the context, which stays.  Jumps to the label of what the packet
	 * is.  Clobbers R0 and R2 to R5.
	 */
	void		(*select)(struct code *c);
	int32_t		direction;	/* for cb[0] */
	const char	*name;
};

static void select_ip(struct code *c)
{
	be_jump(&c->a, insn_ja(), c->ip);
}

static void select_ip6(struct code *c)
{
	be_jump(&c->a, insn_ja(), c->ip6);
}

/* Goes where the Ethernet type in R2 belongs, on where it is a VLAN tag. */
static void select_type(struct code *c)
{
	struct be_asm *a = &c->a;
	be_label tag = be_label_new(a);

	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, ETH_P_IP), c->ip);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, ETH_P_IPV6), c->ip6);
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, ETH_P_8021Q), tag);
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, ETH_P_8021AD), c->accept);
	be_label_here(a, tag);
}

/* R2 = 16 bits at R4 + @off, in host order; R5 is data_end. */
static void load_half(struct code *c, int off)
{
	struct be_asm *a = &c->a;

	be_emit(a, insn_mov(BPF_REG_2, BPF_REG_4));
	be_emit(a, insn_alui(BPF_ADD, BPF_REG_2, off + 2));
	be_jump(a, insn_jump(BPF_JGT, BPF_REG_2, BPF_REG_5), c->accept);
	be_emit(a, insn_load(BPF_H, BPF_REG_2, BPF_REG_4, off));
	be_emit(a, insn_ntoh(BPF_REG_2, 16));
}

/* Two tags that name no VLAN are looked behind, as by the programs. */
static void select_xdp(struct code *c)
{
	struct be_asm *a = &c->a;
	int i;

	be_emit(a, insn_load(BPF_W, BPF_REG_4, BPF_REG_1,
			     offsetof(struct xdp_md, data)));
	be_emit(a, insn_load(BPF_W, BPF_REG_5, BPF_REG_1,
			     offsetof(struct xdp_md, data_end)));
	for (i = 0; i < 2; i++) {
		load_half(c, ETH_HLEN - 2);
		select_type(c);
		load_half(c, ETH_HLEN);
		be_emit(a, insn_alui(BPF_AND, BPF_REG_2, VLAN_VID_MASK));
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), c->accept);
		be_emit(a, insn_alui(BPF_ADD, BPF_REG_4, VLAN_HLEN));
	}
	load_half(c, ETH_HLEN - 2);
	select_type(c);
	be_jump(a, insn_ja(), c->tagged);
}

/* The kernel has taken the outer tag off by now, where there was one. */
static void select_tc(struct code *c)
{
	struct be_asm *a = &c->a;

	be_emit(a, insn_movi(BPF_REG_2, c->stub->direction));
	be_emit(a, insn_store(BPF_W, BPF_REG_1, offsetof(struct __sk_buff, cb),
			      BPF_REG_2));
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1,
			     offsetof(struct __sk_buff, protocol)));
	be_emit(a, insn_ntoh(BPF_REG_2, 16));
	select_type(c);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1,
			     offsetof(struct __sk_buff, vlan_present)));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, 0), c->accept);
	be_emit(a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1,
			     offsetof(struct __sk_buff, vlan_tci)));
	be_emit(a, insn_alui(BPF_AND, BPF_REG_2, VLAN_VID_MASK));
	be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_2, 0), c->accept);
	be_jump(a, insn_ja(), c->tagged);
}

static const struct stub stubs[BE_NSTUBS] = {
	[BE_STUB_NETFILTER] = {
		&be_hook_netfilter, select_ip, 0, "xtb_stub_nf",
	},
	[BE_STUB_NETFILTER6] = {
		&be_hook_netfilter, select_ip6, 0, "xtb_stub_nf6",
	},
	[BE_STUB_XDP] = {
		&be_hook_xdp, select_xdp, 0, "xtb_stub_xdp",
	},
	[BE_STUB_TC_INGRESS] = {
		&be_hook_tc, select_tc, BE_TC_CB_INGRESS, "xtb_stub_in",
	},
	[BE_STUB_TC_EGRESS] = {
		&be_hook_tc, select_tc, BE_TC_CB_EGRESS, "xtb_stub_out",
	},
};

/* R3 = the generation of @family in force; jumps to @to where there is none. */
static void load_active(struct code *c, int family, be_label to)
{
	struct be_asm *a = &c->a;
	const int fd = c->active[be_family_number(family)];

	be_emit_load64(a, BPF_REG_2, BPF_PSEUDO_MAP_VALUE, (uint32_t)fd);
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_2, 0));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_3, BE_NONE), to);
}

static void enter(struct code *c, int family)
{
	struct be_asm *a = &c->a;

	load_active(c, family, c->accept);
	be_emit_load64(a, BPF_REG_2, BPF_PSEUDO_MAP_FD, (uint32_t)c->slots);
	be_emit(a, insn_call(BPF_FUNC_tail_call));
	be_jump(a, insn_ja(), c->drop);
}

/* The programs would drop it, if there is one. */
static void judge_tagged(struct code *c)
{
	be_label other = be_label_new(&c->a);

	load_active(c, AF_INET, other);
	be_jump(&c->a, insn_ja(), c->drop);
	be_label_here(&c->a, other);
	load_active(c, AF_INET6, c->accept);
	be_jump(&c->a, insn_ja(), c->drop);
}

static void emit(struct code *c)
{
	struct be_asm *a = &c->a;

	be_asm_init(a);
	c->ip = be_label_new(a);
	c->ip6 = be_label_new(a);
	c->tagged = be_label_new(a);
	c->accept = be_label_new(a);
	c->drop = be_label_new(a);
	c->stub->select(c);
	be_label_here(a, c->ip);
	if (be_label_used(a, c->ip))
		enter(c, AF_INET);
	be_label_here(a, c->ip6);
	if (be_label_used(a, c->ip6))
		enter(c, AF_INET6);
	be_label_here(a, c->tagged);
	if (be_label_used(a, c->tagged))
		judge_tagged(c);
	be_label_here(a, c->drop);
	be_emit(a, insn_movi(BPF_REG_0, c->stub->ops->drop));
	be_emit(a, insn_exit());
	be_label_here(a, c->accept);
	be_emit(a, insn_movi(BPF_REG_0, c->stub->ops->accept));
	be_emit(a, insn_exit());
}

int be_stub_load(enum be_stub stub, const int *active, int slots_fd,
		 struct diag *diag)
{
	const struct stub *s = &stubs[stub];
	struct code c = { .stub = s, .active = active, .slots = slots_fd };
	int fd;

	emit(&c);
	fd = be_finish(&c.a);
	if (!fd)
		fd = be_fault_gate();
	if (!fd)
		fd = be_load(s->ops->prog_type, s->ops->attach_type, s->name,
			     c.a.insns, c.a.ninsns, diag);
	be_asm_free(&c.a);
	return fd;
}
