/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/flowrig.c - a program with a flow memo, held against the model */
#include "tests/unit/flowrig.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ir/eval.h"
#include "tests/unit/loops.h"
#include "tests/unit/rules.h"

#define ETH		14

static const struct be_hook_ops *const types[BE_NTYPES] = {
	[BE_NETFILTER]	= &be_hook_netfilter,
	[BE_XDP]	= &be_hook_xdp,
	[BE_TC]		= &be_hook_tc,
};

/* --- the memo of a program --- */

static int find_memo(int prog)
{
	uint32_t ids[16], len = sizeof(struct bpf_prog_info), i;
	struct bpf_prog_info info = {
		.nr_map_ids = 16, .map_ids = (uint64_t)(uintptr_t)ids,
	};
	struct bpf_map_info map;
	int fd;

	ck_assert(!bpf_obj_get_info_by_fd(prog, &info, &len));
	ck_assert_uint_le(info.nr_map_ids, 16);
	for (i = 0; i < info.nr_map_ids; i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		ck_assert_int_ge(fd, 0);
		len = sizeof(map);
		memset(&map, 0, sizeof(map));
		ck_assert(!bpf_obj_get_info_by_fd(fd, &map, &len));
		if (!strcmp(map.name, BE_FLOWS_NAME))
			return fd;
		close(fd);
	}
	return -1;
}

void read_memo(struct rig *r)
{
	ck_assert(!bpf_map_lookup_elem(r->memo, &(uint32_t){ 0 }, r->value));
}

void write_memo(struct rig *r)
{
	ck_assert(!bpf_map_update_elem(r->memo, &(uint32_t){ 0 }, r->value, 0));
}

uint32_t entry_words(const struct rig *r)
{
	return (1u << r->flow.log_size) / 4;
}

uint32_t set_words(const struct rig *r)
{
	return (1u << r->flow.log_set) / 4;
}

uint32_t ways(const struct rig *r)
{
	return set_words(r) / entry_words(r);
}

bool is_good(const uint32_t *entry)
{
	return (*entry & (VALID | BUSY)) == VALID;
}

uint32_t entries(struct rig *r, uint32_t **entry)
{
	uint32_t i, n = 0;

	read_memo(r);
	for (i = 0; i < 1u << r->flow.log_map >> 2; i += entry_words(r))
		if (is_good(&r->value[i])) {
			*entry = &r->value[i];
			n++;
		}
	return n;
}

uint32_t *trace(uint32_t *entry)
{
	return entry + 1;
}

uint32_t key_field(const struct rig *r, const uint32_t *entry,
			  enum ir_field f)
{
	const struct be_flow_part *p = r->flow.part;
	uint64_t word;

	while (p->at != BE_FIELD(f))
		p++;
	memcpy(&word, entry + 1 + r->flow.ntrace + 2 * p->word, sizeof(word));
	return (uint32_t)(word >> p->shift & ((1ull << p->bits) - 1));
}

/* --- a table with its program --- */

uint32_t memo_cpus;

static void load(struct rig *r, enum be_flows flows)
{
	struct be_program_opts o = {
		.type = r->type, .hooks = ALL, .table_fd = r->table,
		.counter_fd = r->counters, .ifindex_fd = -1,
		.test_fd = r->test, .flows = flows, .cpus = memo_cpus,
	};
	struct be_gen g = { .c = r->c, .opts = &o, .ops = types[r->type] };
	struct diag diag;

	diag_init(&diag);
	r->prog = be_program_load(r->c, &o, NULL, &diag);
	ck_assert_msg(r->prog >= 0, "%s", diag.msg);
	be_flow_plan(&g);
	r->flow = g.flow;
	r->memo = find_memo(r->prog);
	ck_assert_int_eq(r->memo >= 0, r->flow.used);
	r->value = calloc(1, be_flow_def(&r->flow).value);
	ck_assert_ptr_nonnull(r->value);
}

void rig_open(struct rig *r, struct ir_table *t, int type,
		     enum be_flows flows)
{
	struct diag diag;

	diag_init(&diag);
	r->t = t;
	r->type = (enum be_hook_type)type;
	r->n = ir_table_number(t);
	ck_assert_int_eq(ir_table_check(t, &(uint32_t){ 0 }, &diag), 0);
	r->c = tr_translate(t, NULL, &diag);
	ck_assert_msg(r->c != NULL, "%s", diag.msg);
	r->want = calloc(r->n, sizeof(*r->want));
	r->have = calloc(r->n, sizeof(*r->have));
	r->table = be_table_create(r->c, &diag);
	r->counters = be_counter_create(r->n, &diag);
	r->test = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_input", 4,
				 sizeof(struct be_test_input), 1, NULL);
	load(r, flows);
}

void rig_close(struct rig *r)
{
	uint32_t i;

	ck_assert(!be_counter_read(r->counters, r->have, r->n));
	for (i = 0; i < r->n; i++) {
		ck_assert_uint_eq(r->have[i].packets, r->want[i].packets);
		ck_assert_uint_eq(r->have[i].bytes, r->want[i].bytes);
	}
	close(r->prog);
	close(r->table);
	close(r->test);
	close(r->counters);
	if (r->memo >= 0)
		close(r->memo);
	free(r->value);
	free(r->want);
	free(r->have);
	tr_classifier_free(r->c);
	ir_table_free(r->t);
}

/* --- packets --- */

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

struct sample tcp(uint32_t saddr, uint32_t daddr, uint32_t ports)
{
	struct sample s = {
		.hook = IR_HOOK_INPUT, .iif = "eth0", .oif = "", .ctstate = 8,
		.len = 44, .ip = { 0x45, [3] = 44, [8] = 64, 6 },
	};

	put32(s.ip + 12, saddr);
	put32(s.ip + 16, daddr);
	put32(s.ip + 20, ports);
	memcpy(s.ip + 32, (uint8_t[]){ 0x60, 2 }, 2);
	memcpy(s.ip + 40, (uint8_t[]){ 2, 4, 5, 0xb4 }, 4);
	return s;
}

static int accepted(const struct rig *r, uint32_t retval)
{
	const struct be_hook_ops *ops = types[r->type];

	ck_assert(retval == (uint32_t)ops->accept ||
		  retval == (uint32_t)ops->drop);
	return retval == (uint32_t)ops->accept;
}

int run_many(struct rig *r, const struct sample *s, uint32_t n)
{
	struct be_test_input in = {
		.hook = s->hook, .ctstate = s->ctstate,
		.iif = tr_iface_class(r->c, s->iif),
		.oif = tr_iface_class(r->c, s->oif),
	};
	uint8_t frame[ETH + sizeof(s->ip)] = { [12] = 8 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = ETH + s->len, .repeat = (int)n);

	memcpy(frame + ETH, s->ip, s->len);
	if (r->type == BE_NETFILTER) {
		o.data_in = frame + ETH;
		o.data_size_in = s->len;
	}
	ck_assert(!bpf_map_update_elem(r->test, &(uint32_t){ 0 }, &in, 0));
	ck_assert_msg(!bpf_prog_test_run_opts(r->prog, &o), "%s",
		      strerror(errno));
	return accepted(r, o.retval);
}

int run(struct rig *r, const struct sample *s)
{
	return run_many(r, s, 1);
}

int model(struct rig *r, const struct sample *s)
{
	struct ir_packet p;

	ck_assert(!ir_packet_parse(&p, s->ip, s->len));
	ir_packet_set_iif(&p, s->iif);
	ir_packet_set_oif(&p, s->oif);
	p.field[IR_CTSTATE] = s->ctstate;
	return ir_eval(r->t, s->hook, &p, r->want) == IR_ACCEPT;
}

void judge(struct rig *r, const struct sample *s)
{
	int want = model(r, s);

	ck_assert_int_eq(run(r, s), want);
}

struct ir_table *table(void)
{
	struct ir_table *t = ir_table_new(AF_INET, "filter");

	ck_assert_ptr_nonnull(t);
	return t;
}

struct ir_chain *input(struct ir_table *t)
{
	return ir_table_base(t, IR_HOOK_INPUT);
}

void add_value(struct ir_table *t, struct ir_rule *r, enum ir_field f,
		      uint32_t v)
{
	ck_assert_int_eq(ir_rule_add_range(t, r, f, v, v, false), 0);
}

struct sample from(uint32_t saddr)
{
	return tcp(saddr, 0x0a000002, 1000 << 16 | 80);
}

/* --- one flow --- */

uint32_t *warm(struct rig *r, struct sample *s, int i)
{
	struct ir_table *t = table();
	struct ir_rule *rule = add_rule(t, input(t), IR_DROP, NULL);
	uint32_t *entry = NULL, n;

	add_value(t, rule, IR_SADDR, 0x0a000001);
	add_value(t, rule, IR_DADDR, 0x0a000002);
	add_value(t, rule, IR_SPORT, 1000);
	add_value(t, rule, IR_TTL, 64);
	for (n = 0; i % 2 && n < 4; n++)
		add_value(t, add_rule(t, input(t), IR_CONTINUE, NULL), IR_TTL,
			  1);
	rig_open(r, t, i / 2, BE_FLOWS_ALWAYS);
	ck_assert_uint_eq(ways(r), i % 2 ? 1 : 2);
	*s = tcp(0x0a000001, 0x0a000002, 1000 << 16 | 80);
	judge(r, s);
	ck_assert_uint_eq(entries(r, &entry), 1);
	judge(r, s);
	ck_assert_uint_eq(entries(r, &entry), 1);
	return entry;
}

void poison(uint32_t *entry)
{
	ck_assert_uint_eq(*trace(entry) & TR_ACTION_MASK, TR_DROP);
	*trace(entry) ^= TR_DROP ^ TR_ACCEPT;
}

uint32_t *move(struct rig *r, uint32_t *entry, uint32_t way)
{
	uint32_t *set = r->value + (entry - r->value) / set_words(r) *
			set_words(r);
	const uint32_t size = entry_words(r);
	uint32_t copy[32];

	memcpy(copy, entry, size * 4);
	memset(set, 0, set_words(r) * 4);
	memcpy(set + way * size, copy, size * 4);
	return set + way * size;
}

void stay_here(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		perror("sched_setaffinity");
}
