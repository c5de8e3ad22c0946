/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/field.h - what of a packet a rule can test
 *
 * Every field is an unsigned number of at most 32 bits in host order, so that
 * all stages compare, mask and cut fields alike.  Interfaces are names in the
 * IR and become numbers in translator/; TCP options are a set (struct
 * ir_packet).
 *
 * A table is of one family, and the fields mean what they do there.  An IPv6
 * address is four fields, the first of them with the most significant word.
 * Those behind IR_KIND are tested by IPv6 rules only.
 */
#ifndef IR_FIELD_H
#define IR_FIELD_H

#include <stdint.h>

enum ir_field {
	IR_SADDR,		/* source address; IPv6: its first word */
	IR_DADDR,		/* destination address */
	IR_PROTO,		/* protocol; IPv6: behind the extension headers */
	IR_SPORT,		/* source port of a transport with ports */
	IR_DPORT,
	IR_IIF,			/* input interface: class number (translator/) */
	IR_OIF,			/* output interface: class number */
	IR_CTSTATE,		/* one XT_CONNTRACK_STATE_* bit of xt_conntrack.h */
	IR_TCPFLAGS,		/* byte 13 of the TCP header */
	IR_ICMP,		/* ICMP (of the family) type << 8 | code; of the
				 * mobility header type << 8 | payload proto */
	IR_LEN,			/* total length, from the header; IPv6: skb->len */
	IR_TTL,			/* or hop limit */
	IR_TOS,			/* or traffic class: DSCP is its upper six bits */
	IR_TCPOPT,		/* bit set of the TCP options rules ask for (translator/) */
	IR_KIND,		/* 1 << enum ir_kind */
	IR_SADDR1,		/* the other words of an IPv6 address */
	IR_SADDR2,
	IR_SADDR3,
	IR_DADDR1,
	IR_DADDR2,
	IR_DADDR3,
	IR_EXT,			/* which extension headers there are: IR_EXT_* */
	IR_HEADERS,		/* the same as ipv6header sees it: IR_HEADERS_* */
	IR_FRAG,		/* fragment header: reserved << 16 | offset and flags */
	IR_FRAGID,
	IR_RT,			/* routing header: length << 16 | type << 8 | segments left */
	IR_OPTLEN,		/* lengths: hop-by-hop << 8 | destination options */
	IR_AH,			/* authentication header: length << 16 | reserved */
	IR_AHSPI,
	IR_ESPSPI,		/* of a transport ESP */
	IR_NFIELDS
};

/* What an IPv4 table can test ends here. */
#define IR_NFIELDS4	(IR_KIND + 1)

_Static_assert(IR_NFIELDS <= 32, "sets of fields are 32 bits wide");

/*
 * What ipv6_find_hdr() finds when it is asked for an extension header, and what
 * the match of that header makes of it: for the first of its kind, bit 1 << n of
 * IR_EXT says that it is there as a whole, so that its values can be compared
 * (they are 0 otherwise), and bit IR_EXT_BAD << n that the match drops the packet
 * on the spot, because this header or one before it is cut off.  Neither: the
 * match does not hold.  All lengths are the byte of the header, not in bytes.
 *
 * Sources: ip6t_{frag,rt,hbh,ah}.c in net/ipv6/netfilter/ (Linux 6.18: those
 * before it let a header with too big a length pass).
 */
enum ir_ext {
	IR_EXT_HOP,
	IR_EXT_DST,
	IR_EXT_RT,
	IR_EXT_FRAG,
	IR_EXT_AH,
	IR_NEXTS
};

#define IR_EXT_BAD	0x100u
#define IR_EXT_ALL	((1u << IR_NEXTS) - 1)

/*
 * ipv6header (ip6t_ipv6header.c) has a walk of its own, which goes on behind a
 * later fragment's header: the MASK_* bits of linux/netfilter_ipv6/
 * ip6t_ipv6header.h, or (alone) IR_HEADERS_FAIL: whatever it asks does not hold.
 */
#define IR_HEADERS_FAIL	0x100u

/*
 * What the packet has of its transport header, as skb_header_pointer() sees
 * it.  Matches that read this header behave differently for each kind: some do
 * not hold, some drop the packet on the spot ("hotdrop", ip_tables.c).
 *
 * IPv6: the transport header is the one that ipv6_find_hdr() finds behind the
 * extension headers (net/ipv6/exthdrs_core.c; ir/packet6.c).  Where it fails,
 * because the packet ends before, or because a later fragment begins with one
 * more extension header, the kind is NOPROTO.  In a later fragment it finds the
 * protocol but no header: FRAG.  Of these the offset is counted in bytes, so
 * that the 1 for which xt_tcpudp.c drops a packet is never met: an offset of 8
 * bytes is a FRAG like any other, and there is no FRAG1.
 */
enum ir_kind {
	IR_KIND_WHOLE,		/* all that any match of its protocol reads */
	IR_KIND_BADOPT,		/* TCP: 20 bytes, but a bad data offset or options cut off */
	IR_KIND_SHORT,		/* TCP 4..19 bytes, UDP 4..7 bytes */
	IR_KIND_NONE,		/* less than the match with the least need reads */
	IR_KIND_FRAG1,		/* IPv4: fragment with offset 1 (8 bytes) */
	IR_KIND_FRAG,		/* later fragment; IPv4: offset > 1 */
	IR_KIND_NOPROTO,	/* IPv6: no transport header was found */
	IR_NKINDS,
	IR_NKINDS4 = IR_KIND_NOPROTO	/* those of IPv4 */
};

#define IR_KINDS_ALL	((1u << IR_NKINDS) - 1)
#define IR_KINDS_FRAG	(1u << IR_KIND_FRAG1 | 1u << IR_KIND_FRAG)

/* What a match reads of the transport header. */
enum ir_need {
	IR_NEED_NOTHING,
	IR_NEED_PROTO,		/* IPv6 -p: the transport header is found */
	IR_NEED_PORTS,		/* multiport: 4 bytes */
	IR_NEED_UDP,		/* udp: 8 bytes */
	IR_NEED_ICMP,		/* icmp: 8 bytes */
	IR_NEED_TCP,		/* tcp: 20 bytes */
	IR_NEED_TCPOPT,		/* tcp --tcp-option: the option bytes as well */
	IR_NEED_ESP,		/* IPv6 esp: 8 bytes */
	IR_NEED_MH,		/* IPv6 mh: 6 bytes */
	/*
	 * Nothing is read, but where the match's only predicate holds the packet is
	 * dropped on the spot; else the match holds: IPv6 headers that are cut off.
	 */
	IR_NEED_GUARD,
};

enum ir_outcome {
	IR_OUT_TEST,		/* the header is there: the predicates decide */
	IR_OUT_FAIL,		/* the match does not hold */
	IR_OUT_HOTDROP,		/* the packet is dropped, the rule not counted */
};

/*
 * What a match with @need does with a packet of @kind before it looks at any
 * value.  Source: net/netfilter/xt_tcpudp.c, xt_multiport.c (Linux 6.18), and
 * ip6_packet_match() in net/ipv6/netfilter/ip6_tables.c: "-p" drops a packet
 * without protocol, but only after addresses and interfaces held, so that the
 * IP part of an IPv6 rule with -p is two matches.  All needs below are of matches
 * that require -p, so that they never meet such a packet (they fail), but for
 * IR_NEED_GUARD, which looks at its predicate alone.
 */
enum ir_outcome ir_need_outcome(enum ir_need need, enum ir_kind kind);

/* The name used in dumps and messages, e.g. "saddr".  Never NULL. */
const char *ir_field_name(enum ir_field field);

/* The largest value the field can have. */
uint32_t ir_field_max(enum ir_field field);

#endif
