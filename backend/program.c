/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/program.c - the parts of a program put together and loaded
 *
 * The order of the parts is in gen.h.
 */
#include "backend/program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/netfilter/xt_conntrack.h>

#include "backend/facts.h"
#include "backend/gen.h"
#include "backend/load.h"

static const struct be_hook_ops *const types[BE_NTYPES] = {
	[BE_NETFILTER]	= &be_hook_netfilter,
	[BE_XDP]	= &be_hook_xdp,
	[BE_TC]		= &be_hook_tc,
};

static bool force_copies, force_calls;

void be_program_force_copies(bool on)
{
	force_copies = on;
}

void be_program_force_calls(bool on)
{
	force_calls = on;
}

void be_gen_map(struct be_gen *g, int dst, enum be_map_id id)
{
	be_refer(&g->a, BE_REF_MAP, id, 0);
	be_emit_load64(&g->a, dst, BPF_PSEUDO_MAP_FD, (uint32_t)g->map[id].fd);
}

void be_gen_value(struct be_gen *g, int dst, enum be_map_id id)
{
	be_refer(&g->a, BE_REF_VALUE, id, 0);
	be_emit_load64(&g->a, dst, BPF_PSEUDO_MAP_VALUE,
		       (uint32_t)g->map[id].fd);
}

void be_gen_member_at(struct be_gen *g, int size, int dst, int src,
		      enum be_member m, int add)
{
	be_refer(&g->a, BE_REF_MEMBER, m, add);
	be_emit(&g->a, insn_load(size, dst, src, g->kernel.member[m] + add));
}

void be_gen_member(struct be_gen *g, int size, int dst, int src,
		   enum be_member m)
{
	be_gen_member_at(g, size, dst, src, m, 0);
}

void be_gen_bit(struct be_gen *g, int dst, int src, enum be_member m)
{
	struct be_asm *a = &g->a;

	be_gen_member(g, BPF_B, dst, src, m);
	be_refer(a, BE_REF_LSHIFT, m, 0);
	be_emit(a, insn_alui(BPF_LSH, dst, 63));
	be_refer(a, BE_REF_RSHIFT, m, 0);
	be_emit(a, insn_alui(BPF_RSH, dst, 63));
}

void be_gen_kfunc(struct be_gen *g, enum be_kfunc f)
{
	be_refer(&g->a, BE_REF_KFUNC, f, 0);
	be_emit(&g->a, insn_kfunc(g->kernel.kfunc[f]));
}

bool be_gen_judges(const struct be_gen *g, enum ir_hook hook)
{
	uint32_t can = g->opts->test_fd >= 0 ? UINT32_MAX : g->ops->hooks;

	return g->opts->hooks & can & 1u << hook && g->c->hook[hook].present;
}

void be_gen_set(struct be_gen *g, enum ir_field f, uint32_t value)
{
	if (be_gen_uses(g, f))
		be_emit(&g->a, insn_storei(BPF_W, BPF_REG_10, BE_FIELD(f),
					   (int32_t)value));
}

void be_gen_enter(struct be_gen *g, enum ir_hook hook)
{
	const struct tr_hook *h = &g->c->hook[hook];
	struct be_asm *a = &g->a;

	be_emit(a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(segment),
			       (int32_t)h->segment));
	be_emit(a, insn_storei(BPF_W, BPF_REG_10, BE_FRAME(policy),
			       (int32_t)h->policy));
	be_jump(a, insn_ja(), g->parse);
}

void be_gen_select(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label next;
	int i;

	for (i = 0; i < IR_NHOOKS; i++) {
		if (!be_gen_judges(g, (enum ir_hook)i))
			continue;
		next = be_label_new(a);
		be_jump(a, insn_jumpi(BPF_JNE, BPF_REG_1, i), next);
		if (i == IR_HOOK_INPUT && g->opts->test_fd >= 0 &&
		    g->ops->input)
			g->ops->input(g);
		be_gen_enter(g, (enum ir_hook)i);
		be_label_here(a, next);
	}
	be_jump(a, insn_ja(), g->accept);
}

/* R1 = a member of struct be_test_input, into field @f where that is used. */
static void test_field(struct be_gen *g, enum ir_field f, int off)
{
	if (!be_gen_uses(g, f))
		return;
	be_emit(&g->a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1, off));
	be_emit(&g->a, insn_store(BPF_W, BPF_REG_10, BE_FIELD(f), BPF_REG_2));
}

static void source_test(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	be_gen_value(g, BPF_REG_1, BE_MAP_TEST);
	test_field(g, IR_IIF, offsetof(struct be_test_input, iif));
	test_field(g, IR_OIF, offsetof(struct be_test_input, oif));
	test_field(g, IR_CTSTATE, offsetof(struct be_test_input, ctstate));
	be_emit(a, insn_load(BPF_W, BPF_REG_1, BPF_REG_1,
			     offsetof(struct be_test_input, hook)));
	be_gen_select(g);
}

static void emit_verdict(struct be_asm *a, be_label label, int32_t value)
{
	be_label_here(a, label);
	be_emit(a, insn_mov32i(BPF_REG_0, (uint32_t)value));
	be_emit(a, insn_exit());
}

/* Up to the walk. */
static void emit_front(struct be_gen *g)
{
	g->parse = be_label_new(&g->a);
	g->ops->context(g);
	if (g->opts->test_fd >= 0) {
		source_test(g);
	} else {
		/* Nobody asks, but exactly one bit must be set. */
		if (!g->ops->state)
			be_gen_set(g, IR_CTSTATE, XT_CONNTRACK_STATE_INVALID);
		g->ops->source(g);
	}
	be_label_here(&g->a, g->parse);
	be_gen_parse(g);
}

/*
 * Where the kernel is not known, both ways to read a packet.  It is a constant by
 * which one is taken, so that the verifier throws the other away.
 */
static void emit_fronts(struct be_gen *g)
{
	struct be_asm *a = &g->a;
	be_label copies;

	if (!g->opts->alone || !g->ops->kernel) {
		emit_front(g);
		return;
	}
	copies = be_label_new(a);
	be_refer(a, BE_REF_READS, 0, 0);
	be_emit(a, insn_movi(BPF_REG_2, 1));
	be_jump(a, insn_jumpi(BPF_JEQ, BPF_REG_2, 0), copies);
	emit_front(g);
	be_label_here(a, copies);
	g->copies = true;
	emit_front(g);
}

static int emit(struct be_gen *g)
{
	struct be_asm *a = &g->a;

	g->accept = be_label_new(a);
	g->drop = be_label_new(a);
	g->walk = be_label_new(a);
	be_gen_devices(g);
	be_loop_init(g);
	emit_fronts(g);
	be_gen_walk(g);
	emit_verdict(a, g->accept, g->ops->accept);
	emit_verdict(a, g->drop, g->ops->drop);
	return be_finish(a);
}

/* Whether a rule that a packet can reach here tests the connection state. */
static bool needs_state(const struct be_gen *g)
{
	int i;

	for (i = 0; i < IR_NHOOKS; i++)
		if (be_gen_judges(g, (enum ir_hook)i) && g->c->hook[i].state)
			return true;
	return false;
}

static int check_fields(const struct be_gen *g, struct diag *diag)
{
	const bool test = g->opts->test_fd >= 0;

	if (!test && !g->ops->state && needs_state(g)) {
		diag_error(diag, NULL, "hook '%s' does not know the state of connections",
			   g->ops->name);
		return -EOPNOTSUPP;
	}
	if (!test && !g->ops->names && !g->opts->alone &&
	    g->opts->ifindex_fd < 0 &&
	    (be_gen_uses(g, IR_IIF) || be_gen_uses(g, IR_OIF))) {
		diag_error(diag, NULL, "hook '%s' needs a map of interfaces",
			   g->ops->name);
		return -EINVAL;
	}
	return 0;
}

/* What this kernel has not got, and what to do without. */
static int check_kernel(struct be_gen *g, struct diag *diag)
{
	const struct be_kernel *k = &g->kernel;
	int err;

	err = be_kernel_read(&g->kernel, g->ops->kernel ? diag : NULL);
	if (!g->ops->kernel) {
		if (err)
			memset(&g->kernel, 0xff, sizeof(g->kernel));
		return 0;
	}
	if (err)
		return err;
	if (be_gen_uses(g, IR_CTSTATE) && k->member[BE_SKB_NFCT] < 0) {
		diag_error(diag, NULL, "this kernel has no connection tracking");
		return -EOPNOTSUPP;
	}
	if (force_copies || k->member[BE_SKB_LEN] < 0 ||
	    k->member[BE_SKB_DATA_LEN] < 0 || k->member[BE_SKB_DATA] < 0 ||
	    k->member[BE_SKB_HEAD] < 0 ||
	    k->member[BE_SKB_NETWORK_HEADER] < 0 ||
	    k->kfunc[BE_RDONLY_CAST] < 0)
		g->copies = g->must_copy = true;
	return 0;
}

int be_program_load_pass(enum be_hook_type type, struct diag *diag)
{
	const struct be_hook_ops *ops = types[type];
	const struct bpf_insn insns[] = {
		insn_mov32i(BPF_REG_0, (uint32_t)ops->accept),
		insn_exit(),
	};

	return be_load(ops->prog_type, ops->attach_type, "xtbpf_pass", insns,
		       sizeof(insns) / sizeof(*insns), diag);
}

static bool type_loads(enum be_hook_type type)
{
	int fd = be_program_load_pass(type, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Whether programs may loop, too; a yes is remembered, and by which way. */
static bool type_walks(enum be_hook_type type)
{
	struct be_facts *f = be_facts_get();
	const uint32_t bit = 1u << type;

	if (f->types & bit)
		return true;
	if (be_load_loops(types[type]->prog_type, types[type]->attach_type))
		f->types |= bit;
	else if (type_loads(type) && be_load_calls(types[type]->prog_type))
		f->calls |= bit;
	f->types |= f->calls;
	if (f->types & bit)
		be_facts_keep();
	return f->types & bit;
}

/* A kernel that loads programs of this type, but none that walk. */
static int check_loops(struct be_gen *g, struct diag *diag)
{
	const enum be_hook_type type = g->opts->type;

	if (!type_walks(type) && type_loads(type)) {
		diag_error(diag, NULL, "programs cannot loop in this kernel: hook '%s' needs Linux 6.1 or newer",
			   g->ops->name);
		return -EOPNOTSUPP;
	}
	g->loop.calls = force_calls || be_facts_get()->calls & 1u << type;
	return 0;
}

/* Emits and loads.  A new fd or -errno. */
static int try(struct be_gen *g, uint32_t *ninsns, struct diag *diag)
{
	int fd;

	be_asm_init(&g->a);
	fd = emit(g);
	if (fd)
		diag_error(diag, NULL, "cannot make a program for hook '%s': %s",
			   g->ops->name, strerror(-fd));
	else
		fd = be_load_parts(g->ops->prog_type, g->ops->attach_type,
				   "xtbpf_classify", &g->a, diag);
	if (ninsns)
		*ninsns = g->a.ninsns;
	be_asm_free(&g->a);
	return fd;
}

/*
 * What the kernel may have refused.  Where it would have had to follow too many ways
 * through the loops, these are fewer in loops that are calls.  Before Linux 6.17 a
 * program cannot read just any memory: it copies then.  No kernel that is known refuses
 * what the route memo reads, so that goes last; and then nothing need be copied, if
 * it was only that.
 */
static bool ask_less(struct be_gen *g, int err)
{
	if (err == -E2BIG && !g->loop.calls &&
	    be_load_calls(g->ops->prog_type)) {
		g->loop.calls = true;
		return true;
	}
	if (g->ops->kernel && !g->copies) {
		g->copies = true;
		return true;
	}
	if (!g->routes.peeks)
		return false;
	g->routes.peeks = g->routes.used = false;
	g->copies = g->must_copy;
	return true;
}

static int try_all(struct be_gen *g, uint32_t *ninsns, struct diag *diag)
{
	int fd;

	do
		fd = try(g, ninsns, NULL);
	while (fd < 0 && ask_less(g, fd));
	return fd < 0 ? try(g, ninsns, diag) : fd;
}

/* Which of the maps that only this program has it needs. */
static int plan_maps(struct be_gen *g, struct diag *diag)
{
	struct be_gen_map *m;
	int err;

	be_flow_plan(g);
	if (g->flow.used) {
		m = &g->map[BE_MAP_FLOWS];
		m->used = true;
		m->def = be_flow_def(&g->flow);
	}
	be_routes_plan(g);
	if (g->routes.used) {
		m = &g->map[BE_MAP_ROUTES];
		m->used = true;
		m->def = be_routes_def(&g->routes);
	}
	if (!be_stack_is_deep(g->c))
		return 0;
	m = &g->map[BE_MAP_STACK];
	m->used = true;
	err = be_stack_def(g->c, &m->def);
	if (err)
		diag_error(diag, NULL, "chains are nested %u deep, which is more than any stack holds",
			   g->c->depth);
	return err;
}

/* Those of plan_maps(). */
static int make_maps(struct be_gen *g, struct diag *diag)
{
	struct be_gen_map *m;
	int id;

	for (id = 0; id < BE_NMAPS; id++) {
		m = &g->map[id];
		if (!m->used || m->fd >= 0)
			continue;
		m->fd = be_map_create(&m->def);
		if (m->fd >= 0)
			continue;
		diag_error(diag, NULL, "cannot create the map '%s' of %u entries: %s",
			   m->def.name, m->def.entries, strerror(-m->fd));
		return m->fd;
	}
	return 0;
}

static void close_maps(struct be_gen *g)
{
	int id;

	for (id = 0; id < BE_NMAPS; id++)
		if (!be_map_is_shared((enum be_map_id)id) &&
		    g->map[id].fd >= 0)
			close(g->map[id].fd);
}

static void given(struct be_gen *g, enum be_map_id id, int fd)
{
	g->map[id].fd = fd;
	g->map[id].used = fd >= 0;
}

static void init(struct be_gen *g, const struct tr_classifier *c,
		 const struct be_program_opts *opts)
{
	int id;

	*g = (struct be_gen){
		.c = c, .opts = opts, .ops = types[opts->type],
		.mask = be_table_mask(c),
	};
	for (id = 0; id < BE_NMAPS; id++)
		g->map[id].fd = -1;
	given(g, BE_MAP_TABLE, opts->table_fd);
	given(g, BE_MAP_COUNTERS, opts->counter_fd);
	given(g, BE_MAP_IFACES, opts->ifindex_fd);
	given(g, BE_MAP_TEST, opts->test_fd);
}

int be_program_load(const struct tr_classifier *c,
		    const struct be_program_opts *opts, uint32_t *ninsns,
		    struct diag *diag)
{
	struct be_gen g;
	int fd;

	init(&g, c, opts);
	fd = check_fields(&g, diag);
	if (!fd)
		fd = check_kernel(&g, diag);
	if (!fd)
		fd = check_loops(&g, diag);
	if (!fd)
		fd = plan_maps(&g, diag);
	if (!fd)
		fd = make_maps(&g, diag);
	if (!fd)
		fd = try_all(&g, ninsns, diag);
	close_maps(&g);
	return fd;
}

int be_program_size(const struct tr_classifier *c, enum be_hook_type type,
		    uint32_t hooks, struct diag *diag)
{
	/* File descriptors are but numbers while nothing is loaded. */
	const struct be_program_opts opts = {
		.type = type, .hooks = hooks & types[type]->hooks,
		.test_fd = -1,
	};
	struct be_gen g;
	int err;

	init(&g, c, &opts);
	err = check_fields(&g, diag);
	if (!err)
		err = check_kernel(&g, diag);
	if (!err)
		err = plan_maps(&g, diag);
	if (err)
		return err;
	be_asm_init(&g.a);
	err = emit(&g);
	if (err)
		diag_error(diag, NULL, "cannot make a program for hook '%s': %s",
			   g.ops->name, strerror(-err));
	else
		err = g.a.ninsns;
	be_asm_free(&g.a);
	return err;
}

/* The maps that a program which is loaded here is given. */
static int define_maps(struct be_gen *g, struct diag *diag)
{
	struct be_gen_map *m;
	int err;

	m = &g->map[BE_MAP_TABLE];
	m->used = true;
	err = be_table_def(g->c, &m->def, diag);
	m = &g->map[BE_MAP_COUNTERS];
	m->used = true;
	m->def = be_counter_def(g->c->ncounters);
	m = &g->map[BE_MAP_TEST];
	m->def = (struct be_map_def){
		.name = "xtbpf_test", .type = BPF_MAP_TYPE_ARRAY, .key = 4,
		.value = sizeof(struct be_test_input), .entries = 1,
	};
	return err;
}

int be_gen_alone(struct be_gen *g, const struct tr_classifier *c,
		 const struct be_program_opts *opts, struct diag *diag)
{
	int err;

	init(g, c, opts);
	be_asm_init(&g->a);
	be_kernel_invent(&g->kernel);
	err = check_fields(g, diag);
	if (!err)
		err = define_maps(g, diag);
	if (!err)
		err = plan_maps(g, diag);
	if (err)
		return err;
	err = emit(g);
	if (err)
		diag_error(diag, NULL, "cannot make a program for hook '%s': %s",
			   g->ops->name, strerror(-err));
	return err;
}

bool be_type_supported(enum be_hook_type type)
{
	return type_walks(type);
}
