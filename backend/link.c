/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/link.c - the stubs' places in the kernel, each pinned by name
 *
 * netfilter hooks, xdp and tcx have BPF links, which last as long as their pin.
 * Before tcx (Linux 6.6) tc has clsact filters, which last by themselves: what
 * is pinned for one is its stub, before it is attached, so that none is ever
 * forgotten.
 */
#include "backend/link.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>

#include "backend/bpffs.h"
#include "backend/stub.h"
#include "backend/sys.h"

/* Newer than the oldest headers we build with. */
#define ATTACH_NETFILTER	45
#define ATTACH_TCX_INGRESS	46
#define ATTACH_TCX_EGRESS	47

/*
 * The filter table's priority is 0, and so is that of most nft chains; but a
 * link cannot share a priority, so it takes the first free one before that.
 */
#define PRIORITY_FIRST	(-1)
#define PRIORITY_LAST	(-99)

#define FILTER_HANDLE	1
#define FILTER_PRIORITIES 99

/* struct bpf_link_info, as far as it goes for our types. */
struct link_info {
	uint32_t	type;
	uint32_t	id;
	uint32_t	prog_id;
	uint32_t	pad;
	union {
		uint32_t	ifindex;	/* xdp, tcx; 0: gone */
		struct {
			uint32_t	pf;
			uint32_t	hooknum;
			int32_t		priority;
			uint32_t	flags;
		} netfilter;
		uint64_t	room[8];
	};
};

static const char *const directions[] = { "ingress", "egress" };

static bool force_clsact;

void be_links_force_clsact(bool on)
{
	force_clsact = on;
}

static bool same(const struct be_link *a, const struct be_link *b)
{
	return a->type == b->type && a->ifindex == b->ifindex &&
	       a->family == b->family && a->where == b->where;
}

bool be_links_have(const struct be_links *links, const struct be_link *link)
{
	uint32_t i;

	for (i = 0; i < links->n; i++)
		if (same(&links->link[i], link))
			return true;
	return false;
}

static bool parse_where(const char *s, struct be_pinned *p)
{
	int i;

	switch (p->link.type) {
	case BE_NETFILTER:
		for (i = 0; i < IR_NHOOKS; i++) {
			if (!strcmp(s, ir_hook_name((enum ir_hook)i))) {
				p->link.where = (uint32_t)i;
				return true;
			}
		}
		return false;
	case BE_XDP:
		p->generic = !strcmp(s, "generic");
		return true;
	default:
		p->link.where = strcmp(s, directions[BE_EGRESS]) ?
				BE_INGRESS : BE_EGRESS;
		return true;
	}
}

static bool parse_number(uint32_t number, struct be_pinned *p)
{
	if (p->link.type != BE_NETFILTER)
		p->link.ifindex = number;
	else if (number == 4 || number == 6)
		p->link.family = number == 4 ? AF_INET : AF_INET6;
	else
		return false;
	return true;
}

bool be_pinned_parse(const char *name, struct be_pinned *out)
{
	char kind[8], type[16], where[16];
	uint32_t number;
	int n, i;

	memset(out, 0, sizeof(*out));
	n = sscanf(name, "%7[a-z]-%15[a-z]-%u-%15[A-Za-z]-%u", kind, type,
		   &number, where, &out->priority);
	out->filter = n == 5 && !strcmp(kind, "filter");
	if (!out->filter && (n != 4 || strcmp(kind, "link")))
		return false;
	for (i = 0; i < BE_NTYPES; i++) {
		if (strcmp(type, be_hook_type_name((enum be_hook_type)i)))
			continue;
		out->link.type = (uint32_t)i;
		return parse_number(number, out) && parse_where(where, out);
	}
	return false;
}

static struct be_path pinned_path(const struct be_ns *ns,
				  const struct be_pinned *p)
{
	const char *where;

	if (p->link.type == BE_NETFILTER)
		return be_ns_path(ns, "link-netfilter-%d-%s",
				  p->link.family == AF_INET ? 4 : 6,
				  ir_hook_name((enum ir_hook)p->link.where));
	if (p->link.type == BE_XDP)
		where = p->generic ? "generic" : "native";
	else
		where = directions[p->link.where];
	if (p->filter)
		return be_ns_path(ns, "filter-tc-%u-%s-%u", p->link.ifindex,
				  where, p->priority);
	return be_ns_path(ns, "link-%s-%u-%s",
			  be_hook_type_name((enum be_hook_type)p->link.type),
			  p->link.ifindex, where);
}

static int info_get(int fd, void *info, uint32_t size)
{
	memset(info, 0, size);
	return bpf_obj_get_info_by_fd(fd, info, &size) ? -errno : 0;
}

static void hook_of(const struct be_pinned *p, struct bpf_tc_hook *hook)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)p->link.ifindex;
	hook->attach_point = p->link.where == BE_EGRESS ? BPF_TC_EGRESS :
							  BPF_TC_INGRESS;
}

/* Whether the filter is there and is ours. */
static bool filter_alive(const struct be_pinned *p, uint32_t prog_id)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE,
		    .priority = p->priority);
	struct bpf_tc_hook hook;

	hook_of(p, &hook);
	return !bpf_tc_query(&hook, &opts) && opts.prog_id == prog_id;
}

/* In the namespace of the interface; its index means another one elsewhere. */
static int filter_fact(const struct be_ns *ns, int fd,
		       const struct be_pinned *p, struct be_link_fact *fact)
{
	struct bpf_prog_info info;
	int back = -1, err;

	err = info_get(fd, &info, sizeof(info));
	if (err)
		return err;
	fact->prog_id = info.id;
	if (!ns->here)
		back = be_netns_enter(ns->cookie);
	fact->alive = (ns->here || back >= 0) && filter_alive(p, info.id);
	be_netns_leave(back);
	return 0;
}

int be_pinned_fact(const struct be_ns *ns, const char *name,
		   const struct be_pinned *p, struct be_link_fact *fact)
{
	struct link_info info;
	int fd, err;

	memset(fact, 0, sizeof(*fact));
	fd = be_sys_get(be_ns_path(ns, "%s", name).s);
	if (fd < 0)
		return fd;
	if (p->filter) {
		err = filter_fact(ns, fd, p, fact);
		goto out;
	}
	err = info_get(fd, &info, sizeof(info));
	if (err)
		goto out;
	fact->prog_id = info.prog_id;
	fact->alive = p->link.type == BE_NETFILTER ||
		      info.ifindex == p->link.ifindex;
	if (p->link.type == BE_NETFILTER)
		fact->priority = info.netfilter.priority;
out:
	close(fd);
	return err;
}

static int add(struct be_links *out, const struct be_link *link)
{
	struct be_link *p;

	/* Doubles whenever a power of two is full. */
	if (!(out->n & (out->n - 1))) {
		p = realloc(out->link, (out->n ? 2ul * out->n : 1) * sizeof(*p));
		if (!p)
			return -ENOMEM;
		out->link = p;
	}
	out->link[out->n++] = *link;
	return 0;
}

int be_links_add(struct be_links *out, const struct be_link *link, uint32_t n)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < n; i++)
		if (!be_links_have(out, &link[i]))
			err = add(out, &link[i]);
	return err;
}

static int want_add(struct be_links *out, uint32_t type, uint32_t ifindex,
		    uint32_t where)
{
	return add(out, &(struct be_link){ .type = type, .ifindex = ifindex,
					   .where = where });
}

/*
 * A program at xdp reads an Ethernet header first; lo has one too.  Tunnels and
 * the like have none, and every packet of theirs would look like no IPv4.
 */
static int check_framing(uint32_t ifindex, struct diag *diag)
{
	struct ifreq req = { .ifr_ifindex = (int)ifindex };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0 || ioctl(fd, SIOCGIFNAME, &req) ||
	    ioctl(fd, SIOCGIFHWADDR, &req)) {
		err = -errno;
		diag_error(diag, NULL, "cannot ask what interface %u is: %s",
			   ifindex, strerror(-err));
	} else if (req.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
		   req.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK) {
		err = -EOPNOTSUPP;
		diag_error(diag, NULL,
			   "hook 'xdp' cannot judge '%.*s', which has no Ethernet header: take another hook, or name the interfaces",
			   IFNAMSIZ, req.ifr_name);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int want_dev(const struct be_plan *plan, uint32_t ifindex,
		    struct be_links *out, struct diag *diag)
{
	const uint32_t tc = plan->hooks[BE_TC];
	const uint32_t in = 1u << IR_HOOK_INPUT;
	int err = 0;

	if (plan->hooks[BE_XDP])
		err = check_framing(ifindex, diag);
	if (!err && plan->hooks[BE_XDP])
		err = want_add(out, BE_XDP, ifindex, 0);
	if (!err && (tc & in))
		err = want_add(out, BE_TC, ifindex, BE_INGRESS);
	if (!err && (tc & ~in))
		err = want_add(out, BE_TC, ifindex, BE_EGRESS);
	return err;
}

static int want_named(const struct be_attach *a, const struct be_plan *plan,
		      struct be_links *out, struct diag *diag)
{
	unsigned int ifindex;
	int i, err = 0;

	for (i = 0; !err && i < a->ndevs; i++) {
		ifindex = if_nametoindex(a->dev[i]);
		if (!ifindex) {
			diag_error(diag, NULL, "interface '%s' does not exist: --attach says where else",
				   a->dev[i]);
			return -ENODEV;
		}
		err = want_dev(plan, ifindex, out, diag);
	}
	return err;
}

static int want_all(const struct be_plan *plan, struct be_links *out,
		    struct diag *diag)
{
	struct if_nameindex *all, *i;
	int err = 0;

	all = if_nameindex();
	if (!all) {
		err = -errno;
		diag_error(diag, NULL, "cannot list the interfaces: %s",
			   strerror(-err));
		return err;
	}
	for (i = all; !err && i->if_index; i++)
		err = want_dev(plan, i->if_index, out, diag);
	if_freenameindex(all);
	return err;
}

static int want_netfilter(int family, uint32_t hooks, struct be_links *out)
{
	struct be_link link = {
		.type	= BE_NETFILTER,
		.family	= (uint32_t)family,
	};
	int err = 0;

	for (; !err && link.where < IR_NHOOKS; link.where++)
		if (hooks & 1u << link.where)
			err = add(out, &link);
	return err;
}

int be_links_want(int family, const struct be_attach *a, const struct be_plan *plan,
		  struct be_links *out, struct diag *diag)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = want_netfilter(family, plan->hooks[BE_NETFILTER], out);
	if (!err && (plan->hooks[BE_XDP] || plan->hooks[BE_TC]))
		err = a->ndevs ? want_named(a, plan, out, diag) :
				 want_all(plan, out, diag);
	if (!err)
		return 0;
	be_links_free(out);
	return err;
}

void be_links_free(struct be_links *links)
{
	free(links->link);
	memset(links, 0, sizeof(*links));
}

static void say(struct diag *diag, const struct be_link *l, int err)
{
	const char *type = be_hook_type_name((enum be_hook_type)l->type);
	const char *why = strerror(-err);
	char dev[IF_NAMESIZE] = "?";

	if (l->type == BE_NETFILTER) {
		diag_error(diag, NULL, "cannot attach to netfilter hook '%s': %s",
			   ir_hook_name((enum ir_hook)l->where),
			   err == -EBUSY ? "all priorities are taken" : why);
		return;
	}
	if_indextoname(l->ifindex, dev);
	if (l->type == BE_XDP && (err == -EBUSY || err == -EEXIST))
		why = "another XDP program is there";
	diag_error(diag, NULL, "cannot attach to %s of interface '%s': %s",
		   type, dev, why);
}

static int make_netfilter(int stub, const struct be_link *l)
{
	struct {
		uint32_t	pf;
		uint32_t	hooknum;
		int32_t		priority;
		uint32_t	flags;
	} opts = { l->family, l->where, PRIORITY_FIRST, 0 };
	int fd;

	for (;;) {
		fd = be_sys_link_create(stub, 0, ATTACH_NETFILTER, 0, &opts,
					sizeof(opts));
		if (fd != -EBUSY || opts.priority == PRIORITY_LAST)
			return fd;
		opts.priority--;
	}
}

/* Native where the driver can; generic is the same, later and slower. */
static int make_xdp(int stub, struct be_pinned *p)
{
	int fd, err;

	fd = be_sys_link_create(stub, p->link.ifindex, BPF_XDP,
				XDP_FLAGS_DRV_MODE, NULL, 0);
	if (fd >= 0 || fd == -EIO)
		return fd;
	err = fd;
	fd = be_sys_link_create(stub, p->link.ifindex, BPF_XDP,
				XDP_FLAGS_SKB_MODE, NULL, 0);
	p->generic = true;
	return fd < 0 && err == -EBUSY ? err : fd;
}

static int filter_attach(int stub, struct be_pinned *p)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = stub,
		    .handle = FILTER_HANDLE, .priority = p->priority);
	struct bpf_tc_hook hook;
	int err = be_fault_gate();

	if (err)
		return err;
	hook_of(p, &hook);
	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		return err;
	return bpf_tc_attach(&hook, &opts);
}

/* The pin comes first: a filter without one would stay for ever. */
static int make_filter(const struct be_ns *ns, int stub, struct be_pinned *p)
{
	int err = -EEXIST;

	p->filter = true;
	for (p->priority = 1; p->priority <= FILTER_PRIORITIES; p->priority++) {
		err = be_sys_pin(stub, pinned_path(ns, p).s);
		if (err)
			return err;
		err = filter_attach(stub, p);
		if (!err)
			return 0;
		be_sys_unlink(pinned_path(ns, p).s);
		if (err != -EEXIST)
			return err;
	}
	return err;
}

static int make_tcx(int stub, const struct be_link *l)
{
	if (force_clsact)
		return -EINVAL;
	return be_sys_link_create(stub, l->ifindex, l->where == BE_EGRESS ?
				  ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS, 0,
				  NULL, 0);
}

static int make(const struct be_ns *ns, const struct be_link *l, int stub)
{
	struct be_pinned p = { .link = *l };
	int fd, err;

	if (l->type == BE_NETFILTER)
		fd = make_netfilter(stub, l);
	else if (l->type == BE_XDP)
		fd = make_xdp(stub, &p);
	else
		fd = make_tcx(stub, l);
	if (fd == -EINVAL && l->type == BE_TC)
		return make_filter(ns, stub, &p);
	if (fd < 0)
		return fd;
	err = be_sys_pin(fd, pinned_path(ns, &p).s);
	close(fd);
	return err;
}

static enum be_stub stub_of(const struct be_link *l)
{
	if (l->type == BE_NETFILTER)
		return l->family == AF_INET ? BE_STUB_NETFILTER :
					      BE_STUB_NETFILTER6;
	if (l->type == BE_XDP)
		return BE_STUB_XDP;
	return l->where == BE_EGRESS ? BE_STUB_TC_EGRESS : BE_STUB_TC_INGRESS;
}

/* What is pinned now.  0 or -errno. */
static int list(const struct be_ns *ns, struct be_links *out)
{
	struct be_names names;
	struct be_pinned p;
	uint32_t i;
	int err;

	memset(out, 0, sizeof(*out));
	err = be_names_read(ns->dir, &names);
	for (i = 0; !err && i < names.n; i++)
		if (be_pinned_parse(names.name[i], &p))
			err = add(out, &p.link);
	be_names_free(&names);
	if (err)
		be_links_free(out);
	return err;
}

int be_links_make(const struct be_ns *ns, const struct be_links *want,
		  const int *active, const int *slots, struct diag *diag)
{
	int stub[BE_NSTUBS];
	const struct be_link *l;
	struct be_links have;
	enum be_stub kind;
	uint32_t i;
	int err;

	for (i = 0; i < BE_NSTUBS; i++)
		stub[i] = -1;
	err = list(ns, &have);
	for (i = 0; !err && i < want->n; i++) {
		l = &want->link[i];
		if (be_links_have(&have, l))
			continue;
		kind = stub_of(l);
		if (stub[kind] < 0)
			stub[kind] = be_stub_load(kind, active,
						  slots[l->type], diag);
		err = stub[kind] < 0 ? stub[kind] : make(ns, l, stub[kind]);
		if (err)
			say(diag, l, err);
	}
	for (i = 0; i < BE_NSTUBS; i++)
		if (stub[i] >= 0)
			close(stub[i]);
	be_links_free(&have);
	return err;
}

static int filter_detach(const struct be_ns *ns, const struct be_pinned *p)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE,
		    .priority = p->priority);
	struct bpf_tc_hook hook;
	int back = -1, err;

	err = be_fault_gate();
	if (err)
		return err;
	if (!ns->here) {
		back = be_netns_enter(ns->cookie);
		if (back < 0)
			return 0;	/* the namespace is gone */
	}
	hook_of(p, &hook);
	err = bpf_tc_detach(&hook, &opts);
	be_netns_leave(back);
	return err;
}

static int link_detach(const struct be_path *path)
{
	int fd = be_sys_get(path->s);
	int err;

	if (fd < 0)
		return fd;
	err = be_sys_link_detach(fd);
	close(fd);
	return err;
}

/* Killed in between, a pin of something dead stays: it is not wanted either. */
static int take_off(const struct be_ns *ns, const char *name,
		    const struct be_pinned *p, const struct be_link_fact *fact)
{
	const struct be_path path = be_ns_path(ns, "%s", name);
	int err = 0;

	if (p->filter && fact->alive)
		err = filter_detach(ns, p);
	else if (!p->filter)
		err = link_detach(&path);
	if (!err)
		err = be_sys_unlink(path.s);
	return err;
}

int be_links_prune(const struct be_ns *ns, const struct be_links *want,
		   struct diag *diag)
{
	struct be_link_fact fact;
	struct be_names names;
	struct be_pinned p;
	uint32_t i;
	int err;

	err = be_names_read(ns->dir, &names);
	for (i = 0; !err && i < names.n; i++) {
		if (!be_pinned_parse(names.name[i], &p))
			continue;
		err = be_pinned_fact(ns, names.name[i], &p, &fact);
		if (!err && fact.alive && be_links_have(want, &p.link))
			continue;
		if (!err)
			err = take_off(ns, names.name[i], &p, &fact);
		if (err)
			diag_error(diag, NULL, "cannot detach '%s': %s",
				   names.name[i], strerror(-err));
	}
	be_names_free(&names);
	return err;
}
