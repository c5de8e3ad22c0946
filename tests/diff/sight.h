/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/sight.h - which filter chains a packet meets in a lab
 *
 * What Linux throws away before the chains, and where its routes lead; a lab's
 * routes and sysctls (lab.c) are part of it.
 */
#ifndef TESTS_DIFF_SIGHT_H
#define TESTS_DIFF_SIGHT_H

#include "tests/diff/lab.h"

/* The host's own addresses: this and the number of an interface, from 1. */
#define SIGHT_OWN4	0x0afa0000u			/* 10.250.0.0 */
#define SIGHT_OWN6	"2001:db8:fa::"

struct sight_host {
	uint32_t	n;		/* interfaces */
	const char	(*name)[IR_IFNAMSIZ];
	const char	*out;		/* of the route; NULL: all is local */
};

/* As lab_predict(). */
uint32_t sight_predict4(const struct sight_host *h, const struct pg_packet *p,
			struct lab_sight sight[2]);
uint32_t sight_predict6(const struct sight_host *h, const struct pg_packet *p,
			struct lab_sight sight[2]);

/*
 * Where a socket has to be told to send an IPv6 packet: its destination, or
 * (multicast, link-local) any other, which routes find.  False: it cannot.
 */
bool sight_send6(const struct sight_host *h, const struct pg_packet *p,
		 uint8_t to[16]);

#endif
