/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/check.c - what iptables leaves to the kernel to refuse
 *
 * One line for each extension that is not allowed everywhere: the members of
 * struct xt_match and struct xt_target which xt_check_match() and
 * xt_check_target() look at (net/netfilter/x_tables.c), then what their
 * checkentry() does, as far as iptables itself lets it come to that.
 *
 * Hooks are those from which the rule is reached, as mark_source_chains()
 * finds them: a rule that no hook reaches may be anywhere.
 */
#include "frontend/check.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_TCPMSS.h>
#include <linux/netfilter/xt_TEE.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_devgroup.h>
#include <linux/netfilter/xt_ecn.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_policy.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter/xt_string.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ipt_ECN.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_NPT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

#include "frontend/entry.h"
#include "frontend/family.h"
#include "frontend/xt.h"

#define PRE	(1u << IR_HOOK_PREROUTING)
#define IN	(1u << IR_HOOK_INPUT)
#define FWD	(1u << IR_HOOK_FORWARD)
#define OUT	(1u << IR_HOOK_OUTPUT)
#define POST	(1u << IR_HOOK_POSTROUTING)

#ifndef IPPROTO_MH
#define IPPROTO_MH	135
#endif

/* TH_SYN of netinet/tcp.h */
#define SYN		0x02

/* The most that xt_recent remembers of one address. */
#define RECENT_STAMPS	65536

/*
 * What becomes of a rate in xt_limit.c and xt_hashlimit.c, where the kernel's
 * HZ is 250 or 1000: HZ * CREDITS_PER_JIFFY, and that divided by the scale.
 */
#define LIMIT_CREDITS	32000u
#define HASHLIMIT_CREDITS 137438953ull

/* A rule, as an extension's check sees it. */
struct site {
	const struct ir_table *table;
	const struct fe_family *family;
	const struct ir_rule *rule;
	struct fe_ip	ip;
	uint32_t	hooks;		/* bit set: from where it is reached */
};

/* What is wrong, or why == NULL. */
struct fault {
	int		err;
	const char	*why;
};

static const struct fault fine;

struct spec {
	const char	*name;
	int		af;		/* 0: both */
	const char	*tables;	/* with blanks between; NULL: all */
	uint32_t	hooks;		/* 0: all */
	uint8_t		protos[6];	/* 0 at the end; none: any */
	size_t		size;		/* what check() reads */
	struct fault	(*check)(const struct site *s, const void *data);
};

static struct fault bad(const char *why)
{
	return (struct fault){ -EINVAL, why };
}

static bool is_proto(const struct site *s, uint8_t proto)
{
	return s->ip.proto == proto && !(s->ip.invflags & XT_INV_PROTO);
}

static struct fault check_addrtype6(const struct xt_addrtype_info_v1 *info)
{
	uint16_t types = info->source | info->dest;

	if (types & XT_ADDRTYPE_BLACKHOLE || types >= XT_ADDRTYPE_PROHIBIT ||
	    types & XT_ADDRTYPE_BROADCAST)
		return bad("there is no such type of address in IPv6");
	return fine;
}

static struct fault check_addrtype(const struct site *s, const void *data)
{
	const struct xt_addrtype_info_v1 *info = data;

	if (s->hooks & (PRE | IN) &&
	    info->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		return bad("there is no output interface in PREROUTING and INPUT");
	if (s->hooks & (POST | OUT) &&
	    info->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		return bad("there is no input interface in POSTROUTING and OUTPUT");
	return s->family->af == AF_INET6 ? check_addrtype6(info) : fine;
}

static struct fault check_devgroup(const struct site *s, const void *data)
{
	const struct xt_devgroup_info *info = data;

	if (info->flags & XT_DEVGROUP_MATCH_SRC &&
	    s->hooks & ~(PRE | IN | FWD))
		return bad("--src-group is for PREROUTING, INPUT and FORWARD");
	if (info->flags & XT_DEVGROUP_MATCH_DST &&
	    s->hooks & ~(FWD | OUT | POST))
		return bad("--dst-group is for FORWARD, OUTPUT and POSTROUTING");
	return fine;
}

static struct fault check_ecn(const struct site *s, const void *data)
{
	const struct xt_ecn_info *info = data;

	if (info->operation & (XT_ECN_OP_MATCH_ECE | XT_ECN_OP_MATCH_CWR) &&
	    !is_proto(s, IPPROTO_TCP))
		return bad("flags of TCP need -p tcp");
	return fine;
}

static uint32_t credits(uint32_t user)
{
	if (user > UINT32_MAX / LIMIT_CREDITS)
		return user / XT_LIMIT_SCALE * LIMIT_CREDITS;
	return user * LIMIT_CREDITS / XT_LIMIT_SCALE;
}

static struct fault check_limit(const struct site *s, const void *data)
{
	const struct xt_rateinfo *info = data;

	(void)s;
	if (!info->burst ||
	    credits(info->avg * info->burst) < credits(info->avg))
		return (struct fault){ -ERANGE, "so slow a rate needs a smaller --limit-burst" };
	return fine;
}

static struct fault check_hashlimit(const struct site *s, const void *data)
{
	const struct hashlimit_cfg3 *cfg =
		&((const struct xt_hashlimit_mtinfo3 *)data)->cfg;
	const uint64_t all = cfg->avg * cfg->burst;

	(void)s;
	if (cfg->mode & (XT_HASHLIMIT_BYTES | XT_HASHLIMIT_RATE_MATCH))
		return fine;
	if (!cfg->burst ||
	    all * HASHLIMIT_CREDITS < cfg->avg * HASHLIMIT_CREDITS)
		return (struct fault){ -ERANGE, "so slow a rate needs a smaller --hashlimit-burst" };
	return fine;
}

static struct fault check_physdev(const struct site *s, const void *data)
{
	const struct xt_physdev_info *info = data;

	if (info->bitmask & (XT_PHYSDEV_OP_OUT | XT_PHYSDEV_OP_ISOUT) &&
	    (!(info->bitmask & XT_PHYSDEV_OP_BRIDGED) ||
	     info->invert & XT_PHYSDEV_OP_BRIDGED) && s->hooks & OUT)
		return bad("--physdev-out is for packets that are bridged, which OUTPUT does not have");
	return fine;
}

static struct fault check_policy(const struct site *s, const void *data)
{
	const struct xt_policy_info *info = data;

	if (s->hooks & (PRE | IN) && info->flags & XT_POLICY_MATCH_OUT)
		return bad("--dir out is not for PREROUTING and INPUT");
	if (s->hooks & (POST | OUT) && info->flags & XT_POLICY_MATCH_IN)
		return bad("--dir in is not for POSTROUTING and OUTPUT");
	return fine;
}

static struct fault check_recent(const struct site *s, const void *data)
{
	const struct xt_recent_mtinfo_v1 *info = data;

	(void)s;
	if (info->hit_count > RECENT_STAMPS - 1)
		return bad("--hitcount is larger than 65535");
	return fine;
}

static struct fault check_string(const struct site *s, const void *data)
{
	const struct xt_string_info *info = data;

	(void)s;
	if (info->from_offset > info->to_offset)
		return bad("--from is behind --to");
	return fine;
}

static struct fault check_ct(const struct site *s, const void *data)
{
	const struct xt_ct_target_info_v1 *info = data;

	if (info->helper[0] &&
	    (!s->ip.proto || s->ip.invflags & XT_INV_PROTO))
		return (struct fault){ -ENOENT, "--helper needs a protocol" };
	return fine;
}

static struct fault check_set_ecn(const struct site *s, const void *data)
{
	const struct ipt_ECN_info *info = data;

	if (info->operation & (IPT_ECN_OP_SET_ECE | IPT_ECN_OP_SET_CWR) &&
	    !is_proto(s, IPPROTO_TCP))
		return bad("flags of TCP need -p tcp");
	return fine;
}

static struct fault check_npt(const struct site *s, const void *data)
{
	const struct ip6t_npt_tginfo *info = data;

	(void)s;
	if (info->src_pfx_len > 64 || info->dst_pfx_len > 64)
		return bad("a prefix is longer than 64 bits");
	return fine;
}

static struct fault check_reset(const struct site *s, bool reset)
{
	if (reset && !is_proto(s, IPPROTO_TCP))
		return bad("tcp-reset needs -p tcp");
	return fine;
}

static struct fault check_reject(const struct site *s, const void *data)
{
	const struct ipt_reject_info *info = data;

	return check_reset(s, info->with == IPT_TCP_RESET);
}

static struct fault check_reject6(const struct site *s, const void *data)
{
	const struct ip6t_reject_info *info = data;

	return check_reset(s, info->with == IP6T_TCP_RESET);
}

static struct fault check_set(const struct site *s, const void *data)
{
	const struct xt_set_info_target_v3 *info = data;
	const uint32_t queued = IPSET_FLAG_MAP_SKBPRIO |
				IPSET_FLAG_MAP_SKBQUEUE;

	if (info->map_set.index == IPSET_INVALID_ID)
		return fine;
	if (strcmp(ir_table_name(s->table), "mangle"))
		return bad("--map-set is for table 'mangle'");
	if (info->flags & queued && s->hooks & ~(FWD | OUT | POST))
		return bad("--map-prio and --map-queue are for FORWARD, OUTPUT and POSTROUTING");
	return fine;
}

static struct fault check_tee(const struct site *s, const void *data)
{
	static const union nf_inet_addr none;
	const struct xt_tee_tginfo *info = data;

	(void)s;
	return memcmp(&info->gw, &none, sizeof(none)) ? fine :
	       bad("there is no such gateway");
}

/* Whether a match of the rule lets only packets with SYN through. */
static bool wants_syn(const struct site *s)
{
	const struct xt_entry_match *m = NULL;
	const struct xt_tcp *info;

	while ((m = fe_entry_next_match(s->family, s->rule->entry, m))) {
		info = (const void *)m->data;
		if (!strcmp(m->u.user.name, "tcp") &&
		    m->u.match_size >= sizeof(*m) + sizeof(*info) &&
		    info->flg_cmp & SYN &&
		    !(info->invflags & XT_TCP_INV_FLAGS))
			return true;
	}
	return false;
}

static struct fault check_tcpmss(const struct site *s, const void *data)
{
	const struct xt_tcpmss_info *info = data;

	if (info->mss == XT_TCPMSS_CLAMP_PMTU &&
	    s->hooks & ~(FWD | OUT | POST))
		return bad("--clamp-mss-to-pmtu is for FORWARD, OUTPUT and POSTROUTING");
	return wants_syn(s) ? fine : bad("it needs a match of TCP's flag SYN");
}

#define TCP	IPPROTO_TCP
#define UDP	IPPROTO_UDP
#define DATA(type, fn)	.size = sizeof(type), .check = fn

static const struct spec matches[] = {
	{ "addrtype", DATA(struct xt_addrtype_info_v1, check_addrtype) },
	{ "ah", .af = AF_INET, .protos = { IPPROTO_AH } },
	{ "cgroup", .hooks = IN | OUT | POST },
	{ "dccp", .protos = { IPPROTO_DCCP } },
	{ "devgroup", DATA(struct xt_devgroup_info, check_devgroup) },
	{ "ecn", DATA(struct xt_ecn_info, check_ecn) },
	{ "esp", .protos = { IPPROTO_ESP } },
	{ "eui64", .hooks = PRE | IN | FWD },
	{ "hashlimit", DATA(struct xt_hashlimit_mtinfo3, check_hashlimit) },
	{ "icmp", .protos = { IPPROTO_ICMP } },
	{ "icmp6", .protos = { IPPROTO_ICMPV6 } },
	{ "ipcomp", .protos = { IPPROTO_COMP } },
	{ "limit", DATA(struct xt_rateinfo, check_limit) },
	{ "mac", .hooks = PRE | IN | FWD },
	{ "mh", .protos = { IPPROTO_MH } },
	{ "multiport", .protos = { TCP, UDP, IPPROTO_UDPLITE, IPPROTO_SCTP,
				   IPPROTO_DCCP } },
	{ "osf", .hooks = PRE | IN | FWD, .protos = { TCP } },
	{ "owner", .hooks = OUT | POST },
	{ "physdev", DATA(struct xt_physdev_info, check_physdev) },
	{ "policy", DATA(struct xt_policy_info, check_policy) },
	{ "realm", .hooks = IN | FWD | OUT | POST },
	{ "recent", DATA(struct xt_recent_mtinfo_v1, check_recent) },
	{ "rpfilter", .tables = "mangle raw", .hooks = PRE },
	{ "sctp", .protos = { IPPROTO_SCTP } },
	{ "socket", .hooks = PRE | IN },
	{ "string", DATA(struct xt_string_info, check_string) },
	{ "tcp", .protos = { TCP } },
	{ "tcpmss", .protos = { TCP } },
	{ "udp", .protos = { UDP } },
	{ "udplite", .protos = { IPPROTO_UDPLITE } },
	{ .name = NULL }
};

static const struct spec targets[] = {
	{ "CHECKSUM", .tables = "mangle" },
	{ "CLASSIFY", .hooks = FWD | OUT | POST },
	{ "CONNSECMARK", .tables = "mangle security" },
	{ "CT", .tables = "raw", DATA(struct xt_ct_target_info_v1, check_ct) },
	{ "DNAT", .tables = "nat", .hooks = PRE | OUT },
	{ "DNPT", .tables = "mangle", .hooks = PRE | OUT,
	  DATA(struct ip6t_npt_tginfo, check_npt) },
	{ "DSCP", .tables = "mangle" },
	{ "ECN", .tables = "mangle", DATA(struct ipt_ECN_info, check_set_ecn) },
	{ "HL", .tables = "mangle" },
	{ "MASQUERADE", .tables = "nat", .hooks = POST },
	{ "NETMAP", .tables = "nat", .hooks = PRE | IN | OUT | POST },
	{ "NOTRACK", .tables = "raw" },
	{ "REDIRECT", .tables = "nat", .hooks = PRE | OUT },
	{ "REJECT", AF_INET, .tables = "filter", .hooks = IN | FWD | OUT,
	  DATA(struct ipt_reject_info, check_reject) },
	{ "REJECT", AF_INET6, .tables = "filter", .hooks = IN | FWD | OUT,
	  DATA(struct ip6t_reject_info, check_reject6) },
	{ "SECMARK", .tables = "mangle security" },
	{ "SET", DATA(struct xt_set_info_target_v3, check_set) },
	{ "SNAT", .tables = "nat", .hooks = IN | POST },
	{ "SNPT", .tables = "mangle", .hooks = IN | POST,
	  DATA(struct ip6t_npt_tginfo, check_npt) },
	{ "SYNPROXY", .hooks = IN | FWD, .protos = { TCP } },
	{ "TCPMSS", .protos = { TCP },
	  DATA(struct xt_tcpmss_info, check_tcpmss) },
	{ "TCPOPTSTRIP", .tables = "mangle", .protos = { TCP } },
	{ "TEE", DATA(struct xt_tee_tginfo, check_tee) },
	{ "TOS", .tables = "mangle" },
	{ "TPROXY", .tables = "mangle", .hooks = PRE, .protos = { TCP, UDP } },
	{ "TRACE", .tables = "raw" },
	{ "TTL", .tables = "mangle" },
	{ .name = NULL }
};

static const struct spec *find(const struct spec *list, const char *name,
			       int af)
{
	for (; list->name; list++)
		if (!strcmp(list->name, name) && (!list->af || list->af == af))
			return list;
	return NULL;
}

/* The word @name behind @option (or its long form) in the line of the rule. */
static struct ir_loc place(const struct ir_rule *r, const char *option,
			   const char *name)
{
	const char *p = r->loc.text;
	struct ir_loc loc = r->loc;
	size_t len = strlen(name);

	if (!p)
		return loc;
	while ((p = strstr(p, option))) {
		p += strcspn(p, " \t");
		p += strspn(p, " \t");
		if (strcspn(p, " \t") != len || memcmp(p, name, len))
			continue;
		loc.col = (uint32_t)(p - loc.text);
		loc.len = (uint32_t)len;
		break;
	}
	return loc;
}

static bool in_table(const struct spec *sp, const char *table)
{
	size_t len = strlen(table);
	const char *p = sp->tables;

	for (; p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL)
		if (strcspn(p, " ") == len && !memcmp(p, table, len))
			return true;
	return !sp->tables;
}

static bool has_proto(const struct spec *sp, const struct site *s)
{
	const uint8_t *p;

	for (p = sp->protos; *p; p++)
		if (is_proto(s, *p))
			return true;
	return p == sp->protos;
}

/* "INPUT, FORWARD" */
static void name_hooks(uint32_t hooks, char *out, size_t size)
{
	int h;

	*out = '\0';
	for (h = 0; h < IR_NHOOKS; h++) {
		if (!(hooks & 1u << h))
			continue;
		if (*out)
			strncat(out, ", ", size - strlen(out) - 1);
		strncat(out, ir_hook_name((enum ir_hook)h),
			size - strlen(out) - 1);
	}
}

static void name_protos(const struct spec *sp, char *out, size_t size)
{
	const uint8_t *p;
	const char *name;

	*out = '\0';
	for (p = sp->protos; *p; p++) {
		if (p != sp->protos)
			strncat(out, " or ", size - strlen(out) - 1);
		name = fe_xt_proto_name(*p);
		strncat(out, "'-p ", size - strlen(out) - 1);
		strncat(out, name ? name : "?", size - strlen(out) - 1);
		strncat(out, "'", size - strlen(out) - 1);
	}
}

/* One match or target.  @what is "match" or "target". */
static int check_one(const struct site *s, const struct spec *list,
		     const char *what, const char *name, const void *data,
		     size_t size, struct diag *diag)
{
	const struct spec *sp = find(list, name, s->family->af);
	struct ir_loc loc;
	struct fault f;
	char words[96];

	if (!sp)
		return 0;
	loc = place(s->rule, *what == 'm' ? "-m" : "-j", name);
	if (!in_table(sp, ir_table_name(s->table))) {
		diag_error(diag, &loc, "%s '%s' is for table %s, not '%s'",
			   what, name, sp->tables, ir_table_name(s->table));
		return -EINVAL;
	}
	if (sp->hooks && s->hooks & ~sp->hooks) {
		name_hooks(s->hooks & ~sp->hooks, words, sizeof(words));
		diag_error(diag, &loc,
			   "%s '%s' is not for %s, which leads to this rule",
			   what, name, words);
		return -EINVAL;
	}
	if (!has_proto(sp, s)) {
		name_protos(sp, words, sizeof(words));
		diag_error(diag, &loc, "%s '%s' needs %s", what, name, words);
		return -EINVAL;
	}
	if (!sp->check || size < sp->size)
		return 0;
	f = sp->check(s, data);
	if (f.why)
		diag_error(diag, &loc, "%s '%s': %s", what, name, f.why);
	return f.why ? f.err : 0;
}

static int check_rule(struct site *s, struct diag *diag)
{
	const struct xt_entry_target *t;
	const struct xt_entry_match *m = NULL;
	int err = 0;

	s->family->get_ip(s->rule->entry, &s->ip);
	while (!err &&
	       (m = fe_entry_next_match(s->family, s->rule->entry, m)))
		err = check_one(s, matches, "match", m->u.user.name, m->data,
				m->u.match_size - sizeof(*m), diag);
	if (err || s->rule->target != IR_EXTENSION)
		return err;
	t = fe_entry_target(s->family, s->rule->entry);
	return check_one(s, targets, "target", t->u.user.name, t->data,
			 t->u.target_size - sizeof(*t), diag);
}

/* Behind such a rule nothing of the chain is reached. */
static bool ends_chain(const struct ir_rule *r)
{
	return r->always && (r->target == IR_ACCEPT || r->target == IR_DROP ||
			     r->target == IR_RETURN);
}

/* Marks in from[] the chains that @base leads to. */
static void mark(const struct ir_chain *base, uint32_t *from,
		 const struct ir_chain **stack)
{
	const uint32_t bit = 1u << base->hook;
	const struct ir_chain *c;
	uint32_t n = 0, i;

	from[base->number] |= bit;
	stack[n++] = base;
	while (n) {
		c = stack[--n];
		for (i = 0; i < c->nrules; i++) {
			const struct ir_chain *to = c->rule[i]->to;

			if (to && !(from[to->number] & bit)) {
				from[to->number] |= bit;
				stack[n++] = to;
			}
			if (ends_chain(c->rule[i]))
				break;
		}
	}
}

static int check_chain(struct site *s, const struct ir_chain *c,
		       uint32_t hooks, struct diag *diag)
{
	uint32_t i;
	int err = 0;

	s->hooks = hooks;
	for (i = 0; !err && i < c->nrules; i++) {
		s->rule = c->rule[i];
		err = check_rule(s, diag);
		if (ends_chain(s->rule))
			s->hooks = 0;
	}
	return err;
}

int fe_check_table(const struct ir_table *t, struct diag *diag)
{
	const uint32_t n = ir_table_nchains(t);
	uint32_t *from = calloc(n + 1ul, sizeof(*from));
	const struct ir_chain **stack = calloc(n + 1ul, sizeof(*stack));
	struct site s = {
		.table	= t,
		.family	= fe_family_get(ir_table_family(t)),
	};
	uint32_t i;
	int err = 0;

	if (!from || !stack) {
		diag_error(diag, NULL, "out of memory");
		err = -ENOMEM;
	}
	for (i = 0; !err && i < n; i++)
		if (ir_table_chain(t, i)->hook != IR_HOOK_NONE)
			mark(ir_table_chain(t, i), from, stack);
	for (i = 0; !err && i < n; i++)
		err = check_chain(&s, ir_table_chain(t, i), from[i], diag);
	free(from);
	free(stack);
	return err;
}
