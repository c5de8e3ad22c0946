/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frontend/family.c - the two families, each a table of what is its own */
#include "frontend/family.h"

#include <arpa/inet.h>
#include <string.h>
#include <xtables.h>

#include "frontend/command.h"

_Static_assert(IPT_INV_VIA_IN == IP6T_INV_VIA_IN &&
	       IPT_INV_VIA_OUT == IP6T_INV_VIA_OUT &&
	       IPT_INV_SRCIP == IP6T_INV_SRCIP &&
	       IPT_INV_DSTIP == IP6T_INV_DSTIP, "the flags are the same");

static void get_ifaces(struct fe_ip *ip, const char *in,
		       const unsigned char *in_mask, const char *out,
		       const unsigned char *out_mask)
{
	memcpy(ip->iniface, in, IFNAMSIZ);
	memcpy(ip->iniface_mask, in_mask, IFNAMSIZ);
	memcpy(ip->outiface, out, IFNAMSIZ);
	memcpy(ip->outiface_mask, out_mask, IFNAMSIZ);
}

static void put_ifaces(const struct fe_ip *ip, char *in,
		       unsigned char *in_mask, char *out,
		       unsigned char *out_mask)
{
	memcpy(in, ip->iniface, IFNAMSIZ);
	memcpy(in_mask, ip->iniface_mask, IFNAMSIZ);
	memcpy(out, ip->outiface, IFNAMSIZ);
	memcpy(out_mask, ip->outiface_mask, IFNAMSIZ);
}

/* --- IPv4 --- */

static struct in_addr first_word(const struct in6_addr *addr)
{
	return (struct in_addr){ addr->s6_addr32[0] };
}

static struct in6_addr widened(struct in_addr addr)
{
	struct in6_addr wide = { 0 };

	wide.s6_addr32[0] = addr.s_addr;
	return wide;
}

static void get_ip4(const void *entry, struct fe_ip *ip)
{
	const struct ipt_ip *from = &((const struct ipt_entry *)entry)->ip;

	memset(ip, 0, sizeof(*ip));
	ip->src = widened(from->src);
	ip->dst = widened(from->dst);
	ip->smsk = widened(from->smsk);
	ip->dmsk = widened(from->dmsk);
	get_ifaces(ip, from->iniface, from->iniface_mask, from->outiface,
		   from->outiface_mask);
	ip->proto = from->proto;
	ip->invflags = from->invflags;
	ip->fragment = from->flags & IPT_F_FRAG;
	ip->go = from->flags & IPT_F_GOTO;
}

static void put_ip4(void *entry, const struct fe_ip *ip)
{
	struct ipt_ip *to = &((struct ipt_entry *)entry)->ip;

	to->src = first_word(&ip->src);
	to->dst = first_word(&ip->dst);
	to->smsk = first_word(&ip->smsk);
	to->dmsk = first_word(&ip->dmsk);
	put_ifaces(ip, to->iniface, to->iniface_mask, to->outiface,
		   to->outiface_mask);
	to->proto = ip->proto;
	to->invflags = ip->invflags;
	to->flags = (ip->fragment ? IPT_F_FRAG : 0) |
		    (ip->go ? IPT_F_GOTO : 0);
}

static void look_up4(struct fe_addrs *a)
{
	xtables_ipparse_multiple(a->arg, &a->addr.ip4, &a->mask.ip4, &a->n);
}

static void pick4(const struct fe_addrs *a, unsigned int i,
		  struct in6_addr *addr, struct in6_addr *mask)
{
	*addr = widened(a->addr.ip4[i]);
	*mask = widened(a->mask.ip4[i]);
}

static int prefix4(const struct in6_addr *mask)
{
	const struct in_addr m = first_word(mask);

	return xtables_ipmask_to_cidr(&m);
}

static bool is_any4(const struct in6_addr *addr, const struct in6_addr *mask)
{
	(void)addr;
	return !first_word(mask).s_addr;
}

static const char *addr_name4(const struct in6_addr *addr)
{
	const struct in_addr a = first_word(addr);

	return xtables_ipaddr_to_anyname(&a);
}

static const char *mask_text4(const struct in6_addr *mask)
{
	const struct in_addr m = first_word(mask);

	return xtables_ipmask_to_numeric(&m);
}

/* --- IPv6 --- */

static void get_ip6(const void *entry, struct fe_ip *ip)
{
	const struct ip6t_ip6 *from = &((const struct ip6t_entry *)entry)->ipv6;

	memset(ip, 0, sizeof(*ip));
	ip->src = from->src;
	ip->dst = from->dst;
	ip->smsk = from->smsk;
	ip->dmsk = from->dmsk;
	get_ifaces(ip, from->iniface, from->iniface_mask, from->outiface,
		   from->outiface_mask);
	ip->proto = from->proto;
	ip->invflags = from->invflags;
	ip->asks_proto = from->flags & IP6T_F_PROTO;
	ip->go = from->flags & IP6T_F_GOTO;
}

static void put_ip6(void *entry, const struct fe_ip *ip)
{
	struct ip6t_ip6 *to = &((struct ip6t_entry *)entry)->ipv6;

	to->src = ip->src;
	to->dst = ip->dst;
	to->smsk = ip->smsk;
	to->dmsk = ip->dmsk;
	put_ifaces(ip, to->iniface, to->iniface_mask, to->outiface,
		   to->outiface_mask);
	to->proto = ip->proto;
	to->invflags = ip->invflags;
	to->flags = (ip->asks_proto ? IP6T_F_PROTO : 0) |
		    (ip->go ? IP6T_F_GOTO : 0);
}

static void look_up6(struct fe_addrs *a)
{
	xtables_ip6parse_multiple(a->arg, &a->addr.ip6, &a->mask.ip6, &a->n);
}

static void pick6(const struct fe_addrs *a, unsigned int i,
		  struct in6_addr *addr, struct in6_addr *mask)
{
	*addr = a->addr.ip6[i];
	*mask = a->mask.ip6[i];
}

static bool is_any6(const struct in6_addr *addr, const struct in6_addr *mask)
{
	(void)mask;
	return IN6_IS_ADDR_UNSPECIFIED(addr);
}

/* --- */

static const struct fe_family families[] = {
	{
		.af		= AF_INET,
		.nfproto	= NFPROTO_IPV4,
		.words		= 1,
		.any		= "0.0.0.0/0",
		.other		= '6',
		.entry_size	= sizeof(struct ipt_entry),
		.ip_size	= sizeof(struct ipt_ip),
		.target_offset	= offsetof(struct ipt_entry, target_offset),
		.next_offset	= offsetof(struct ipt_entry, next_offset),
		.get_ip		= get_ip4,
		.put_ip		= put_ip4,
		.look_up	= look_up4,
		.pick		= pick4,
		.prefix		= prefix4,
		.is_any		= is_any4,
		.addr_name	= addr_name4,
		.mask_text	= mask_text4,
	}, {
		.af		= AF_INET6,
		.nfproto	= NFPROTO_IPV6,
		.words		= 4,
		.any		= "::0/0",
		.other		= '4',
		.entry_size	= sizeof(struct ip6t_entry),
		.ip_size	= sizeof(struct ip6t_ip6),
		.target_offset	= offsetof(struct ip6t_entry, target_offset),
		.next_offset	= offsetof(struct ip6t_entry, next_offset),
		.get_ip		= get_ip6,
		.put_ip		= put_ip6,
		.look_up	= look_up6,
		.pick		= pick6,
		.prefix		= xtables_ip6mask_to_cidr,
		.is_any		= is_any6,
		.addr_name	= xtables_ip6addr_to_anyname,
		.mask_text	= xtables_ip6mask_to_numeric,
	},
};

const struct fe_family *fe_family_get(int af)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (families[i].af == af)
			return &families[i];
	return NULL;
}

const char *fe_family_addr_text(const struct fe_family *f,
				const struct in6_addr *addr,
				char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(f->af, addr, text, INET6_ADDRSTRLEN);
}

bool fe_family_is_extension(const struct fe_family *f, uint16_t proto)
{
	return f->af == AF_INET6 &&
	       (proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
		proto == IPPROTO_AH || proto == IPPROTO_DSTOPTS);
}
