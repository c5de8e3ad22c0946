/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/layout.c - places in the record, and records put into them */
#include "translator/layout.h"

#include <string.h>

/* In the order they are placed: large ones first, so that none straddles. */
static const struct tr_test slots[] = {
	{ TR_TEST_MASKED32, IR_SADDR, 0 },
	{ TR_TEST_MASKED32, IR_DADDR, 0 },
	{ TR_TEST_RANGE16, IR_SPORT, 0 },
	{ TR_TEST_RANGE16, IR_DPORT, 0 },
	{ TR_TEST_RANGE16, IR_IIF, 0 },
	{ TR_TEST_RANGE16, IR_OIF, 0 },
	{ TR_TEST_MASKED8, IR_PROTO, 0 },
	{ TR_TEST_BITS16, IR_CTSTATE, 0 },
};

_Static_assert(sizeof(slots) / sizeof(*slots) <= TR_MAX_TESTS, "TR_MAX_TESTS");

static const uint8_t sizes[] = {
	[TR_TEST_MASKED32]	= 8,
	[TR_TEST_RANGE16]	= 4,
	[TR_TEST_MASKED8]	= 2,
	[TR_TEST_BITS16]	= 2,
};

/* Whether the record of @box must test @field in its own place. */
static bool tests(const struct tr_box *box, enum ir_field field)
{
	switch (field) {
	case IR_SADDR:
		return box->mask[0];
	case IR_DADDR:
		return box->mask[1];
	case IR_PROTO:
		return box->lo[field] == box->hi[field];
	case IR_CTSTATE:
		return box->state;
	default:
		return box->lo[field] || box->hi[field] < 0xffff;
	}
}

void tr_need_add(struct tr_need *need, const struct tr_box *box)
{
	uint32_t action = box->word0 & TR_ACTION_MASK;
	size_t i;

	for (i = 0; i < sizeof(slots) / sizeof(*slots); i++)
		if (tests(box, slots[i].field))
			need->fields |= 1u << slots[i].field;
	need->target |= action == TR_JUMP || action == TR_GOTO;
	need->extra |= box->extra != 0;
}

void tr_layout_make(struct tr_layout *l, const struct tr_need *need)
{
	uint32_t at = 4;
	size_t i;

	memset(l, 0, sizeof(*l));
	if (need->target) {
		l->target = at;
		at += 4;
	}
	if (need->extra) {
		l->extra = at;
		at += 4;
	}
	for (i = 0; i < sizeof(slots) / sizeof(*slots); i++) {
		if (!(need->fields & 1u << slots[i].field))
			continue;
		l->test[l->ntests] = slots[i];
		l->test[l->ntests++].offset = at;
		at += sizes[slots[i].kind];
	}
	l->size = (at + 7) & ~7u;
}

bool tr_layout_holds(const struct tr_layout *l, const struct tr_need *need)
{
	uint32_t fields = need->fields;
	int i;

	for (i = 0; i < l->ntests; i++)
		fields &= ~(1u << l->test[i].field);
	return !fields && (l->target || !need->target) &&
	       (l->extra || !need->extra);
}

static void put(const struct tr_test *t, const struct tr_box *box,
		uint8_t *at)
{
	uint32_t lo = box->lo[t->field], hi = box->hi[t->field];
	int addr = t->field == IR_SADDR ? 0 : 1;

	switch (t->kind) {
	case TR_TEST_MASKED32:
		memcpy(at, &box->value[addr], 4);
		memcpy(at + 4, &box->mask[addr], 4);
		break;
	case TR_TEST_RANGE16:
		memcpy(at, &(uint16_t){ lo }, 2);
		memcpy(at + 2, &(uint16_t){ hi < 0xffff ? hi : 0xffff }, 2);
		break;
	case TR_TEST_MASKED8:
		at[0] = lo == hi ? lo : 0;
		at[1] = lo == hi ? 0xff : 0;
		break;
	case TR_TEST_BITS16:
		memcpy(at, &(uint16_t){ box->state ? box->state : 0xffff }, 2);
		break;
	}
}

void tr_record_write(const struct tr_layout *l, const struct tr_box *box,
		     uint32_t *record)
{
	uint8_t *bytes = (uint8_t *)record;
	int i;

	memset(record, 0, l->size);
	record[0] = box->word0;
	if (l->target)
		record[l->target / 4] = box->target;
	if (l->extra)
		record[l->extra / 4] = box->extra;
	for (i = 0; i < l->ntests; i++)
		put(&l->test[i], box, bytes + l->test[i].offset);
}
