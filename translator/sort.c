/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * translator/sort.c - radix sort from the top, for many short lists
 *
 * The numbers are spread over buckets by the highest bits in which they differ,
 * and each bucket is sorted the same way.  Prefixes, ports and addresses share
 * most of their bits, so that it is seldom more than two rounds.
 */
#include "translator/sort.h"

#include <string.h>

/* Lists this short are sorted by insertion. */
#define SHORT	24
#define MAX_BITS 8

static void insertion(uint64_t *a, uint32_t n)
{
	uint32_t i, j;
	uint64_t x;

	for (i = 1; i < n; i++) {
		x = a[i];
		for (j = i; j && a[j - 1] > x; j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

/* The bits in which some number differs from the first. */
static uint64_t differing(const uint64_t *a, uint32_t n)
{
	uint64_t all = 0;
	uint32_t i;

	for (i = 1; i < n; i++)
		all |= a[i] ^ a[0];
	return all;
}

void tr_sort(uint64_t *a, uint32_t n, uint64_t *room)
{
	uint32_t start[(1 << MAX_BITS) + 2] = { 0 }, i, bits, buckets;
	uint64_t bit;
	int top, shift;

	if (n <= SHORT) {
		insertion(a, n);
		return;
	}
	bit = differing(a, n);
	if (!bit)
		return;
	top = 64 - __builtin_clzll(bit);
	bits = 32 - (uint32_t)__builtin_clz(n) - 2;
	bits = bits > MAX_BITS ? MAX_BITS : bits;
	shift = top > (int)bits ? top - (int)bits : 0;
	buckets = 1u << bits;
	/* The counts are two ahead: filling leaves each bucket's start. */
	for (i = 0; i < n; i++)
		start[(a[i] >> shift & (buckets - 1)) + 2]++;
	for (i = 2; i < buckets + 2; i++)
		start[i] += start[i - 1];
	for (i = 0; i < n; i++)
		room[start[(a[i] >> shift & (buckets - 1)) + 1]++] = a[i];
	memcpy(a, room, n * sizeof(*a));
	for (i = 0; shift && i < buckets; i++)
		if (start[i + 1] - start[i] > 1)
			tr_sort(a + start[i], start[i + 1] - start[i], room);
}
