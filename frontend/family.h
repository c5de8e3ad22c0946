/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/family.h - what differs between iptables and ip6tables
 *
 * The entry of a rule is a struct ipt_entry or a struct ip6t_entry.  All but
 * this file sees its IP part as a struct fe_ip, which is the same for both, and
 * finds what is behind it through frontend/entry.h.
 */
#ifndef FRONTEND_FAMILY_H
#define FRONTEND_FAMILY_H

#include <netinet/in.h>
#include <net/if.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for the fixed part of any entry. */
union fe_entry {
	struct ipt_entry	ipv4;
	struct ip6t_entry	ipv6;
};

/* The IP part of a rule.  Of IPv4 addresses only the first word is used. */
struct fe_ip {
	struct in6_addr	src;
	struct in6_addr	dst;
	struct in6_addr	smsk;
	struct in6_addr	dmsk;
	char		iniface[IFNAMSIZ];
	char		outiface[IFNAMSIZ];
	unsigned char	iniface_mask[IFNAMSIZ];
	unsigned char	outiface_mask[IFNAMSIZ];
	uint16_t	proto;
	uint8_t		invflags;	/* IPT_INV_*, the same in both families */
	bool		asks_proto;	/* IPv6: there was a -p, be it for all */
	bool		fragment;	/* -f: IPv4 only */
	bool		go;		/* -g in place of -j */
};

struct fe_addrs;

struct fe_family {
	int		af;		/* AF_INET or AF_INET6 */
	uint8_t		nfproto;
	unsigned int	words;		/* of an address */
	const char	*any;		/* the address that all are in */
	char		other;		/* option -4 or -6: a line not for us */
	size_t		entry_size;	/* of the fixed part */
	size_t		ip_size;	/* of the IP part, at its beginning */
	size_t		target_offset;	/* where these numbers of 16 bits are */
	size_t		next_offset;
	void		(*get_ip)(const void *entry, struct fe_ip *ip);
	void		(*put_ip)(void *entry, const struct fe_ip *ip);
	/* Looks up a->arg; leaves through xtables_error(). */
	void		(*look_up)(struct fe_addrs *a);
	/* Number @i of the addresses and masks that look_up() found. */
	void		(*pick)(const struct fe_addrs *a, unsigned int i,
				struct in6_addr *addr, struct in6_addr *mask);
	/* The bits of a mask that is a prefix, else -1. */
	int		(*prefix)(const struct in6_addr *mask);
	/* Whether iptables -L calls it "anywhere", and else its name. */
	bool		(*is_any)(const struct in6_addr *addr,
				  const struct in6_addr *mask);
	const char	*(*addr_name)(const struct in6_addr *addr);
	/* "/24" as iptables -L prints it, "" for a whole address. */
	const char	*(*mask_text)(const struct in6_addr *mask);
};

/* NULL for any other. */
const struct fe_family *fe_family_get(int af);

/* "1.2.3.4" or "2001:db8::1"; returns @text. */
const char *fe_family_addr_text(const struct fe_family *f,
				const struct in6_addr *addr,
				char text[INET6_ADDRSTRLEN]);

/* Whether ip6tables warns that no packet has it: it is an extension header. */
bool fe_family_is_extension(const struct fe_family *f, uint16_t proto);

#endif
