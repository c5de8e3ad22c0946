/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/kernel.c - offsets and function ids out of the running kernel's BTF */
#include "backend/kernel.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <bpf/btf.h>

#include "backend/facts.h"

#define MAX_NESTED	64

const struct be_member_info be_members[BE_NMEMBERS] = {
	[BE_SKB_LEN] = { "sk_buff", "len", BE_UNSIGNED, 4 },
	[BE_SKB_DATA_LEN] = { "sk_buff", "data_len", BE_UNSIGNED, 4 },
	[BE_SKB_DATA] = { "sk_buff", "data", BE_POINTER, 8 },
	[BE_SKB_HEAD] = { "sk_buff", "head", BE_POINTER, 8 },
	[BE_SKB_NETWORK_HEADER] = { "sk_buff", "network_header", BE_UNSIGNED, 2 },
	[BE_SKB_NFCT] = { "sk_buff", "_nfct", BE_UNSIGNED, 8 },
	[BE_SKB_DEV] = { "sk_buff", "dev", BE_POINTER, 8 },
	[BE_SKB_AT_INGRESS] = { "sk_buff", "tc_at_ingress", BE_BIT, 1 },
	[BE_STATE_HOOK] = { "nf_hook_state", "hook", BE_UNSIGNED, 1 },
	[BE_STATE_PF] = { "nf_hook_state", "pf", BE_UNSIGNED, 1 },
	[BE_STATE_IN] = { "nf_hook_state", "in", BE_POINTER, 8 },
	[BE_STATE_OUT] = { "nf_hook_state", "out", BE_POINTER, 8 },
	[BE_XDP_RXQ] = { "xdp_buff", "rxq", BE_POINTER, 8 },
	[BE_RXQ_DEV] = { "xdp_rxq_info", "dev", BE_POINTER, 8 },
	[BE_DEV_NAME] = { "net_device", "name", BE_CHARS, 16 },
	[BE_DEV_IP] = { "net_device", "ip_ptr", BE_POINTER, 8 },
	[BE_DEV_IP6] = { "net_device", "ip6_ptr", BE_POINTER, 8 },
	[BE_DEV_NET] = { "net_device", "nd_net.net", BE_NESTED, 0 },
	[BE_IN_DEV_CONF] = { "in_device", "cnf.data", BE_NESTED, 0 },
	[BE_INET6_FORWARDING] = { "inet6_dev", "cnf.forwarding", BE_NESTED, 0 },
	[BE_NET_COOKIE] = { "net", "net_cookie", BE_UNSIGNED, 8 },
	[BE_NET_RULES] = { "net", "ipv4.fib_has_custom_rules", BE_NESTED, 0 },
	[BE_NET_NEXTHOPS] = { "net", "nexthop.rb_root.rb_node", BE_NESTED, 0 },
	[BE_NET_ROUTES] = { "net", "ipv4.rt_genid", BE_NESTED, 0 },
};

const char *const be_kfuncs[BE_NKFUNCS] = {
	[BE_RDONLY_CAST]	= "bpf_rdonly_cast",
	[BE_CAST_TO_KERN_CTX]	= "bpf_cast_to_kern_ctx",
	[BE_DYNPTR_FROM_SKB]	= "bpf_dynptr_from_skb",
};

/* A struct or union whose members still have to be looked through. */
struct nested {
	const struct btf_type *type;
	uint32_t	base;
};

/* Whether @have is the first name of @path. */
static bool is_first(const char *have, const char *path)
{
	size_t n = strcspn(path, ".");

	return have && strlen(have) == n && !strncmp(have, path, n);
}

static const struct btf_type *resolved(const struct btf *btf, uint32_t id)
{
	int real = btf__resolve_type(btf, id);

	return real < 0 ? NULL : btf__type_by_id(btf, (uint32_t)real);
}

/*
 * Whether the first name of @path is in @n, which is then its type and where it is;
 * the unnamed structs of @n go onto @todo.
 */
static bool scan(const struct btf *btf, struct nested *n, const char *path,
		 struct nested *todo, int *ntodo)
{
	const struct btf_member *m = btf_members(n->type);
	const struct btf_type *t;
	const char *have;
	uint32_t at;
	int i;

	for (i = 0; i < btf_vlen(n->type); i++, m++) {
		at = n->base + btf_member_bit_offset(n->type, (uint32_t)i) / 8;
		have = btf__name_by_offset(btf, m->name_off);
		t = resolved(btf, m->type);
		if (is_first(have, path)) {
			*n = (struct nested){ t, at };
			return true;
		}
		if (have && *have)
			continue;
		if (t && btf_is_composite(t) && *ntodo < MAX_NESTED)
			todo[(*ntodo)++] = (struct nested){ t, at };
	}
	return false;
}

/* The same in @n and all that is in there without a name. */
static bool search(const struct btf *btf, struct nested *n, const char *path)
{
	struct nested todo[MAX_NESTED];
	int ntodo = 1;

	todo[0] = *n;
	while (ntodo) {
		*n = todo[--ntodo];
		if (scan(btf, n, path, todo, &ntodo))
			return true;
	}
	return false;
}

static int member_offset(const struct btf *btf, const char *type,
			 const char *path)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	struct nested n = { NULL, 0 };

	if (id < 0)
		return -1;
	n.type = btf__type_by_id(btf, (uint32_t)id);
	for (;;) {
		if (!n.type || !btf_is_composite(n.type) ||
		    !search(btf, &n, path))
			return -1;
		path += strcspn(path, ".");
		if (!*path)
			return (int)n.base;
		path++;
	}
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
		k->member[i] = member_offset(btf, be_members[i].type,
					     be_members[i].name);
	for (i = 0; i < BE_NKFUNCS; i++)
		k->kfunc[i] = btf__find_by_name_kind(btf, be_kfuncs[i],
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

static uint32_t aligned(uint32_t at, uint32_t size)
{
	uint32_t to = size > 8 ? 8 : size;

	return (at + to - 1) / to * to;
}

bool be_member_is_of(enum be_member m, const char *type)
{
	return be_members[m].kind != BE_NESTED &&
	       !strcmp(be_members[m].type, type);
}

/* Where @m is, and *end where the next one could be. */
static uint32_t invented(enum be_member m, uint32_t *end)
{
	uint32_t at = 0, i;

	*end = 0;
	for (i = 0; i <= (uint32_t)m; i++) {
		if (!be_member_is_of((enum be_member)i, be_members[m].type))
			continue;
		at = aligned(*end, be_members[i].size);
		*end = at + be_members[i].size;
	}
	return at;
}

void be_kernel_invent(struct be_kernel *k)
{
	uint32_t end;
	int i;

	for (i = 0; i < BE_NMEMBERS; i++)
		k->member[i] = be_members[i].kind == BE_NESTED ? -1 :
			       (int)invented((enum be_member)i, &end);
	for (i = 0; i < BE_NKFUNCS; i++)
		k->kfunc[i] = -1;
}

uint32_t be_kernel_invented_size(const char *type)
{
	uint32_t end, size = 0;
	int i;

	for (i = 0; i < BE_NMEMBERS; i++) {
		if (!be_member_is_of((enum be_member)i, type))
			continue;
		invented((enum be_member)i, &end);
		size = aligned(end, 8);
	}
	return size;
}
