/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/iface.c - interface patterns become ranges of class numbers */
#include "translator/iface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translator/classifier.h"

static int compare(const struct tr_name *a, const struct tr_name *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return 0;
}

static int compare_void(const void *a, const void *b)
{
	return compare(a, b);
}

static struct tr_name from_bytes(const uint8_t b[IR_IFNAMSIZ])
{
	struct tr_name n = { 0, 0 };
	int i;

	for (i = 0; i < 8; i++) {
		n.high = n.high << 8 | b[i];
		n.low = n.low << 8 | b[i + 8];
	}
	return n;
}

/* The smallest and the largest 16 bytes that start with the pattern. */
static void bounds(const struct ir_iface *p, struct tr_name *lo,
		   struct tr_name *hi)
{
	uint8_t len = p->len < IR_IFNAMSIZ ? p->len : IR_IFNAMSIZ;
	uint8_t b[IR_IFNAMSIZ];

	memset(b, 0, sizeof(b));
	memcpy(b, p->name, len);
	*lo = from_bytes(b);
	memset(b + len, 0xff, sizeof(b) - len);
	*hi = from_bytes(b);
}

void tr_ifaces_free(struct tr_ifaces *f)
{
	free(f->name);
	memset(f, 0, sizeof(*f));
}

int tr_ifaces_add(struct tr_ifaces *f, const struct ir_iface *pattern)
{
	struct tr_name lo, hi, *name;
	uint32_t cap;

	if (f->n + 2 > f->cap) {
		cap = f->cap ? f->cap * 2 : 64;
		name = realloc(f->name, cap * sizeof(*name));
		if (!name)
			return -ENOMEM;
		f->name = name;
		f->cap = cap;
	}
	bounds(pattern, &lo, &hi);
	if (lo.high || lo.low)
		f->name[f->n++] = lo;
	hi.low++;
	if (!hi.low)
		hi.high++;
	if (hi.high || hi.low)
		f->name[f->n++] = hi;
	return 0;
}

void tr_ifaces_sort(struct tr_ifaces *f)
{
	uint32_t i, n = 0;

	if (!f->n)
		return;
	qsort(f->name, f->n, sizeof(*f->name), compare_void);
	for (i = 0; i < f->n; i++)
		if (!n || compare(&f->name[i], &f->name[n - 1]))
			f->name[n++] = f->name[i];
	f->n = n;
}

/* How many of the @n boundaries are <= @name. */
static uint32_t class_of(const struct tr_name *at, uint32_t n,
			 const struct tr_name *name)
{
	uint32_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (compare(&at[mid], name) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void tr_ifaces_range(const struct tr_ifaces *f, const struct ir_iface *pattern,
		     uint32_t *lo, uint32_t *hi)
{
	struct tr_name first, last;

	bounds(pattern, &first, &last);
	*lo = class_of(f->name, f->n, &first);
	*hi = class_of(f->name, f->n, &last);
}

static bool is_boundary(const struct tr_ifaces *f, const struct tr_name *name)
{
	uint32_t i = class_of(f->name, f->n, name);

	return i && !compare(&f->name[i - 1], name);
}

bool tr_ifaces_knows(const struct tr_ifaces *f, const struct ir_iface *pattern)
{
	struct tr_name lo, hi;

	bounds(pattern, &lo, &hi);
	hi.low++;
	if (!hi.low)
		hi.high++;
	return (!(lo.high || lo.low) || is_boundary(f, &lo)) &&
	       (!(hi.high || hi.low) || is_boundary(f, &hi));
}

int tr_ifaces_read(struct tr_ifaces *f, const struct tr_classifier *c)
{
	size_t size = c->nifaces * sizeof(*f->name);

	f->name = malloc(size + 1);
	if (!f->name)
		return -ENOMEM;
	memcpy(f->name, c->word + c->ifaces / 4, size);
	f->n = f->cap = c->nifaces;
	return 0;
}

uint32_t tr_ifaces_write(const struct tr_ifaces *f, struct tr_words *ws)
{
	uint32_t offset;

	if (!f->n)
		return 0;
	offset = tr_words_reserve(ws, f->n * sizeof(*f->name) / 4, 16);
	if (!ws->err)
		memcpy(ws->word + offset / 4, f->name,
		       f->n * sizeof(*f->name));
	return offset;
}

uint32_t tr_iface_class(const struct tr_classifier *c, const char *name)
{
	uint8_t b[IR_IFNAMSIZ] = { 0 };
	struct tr_name n;
	int i;

	for (i = 0; name && i < IR_IFNAMSIZ && name[i]; i++)
		b[i] = name[i];
	n = from_bytes(b);
	return class_of((const void *)(c->word + c->ifaces / 4), c->nifaces,
			&n);
}
