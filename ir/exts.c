/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/exts.c - IPv6 extension headers made of fields, as ir/packet6.c reads them
 *
 * The fragment header is the last one, so that it can be that of a later
 * fragment, behind which nothing is looked at.
 */
#include <netinet/in.h>

#include "ir/build.h"

static const struct {
	enum ir_ext	ext;
	uint8_t		kind;
} order[IR_NEXTS] = {
	{ IR_EXT_HOP, IPPROTO_HOPOPTS }, { IR_EXT_DST, IPPROTO_DSTOPTS },
	{ IR_EXT_RT, IPPROTO_ROUTING }, { IR_EXT_AH, IPPROTO_AH },
	{ IR_EXT_FRAG, IPPROTO_FRAGMENT },
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

uint32_t ir_build_ext_size(const uint32_t field[IR_NFIELDS], enum ir_ext ext)
{
	switch (ext) {
	case IR_EXT_HOP:
		return 8 * (1 + (field[IR_OPTLEN] >> 8 & 0xff));
	case IR_EXT_DST:
		return 8 * (1 + (field[IR_OPTLEN] & 0xff));
	case IR_EXT_RT:
		return 8 * (1 + (field[IR_RT] >> 16));
	case IR_EXT_AH:
		return 4 * (2 + (field[IR_AH] >> 16));
	default:
		return 8;
	}
}

/* What rules can ask of the header at @h. */
static void put_values(const uint32_t field[IR_NFIELDS], enum ir_ext ext,
		       uint8_t *h)
{
	switch (ext) {
	case IR_EXT_RT:
		put16(h + 2, field[IR_RT]);
		break;
	case IR_EXT_FRAG:
		h[1] = (uint8_t)(field[IR_FRAG] >> 16);
		put16(h + 2, field[IR_FRAG]);
		put32(h + 4, field[IR_FRAGID]);
		break;
	case IR_EXT_AH:
		put16(h + 2, field[IR_AH]);
		put32(h + 4, field[IR_AHSPI]);
		break;
	default:
		break;
	}
}

uint32_t ir_build_exts(struct ir_build *b)
{
	uint32_t i, broken = UINT32_MAX, bad = b->field[IR_EXT] / IR_EXT_BAD;
	enum ir_ext ext;
	uint8_t *h;

	b->nexts = 0;
	for (i = 0; i < IR_NEXTS; i++) {
		ext = order[i].ext;
		if (!((b->field[IR_EXT] | bad) >> ext & 1))
			continue;
		h = ir_build_ext(b, order[i].kind,
				 ir_build_ext_size(b->field, ext));
		if (!h)
			continue;
		put_values(b->field, ext, h);
		if (bad >> ext & 1 && broken == UINT32_MAX)
			broken = 40 + b->last + 4;
	}
	return broken;
}
