/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/kernel.c - offsets and function ids out of the running kernel's BTF */
#include "backend/kernel.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <bpf/btf.h>

#include "backend/facts.h"

#define MAX_NESTED	64

static const struct {
	const char	*type;
	const char	*name;
} members[BE_NMEMBERS] = {
	[BE_SKB_LEN]		= { "sk_buff", "len" },
	[BE_SKB_DATA_LEN]	= { "sk_buff", "data_len" },
	[BE_SKB_DATA]		= { "sk_buff", "data" },
	[BE_SKB_HEAD]		= { "sk_buff", "head" },
	[BE_SKB_NETWORK_HEADER]	= { "sk_buff", "network_header" },
	[BE_SKB_NFCT]		= { "sk_buff", "_nfct" },
	[BE_STATE_HOOK]		= { "nf_hook_state", "hook" },
	[BE_STATE_IN]		= { "nf_hook_state", "in" },
	[BE_STATE_OUT]		= { "nf_hook_state", "out" },
	[BE_DEV_NAME]		= { "net_device", "name" },
};

static const char *const kfuncs[BE_NKFUNCS] = {
	[BE_RDONLY_CAST]	= "bpf_rdonly_cast",
	[BE_CAST_TO_KERN_CTX]	= "bpf_cast_to_kern_ctx",
	[BE_DYNPTR_FROM_SKB]	= "bpf_dynptr_from_skb",
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

static int learn(struct be_kernel *k, struct diag *diag)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int i, err;

	if (!btf) {
		err = -errno;
		diag_error(diag, NULL, "cannot read the kernel's type information '/sys/kernel/btf/vmlinux': %s",
			   strerror(-err));
		return err;
	}
	for (i = 0; i < BE_NMEMBERS; i++)
		k->member[i] = member_offset(btf, members[i].type,
					     members[i].name);
	for (i = 0; i < BE_NKFUNCS; i++)
		k->kfunc[i] = btf__find_by_name_kind(btf, kfuncs[i],
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
