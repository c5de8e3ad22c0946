/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/layout.c - places in the record, and records put into them */
#include "translator/layout.h"

#include <string.h>
#include <sys/socket.h>

/*
 * In the order they are placed: large ones first, so that none straddles.  Of
 * addresses, IPv6 has the first four; IPv4 has the first for both, or one of
 * MASKED32 where no rule asks for the other.
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
	{ TR_TEST_KIND16, IR_PROTO, 0 },
	{ TR_TEST_MASKED8, IR_PROTO, 0 },
	{ TR_TEST_BITS16, IR_CTSTATE, 0 },
};

/* Of addresses only four, and of the protocol one. */
_Static_assert(sizeof(slots) / sizeof(*slots) - 3 <= TR_MAX_TESTS,
	       "TR_MAX_TESTS");

static const uint8_t sizes[] = {
	[TR_TEST_MASKED32]	= 8,
	[TR_TEST_MASKED64]	= 16,
	[TR_TEST_RANGE16]	= 4,
	[TR_TEST_MASKED8]	= 2,
	[TR_TEST_KIND16]	= 4,
	[TR_TEST_BITS16]	= 2,
};

#define NSLOTS	(sizeof(slots) / sizeof(*slots))

/* How a field is tested depends on what else there is. */
static bool is_used(const struct tr_test *t, const struct tr_need *need)
{
	const uint32_t both = 1u << IR_SADDR | 1u << IR_DADDR;
	const bool pair = need->family == AF_INET &&
			  (need->fields & both) == both;
	const bool kinds = need->fields & 1u << IR_KIND;

	if (t->kind == TR_TEST_KIND16)
		return kinds;
	if (!(need->fields & 1u << t->field))
		return false;
	switch (t->kind) {
	case TR_TEST_MASKED64:
		return need->family == AF_INET6 ||
		       (pair && t->field == IR_SADDR);
	case TR_TEST_MASKED32:
		return need->family == AF_INET && !pair;
	case TR_TEST_MASKED8:
		return !kinds;
	default:
		return true;
	}
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
	case TR_TEST_KIND16:
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
		if ((slots[i].kind != TR_TEST_MASKED64 ||
		     need->family == AF_INET6) && tests(box, &slots[i]))
			need->fields |= 1u << slots[i].field;
	if (box->kinds)
		need->fields |= 1u << IR_KIND;
	need->target |= action == TR_JUMP || action == TR_GOTO;
	need->extra |= box->extra != 0;
}

/* Where a record has room: at its end, and in a hole of four bytes. */
struct room {
	uint32_t	end;
	uint32_t	hole;		/* 0: none */
};

static void place(struct tr_layout *l, const struct tr_test *t, struct room *r)
{
	uint32_t at = r->end;

	if (t->kind == TR_TEST_MASKED64 && at % 8) {
		r->hole = at;
		at += 4;
	}
	if (sizes[t->kind] == 4 && r->hole) {
		at = r->hole;
		r->hole = 0;
	} else {
		r->end = at + sizes[t->kind];
	}
	l->test[l->ntests] = *t;
	l->test[l->ntests++].offset = (uint8_t)at;
}

void tr_layout_make(struct tr_layout *l, const struct tr_need *need)
{
	struct room r = { .end = 4 };
	size_t i;

	memset(l, 0, sizeof(*l));
	l->pair = need->family == AF_INET;
	if (need->target) {
		l->target = r.end;
		r.end += 4;
	}
	if (need->extra) {
		l->extra = r.end;
		r.end += 4;
	}
	for (i = 0; i < NSLOTS; i++)
		if (is_used(&slots[i], need))
			place(l, &slots[i], &r);
	l->size = (r.end + 7) & ~7u;
}

uint32_t tr_test_fields(const struct tr_layout *l, const struct tr_test *t)
{
	uint32_t fields = 1u << t->field;

	if (t->kind == TR_TEST_MASKED64)
		fields |= 1u << tr_half_low(tr_half_of(t->field, l->pair));
	else if (t->kind == TR_TEST_KIND16)
		fields |= 1u << IR_KIND;
	return fields;
}

bool tr_layout_holds(const struct tr_layout *l, const struct tr_need *need)
{
	uint32_t fields = need->fields;
	int i;

	for (i = 0; i < l->ntests; i++)
		fields &= ~tr_test_fields(l, &l->test[i]);
	return !fields && (l->target || !need->target) &&
	       (l->extra || !need->extra);
}

/* Two words of addresses as one number. */
static void put_half(uint8_t *at, const uint32_t *word, enum tr_half half)
{
	uint64_t high = word[tr_addr(tr_half_high(half))];

	high = high << 32 | word[tr_addr(tr_half_low(half))];
	memcpy(at, &high, 8);
}

/* Of no kind but those that the box is for. */
static uint16_t other_kinds(const struct tr_box *box)
{
	return box->kinds ? (~box->kinds & IR_KINDS_ALL) << 8 : 0;
}

static void put(const struct tr_layout *l, const struct tr_test *t,
		const struct tr_box *box, uint8_t *at)
{
	uint32_t lo = box->lo[t->field], hi = box->hi[t->field];
	int i = tr_addr(t->field);
	enum tr_half half;

	switch (t->kind) {
	case TR_TEST_MASKED32:
		memcpy(at, &box->value[i], 4);
		memcpy(at + 4, &box->mask[i], 4);
		break;
	case TR_TEST_MASKED64:
		half = tr_half_of(t->field, l->pair);
		put_half(at, box->value, half);
		put_half(at + 8, box->mask, half);
		break;
	case TR_TEST_RANGE16:
		hi = hi < 0xffff ? hi : 0xffff;
		memcpy(at, &(uint16_t){ lo }, 2);
		memcpy(at + 2, &(uint16_t){ hi - lo }, 2);
		break;
	case TR_TEST_MASKED8:
		at[0] = lo == hi ? lo : 0;
		at[1] = lo == hi ? 0xff : 0;
		break;
	case TR_TEST_KIND16:
		memcpy(at, &(uint16_t){ lo == hi ? lo : 0 }, 2);
		memcpy(at + 2, &(uint16_t){ other_kinds(box) |
					    (lo == hi ? 0xff : 0) }, 2);
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
		put(l, &l->test[i], box, bytes + l->test[i].offset);
}
