/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/kernel.c - offsets and function ids out of the running kernel's BTF */
#include "backend/kernel.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <bpf/btf.h>

#include "backend/facts.h"

#define MAX_NESTED	64

static const struct {
	const char	*type;
	const char	*member;
	size_t		at;
} members[] = {
	{ "sk_buff", "len", offsetof(struct be_kernel, skb_len) },
	{ "sk_buff", "data_len", offsetof(struct be_kernel, skb_data_len) },
	{ "sk_buff", "data", offsetof(struct be_kernel, skb_data) },
	{ "sk_buff", "head", offsetof(struct be_kernel, skb_head) },
	{ "sk_buff", "network_header",
	  offsetof(struct be_kernel, skb_network_header) },
	{ "sk_buff", "_nfct", offsetof(struct be_kernel, skb_nfct) },
	{ "nf_hook_state", "hook", offsetof(struct be_kernel, state_hook) },
	{ "nf_hook_state", "in", offsetof(struct be_kernel, state_in) },
	{ "nf_hook_state", "out", offsetof(struct be_kernel, state_out) },
	{ "net_device", "name", offsetof(struct be_kernel, dev_name) },
};

static const struct {
	const char	*name;
	size_t		at;
} functions[] = {
	{ "bpf_rdonly_cast", offsetof(struct be_kernel, rdonly_cast) },
	{ "bpf_cast_to_kern_ctx",
	  offsetof(struct be_kernel, cast_to_kern_ctx) },
	{ "bpf_dynptr_from_skb", offsetof(struct be_kernel, dynptr_from_skb) },
};

/* A struct or union whose members still have to be looked through. */
struct nested {
	const struct btf_type *type;
	uint32_t	base;
};

/* The offset of @name in @n, or -1; its unnamed structs go onto @todo. */
static int scan(const struct btf *btf, const struct nested *n,
		const char *name, struct nested *todo, int *ntodo)
{
	const struct btf_member *m = btf_members(n->type);
	const struct btf_type *t;
	const char *have;
	uint32_t at;
	int i;

	for (i = 0; i < btf_vlen(n->type); i++, m++) {
		at = n->base + btf_member_bit_offset(n->type, (uint32_t)i) / 8;
		have = btf__name_by_offset(btf, m->name_off);
		if (have && !strcmp(have, name))
			return (int)at;
		t = btf__type_by_id(btf, m->type);
		if (have && *have)
			continue;
		if (t && btf_is_composite(t) && *ntodo < MAX_NESTED)
			todo[(*ntodo)++] = (struct nested){ t, at };
	}
	return -1;
}

static int member_offset(const struct btf *btf, const char *type,
			 const char *member)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	struct nested todo[MAX_NESTED], n;
	int ntodo = 1, at = -1;

	if (id < 0)
		return -1;
	todo[0] = (struct nested){ btf__type_by_id(btf, (uint32_t)id), 0 };
	while (ntodo && at < 0) {
		n = todo[--ntodo];
		at = scan(btf, &n, member, todo, &ntodo);
	}
	return at;
}

static int *member_at(struct be_kernel *k, size_t at)
{
	return (int *)(void *)((char *)k + at);
}

static int learn(struct be_kernel *k, struct diag *diag)
{
	struct btf *btf = btf__load_vmlinux_btf();
	size_t i;
	int err;

	if (!btf) {
		err = -errno;
		diag_error(diag, NULL, "cannot read the kernel's type information '/sys/kernel/btf/vmlinux': %s",
			   strerror(-err));
		return err;
	}
	for (i = 0; i < sizeof(members) / sizeof(*members); i++)
		*member_at(k, members[i].at) =
			member_offset(btf, members[i].type, members[i].member);
	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		*member_at(k, functions[i].at) =
			btf__find_by_name_kind(btf, functions[i].name,
					       BTF_KIND_FUNC);
	btf__free(btf);
	return 0;
}

int be_kernel_read(struct be_kernel *k, struct diag *diag)
{
	struct be_facts *f = be_facts_get();
	int err;

	if (!f->btf) {
		err = learn(&f->kernel, diag);
		if (err)
			return err;
		f->btf = 1;
		be_facts_keep();
	}
	*k = f->kernel;
	return 0;
}
