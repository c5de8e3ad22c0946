/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/ir_ext.h - the tests of IPv6 extension headers */
#ifndef TESTS_UNIT_IR_EXT_H
#define TESTS_UNIT_IR_EXT_H

#include <check.h>

TCase *ext_tests(void);

#endif
