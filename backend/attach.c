/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/attach.c - which hook judges what, and whether it can
 */
#include "backend/attach.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/program.h"

#define BIT(n)	(1u << (n))

/* Of the calling thread's network namespace. */
#define CONF6	"/proc/sys/net/ipv6/conf"

#define ALL	(BIT(IR_HOOK_INPUT) | BIT(IR_HOOK_FORWARD) | \
		 BIT(IR_HOOK_OUTPUT))

static const char *const names[BE_NTYPES] = {
	[BE_NETFILTER]	= "netfilter",
	[BE_XDP]	= "xdp",
	[BE_TC]		= "tc",
};

const char *be_hook_type_name(enum be_hook_type type)
{
	return (unsigned int)type < BE_NTYPES ? names[type] : "unknown";
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(s, word, len);
}

static int parse_type(const char *spec, size_t len, struct be_attach *out,
		      struct diag *diag)
{
	int i;

	if (is_word(spec, len, "auto")) {
		out->automatic = true;
		return 0;
	}
	for (i = 0; i < BE_NTYPES; i++) {
		if (is_word(spec, len, names[i])) {
			out->type = (enum be_hook_type)i;
			return 0;
		}
	}
	diag_error(diag, NULL,
		   "hook '%.*s': not one of auto, netfilter, xdp, tc",
		   len > 64 ? 64 : (int)len, spec);
	return -EINVAL;
}

static bool known_dev(const struct be_attach *a, const char *name)
{
	int i;

	for (i = 0; i < a->ndevs; i++)
		if (!strcmp(a->dev[i], name))
			return true;
	return false;
}

/* A name as the kernel would take it: dev_valid_name(). */
static bool valid_dev(const char *s, size_t len)
{
	if (!len || len >= sizeof(((struct be_attach *)0)->dev[0]))
		return false;
	if (is_word(s, len, ".") || is_word(s, len, ".."))
		return false;
	return strcspn(s, "/: \t\n\v\f\r") >= len;
}

static int add_dev(struct be_attach *out, const char *s, size_t len,
		   struct diag *diag)
{
	char name[sizeof(out->dev[0])] = "";

	if (!valid_dev(s, len)) {
		diag_error(diag, NULL, "'%.*s' is not an interface name",
			   len > 64 ? 64 : (int)len, s);
		return -EINVAL;
	}
	memcpy(name, s, len);
	if (known_dev(out, name))
		return 0;
	if (out->ndevs == BE_MAX_DEVS) {
		diag_error(diag, NULL, "more than %d interfaces", BE_MAX_DEVS);
		return -EINVAL;
	}
	memcpy(out->dev[out->ndevs++], name, sizeof(name));
	return 0;
}

static int parse_devs(const char *s, struct be_attach *out, struct diag *diag)
{
	size_t len;
	int err;

	if (out->automatic || out->type == BE_NETFILTER) {
		diag_error(diag, NULL,
			   "hook '%s' judges every interface and takes none",
			   out->automatic ? "auto" : names[out->type]);
		return -EINVAL;
	}
	for (;;) {
		len = strcspn(s, ",");
		err = add_dev(out, s, len, diag);
		if (err || !s[len])
			return err;
		s += len + 1;
	}
}

int be_attach_parse(const char *spec, struct be_attach *out, struct diag *diag)
{
	size_t len;
	int err;

	memset(out, 0, sizeof(*out));
	if (!spec || !*spec)
		spec = "auto";
	len = strcspn(spec, ":");
	err = parse_type(spec, len, out, diag);
	if (!err && spec[len])
		err = parse_devs(spec + len + 1, out, diag);
	return err;
}

enum be_hook_type be_attach_resolve(const struct be_attach *a)
{
	if (!a->automatic)
		return a->type;
	return be_type_supported(BE_NETFILTER) ? BE_NETFILTER : BE_TC;
}

/* @out: where OUTPUT is judged that XDP does not see. */
static int make_plan(enum be_hook_type type, enum be_hook_type out,
		     uint32_t hooks, struct be_plan *plan, struct diag *diag)
{
	int i;

	memset(plan, 0, sizeof(*plan));
	plan->type = type;
	for (i = 0; i < IR_NHOOKS; i++) {
		if (hooks & BIT(i) & ~ALL) {
			diag_error(diag, NULL,
				   "chain '%s' cannot be judged at hook '%s'",
				   ir_hook_name((enum ir_hook)i),
				   be_hook_type_name(plan->type));
			return -EOPNOTSUPP;
		}
	}
	plan->hooks[plan->type] = hooks;
	if (plan->type == BE_XDP && (hooks & BIT(IR_HOOK_OUTPUT))) {
		plan->hooks[BE_XDP] &= ~BIT(IR_HOOK_OUTPUT);
		plan->hooks[out] |= BIT(IR_HOOK_OUTPUT);
	}
	return 0;
}

int be_attach_plan(const struct be_attach *a, uint32_t hooks,
		   struct be_plan *plan, struct diag *diag)
{
	const enum be_hook_type type = be_attach_resolve(a);
	enum be_hook_type out = BE_NETFILTER;

	if (type == BE_XDP && (hooks & BIT(IR_HOOK_OUTPUT)) &&
	    !be_type_supported(BE_NETFILTER))
		out = BE_TC;
	return make_plan(type, out, hooks, plan, diag);
}

/* Chains to look at; each is put in once. */
struct worklist {
	const struct ir_chain **chain;	/* nchains of the table */
	uint32_t	n;
	bool		*seen;		/* by number */
};

static void push(struct worklist *w, const struct ir_chain *c)
{
	if (!c || w->seen[c->number])
		return;
	w->seen[c->number] = true;
	w->chain[w->n++] = c;
}

/* The first rule that asks for @field. */
static const struct ir_rule *find_test(struct worklist *w, enum ir_field field)
{
	const struct ir_chain *c;
	uint32_t i, k;

	for (i = 0; i < w->n; i++) {
		c = w->chain[i];
		for (k = 0; k < c->nrules; k++) {
			if (ir_rule_tests(c->rule[k], field))
				return c->rule[k];
			push(w, c->rule[k]->to);
		}
	}
	return NULL;
}

/* *out is the rule that a packet can reach from @hook; NULL: none.  0 or -ENOMEM. */
static int find_reached(const struct ir_table *t, enum ir_hook hook,
			enum ir_field field, const struct ir_rule **out,
			struct diag *diag)
{
	uint32_t n = ir_table_nchains(t);
	struct worklist w = {
		.chain	= calloc(n, sizeof(*w.chain)),
		.seen	= calloc(n, sizeof(*w.seen)),
	};
	int err = 0;

	*out = NULL;
	if (!w.chain || !w.seen) {
		diag_error(diag, NULL, "out of memory");
		err = -ENOMEM;
		goto out;
	}
	push(&w, ir_table_base(t, hook));
	*out = find_test(&w, field);
out:
	free(w.chain);
	free(w.seen);
	return err;
}

static int check_hook(const struct ir_table *t, enum ir_hook hook,
		      enum be_hook_type type, struct diag *diag)
{
	const struct ir_rule *r;
	int err = find_reached(t, hook, IR_CTSTATE, &r, diag);

	if (err || !r)
		return err;
	diag_error(diag, &r->loc,
		   "hook '%s' does not know the connection state that %s tests here",
		   be_hook_type_name(type), ir_hook_name(hook));
	return -EOPNOTSUPP;
}

/* An IPv6 setting of an interface: 0, 1 ..., or -1 where there is none. */
static int read_setting(const char *dev, const char *name)
{
	char path[96];
	int value = -1;
	FILE *f;

	snprintf(path, sizeof(path), CONF6 "/%.15s/%s", dev, name);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

static bool has_dev(const struct be_attach *a, const char *dev)
{
	int i;

	for (i = 0; i < a->ndevs; i++)
		if (!strcmp(a->dev[i], dev))
			return true;
	return !a->ndevs && strcmp(dev, "all") && strcmp(dev, "default") &&
	       strcmp(dev, "lo") && *dev != '.';
}

/*
 * Whether this host forwards IPv6 packets from @dev of which a route lookup in a
 * program says that it does not: ip6_forward() asks for the setting of the host,
 * bpf_ipv6_fib_lookup() for that of the interface.
 */
static bool hides_forwarding(const char *dev)
{
	return read_setting(dev, "forwarding") == 0 &&
	       (read_setting("all", "forwarding") > 0 ||
		read_setting(dev, "force_forwarding") > 0);
}

static int check_forwarding(const struct be_attach *a, enum be_hook_type type,
			    struct diag *diag)
{
	DIR *dir = opendir(CONF6);
	const struct dirent *e;
	int err = 0;

	if (!dir)
		return 0;		/* a host without IPv6 */
	while (!err && (e = readdir(dir))) {
		if (!has_dev(a, e->d_name) || !hides_forwarding(e->d_name))
			continue;
		diag_error(diag, NULL,
			   "hook '%s' cannot tell what is forwarded: net.ipv6.conf.%s.forwarding is not all's",
			   be_hook_type_name(type), e->d_name);
		err = -EOPNOTSUPP;
	}
	closedir(dir);
	return err;
}

static uint32_t base_hooks(const struct ir_table *t)
{
	uint32_t hooks = 0, h;

	for (h = 0; h < IR_NHOOKS; h++)
		if (ir_table_base(t, (enum ir_hook)h))
			hooks |= BIT(h);
	return hooks;
}

/* What holds of the rules at @plan wherever they are loaded. */
static int check_rules(const struct ir_table *t, const struct be_plan *plan,
		       struct diag *diag)
{
	int err = 0, h, type;

	for (type = 0; type < BE_NTYPES; type++) {
		if (type == BE_NETFILTER)
			continue;
		for (h = 0; !err && h < IR_NHOOKS; h++)
			if (plan->hooks[type] & BIT(h))
				err = check_hook(t, (enum ir_hook)h,
						 (enum be_hook_type)type, diag);
	}
	return err;
}

int be_attach_check(const struct ir_table *t, const struct be_attach *a,
		    struct diag *diag)
{
	struct be_plan plan;
	int err, type;

	err = be_attach_plan(a, base_hooks(t), &plan, diag);
	if (!err)
		err = check_rules(t, &plan, diag);
	for (type = 0; !err && type < BE_NTYPES; type++)
		if (type != BE_NETFILTER &&
		    plan.hooks[type] & BIT(IR_HOOK_INPUT) &&
		    ir_table_family(t) == AF_INET6)
			err = check_forwarding(a, (enum be_hook_type)type, diag);
	return err;
}

/*
 * A packet to be forwarded passes two devices.  At xdp and tc the kernel shows a
 * program the one that it is on; of the other it has but the number, which means
 * nothing before it is known where that is.
 */
static int check_other_device(const struct ir_table *t, enum be_hook_type type,
			      struct diag *diag)
{
	const enum ir_field other = type == BE_XDP ? IR_OIF : IR_IIF;
	const struct ir_rule *r;
	int err = find_reached(t, IR_HOOK_FORWARD, other, &r, diag);

	if (err || !r)
		return err;
	diag_error(diag, &r->loc,
		   "hook '%s' does not know the name of the %s interface that FORWARD tests here, which an object needs",
		   be_hook_type_name(type),
		   other == IR_OIF ? "output" : "input");
	return -EOPNOTSUPP;
}

int be_attach_check_alone(const struct ir_table *t, const struct be_attach *a,
			  struct be_plan *plan, struct diag *diag)
{
	int err, type;

	err = make_plan(a->automatic ? BE_NETFILTER : a->type, BE_NETFILTER,
			base_hooks(t), plan, diag);
	if (!err)
		err = check_rules(t, plan, diag);
	for (type = 0; !err && type < BE_NTYPES; type++)
		if (type != BE_NETFILTER &&
		    plan->hooks[type] & BIT(IR_HOOK_FORWARD))
			err = check_other_device(t, (enum be_hook_type)type,
						 diag);
	return err;
}
