/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/field.c - the fields by name and range, and what a match needs of them */
#include "ir/field.h"

static const struct {
	const char	*name;
	uint32_t	max;
} fields[IR_NFIELDS] = {
	[IR_SADDR]	= { "saddr", UINT32_MAX },
	[IR_DADDR]	= { "daddr", UINT32_MAX },
	[IR_PROTO]	= { "proto", 0xff },
	[IR_SPORT]	= { "sport", 0xffff },
	[IR_DPORT]	= { "dport", 0xffff },
	[IR_IIF]	= { "iif", 0xffff },
	[IR_OIF]	= { "oif", 0xffff },
	[IR_CTSTATE]	= { "ctstate", 0xffff },
	[IR_TCPFLAGS]	= { "tcpflags", 0xff },
	[IR_ICMP]	= { "icmp", 0xffff },
	[IR_LEN]	= { "length", UINT32_MAX },
	[IR_TTL]	= { "ttl", 0xff },
	[IR_TOS]	= { "tos", 0xff },
	[IR_TCPOPT]	= { "tcpopt", UINT32_MAX },
	[IR_KIND]	= { "kind", IR_KINDS_ALL },
	[IR_SADDR1]	= { "saddr1", UINT32_MAX },
	[IR_SADDR2]	= { "saddr2", UINT32_MAX },
	[IR_SADDR3]	= { "saddr3", UINT32_MAX },
	[IR_DADDR1]	= { "daddr1", UINT32_MAX },
	[IR_DADDR2]	= { "daddr2", UINT32_MAX },
	[IR_DADDR3]	= { "daddr3", UINT32_MAX },
	[IR_EXT]	= { "ext", IR_EXT_ALL | IR_EXT_ALL * IR_EXT_BAD },
	[IR_HEADERS]	= { "headers", 0x1ff },
	[IR_FRAG]	= { "frag", 0xffffff },
	[IR_FRAGID]	= { "fragid", UINT32_MAX },
	[IR_RT]		= { "rt", 0xffffff },
	[IR_OPTLEN]	= { "optlen", 0xffff },
	[IR_AH]		= { "ah", 0xffffff },
	[IR_AHSPI]	= { "ahspi", UINT32_MAX },
	[IR_ESPSPI]	= { "espspi", UINT32_MAX },
};

const char *ir_field_name(enum ir_field field)
{
	return (unsigned int)field < IR_NFIELDS ? fields[field].name : "?";
}

uint32_t ir_field_max(enum ir_field field)
{
	return (unsigned int)field < IR_NFIELDS ? fields[field].max : 0;
}

/* Of a packet that is no fragment but short of something. */
static enum ir_outcome need_short(enum ir_need need, enum ir_kind kind)
{
	switch (need) {
	case IR_NEED_NOTHING:
	case IR_NEED_PROTO:
	case IR_NEED_GUARD:
		return IR_OUT_TEST;
	case IR_NEED_PORTS:
		return kind == IR_KIND_NONE ? IR_OUT_HOTDROP : IR_OUT_TEST;
	case IR_NEED_TCP:
		return kind == IR_KIND_BADOPT ? IR_OUT_TEST : IR_OUT_HOTDROP;
	case IR_NEED_UDP:
	case IR_NEED_ICMP:
	case IR_NEED_TCPOPT:
	case IR_NEED_ESP:
	case IR_NEED_MH:
		break;
	}
	return IR_OUT_HOTDROP;
}

enum ir_outcome ir_need_outcome(enum ir_need need, enum ir_kind kind)
{
	if (need == IR_NEED_NOTHING || need == IR_NEED_GUARD ||
	    kind == IR_KIND_WHOLE)
		return IR_OUT_TEST;
	if (need == IR_NEED_PROTO)
		return kind == IR_KIND_NOPROTO ? IR_OUT_HOTDROP : IR_OUT_TEST;
	if (kind == IR_KIND_FRAG || kind == IR_KIND_NOPROTO)
		return IR_OUT_FAIL;
	if (kind == IR_KIND_FRAG1)
		return need == IR_NEED_TCP || need == IR_NEED_TCPOPT ?
		       IR_OUT_HOTDROP : IR_OUT_FAIL;
	return need_short(need, kind);
}
