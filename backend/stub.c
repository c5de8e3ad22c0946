/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/stub.c - what is attached to a hook: the jump to the program in force
 */
#include "backend/stub.h"

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

#include "backend/asm.h"
#include "backend/gen.h"
#include "backend/load.h"
#include "backend/program.h"
#include "backend/state.h"
#include "backend/sys.h"

/* The type's properties are the programs': a slot takes only its like. */
static const struct stub {
	const struct be_hook_ops *ops;
	int32_t		direction;	/* for cb[0]; 0: no such thing */
	const char	*name;
} stubs[BE_NSTUBS] = {
	[BE_STUB_NETFILTER] = { &be_hook_netfilter, 0, "xtb_stub_nf" },
	[BE_STUB_XDP] = { &be_hook_xdp, 0, "xtb_stub_xdp" },
	[BE_STUB_TC_INGRESS] = { &be_hook_tc, BE_TC_CB_INGRESS, "xtb_stub_in" },
	[BE_STUB_TC_EGRESS] = { &be_hook_tc, BE_TC_CB_EGRESS, "xtb_stub_out" },
};

/* R1 is the context all the way; R2 and R3 are scratch. */
static void emit(struct be_asm *a, const struct stub *s, int active_fd,
		 int slots_fd)
{
	const int cb = offsetof(struct __sk_buff, cb);
	be_label accept;

	be_asm_init(a);
	accept = be_label_new(a);
	if (s->direction) {
		be_emit(a, insn_movi(BPF_REG_2, s->direction));
		be_emit(a, insn_store(BPF_W, BPF_REG_1, cb, BPF_REG_2));
	}
	be_emit_load64(a, BPF_REG_2, BPF_PSEUDO_MAP_VALUE, (uint32_t)active_fd);
	be_emit(a, insn_load(BPF_W, BPF_REG_3, BPF_REG_2, 0));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_3, BE_NONE), accept);
	be_emit_load64(a, BPF_REG_2, BPF_PSEUDO_MAP_FD, (uint32_t)slots_fd);
	be_emit(a, insn_call(BPF_FUNC_tail_call));
	be_emit(a, insn_movi(BPF_REG_0, s->ops->drop));
	be_emit(a, insn_exit());
	be_label_here(a, accept);
	be_emit(a, insn_movi(BPF_REG_0, s->ops->accept));
	be_emit(a, insn_exit());
}

int be_stub_load(enum be_stub stub, int active_fd, int slots_fd,
		 struct diag *diag)
{
	const struct stub *s = &stubs[stub];
	struct be_asm a;
	int fd;

	emit(&a, s, active_fd, slots_fd);
	fd = be_finish(&a);
	if (!fd)
		fd = be_fault_gate();
	if (!fd)
		fd = be_load(s->ops->prog_type, s->ops->attach_type, s->name,
			     a.insns, a.ninsns, diag);
	be_asm_free(&a);
	return fd;
}
