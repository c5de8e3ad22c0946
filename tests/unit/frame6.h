/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/frame6.h - Ethernet frames with IPv6 packets, good and bad ones */
#ifndef TESTS_UNIT_FRAME6_H
#define TESTS_UNIT_FRAME6_H

#include <stdint.h>

#include "ir/packet.h"

#define FRAME_ETH	14
#define FRAME_MAX	2048

/*
 * The bytes of a packet with the fields of *p and any extension headers, which
 * *p is then made from (interfaces and state stay).  Returns the length of the
 * packet; @frame has FRAME_MAX bytes, all others 0.
 */
uint32_t frame6_build(uint8_t *frame, struct ir_packet *p);

/*
 * The same for a packet of @len bytes that are in @frame already but for the
 * IPv6 header, whose next header is @next.
 */
uint32_t frame6_finish(uint8_t *frame, struct ir_packet *p, uint8_t next,
		       uint32_t len);

#endif
