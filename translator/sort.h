/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translator/sort.h - numbers in ascending order, without a callback */
#ifndef TRANSLATOR_SORT_H
#define TRANSLATOR_SORT_H

#include <stdint.h>

/* Sorts a[0..n-1]; @room has place for as many. */
void tr_sort(uint64_t *a, uint32_t n, uint64_t *room);

#endif
