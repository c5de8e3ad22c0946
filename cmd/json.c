/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/json.c - members of a JSON object */
#include "cmd/json.h"

#include <json-c/json.h>

void cmd_json_string(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

void cmd_json_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

void cmd_json_bool(struct json_object *o, const char *key, bool yes)
{
	json_object_object_add(o, key, json_object_new_boolean(yes));
}
