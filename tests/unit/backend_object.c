/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_object.c - what is in an object, and that a loader goes by it
 *
 * What its programs do is tested with all others (backend.c, backend_hooks.c).  As
 * root also with libbpf loading them.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <gelf.h>
#include <linux/netfilter.h>

#include "backend/attach.h"
#include "tests/unit/loops.h"
#include "tests/unit/objects.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"

#define BIT(n)	(1u << (n))
#define BOTH	(BIT(IR_HOOK_INPUT) | BIT(IR_HOOK_FORWARD))
#define ALL	(BOTH | BIT(IR_HOOK_OUTPUT))

static struct ir_table *t;
static struct tr_classifier *c;
static struct diag diag;

static void setup(void)
{
	diag_init(&diag);
	rnd_seed(5);
}

static void teardown(void)
{
	diag_clear(&diag);
	tr_classifier_free(c);
	ir_table_free(t);
	c = NULL;
	t = NULL;
}

/* A table, numbered, and its classifier. */
static void translate(struct ir_table *table)
{
	t = table;
	ir_table_number(t);
	c = tr_translate(t, NULL, &diag);
	ck_assert_msg(c != NULL, "%s", diag.msg);
}

static struct be_plan plan_of(enum be_hook_type type)
{
	struct be_plan p = { .type = type };

	p.hooks[type] = type == BE_XDP ? BOTH : ALL;
	if (type == BE_XDP)
		p.hooks[BE_NETFILTER] = BIT(IR_HOOK_OUTPUT);
	return p;
}

static void *make(enum be_hook_type type, const char *note, size_t *size)
{
	const struct be_object_opts opts = { .flows = BE_FLOWS_ALWAYS };
	const struct be_plan plan = plan_of(type);
	struct be_object *o = be_object_new(c, &plan, &opts, &diag);
	void *image = NULL;

	ck_assert_msg(o != NULL, "%s", diag.msg);
	ck_assert_msg(!be_object_finish(o, note, &image, size, &diag), "%s",
		      diag.msg);
	be_object_free(o);
	return image;
}

/* --- what is in it --- */

static int types(void)
{
	return BE_NTYPES * 2;
}

/* Loop tests have all hooks, in IPv4 and then in IPv6. */
static enum be_hook_type type_of(int i)
{
	return (enum be_hook_type)(i % BE_NTYPES);
}

static int family_of(int i)
{
	return i < BE_NTYPES ? AF_INET : AF_INET6;
}

static void stateless(struct ir_table *table, enum be_hook_type type)
{
	const enum ir_field other = type == BE_XDP ? IR_OIF : IR_IIF;
	struct ir_chain *chain;
	uint32_t i, k;

	for (i = 0; i < ir_table_nchains(table); i++) {
		chain = ir_table_chain(table, i);
		for (k = 0; k < chain->nrules; )
			if (ir_rule_tests(chain->rule[k], IR_CTSTATE) ||
			    ir_rule_tests(chain->rule[k], other))
				ir_chain_remove(table, chain, k);
			else
				k++;
	}
}

/* One that can be judged there. */
static struct ir_table *loadable(int i)
{
	struct ir_table *table = random_table_of(family_of(i), 3, 60);

	if (type_of(i) != BE_NETFILTER)
		stateless(table, type_of(i));
	return table;
}

static struct bpf_object *open_image(void *image, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, o, .object_name = "x");
	struct bpf_object *obj = bpf_object__open_mem(image, size, &o);

	ck_assert_msg(obj != NULL, "%s", strerror(errno));
	return obj;
}

START_TEST(opens)
{
	static const char *const section[BE_NTYPES] = {
		[BE_NETFILTER] = "netfilter", [BE_XDP] = "xdp", [BE_TC] = "tc",
	};
	const enum be_hook_type type = type_of(_i);
	const struct be_plan plan = plan_of(type);
	struct bpf_program *p;
	struct bpf_object *obj;
	struct bpf_map *m;
	uint32_t seen = 0;
	size_t size;
	void *image;
	int i;

	translate(loadable(_i));
	image = make(type, "note", &size);
	obj = open_image(image, size);
	bpf_object__for_each_program(p, obj)
		for (i = 0; i < BE_NTYPES; i++)
			if (!strcmp(bpf_program__section_name(p), section[i]))
				seen |= BIT(i);
	for (i = 0; i < BE_NTYPES; i++)
		ck_assert_int_eq(!!(seen & BIT(i)), plan.hooks[i] != 0);
	m = bpf_object__find_map_by_name(obj, BE_OBJECT_COUNTERS);
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(bpf_map__type(m), BPF_MAP_TYPE_PERCPU_ARRAY);
	ck_assert_uint_eq(bpf_map__key_size(m), 4);
	ck_assert_uint_eq(bpf_map__value_size(m), 16);
	ck_assert_uint_eq(bpf_map__max_entries(m), c->ncounters);
	m = bpf_object__find_map_by_name(obj, ".data.table");
	ck_assert_ptr_nonnull(m);
	ck_assert_mem_eq(bpf_map__initial_value(m, &size), c->word, c->size);
	ck_assert_uint_ge(size, c->size);
	bpf_object__close(obj);
	free(image);
}
END_TEST

/* Chains nested deeper than the frame holds: one map more for each program. */
START_TEST(deep)
{
	struct ir_chain *from, *to;
	struct bpf_object *obj;
	char name[32];
	size_t size;
	void *image;
	int i;

	t = ir_table_new(AF_INET, "filter");
	from = ir_table_base(t, IR_HOOK_INPUT);
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "c%02d", i);
		ck_assert_int_eq(ir_chain_add(t, name, &to), 0);
		add_rule(t, from, IR_JUMP, to);
		from = to;
	}
	translate(t);
	image = make(BE_XDP, NULL, &size);
	obj = open_image(image, size);
	ck_assert_ptr_nonnull(bpf_object__find_map_by_name(obj,
							   "xtbpf_stack_xdp"));
	ck_assert_ptr_nonnull(bpf_object__find_map_by_name(obj,
							   "xtbpf_stack_nf"));
	bpf_object__close(obj);
	free(image);
}
END_TEST

START_TEST(has_types)
{
	const char *const want[] = { "xtbpf_counter", "xtbpf_count", ".maps",
				     ".ksyms", ".data.table" };
	struct btf_ext *ext = NULL;
	struct btf *btf;
	size_t size, i;
	char path[64];
	void *image;
	int fd;

	translate(random_table_of(AF_INET, 3, 60));
	image = make(BE_NETFILTER, NULL, &size);
	fd = memfd_create("object", 0);
	ck_assert_int_eq(write(fd, image, size), (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	btf = btf__parse_elf(path, &ext);
	ck_assert_msg(btf != NULL, "%s", strerror(errno));
	ck_assert_ptr_nonnull(ext);
	for (i = 0; i < sizeof(want) / sizeof(*want); i++)
		ck_assert_msg(btf__find_by_name(btf, want[i]) > 0, "%s",
			      want[i]);
	btf_ext__free(ext);
	btf__free(btf);
	close(fd);
	free(image);
}
END_TEST

/* Section @name, which ends with a NUL. */
static const char *section(void *image, size_t size, const char *name)
{
	Elf *elf = elf_memory(image, size);
	const char *found = NULL;
	Elf_Scn *scn = NULL;
	GElf_Shdr h;
	size_t strings;

	ck_assert_int_eq(elf_getshdrstrndx(elf, &strings), 0);
	while ((scn = elf_nextscn(elf, scn))) {
		ck_assert_ptr_nonnull(gelf_getshdr(scn, &h));
		if (!strcmp(elf_strptr(elf, strings, h.sh_name), name))
			found = (char *)image + h.sh_offset;
	}
	elf_end(elf);
	return found;
}

START_TEST(has_note)
{
	size_t size;
	void *image;

	elf_version(EV_CURRENT);
	translate(loadable(BE_TC));
	image = make(BE_TC, "a note", &size);
	ck_assert_str_eq(section(image, size, "license"), "GPL");
	ck_assert_str_eq(section(image, size, ".xtbpf"), "");
	ck_assert_str_eq(section(image, size, ".xtbpf") + 1, "a note");
	free(image);
	image = make(BE_TC, NULL, &size);
	ck_assert_ptr_null(section(image, size, ".xtbpf"));
	free(image);
}
END_TEST

/* The same ruleset is the same file. */
START_TEST(reproducible)
{
	size_t size[2], i;
	void *image[2];

	for (i = 0; i < 2; i++) {
		rnd_seed(8);
		translate(loadable(_i));
		image[i] = make(type_of(_i), "note", &size[i]);
		tr_classifier_free(c);
		ir_table_free(t);
	}
	c = NULL;
	t = NULL;
	ck_assert_uint_eq(size[0], size[1]);
	ck_assert_mem_eq(image[0], image[1], size[0]);
	free(image[0]);
	free(image[1]);
}
END_TEST

/* --- what cannot stand alone --- */

static int check(const char *attach, struct be_plan *plan)
{
	struct be_attach a;

	diag_clear(&diag);
	diag_init(&diag);
	ck_assert_int_eq(be_attach_parse(attach, &a, &diag), 0);
	return be_attach_check_alone(t, &a, plan, &diag);
}

static struct ir_rule *rule_in(enum ir_hook hook)
{
	struct ir_chain *user;
	struct ir_rule *r;

	ck_assert_int_eq(ir_chain_add(t, "user", &user), 0);
	add_rule(t, ir_table_base(t, hook), IR_JUMP, user);
	r = add_rule(t, user, IR_DROP, NULL);
	r->loc.line = 7;
	return r;
}

/* The device that the program is on has a name, the other has none. */
START_TEST(interfaces)
{
	static const struct {
		const char *attach;
		enum ir_hook hook;
		enum ir_field field;
		int err;
	} cases[] = {
		{ "xdp", IR_HOOK_INPUT, IR_IIF, 0 },
		{ "xdp", IR_HOOK_FORWARD, IR_IIF, 0 },
		{ "xdp", IR_HOOK_FORWARD, IR_OIF, -EOPNOTSUPP },
		{ "xdp", IR_HOOK_OUTPUT, IR_OIF, 0 },
		{ "tc", IR_HOOK_INPUT, IR_IIF, 0 },
		{ "tc", IR_HOOK_FORWARD, IR_OIF, 0 },
		{ "tc", IR_HOOK_FORWARD, IR_IIF, -EOPNOTSUPP },
		{ "tc", IR_HOOK_OUTPUT, IR_OIF, 0 },
		{ "netfilter", IR_HOOK_FORWARD, IR_IIF, 0 },
		{ "netfilter", IR_HOOK_FORWARD, IR_OIF, 0 },
		{ "auto", IR_HOOK_FORWARD, IR_OIF, 0 },
	};
	struct be_plan plan;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		t = ir_table_new(AF_INET, "filter");
		add_iface(t, rule_in(cases[i].hook), cases[i].field, "eth0",
			  i % 2);
		ir_table_number(t);
		ck_assert_msg(check(cases[i].attach, &plan) == cases[i].err,
			      "case %zu", i);
		if (cases[i].err)
			ck_assert_uint_eq(diag.loc.line, 7);
		ir_table_free(t);
		t = NULL;
	}
}
END_TEST

START_TEST(state)
{
	struct be_plan plan;
	struct ir_rule *r;

	t = ir_table_new(AF_INET6, "filter");
	r = rule_in(IR_HOOK_INPUT);
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_CTSTATE, 1, 1, false), 0);
	ir_table_number(t);
	ck_assert_int_eq(check("netfilter", &plan), 0);
	ck_assert_int_eq(check("xdp", &plan), -EOPNOTSUPP);
	ck_assert_int_eq(check("tc", &plan), -EOPNOTSUPP);
	ck_assert_uint_eq(diag.loc.line, 7);
}
END_TEST

START_TEST(plans)
{
	struct be_plan plan;

	t = ir_table_new(AF_INET, "filter");
	ir_table_number(t);
	ck_assert_int_eq(check("auto", &plan), 0);
	ck_assert_uint_eq(plan.hooks[BE_NETFILTER], ALL);
	ck_assert_uint_eq(plan.hooks[BE_XDP] | plan.hooks[BE_TC], 0);
	ck_assert_int_eq(check("xdp", &plan), 0);
	ck_assert_uint_eq(plan.hooks[BE_XDP], BOTH);
	ck_assert_uint_eq(plan.hooks[BE_NETFILTER], BIT(IR_HOOK_OUTPUT));
	ck_assert_int_eq(check("tc", &plan), 0);
	ck_assert_uint_eq(plan.hooks[BE_TC], ALL);
}
END_TEST

/* --- as root: what a loader makes of it --- */

static int load(void *image, size_t size, enum be_hook_type type)
{
	int fd = be_object_load(image, size, type, -1, -1, &diag);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* Both programs of an object for xdp. */
START_TEST(loads)
{
	const struct be_plan plan = plan_of(type_of(_i));
	size_t size;
	void *image;
	int type;

	translate(loadable(_i));
	image = make(type_of(_i), "note", &size);
	for (type = 0; type < BE_NTYPES; type++) {
		if (!plan.hooks[type])
			continue;
		ck_assert_msg(load(image, size, (enum be_hook_type)type) >= 0,
			      "%s", diag.msg);
	}
	free(image);
}
END_TEST

/* A whole object at once, as most loaders do. */
START_TEST(loads_whole)
{
	struct bpf_object *obj;
	struct bpf_program *p;
	size_t size;
	void *image;

	translate(loadable(_i));
	image = make(type_of(_i), "note", &size);
	obj = open_image(image, size);
	bpf_object__for_each_program(p, obj) {
		/* libbpf 1.1 does not know it. */
		if (strcmp(bpf_program__section_name(p), "netfilter"))
			continue;
		bpf_program__set_type(p, (enum bpf_prog_type)32);
		bpf_program__set_expected_attach_type(p,
			(enum bpf_attach_type)45);
	}
	ck_assert_int_eq(bpf_object__load(obj), 0);
	bpf_object__close(obj);
	free(image);
}
END_TEST

/* Whether programs that copy are thrown out here: since Linux 6.17. */
static bool reads_plainly(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const bool it_is = btf__find_by_name_kind(btf, "bpf_stream",
						  BTF_KIND_STRUCT) > 0;

	btf__free(btf);
	return it_is;
}

/* Programs that copy do without these. */
static bool is_plain(const char *name)
{
	return !strcmp(name, "data_len") || !strcmp(name, "bpf_rdonly_cast");
}

/* Where the kernel has no such member, it must not be loaded. */
START_TEST(goes_by_names)
{
	static const struct { enum be_hook_type type; const char *name; } c6[] = {
		{ BE_NETFILTER, "len" }, { BE_NETFILTER, "data_len" },
		{ BE_NETFILTER, "data" }, { BE_NETFILTER, "head" },
		{ BE_NETFILTER, "network_header" }, { BE_NETFILTER, "_nfct" },
		{ BE_NETFILTER, "hook" }, { BE_NETFILTER, "pf" },
		{ BE_NETFILTER, "in" }, { BE_NETFILTER, "out" },
		{ BE_NETFILTER, "name" },
		{ BE_NETFILTER, "bpf_rdonly_cast" }, { BE_TC, "dev" },
		{ BE_TC, "tc_at_ingress" }, { BE_TC, "bpf_cast_to_kern_ctx" },
		{ BE_XDP, "rxq" }, { BE_XDP, "dev" },
	};
	const bool plainly = reads_plainly();
	char other[32];
	struct ir_chain *chain;
	struct ir_rule *r;
	size_t size, i;
	void *image;

	t = ir_table_new(AF_INET6, "filter");
	chain = ir_table_base(t, IR_HOOK_INPUT);
	add_iface(t, add_rule(t, chain, IR_DROP, NULL), IR_IIF, "x+", false);
	chain = ir_table_base(t, IR_HOOK_OUTPUT);
	r = add_rule(t, chain, IR_DROP, NULL);
	add_iface(t, r, IR_OIF, "y+", false);
	ck_assert_int_eq(ir_rule_add_range(t, r, IR_DPORT, 1, 9, false), 0);
	if (_i == 0)
		ck_assert_int_eq(ir_rule_add_masked(t, r, IR_CTSTATE, 1, 1,
						    false), 0);
	translate(t);
	for (i = 0; i < sizeof(c6) / sizeof(*c6); i++) {
		if ((c6[i].type == BE_NETFILTER) != (_i == 0) ||
		    (is_plain(c6[i].name) && !plainly))
			continue;
		image = make(c6[i].type, NULL, &size);
		ck_assert_msg(load(image, size, c6[i].type) >= 0, "%s",
			      diag.msg);
		strcpy(other, c6[i].name);
		other[0] = 'Q';
		object_rename(image, size, c6[i].name, other);
		ck_assert_msg(load(image, size, c6[i].type) < 0, "%s",
			      c6[i].name);
		free(image);
	}
}
END_TEST

/* What the netfilter hook INPUT of @family makes of a UDP packet of that family. */
static uint32_t run_input(int prog, int family)
{
	static uint8_t ipv4[14 + 28] = {
		[12] = 8, [14] = 0x45, [17] = 28, [22] = 64, [23] = 17,
		[26] = 127, [29] = 1, [30] = 127, [33] = 1,
	}, ipv6[14 + 48] = {
		[12] = 0x86, 0xdd, 0x60, [19] = 8, 17, 64, [37] = 1, [53] = 1,
	};
	/* struct nf_hook_state */
	const uint8_t where[48] = { IR_HOOK_INPUT, (uint8_t)family };
	LIBBPF_OPTS(bpf_test_run_opts, o, .repeat = 1,
		    .data_in = family == AF_INET ? ipv4 : ipv6,
		    .data_size_in = family == AF_INET ? sizeof(ipv4) :
				    sizeof(ipv6),
		    .ctx_in = where, .ctx_size_in = sizeof(where));

	ck_assert_msg(!bpf_prog_test_run_opts(prog, &o), "%s", strerror(errno));
	return o.retval;
}

/* Attached to the other family's hooks it judges nothing there. */
START_TEST(other_family)
{
	const int own = _i % 2 ? AF_INET6 : AF_INET;
	const int other = _i % 2 ? AF_INET : AF_INET6;
	struct ir_counter count[8], none[8] = { { 0 } };
	struct ir_rule *r;
	int counters, prog;

	t = ir_table_new(own, "filter");
	r = add_rule(t, ir_table_base(t, IR_HOOK_INPUT), IR_DROP, NULL);
	translate(t);
	ck_assert_uint_lt(c->ncounters, 8);
	counters = be_counter_create(c->ncounters, &diag);
	prog = object_load(&(struct object){
		.c = c, .type = BE_NETFILTER, .hooks = ALL, .copies = _i / 2,
		.flows = BE_FLOWS_ALWAYS,
	}, counters, -1);
	ck_assert_uint_eq(run_input(prog, other), NF_ACCEPT);
	ck_assert_int_eq(be_counter_read(counters, count, c->ncounters), 0);
	ck_assert_mem_eq(count, none, c->ncounters * sizeof(*count));
	ck_assert_uint_eq(run_input(prog, own), NF_DROP);
	ck_assert_uint_eq(run_input(prog, other), NF_ACCEPT);
	ck_assert_int_eq(be_counter_read(counters, count, c->ncounters), 0);
	ck_assert_uint_eq(count[r->index].packets, 1);
	close(prog);
	close(counters);
}
END_TEST

/* A packet to lo, which a program at xdp judges, run on @cpu. */
static void run_on(int cpu, int prog)
{
	uint8_t frame[14 + 28] = { [12] = 8, [14] = 0x45, [17] = 28, [22] = 64,
				   [23] = 17, [26] = 10, [30] = 127, [33] = 1 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = sizeof(frame), .repeat = 1);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	ck_assert_msg(!bpf_prog_test_run_opts(prog, &o), "%s", strerror(errno));
}

/* Whether anything is in the flow memo. */
static bool noted(const struct bpf_object *obj)
{
	struct bpf_map *m = bpf_object__find_map_by_name(obj, "x.bss");
	const uint32_t zero = 0, size = bpf_map__value_size(m);
	char *value = calloc(1, size);
	uint32_t i;

	ck_assert_ptr_nonnull(value);
	ck_assert(!bpf_map_lookup_elem(bpf_map__fd(m), &zero, value));
	for (i = 0; i < size && !value[i]; i++)
		;
	free(value);
	return i < size;
}

/* A CPU for which there is no area uses no other's. */
START_TEST(more_cpus_than_areas)
{
	const struct be_object_opts opts = {
		.flows = BE_FLOWS_ALWAYS, .cpus = 1,
	};
	const struct be_plan plan = {
		.type = BE_XDP, .hooks = { [BE_XDP] = BOTH },
	};
	struct bpf_program *p;
	struct bpf_object *obj;
	struct be_object *o;
	size_t size;
	void *image;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	translate(loadable(BE_XDP));
	o = be_object_new(c, &plan, &opts, &diag);
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(be_object_finish(o, NULL, &image, &size, &diag), 0);
	be_object_free(o);
	obj = open_image(image, size);
	ck_assert_int_eq(bpf_object__load(obj), 0);
	p = bpf_object__next_program(obj, NULL);
	run_on(1, bpf_program__fd(p));
	ck_assert(!noted(obj));
	run_on(0, bpf_program__fd(p));
	ck_assert(noted(obj));
	bpf_object__close(obj);
	free(image);
}
END_TEST

static void add_all(Suite *s, bool root)
{
	TCase *tc = tcase_create("objects");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, opens, 0, types());
	tcase_add_test(tc, deep);
	tcase_add_test(tc, has_types);
	tcase_add_test(tc, has_note);
	tcase_add_loop_test(tc, reproducible, 0, types());
	tcase_add_test(tc, interfaces);
	tcase_add_test(tc, state);
	tcase_add_test(tc, plans);
	if (root && test_objects()) {
		tcase_add_loop_test(tc, loads, 0, types());
		tcase_add_loop_test(tc, loads_whole, 0, types());
		tcase_add_loop_test(tc, goes_by_names, 0, 2);
		tcase_add_loop_test(tc, other_family, 0, 4);
		tcase_add_test(tc, more_cpus_than_areas);
	}
	suite_add_tcase(s, tc);
}

int main(void)
{
	const bool root = test_privileged();
	Suite *s = suite_create("objects");

	add_all(s, root);
	return test_run(s, root);
}
