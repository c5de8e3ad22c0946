/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/dump.h - a classifier as text, for `xtbpf check --dump classifier` */
#ifndef CMD_DUMP_H
#define CMD_DUMP_H

#include <stdio.h>

#include "translator/classifier.h"

/*
 * The layout, then every segment that a packet can come to, with its groups,
 * trees and records; offsets are in hexadecimal.  0 or -ENOMEM.
 */
int cmd_classifier_dump(FILE *out, const struct tr_classifier *c);

#endif
