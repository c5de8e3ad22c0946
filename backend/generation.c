/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/generation.c - all that belongs to one ruleset, as pinned maps
 */
#include "backend/generation.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "backend/program.h"
#include "backend/sys.h"

/* "xtb" and the version of the layout. */
#define MAGIC		0x78746202

/* The box "base": this, then ncounters struct ir_counter. */
struct base {
	uint64_t	settled;	/* 0: look into carry as well */
	uint64_t	pad;
	struct ir_counter start[];
};

/* One element per counter in the box "carry". */
struct carry {
	uint32_t	index;		/* in the other generation; or UINT32_MAX */
	uint32_t	pad;
	struct ir_counter before;	/* its value that base has already */
};

static struct be_path path(const struct be_ns *ns, uint32_t gen,
			   const char *name)
{
	return be_ns_path(ns, "gen%u/%s", gen, name);
}

static size_t base_size(uint32_t n)
{
	return sizeof(struct base) + (size_t)n * sizeof(struct ir_counter);
}

/* Pins and closes @fd, which may be an error already. */
static int pin(const struct be_ns *ns, uint32_t gen, const char *name, int fd)
{
	int err;

	if (fd < 0)
		return fd;
	err = be_sys_pin(fd, path(ns, gen, name).s);
	close(fd);
	return err;
}

static int put_box(const struct be_ns *ns, uint32_t gen, const char *name,
		   const void *value, size_t size)
{
	return pin(ns, gen, name, be_box_create("xtb_box", value, size));
}

static int read_box(const struct be_ns *ns, uint32_t gen, const char *name,
		    void **value, size_t *size)
{
	int fd = be_sys_get(path(ns, gen, name).s);
	int err;

	if (fd < 0)
		return fd;
	err = be_box_read(fd, value, size);
	close(fd);
	return err;
}

static uint64_t new_serial(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t ncounters(const struct be_commit *c)
{
	return c->classifier ? c->classifier->ncounters : 0;
}

static int put_meta(const struct be_ns *ns, uint32_t gen,
		    const struct be_commit *c, const struct be_plan *plan,
		    uint32_t nlinks)
{
	struct be_meta meta;

	memset(&meta, 0, sizeof(meta));
	meta.magic = MAGIC;
	meta.ncounters = ncounters(c);
	meta.serial = new_serial();
	meta.nlinks = nlinks;
	meta.table_bytes = c->classifier ? c->classifier->size : 0;
	meta.image_bytes = (uint32_t)c->size;
	meta.conntrack = c->conntrack;
	meta.plan = *plan;
	meta.attach = *c->attach;
	return put_box(ns, gen, "meta", &meta, sizeof(meta));
}

static bool continues(const struct be_commit *c, uint32_t i)
{
	return c->before && c->before->ruleset && c->continues &&
	       c->continues[i] < c->before->ncounters;
}

/* Whether there is anything to carry over: *any. */
static int put_carry(const struct be_ns *ns, uint32_t gen,
		     const struct be_commit *c, bool *any)
{
	const uint32_t n = ncounters(c);
	struct carry *v = calloc(n ? n : 1, sizeof(*v));
	uint32_t i;
	int err = 0;

	if (!v)
		return -ENOMEM;
	*any = false;
	for (i = 0; i < n; i++) {
		v[i].index = UINT32_MAX;
		if (!continues(c, i))
			continue;
		v[i].index = c->continues[i];
		v[i].before = c->before->counter[c->continues[i]];
		*any = true;
	}
	if (*any)
		err = put_box(ns, gen, "carry", v, n * sizeof(*v));
	free(v);
	return err;
}

static int put_base(const struct be_ns *ns, uint32_t gen,
		    const struct be_commit *c, bool settled)
{
	const uint32_t n = ncounters(c);
	struct base *b = calloc(1, base_size(n));
	int err;

	if (!b)
		return -ENOMEM;
	b->settled = settled;
	if (n)
		memcpy(b->start, c->start, n * sizeof(b->start[0]));
	err = put_box(ns, gen, "base", b, base_size(n));
	free(b);
	return err;
}

static int put_memo(const struct be_ns *ns, uint32_t gen,
		    const struct tr_classifier *cl)
{
	size_t size;
	void *v;
	int err;

	err = tr_classifier_pack(cl, &v, &size);
	if (err)
		return err;
	err = put_box(ns, gen, "memo", v, size);
	free(v);
	return err;
}

static int put_data(const struct be_ns *ns, uint32_t gen,
		    const struct be_commit *c, const struct be_plan *plan,
		    const struct be_links *links)
{
	bool any;
	int err;

	err = be_sys_mkdir(be_ns_path(ns, "gen%u", gen).s);
	if (!err)
		err = put_meta(ns, gen, c, plan, links->n);
	if (!err)
		err = put_carry(ns, gen, c, &any);
	if (!err)
		err = put_base(ns, gen, c, !any);
	if (!err)
		err = put_box(ns, gen, "ruleset", c->ruleset, c->size);
	if (!err && c->classifier)
		err = put_memo(ns, gen, c->classifier);
	if (!err && links->n)
		err = put_box(ns, gen, "links", links->link,
			      links->n * sizeof(links->link[0]));
	return err;
}

/* The class of every interface there is, into @opts.  0 or -errno. */
static int make_ifindex(const struct tr_classifier *cl,
			struct be_program_opts *opts)
{
	struct if_nameindex *all, *i;
	struct be_iface *iface;
	uint32_t n = 0;

	all = if_nameindex();
	if (!all)
		return -errno;
	for (i = all; i->if_index; i++)
		n++;
	iface = calloc(n ? n : 1, sizeof(*iface));
	opts->ifindex_fd = -ENOMEM;
	for (i = all, n = 0; iface && i->if_index; i++)
		iface[n++] = (struct be_iface){
			i->if_index, tr_iface_class(cl, i->if_name),
		};
	if (iface)
		opts->ifindex_fd = be_ifaces_create(iface, n, &opts->nifindexes);
	free(iface);
	if_freenameindex(all);
	return opts->ifindex_fd < 0 ? opts->ifindex_fd : 0;
}

/* Loads and pins a program; its fd or -errno, told. */
static int put_prog(const struct be_ns *ns, uint32_t gen,
		    const struct tr_classifier *cl,
		    const struct be_program_opts *opts, struct diag *diag)
{
	struct be_path where;
	int fd, err;

	where = be_ns_path(ns, "gen%u/prog-%s", gen,
			   be_hook_type_name(opts->type));
	fd = be_fault_gate();
	if (!fd)
		fd = be_program_load(cl, opts, NULL, diag);
	if (fd < 0)
		return fd;
	err = be_sys_pin(fd, where.s);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * The devices that have links of @type, each once.  @dev has room for all links.
 */
static uint32_t devices(const struct be_links *links, int type, uint32_t *dev)
{
	uint32_t n = 0, m = 0, i;

	for (i = 0; i < links->n; i++)
		if (links->link[i].type == (uint32_t)type)
			dev[n++] = links->link[i].ifindex;
	qsort(dev, n, sizeof(*dev), by_number);
	for (i = 0; i < n; i++)
		if (!m || dev[m - 1] != dev[i])
			dev[m++] = dev[i];
	return m;
}

static int put_progs(const struct be_ns *ns, uint32_t gen,
		     const struct tr_classifier *cl,
		     struct be_program_opts *opts, const struct be_plan *plan,
		     const struct be_links *links, uint32_t *dev, int *prog,
		     struct diag *diag)
{
	const uint32_t named = 1u << IR_IIF | 1u << IR_OIF;
	int type, err;

	if ((plan->hooks[BE_XDP] || plan->hooks[BE_TC]) &&
	    (cl->fields & named)) {
		err = make_ifindex(cl, opts);
		if (err)
			return err;
	}
	for (type = 0; type < BE_NTYPES; type++) {
		if (!plan->hooks[type])
			continue;
		opts->type = (enum be_hook_type)type;
		opts->hooks = plan->hooks[type];
		opts->dev = type == BE_NETFILTER ? NULL : dev;
		opts->ndevs = devices(links, type, dev);
		prog[type] = put_prog(ns, gen, cl, opts, diag);
		if (prog[type] < 0)
			return prog[type];
	}
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

int be_generation_build(const struct be_ns *ns, uint32_t gen,
			const struct be_commit *c, const struct be_plan *plan,
			const struct be_links *links, int *prog,
			struct diag *diag)
{
	struct be_program_opts opts = {
		.table_fd = -1, .counter_fd = -1, .ifindex_fd = -1,
		.test_fd = -1,
	};
	uint32_t *dev = NULL;
	int err;

	err = put_data(ns, gen, c, plan, links);
	if (err || !c->classifier)
		goto out;
	dev = calloc(links->n ? links->n : 1, sizeof(*dev));
	err = dev ? 0 : -ENOMEM;
	if (err)
		goto out;
	opts.table_fd = be_table_create(c->classifier, diag);
	opts.counter_fd = be_counter_create(c->classifier->ncounters, diag);
	err = opts.table_fd < 0 ? opts.table_fd :
	      opts.counter_fd < 0 ? opts.counter_fd : 0;
	if (!err)
		err = be_sys_pin(opts.table_fd, path(ns, gen, "table").s);
	if (!err)
		err = be_sys_pin(opts.counter_fd, path(ns, gen, "counters").s);
	if (!err)
		err = put_progs(ns, gen, c->classifier, &opts, plan, links, dev,
				prog, diag);
out:
	free(dev);
	close_fd(opts.table_fd);
	close_fd(opts.counter_fd);
	close_fd(opts.ifindex_fd);
	if (err)
		diag_error(diag, NULL, "cannot store the ruleset: %s",
			   strerror(-err));
	return err;
}

int be_generation_meta(const struct be_ns *ns, uint32_t gen,
		       struct be_meta *meta)
{
	struct be_path p = path(ns, gen, "meta");
	int err;

	err = be_pin_read(&p, meta, sizeof(*meta));
	if (err == -EINVAL || (!err && meta->magic != MAGIC))
		return -EPROTO;
	return err;
}

int be_generation_links(const struct be_ns *ns, uint32_t gen,
			struct be_links *out)
{
	struct be_meta meta;
	size_t size;
	void *v;
	int err;

	err = be_generation_meta(ns, gen, &meta);
	if (err || !meta.nlinks)
		return err;
	err = read_box(ns, gen, "links", &v, &size);
	if (err)
		return err;
	err = be_links_add(out, v, (uint32_t)(size / sizeof(out->link[0])));
	free(v);
	return err;
}

int be_generation_image(const struct be_ns *ns, uint32_t gen, void **image,
			size_t *size)
{
	return read_box(ns, gen, "ruleset", image, size);
}

struct tr_classifier *be_generation_classifier(const struct be_ns *ns,
					       uint32_t gen)
{
	struct tr_classifier *c = NULL;
	size_t size, table_size;
	void *memo, *table;

	if (read_box(ns, gen, "memo", &memo, &size))
		return NULL;
	if (!read_box(ns, gen, "table", &table, &table_size))
		c = tr_classifier_unpack(memo, size, table, table_size);
	free(memo);
	return c;
}

/* The box "base" for @n counters, the caller's to free(). */
static int read_base(const struct be_ns *ns, uint32_t gen, uint32_t n,
		     struct base **out)
{
	size_t size;
	void *v;
	int err;

	err = read_box(ns, gen, "base", &v, &size);
	if (err)
		return err;
	if (size != base_size(n)) {
		free(v);
		return -EPROTO;
	}
	*out = v;
	return 0;
}

/* Adds to count[0..n-1] what the per-CPU counters have. */
static int add_live(const struct be_ns *ns, uint32_t gen, uint32_t n,
		    struct ir_counter *count)
{
	struct ir_counter *live;
	uint32_t i;
	int fd = -1, err = -ENOMEM;

	if (!n)
		return 0;
	live = calloc(n, sizeof(*live));
	if (!live)
		goto out;
	fd = be_sys_get(path(ns, gen, "counters").s);
	err = fd < 0 ? fd : be_counter_read(fd, live, n);
	for (i = 0; !err && i < n; i++) {
		count[i].packets += live[i].packets;
		count[i].bytes += live[i].bytes;
	}
out:
	close_fd(fd);
	free(live);
	return err;
}

/* The values of the generation before, which is settled. */
static int count_other(const struct be_ns *ns, uint32_t gen, uint32_t *n,
		       struct base **out)
{
	struct base *b = NULL;
	struct be_meta meta;
	int err;

	err = be_generation_meta(ns, gen, &meta);
	if (!err)
		err = read_base(ns, gen, meta.ncounters, &b);
	if (!err)
		err = add_live(ns, gen, meta.ncounters, b->start);
	if (err) {
		free(b);
		return err;
	}
	*n = meta.ncounters;
	*out = b;
	return 0;
}

/* Adds to count[0..n-1] what the generation before counted since. */
static int add_carry(const struct be_ns *ns, uint32_t gen, uint32_t n,
		     struct ir_counter *count)
{
	const struct ir_counter *now;
	struct base *other = NULL;
	struct carry *v = NULL;
	uint32_t i, nother;
	size_t size;
	void *box;
	int err;

	err = read_box(ns, gen, "carry", &box, &size);
	if (err)
		return err;
	v = box;
	if (size != n * sizeof(*v)) {
		err = -EPROTO;
		goto out;
	}
	err = count_other(ns, gen ^ 1, &nother, &other);
	for (i = 0; !err && i < n; i++) {
		if (v[i].index >= nother)
			continue;
		now = &other->start[v[i].index];
		count[i].packets += now->packets - v[i].before.packets;
		count[i].bytes += now->bytes - v[i].before.bytes;
	}
out:
	free(other);
	free(v);
	return err;
}

/* Whether @b, read before, is still what is pinned. */
static int check_unsettled(const struct be_ns *ns, uint32_t gen, uint32_t n)
{
	struct base *again;
	int err;

	err = read_base(ns, gen, n, &again);
	if (err)
		return err;
	if (again->settled)
		err = -EAGAIN;
	free(again);
	return err;
}

int be_generation_count(const struct be_ns *ns, uint32_t gen, uint32_t n,
			struct ir_counter *count)
{
	struct base *b;
	int err, changed;

	err = read_base(ns, gen, n, &b);
	if (err)
		return err;
	err = add_live(ns, gen, n, b->start);
	if (!err && !b->settled) {
		err = add_carry(ns, gen, n, b->start);
		changed = check_unsettled(ns, gen, n);
		if (changed)
			err = changed;
	}
	if (!err)
		memcpy(count, b->start, n * sizeof(*count));
	free(b);
	return err;
}

static int settle(const struct be_ns *ns, uint32_t gen, uint32_t n,
		  struct base *b)
{
	int err;

	err = add_carry(ns, gen, n, b->start);
	/* Taken away by hand: nothing left to take over. */
	if (err == -ENOENT)
		err = 0;
	b->settled = 1;
	if (!err)
		err = be_sys_unlink(path(ns, gen, "base-new").s);
	if (!err)
		err = put_box(ns, gen, "base-new", b, base_size(n));
	if (!err)
		err = be_sys_rename(path(ns, gen, "base-new").s,
				    path(ns, gen, "base").s);
	return err;
}

int be_generation_settle(const struct be_ns *ns, uint32_t gen)
{
	struct be_meta meta;
	struct base *b;
	int err;

	err = be_generation_meta(ns, gen, &meta);
	if (err)
		return err;
	err = read_base(ns, gen, meta.ncounters, &b);
	if (err)
		return err;
	if (!b->settled)
		err = settle(ns, gen, meta.ncounters, b);
	free(b);
	if (!err)
		err = be_sys_unlink(path(ns, gen, "carry").s);
	return err;
}

bool be_generation_exists(const struct be_ns *ns, uint32_t gen)
{
	return !access(be_ns_path(ns, "gen%u", gen).s, F_OK);
}

int be_generation_remove(const struct be_ns *ns, uint32_t gen)
{
	struct be_path dir = be_ns_path(ns, "gen%u", gen);
	struct be_names names;
	uint32_t i;
	int err;

	err = be_names_read(dir.s, &names);
	for (i = 0; !err && i < names.n; i++)
		err = be_sys_unlink(path(ns, gen, names.name[i]).s);
	be_names_free(&names);
	if (!err)
		err = be_sys_rmdir(dir.s);
	return err;
}
