/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/rule.c - the options that make up a rule
 *
 * The IP part is read here; a match or target is looked up in libxtables and
 * reads its own options.  "-p tcp --dport 22" loads the match of the protocol
 * when an option is met that nobody knows yet.
 */
#define XTABLES_INTERNAL	/* XT_OPTION_OFFSET_SCALE */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "frontend/command.h"
#include "frontend/xt.h"

static void merge_options(const struct xt_option_entry *x6,
			  const struct option *extra, unsigned int *offset)
{
	struct option *opts = xt_params->opts;

	if (x6)
		opts = xtables_options_xfrm(xt_params->orig_opts, opts, x6,
					    offset);
	else if (extra)
		opts = xtables_merge_options(xt_params->orig_opts, opts, extra,
					     offset);
	else
		return;
	if (!opts)
		xtables_error(OTHER_PROBLEM, "can't alloc memory!");
	xt_params->opts = opts;
}

/* Makes the data of a match and lets it know of the rule. */
static void start_match(struct xtables_match *m, const char *name)
{
	size_t size = XT_ALIGN(sizeof(struct xt_entry_match)) + m->size;

	m->m = xtables_calloc(1, size);
	m->m->u.match_size = size;
	strncpy(m->m->u.user.name, name, sizeof(m->m->u.user.name) - 1);
	m->m->u.user.revision = m->revision;
	if (m->udata_size) {
		free(m->udata);
		m->udata = xtables_calloc(1, m->udata_size);
	}
	if (m->init)
		m->init(m->m);
	/* a second one of its kind (a clone) shares the options */
	if (m != m->next)
		merge_options(m->x6_options, m->extra_opts, &m->option_offset);
}

static void note_match(struct fe_command *c)
{
	if (c->nmatches < FE_ARGS_MAX)
		c->at_match[c->nmatches++] = optind - 1;
}

static void opt_match(struct fe_command *c)
{
	struct xtables_match *m;

	if (c->invert)
		xtables_error(PARAMETER_PROBLEM,
			      "unexpected ! flag before --match");
	m = xtables_find_match(optarg, XTF_LOAD_MUST_SUCCEED, &c->matches);
	note_match(c);
	if (m->real_name && !(m->ext_flags & XTABLES_EXT_ALIAS))
		fprintf(stderr,
			"Notice: the %s match is converted into %s match in rule listing and saving.\n",
			m->name, m->real_name);
	start_match(m, m->real_name ? m->real_name : m->name);
}

static void check_target_name(const char *name)
{
	const char *p;

	if (!*name)
		xtables_error(PARAMETER_PROBLEM,
			      "Invalid target name (too short)");
	if (strlen(name) >= XT_EXTENSION_MAXNAMELEN)
		xtables_error(PARAMETER_PROBLEM,
			      "Invalid target name `%s' (%u chars max)", name,
			      XT_EXTENSION_MAXNAMELEN - 1);
	for (p = name; *p; p++)
		if (isspace((unsigned char)*p))
			xtables_error(PARAMETER_PROBLEM,
				      "Invalid target name `%s'", name);
}

static void start_target(struct fe_command *c, const char *name)
{
	struct xtables_target *t = c->target;
	size_t size = XT_ALIGN(sizeof(struct xt_entry_target)) + t->size;

	t->t = xtables_calloc(1, size);
	t->t->u.target_size = size;
	strncpy(t->t->u.user.name, name, sizeof(t->t->u.user.name) - 1);
	t->t->u.user.revision = t->revision;
	if (t->udata_size) {
		free(t->udata);
		t->udata = xtables_calloc(1, t->udata_size);
	}
	if (t->init)
		t->init(t->t);
	merge_options(t->x6_options, t->extra_opts, &t->option_offset);
}

static void opt_jump(struct fe_command *c)
{
	struct xtables_target *t;

	fe_command_set(c, FE_OPT_JUMP);
	c->at_target = optind - 1;
	if (!strcmp(optarg, "CONTINUE"))
		return;
	check_target_name(optarg);
	c->jumpto = optarg;
	t = xtables_find_target(optarg, XTF_TRY_LOAD);
	c->target = t;
	if (!t)
		return;		/* perhaps the name of a chain */
	if (t->real_name && !(t->ext_flags & XTABLES_EXT_ALIAS))
		fprintf(stderr,
			"Notice: The %s target is converted into %s target in rule listing and saving.\n",
			optarg, t->real_name);
	start_target(c, t->real_name ? t->real_name : optarg);
}

static void opt_goto(struct fe_command *c)
{
	fe_command_set(c, FE_OPT_JUMP);
	c->at_target = optind - 1;
	c->ip.go = true;
	check_target_name(optarg);
	c->jumpto = optarg;
}

static void opt_protocol(struct fe_command *c)
{
	char *p;

	fe_command_set(c, FE_OPT_PROTOCOL);
	for (p = optarg; *p; p++)
		*p = tolower((unsigned char)*p);
	c->protocol = optarg;
	c->ip.proto = xtables_parse_protocol(optarg);
	if (!c->ip.proto && c->ip.invflags & XT_INV_PROTO)
		xtables_error(PARAMETER_PROBLEM,
			      "rule would never match protocol");
	c->ip.asks_proto = true;
	if (fe_family_is_extension(c->family, c->ip.proto) &&
	    !(c->ip.invflags & XT_INV_PROTO))
		fprintf(stderr,
			"Warning: never matched protocol: %s. use extension match instead.\n",
			c->protocol);
}

/*
 * The mask covers the bytes of the name that count: with its NUL, or up to a
 * '+' at the end.
 */
static void opt_interface(struct fe_command *c, unsigned int option,
			  char *name, unsigned char *mask)
{
	size_t len = strlen(optarg);

	if (!len)
		xtables_error(PARAMETER_PROBLEM,
			      "Empty interface is likely to be undesired");
	fe_command_set(c, option);
	if (len >= IFNAMSIZ)
		xtables_error(PARAMETER_PROBLEM,
			      "interface name `%s' must be shorter than %d characters",
			      optarg, IFNAMSIZ);
	if (strchr(optarg, '/') || strchr(optarg, ' '))
		fprintf(stderr,
			"Warning: weird character in interface `%s' ('/' and ' ' are not allowed by the kernel).\n",
			optarg);
	memcpy(name, optarg, len + 1);
	memset(mask, 0xff, optarg[len - 1] == '+' ? len - 1 : len + 1);
}

static void opt_counters(struct fe_command *c)
{
	const char *packets = optarg, *bytes = strchr(packets, ',');
	unsigned long long n;

	fe_command_set(c, FE_OPT_COUNTERS);
	if (bytes)
		bytes++;
	else if (fe_command_has_arg(c))
		bytes = c->argv[optind++];
	else
		xtables_error(PARAMETER_PROBLEM,
			      "%s requires packet and byte counter",
			      "--set-counters");
	if (sscanf(packets, "%llu", &n) != 1)
		xtables_error(PARAMETER_PROBLEM,
			      "%s packet counter not numeric",
			      "--set-counters");
	c->counter.packets = n;
	if (sscanf(bytes, "%llu", &n) != 1)
		xtables_error(PARAMETER_PROBLEM,
			      "%s byte counter not numeric", "--set-counters");
	c->counter.bytes = n;
}

bool fe_rule_option(struct fe_command *c, int opt)
{
	struct fe_ip *ip = &c->ip;

	switch (opt) {
	case 'c':
		opt_counters(c);
		return true;
	case 'd':
		fe_command_set(c, FE_OPT_DESTINATION);
		c->dst.arg = optarg;
		return true;
	case 'f':
		if (c->family->af == AF_INET6)
			xtables_error(PARAMETER_PROBLEM,
				      "`-f' is not supported in IPv6, use -m frag instead");
		fe_command_set(c, FE_OPT_FRAGMENT);
		ip->fragment = true;
		return true;
	case 'g':
		opt_goto(c);
		return true;
	case 'i':
		opt_interface(c, FE_OPT_IN, ip->iniface, ip->iniface_mask);
		return true;
	case 'j':
		opt_jump(c);
		return true;
	case 'm':
		opt_match(c);
		return true;
	case 'o':
		opt_interface(c, FE_OPT_OUT, ip->outiface, ip->outiface_mask);
		return true;
	case 'p':
		opt_protocol(c);
		return true;
	case 's':
		fe_command_set(c, FE_OPT_SOURCE);
		c->src.arg = optarg;
		return true;
	default:
		return false;
	}
}

static bool has_option(unsigned int offset, int opt)
{
	return opt >= (int)offset && opt < (int)offset + XT_OPTION_OFFSET_SCALE;
}

/* Whether one of the extensions in use has read the option. */
static bool read_by_extension(struct fe_command *c, int opt)
{
	struct xtables_target *t = c->target;
	struct xtables_rule_match *r;
	struct xtables_match *m;
	union fe_entry fw = { 0 };

	c->family->put_ip(&fw, &c->ip);
	if (t && (t->parse || t->x6_parse) &&
	    has_option(t->option_offset, opt)) {
		xtables_option_tpcall(opt, c->argv, c->invert, t, &fw);
		return true;
	}
	for (r = c->matches; r; r = r->next) {
		m = r->match;
		if (r->completed || (!m->parse && !m->x6_parse) ||
		    !has_option(m->option_offset, opt))
			continue;
		xtables_option_mpcall(opt, c->argv, c->invert, m, &fw);
		return true;
	}
	return false;
}

static struct xtables_match *find_proto(struct fe_command *c)
{
	const char *name = c->protocol;
	unsigned int n;

	if (!name || c->proto_used)
		return NULL;
	c->proto_used = true;
	if (xtables_strtoui(name, NULL, &n, 0, UINT8_MAX))
		name = fe_xt_proto_name(n);
	return name ? xtables_find_match(name, XTF_TRY_LOAD, &c->matches) :
		      NULL;
}

static void unknown(const struct fe_command *c, int opt)
{
	const char *word = c->argv[optind - 1];
	char shortopt[] = { '-', optopt, '\0' };

	if (opt == ':')
		xtables_error(PARAMETER_PROBLEM,
			      "option \"%s\" requires an argument", word);
	if (opt == '?')
		xtables_error(PARAMETER_PROBLEM, "unknown option \"%s\"",
			      optopt ? shortopt : word);
	xtables_error(PARAMETER_PROBLEM, "Unknown arg \"%s\"",
		      optarg ? optarg : "(null)");
}

bool fe_rule_extension(struct fe_command *c, int opt)
{
	struct xtables_match *m;

	if (read_by_extension(c, opt))
		return false;
	m = find_proto(c);
	if (!m)
		unknown(c, opt);
	note_match(c);
	start_match(m, m->name);
	optind--;
	return true;
}

void fe_rule_finish(struct fe_command *c)
{
	struct xtables_rule_match *r;

	for (r = c->matches; r; r = r->next)
		xtables_option_mfcall(r->match);
	if (c->target)
		xtables_option_tfcall(c->target);
}

static void look_up(const struct fe_command *c, struct fe_addrs *a)
{
	if (a->arg)
		c->family->look_up(a);
}

void fe_rule_addresses(struct fe_command *c)
{
	if (c->command & FE_CMD_RULE && !c->dst.arg)
		c->dst.arg = c->family->any;
	if (c->command & FE_CMD_RULE && !c->src.arg)
		c->src.arg = c->family->any;
	look_up(c, &c->src);
	look_up(c, &c->dst);
	if ((c->src.n > 1 || c->dst.n > 1) &&
	    c->ip.invflags & (IPT_INV_SRCIP | IPT_INV_DSTIP))
		xtables_error(PARAMETER_PROBLEM,
			      "! not allowed with multiple source or destination IP addresses");
}

void fe_command_drop_target(struct fe_command *c)
{
	struct xtables_target *t = c->target;

	c->target = NULL;
	if (!t)
		return;
	free(t->t);
	t->t = NULL;
	free(t->udata);
	t->udata = NULL;
	if (t == t->next)	/* a clone */
		free(t);
}

static void end_addrs(struct fe_addrs *a)
{
	free(a->addr.any);
	free(a->mask.any);
	a->addr.any = NULL;
	a->mask.any = NULL;
}

void fe_command_clear(struct fe_command *c)
{
	xtables_rule_matches_free(&c->matches);
	c->matches = NULL;
	fe_command_drop_target(c);
	end_addrs(&c->src);
	end_addrs(&c->dst);
	fe_xt_forget_options();
}
