/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/stub.c - what is attached to a hook: the jump to the program in force
 */
#include "backend/stub.h"

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <linux/pkt_cls.h>

#include "backend/asm.h"
#include "backend/load.h"
#include "backend/program.h"
#include "backend/state.h"
#include "backend/sys.h"

/* Newer than the oldest headers we build with. */
#define PROG_TYPE_NETFILTER	32
#define ATTACH_NETFILTER	45

static const struct ops {
	int		prog_type;
	int		attach_type;
	int32_t		accept;
	int32_t		drop;
	int32_t		direction;	/* for cb[0]; 0: no such thing */
	const char	*name;
} ops[BE_NSTUBS] = {
	[BE_STUB_NETFILTER] = { PROG_TYPE_NETFILTER, ATTACH_NETFILTER,
				NF_ACCEPT, NF_DROP, 0, "xtb_stub_nf" },
	[BE_STUB_XDP] = { BPF_PROG_TYPE_XDP, BPF_XDP,
			  XDP_PASS, XDP_DROP, 0, "xtb_stub_xdp" },
	[BE_STUB_TC_INGRESS] = { BPF_PROG_TYPE_SCHED_CLS, 0,
				 TC_ACT_UNSPEC, TC_ACT_SHOT,
				 BE_TC_CB_INGRESS, "xtb_stub_in" },
	[BE_STUB_TC_EGRESS] = { BPF_PROG_TYPE_SCHED_CLS, 0,
				TC_ACT_UNSPEC, TC_ACT_SHOT,
				BE_TC_CB_EGRESS, "xtb_stub_out" },
};

/* R1 is the context all the way; R2 and R3 are scratch. */
static void emit(struct be_asm *a, const struct ops *o, int active_fd,
		 int slots_fd)
{
	const int cb = offsetof(struct __sk_buff, cb);
	be_label accept;

	be_asm_init(a);
	accept = be_label_new(a);
	if (o->direction) {
		be_emit(a, insn_movi(BPF_REG_2, o->direction));
		be_emit(a, insn_store(BPF_W, BPF_REG_1, cb, BPF_REG_2));
	}
	be_emit_load64(a, BPF_REG_2, BPF_PSEUDO_MAP_VALUE, (uint32_t)active_fd);
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_2, 0));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_3, BE_NONE), accept);
	be_emit_load64(a, BPF_REG_2, BPF_PSEUDO_MAP_FD, (uint32_t)slots_fd);
	be_emit(a, insn_call(BPF_FUNC_tail_call));
	be_emit(a, insn_movi(BPF_REG_0, o->drop));
	be_emit(a, insn_exit());
	be_label_here(a, accept);
	be_emit(a, insn_movi(BPF_REG_0, o->accept));
	be_emit(a, insn_exit());
}

int be_stub_load(enum be_stub stub, int active_fd, int slots_fd,
		 struct diag *diag)
{
	const struct ops *o = &ops[stub];
	struct be_asm a;
	int fd;

	emit(&a, o, active_fd, slots_fd);
	fd = be_finish(&a);
	if (!fd)
		fd = be_fault_gate();
	if (!fd)
		fd = be_load(o->prog_type, o->attach_type, o->name, a.insns,
			     a.ninsns, diag);
	be_asm_free(&a);
	return fd;
}
