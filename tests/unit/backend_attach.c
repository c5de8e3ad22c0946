/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/backend_attach.c - what --attach says, and what it cannot judge */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_conntrack.h>
#include <sys/socket.h>

#include "backend/attach.h"
#include "backend/program.h"
#include "tests/unit/run.h"

#define IN	(1u << IR_HOOK_INPUT)
#define FWD	(1u << IR_HOOK_FORWARD)
#define OUT	(1u << IR_HOOK_OUTPUT)

static struct diag diag;

static int parse(const char *spec, struct be_attach *a)
{
	diag_clear(&diag);
	return be_attach_parse(spec, a, &diag);
}

START_TEST(parse_types)
{
	static const char *const names[] = { "netfilter", "xdp", "tc" };
	struct be_attach a;
	int i;

	ck_assert_int_eq(parse(NULL, &a), 0);
	ck_assert(a.automatic);
	ck_assert_int_eq(parse("", &a), 0);
	ck_assert(a.automatic);
	ck_assert_int_eq(parse("auto", &a), 0);
	ck_assert(a.automatic);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(parse(names[i], &a), 0);
		ck_assert(!a.automatic);
		ck_assert_int_eq(a.type, i);
		ck_assert_int_eq(a.ndevs, 0);
		ck_assert_str_eq(be_hook_type_name(a.type), names[i]);
	}
}
END_TEST

START_TEST(parse_devs)
{
	struct be_attach a;

	ck_assert_int_eq(parse("xdp:eth0", &a), 0);
	ck_assert_int_eq(a.ndevs, 1);
	ck_assert_str_eq(a.dev[0], "eth0");
	ck_assert_int_eq(parse("tc:eth0,fifteen-letters,eth0,br-1.7", &a), 0);
	ck_assert_int_eq(a.type, BE_TC);
	ck_assert_int_eq(a.ndevs, 3);
	ck_assert_str_eq(a.dev[1], "fifteen-letters");
	ck_assert_str_eq(a.dev[2], "br-1.7");
}
END_TEST

START_TEST(parse_refused)
{
	static const struct {
		const char	*spec;
		const char	*msg;
	} bad[] = {
		{ "Xdp", "hook 'Xdp'" },
		{ "xd", "hook 'xd'" },
		{ "xdpp:eth0", "hook 'xdpp'" },
		{ ":eth0", "hook ''" },
		{ "xdp:", "'' is not an interface" },
		{ "xdp:eth0,", "'' is not an interface" },
		{ "xdp:,eth0", "'' is not an interface" },
		{ "xdp:eth0:eth1", "'eth0:eth1' is not an interface" },
		{ "xdp:a/b", "'a/b' is not an interface" },
		{ "xdp:..", "'..' is not an interface" },
		{ "xdp:a b", "'a b' is not an interface" },
		{ "tc:sixteen-letters-", "'sixteen-letters-' is not" },
		{ "netfilter:eth0", "'netfilter' judges every interface" },
		{ "auto:eth0", "'auto' judges every interface" },
	};
	struct be_attach a;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(parse(bad[i].spec, &a), -EINVAL);
		ck_assert_msg(strstr(diag.msg, bad[i].msg), "%s: %s",
			      bad[i].spec, diag.msg);
	}
}
END_TEST

START_TEST(parse_too_many)
{
	char spec[1024] = "xdp";
	struct be_attach a;
	size_t n = 3;
	int i;

	for (i = 0; i < BE_MAX_DEVS; i++)
		n += (size_t)sprintf(spec + n, "%cd%d", i ? ',' : ':', i);
	ck_assert_int_eq(parse(spec, &a), 0);
	ck_assert_int_eq(a.ndevs, BE_MAX_DEVS);
	strcpy(spec + n, ",d0");
	ck_assert_int_eq(parse(spec, &a), 0);
	strcpy(spec + n, ",more");
	ck_assert_int_eq(parse(spec, &a), -EINVAL);
}
END_TEST

START_TEST(plans)
{
	struct be_attach a;
	struct be_plan p;

	ck_assert_int_eq(parse("netfilter", &a), 0);
	ck_assert_int_eq(be_attach_plan(&a, IN | FWD | OUT, &p, NULL), 0);
	ck_assert_uint_eq(p.hooks[BE_NETFILTER], IN | FWD | OUT);
	ck_assert_uint_eq(p.hooks[BE_XDP] | p.hooks[BE_TC], 0);

	ck_assert_int_eq(parse("tc", &a), 0);
	ck_assert_int_eq(be_attach_plan(&a, IN | FWD | OUT, &p, NULL), 0);
	ck_assert_uint_eq(p.hooks[BE_TC], IN | FWD | OUT);

	ck_assert_int_eq(parse("xdp", &a), 0);
	ck_assert_int_eq(be_attach_plan(&a, IN | FWD | OUT, &p, NULL), 0);
	ck_assert_uint_eq(p.hooks[BE_XDP], IN | FWD);
	ck_assert_uint_eq(p.hooks[BE_NETFILTER] | p.hooks[BE_TC], OUT);
	ck_assert(!p.hooks[BE_NETFILTER] || !p.hooks[BE_TC]);
	ck_assert_int_eq(p.type, BE_XDP);

	diag_clear(&diag);
	ck_assert_int_eq(be_attach_plan(&a, IN | 1u << IR_HOOK_PREROUTING, &p,
					&diag), -EOPNOTSUPP);
	ck_assert(strstr(diag.msg, "'PREROUTING'"));
}
END_TEST

static struct ir_rule *add_rule(struct ir_table *t, struct ir_chain *c,
				uint32_t line, struct ir_chain *to)
{
	struct ir_rule *r = ir_rule_new(t);

	ck_assert_ptr_nonnull(r);
	r->loc.line = line;
	if (to) {
		r->target = IR_JUMP;
		r->to = to;
	}
	ck_assert_int_eq(ir_chain_insert(t, c, UINT32_MAX, r), 0);
	return r;
}

static void test_state(struct ir_table *t, struct ir_rule *r)
{
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_CTSTATE,
					    XT_CONNTRACK_STATE_INVALID,
					    XT_CONNTRACK_STATE_INVALID, false),
			 0);
}

static int check(struct ir_table *t, const char *spec)
{
	struct be_attach a;

	ck_assert_int_eq(parse(spec, &a), 0);
	ir_table_number(t);
	return be_attach_check(t, &a, &diag);
}

START_TEST(check_states)
{
	struct ir_table *t = ir_table_new(AF_INET, "filter");
	struct ir_chain *in = ir_table_base(t, IR_HOOK_INPUT);
	struct ir_chain *out = ir_table_base(t, IR_HOOK_OUTPUT);
	struct ir_chain *a, *b;
	struct ir_rule *r;

	ck_assert_int_eq(ir_chain_add(t, "a", &a), 0);
	ck_assert_int_eq(ir_chain_add(t, "b", &b), 0);
	add_rule(t, a, 10, b);
	add_rule(t, b, 20, NULL);
	r = add_rule(t, b, 21, NULL);
	ck_assert_int_eq(check(t, "xdp"), 0);
	test_state(t, r);
	/* Nothing leads there yet. */
	ck_assert_int_eq(check(t, "xdp"), 0);
	ck_assert_int_eq(check(t, "tc"), 0);
	/* From OUTPUT only: xdp judges that where the state is known. */
	add_rule(t, out, 30, a);
	ck_assert_int_eq(check(t, "netfilter"), 0);
	ck_assert_int_eq(check(t, "tc"), -EOPNOTSUPP);
	ck_assert_uint_eq(diag.loc.line, 21);
	ck_assert(strstr(diag.msg, "hook 'tc'"));
	ck_assert(strstr(diag.msg, "OUTPUT"));
	if (be_type_supported(BE_NETFILTER))
		ck_assert_int_eq(check(t, "xdp"), 0);
	add_rule(t, in, 5, a);
	ck_assert_int_eq(check(t, "xdp"), -EOPNOTSUPP);
	ck_assert_uint_eq(diag.loc.line, 21);
	ck_assert(strstr(diag.msg, "hook 'xdp'"));
	ck_assert_int_eq(check(t, "netfilter"), 0);
	ir_table_free(t);
}
END_TEST

START_TEST(check_other_tables)
{
	struct ir_table *t = ir_table_new(AF_INET, "mangle");

	ck_assert_int_eq(check(t, "netfilter"), -EOPNOTSUPP);
	ir_table_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backend attach");
	TCase *tc = tcase_create("attach");

	tcase_add_test(tc, parse_types);
	tcase_add_test(tc, parse_devs);
	tcase_add_test(tc, parse_refused);
	tcase_add_test(tc, parse_too_many);
	tcase_add_test(tc, plans);
	tcase_add_test(tc, check_states);
	tcase_add_test(tc, check_other_tables);
	suite_add_tcase(s, tc);
	return test_run(s, true);
}
