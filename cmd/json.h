/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/json.h - what the commands tell programs: one member more for an object */
#ifndef CMD_JSON_H
#define CMD_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

void cmd_json_string(struct json_object *o, const char *key, const char *s);
void cmd_json_number(struct json_object *o, const char *key, uint64_t n);
void cmd_json_bool(struct json_object *o, const char *key, bool yes);

#endif
