/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/layout.c - places in the record, and records put into them */
#include "translator/layout.h"

#include <string.h>
#include <sys/socket.h>

/*
 * In the order they are placed: large ones first, so that none straddles.  The
 * first four are for IPv6 only, the next two for IPv4.
 */
static const struct tr_test slots[] = {
	{ TR_TEST_MASKED64, IR_SADDR, 0 },
	{ TR_TEST_MASKED64, IR_SADDR2, 0 },
	{ TR_TEST_MASKED64, IR_DADDR, 0 },
	{ TR_TEST_MASKED64, IR_DADDR2, 0 },
	{ TR_TEST_MASKED32, IR_SADDR, 0 },
	{ TR_TEST_MASKED32, IR_DADDR, 0 },
	{ TR_TEST_RANGE16, IR_SPORT, 0 },
	{ TR_TEST_RANGE16, IR_DPORT, 0 },
	{ TR_TEST_RANGE16, IR_IIF, 0 },
	{ TR_TEST_RANGE16, IR_OIF, 0 },
	{ TR_TEST_MASKED8, IR_PROTO, 0 },
	{ TR_TEST_BITS16, IR_CTSTATE, 0 },
};

/* Of each kind of address test only the four or the two. */
_Static_assert(sizeof(slots) / sizeof(*slots) - 2 <= TR_MAX_TESTS,
	       "TR_MAX_TESTS");

static const uint8_t sizes[] = {
	[TR_TEST_MASKED32]	= 8,
	[TR_TEST_MASKED64]	= 16,
	[TR_TEST_RANGE16]	= 4,
	[TR_TEST_MASKED8]	= 2,
	[TR_TEST_BITS16]	= 2,
};

#define NSLOTS	(sizeof(slots) / sizeof(*slots))

/* How addresses are tested depends on the family. */
static bool is_for(enum tr_test_kind kind, int family)
{
	if (kind == TR_TEST_MASKED64)
		return family == AF_INET6;
	return kind != TR_TEST_MASKED32 || family == AF_INET;
}

/* Whether the record of @box must make the test @t. */
static bool tests(const struct tr_box *box, const struct tr_test *t)
{
	int i = tr_addr(t->field);

	switch (t->kind) {
	case TR_TEST_MASKED32:
		return box->mask[i];
	case TR_TEST_MASKED64:
		return box->mask[i] | box->mask[i + 1];
	case TR_TEST_MASKED8:
		return box->lo[t->field] == box->hi[t->field];
	case TR_TEST_BITS16:
		return box->state;
	case TR_TEST_RANGE16:
		break;
	}
	return box->lo[t->field] || box->hi[t->field] < 0xffff;
}

void tr_need_add(struct tr_need *need, const struct tr_box *box)
{
	uint32_t action = box->word0 & TR_ACTION_MASK;
	size_t i;

	for (i = 0; i < NSLOTS; i++)
		if (is_for(slots[i].kind, need->family) &&
		    tests(box, &slots[i]))
			need->fields |= 1u << slots[i].field;
	need->target |= action == TR_JUMP || action == TR_GOTO;
	need->extra |= box->extra != 0;
}

static void place(struct tr_layout *l, const struct tr_test *t, uint32_t *at)
{
	if (t->kind == TR_TEST_MASKED64)
		*at = (*at + 7) & ~7u;
	l->test[l->ntests] = *t;
	l->test[l->ntests++].offset = (uint8_t)*at;
	*at += sizes[t->kind];
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
	for (i = 0; i < NSLOTS; i++)
		if (need->fields & 1u << slots[i].field &&
		    is_for(slots[i].kind, need->family))
			place(l, &slots[i], &at);
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

/* Two words of an address as one number. */
static void put_half(uint8_t *at, const uint32_t *word)
{
	memcpy(at, &(uint64_t){ (uint64_t)word[0] << 32 | word[1] }, 8);
}

static void put(const struct tr_test *t, const struct tr_box *box,
		uint8_t *at)
{
	uint32_t lo = box->lo[t->field], hi = box->hi[t->field];
	int i = tr_addr(t->field);

	switch (t->kind) {
	case TR_TEST_MASKED32:
		memcpy(at, &box->value[i], 4);
		memcpy(at + 4, &box->mask[i], 4);
		break;
	case TR_TEST_MASKED64:
		put_half(at, &box->value[i]);
		put_half(at + 8, &box->mask[i]);
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
