/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/field.h - what of a packet a rule can test
 *
 * Every field is an unsigned number of at most 32 bits in host order, so that
 * all stages compare, mask and cut fields alike.  Interfaces are names in the
 * IR and become numbers in translator/; TCP options are a set (struct
 * ir_packet).
 */
#ifndef IR_FIELD_H
#define IR_FIELD_H

#include <stdint.h>

enum ir_field {
	IR_SADDR,		/* IPv4 source address */
	IR_DADDR,		/* IPv4 destination address */
	IR_PROTO,		/* IPv4 protocol, 8 bits */
	IR_SPORT,		/* source port of a transport with ports */
	IR_DPORT,
	IR_IIF,			/* input interface: class number (translator/) */
	IR_OIF,			/* output interface: class number */
	IR_CTSTATE,		/* one XT_CONNTRACK_STATE_* bit of xt_conntrack.h */
	IR_TCPFLAGS,		/* byte 13 of the TCP header */
	IR_ICMP,		/* ICMP type << 8 | code */
	IR_LEN,			/* IPv4 total length, from the header */
	IR_TTL,
	IR_TOS,			/* the whole byte: DSCP is its upper six bits */
	IR_TCPOPT,		/* bit set of the TCP options rules ask for (translator/) */
	IR_KIND,		/* 1 << enum ir_kind */
	IR_NFIELDS
};

/*
 * What the packet has of its transport header, as skb_header_pointer() sees
 * it.  Matches that read this header behave differently for each kind: some do
 * not hold, some drop the packet on the spot ("hotdrop", ip_tables.c).
 */
enum ir_kind {
	IR_KIND_WHOLE,		/* all that any match of its protocol reads */
	IR_KIND_BADOPT,		/* TCP: 20 bytes, but a bad data offset or options cut off */
	IR_KIND_SHORT,		/* TCP 4..19 bytes, UDP 4..7 bytes */
	IR_KIND_NONE,		/* less than the match with the least need reads */
	IR_KIND_FRAG1,		/* fragment with offset 1 (8 bytes) */
	IR_KIND_FRAG,		/* later fragment, offset > 1 */
	IR_NKINDS
};

#define IR_KINDS_ALL	((1u << IR_NKINDS) - 1)
#define IR_KINDS_FRAG	(1u << IR_KIND_FRAG1 | 1u << IR_KIND_FRAG)

/* What a match reads of the transport header. */
enum ir_need {
	IR_NEED_NOTHING,
	IR_NEED_PORTS,		/* multiport: 4 bytes */
	IR_NEED_UDP,		/* udp: 8 bytes */
	IR_NEED_ICMP,		/* icmp: 8 bytes */
	IR_NEED_TCP,		/* tcp: 20 bytes */
	IR_NEED_TCPOPT,		/* tcp --tcp-option: the option bytes as well */
};

enum ir_outcome {
	IR_OUT_TEST,		/* the header is there: the predicates decide */
	IR_OUT_FAIL,		/* the match does not hold */
	IR_OUT_HOTDROP,		/* the packet is dropped, the rule not counted */
};

/*
 * What a match with @need does with a packet of @kind before it looks at any
 * value.  Source: net/netfilter/xt_tcpudp.c, xt_multiport.c (Linux 6.18).
 */
enum ir_outcome ir_need_outcome(enum ir_need need, enum ir_kind kind);

/* The name used in dumps and messages, e.g. "saddr".  Never NULL. */
const char *ir_field_name(enum ir_field field);

/* The largest value the field can have. */
uint32_t ir_field_max(enum ir_field field);

#endif
