/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/stub.h - what is attached to a hook: the jump to the program in force
 *
 * A stub reads the generation of the packet's family from its map "active" and
 * tail-calls that slot.  All stubs of a family in a namespace read the same
 * word, so one store there switches them all.  Where the jump fails, the packet
 * is dropped.  With nothing in force it accepts without a jump: a stub may
 * outlive its slots (links are released late, and a clsact filter stays in a
 * namespace that nobody can enter).
 *
 * At a netfilter hook each family has stubs of its own.  At xdp and tc there is
 * one for both on an interface; it goes by the Ethernet type, behind VLAN tags
 * that name no VLAN.
 */
#ifndef BACKEND_STUB_H
#define BACKEND_STUB_H

#include "backend/attach.h"
#include "ir/diag.h"

enum be_stub {
	BE_STUB_NETFILTER,
	BE_STUB_NETFILTER6,
	BE_STUB_XDP,
	BE_STUB_TC_INGRESS,
	BE_STUB_TC_EGRESS,
	BE_NSTUBS
};

/*
 * A loaded stub's fd, or -errno told in @diag.  @active: fds by family number
 * (state.h), both.
 */
int be_stub_load(enum be_stub stub, const int *active, int slots_fd,
		 struct diag *diag);

#endif
