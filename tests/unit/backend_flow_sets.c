/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/backend_flow_sets.c - the flow memo: flows that want the same place
 *
 * Which of two entries is replaced and when, and what becomes of one that is written
 * while it is read.
 */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/flowrig.h"
#include "tests/unit/loops.h"
#include "tests/unit/rules.h"
#include "tests/unit/run.h"

/* --- flows of one set --- */

/* Three flows that share a set; the first two are in it. */
struct three {
	uint32_t	at;		/* the set, in words */
	uint32_t	saddr[3];
};

static uint32_t source_at(const struct rig *r, uint32_t at)
{
	return key_field(r, r->value + at, IR_SADDR);
}

/* A set with two flows into *t; false: there is none yet. */
static bool find_pair(struct rig *r, struct three *t)
{
	const uint32_t second = entry_words(r);
	uint32_t i;

	read_memo(r);
	for (i = 0; i < 1u << r->flow.log_map >> 2; i += set_words(r)) {
		if (!is_good(r->value + i) || !is_good(r->value + i + second))
			continue;
		t->at = i;
		t->saddr[0] = source_at(r, i);
		t->saddr[1] = source_at(r, i + second);
		return true;
	}
	return false;
}

/* Whether a third one has come; puts the first two back. */
static bool find_third(struct rig *r, struct three *t)
{
	uint32_t found, way;
	struct sample s;

	read_memo(r);
	for (way = 0; way < 2; way++) {
		found = source_at(r, t->at + way * entry_words(r));
		if (found == t->saddr[0] || found == t->saddr[1])
			continue;
		t->saddr[2] = found;
		memset(r->value, 0, 1u << r->flow.log_map);
		write_memo(r);
		s = from(t->saddr[0]);
		judge(r, &s);
		s = from(t->saddr[1]);
		judge(r, &s);
		read_memo(r);
		return true;
	}
	return false;
}

/* A few flows at a time. */
static void open_three(struct rig *r, struct three *t, int type)
{
	bool pair = false, third = false;
	uint32_t saddr = 0x0a010000;
	struct sample s;

	warm(r, &s, 2 * type);
	while (!third) {
		ck_assert_uint_lt(saddr, 0x0a020000);
		do {
			s = from(++saddr * 2654435761u);
			judge(r, &s);
		} while (saddr % 32);
		if (pair)
			third = find_third(r, t);
		else
			pair = find_pair(r, t);
	}
}

/* In which way a flow is: 0, 1 or, in neither, 2. */
static uint32_t way_of(struct rig *r, const struct three *t, uint32_t saddr)
{
	uint32_t way, at;

	read_memo(r);
	for (way = 0; way < 2; way++) {
		at = t->at + way * entry_words(r);
		if (is_good(r->value + at) && source_at(r, at) == saddr)
			break;
	}
	return way;
}

static void judge_from(struct rig *r, uint32_t saddr)
{
	struct sample s = from(saddr);

	judge(r, &s);
}

/* Two flows are in a set together, and each has its own verdict there. */
START_TEST(two_in_a_set)
{
	struct three t;
	struct sample s;
	struct rig r;
	uint32_t way;

	open_three(&r, &t, _i);
	ck_assert_uint_eq(way_of(&r, &t, t.saddr[0]), 0);
	ck_assert_uint_eq(way_of(&r, &t, t.saddr[1]), 1);
	for (way = 0; way < 2; way++) {
		r.value[t.at + way * entry_words(&r) + 1] ^=
			TR_DROP ^ TR_ACCEPT;
		write_memo(&r);
		s = from(t.saddr[!way]);
		judge(&r, &s);
		s = from(t.saddr[way]);
		ck_assert_int_eq(run(&r, &s), !model(&r, &s));
		r.value[t.at + way * entry_words(&r) + 1] ^=
			TR_DROP ^ TR_ACCEPT;
		write_memo(&r);
	}
	rig_close(&r);
}
END_TEST

/* Each of them in turn makes room for a third, and nothing else of it is lost. */
START_TEST(ways_are_replaced_in_turn)
{
	uint32_t last = 2, seen = 0, i, n, way;
	struct three t;
	struct rig r;

	open_three(&r, &t, _i);
	for (i = 0; i < 8; i++) {
		/* The one that is not in. */
		for (n = 0; way_of(&r, &t, t.saddr[n]) < 2; n++)
			;
		judge_from(&r, t.saddr[n]);
		way = way_of(&r, &t, t.saddr[n]);
		ck_assert_uint_lt(way, 2);
		ck_assert_uint_ne(way, last);
		ck_assert(is_good(r.value + t.at + !way * entry_words(&r)));
		seen |= 1u << way;
		last = way;
	}
	ck_assert_uint_eq(seen, 3);
	rig_close(&r);
}
END_TEST

/* One that is not good is taken before one that is, whosever turn it is. */
START_TEST(the_useless_is_replaced_first)
{
	struct three t;
	struct rig r;
	uint32_t i, way;

	open_three(&r, &t, _i);
	for (i = 0; i < 8; i++) {
		way = i / 2 % 2;
		r.value[t.at + way * entry_words(&r)] &= ~VALID;
		write_memo(&r);
		judge_from(&r, t.saddr[2]);
		ck_assert_uint_eq(way_of(&r, &t, t.saddr[2]), way);
		ck_assert_uint_eq(way_of(&r, &t, t.saddr[!way]), !way);
		/* As it was; and a miss of another set, which takes a turn. */
		r.value[t.at + way * entry_words(&r)] &= ~VALID;
		write_memo(&r);
		judge_from(&r, t.saddr[way]);
		ck_assert_uint_eq(way_of(&r, &t, t.saddr[way]), way);
		judge_from(&r, 0x0b000000 + i);
	}
	rig_close(&r);
}
END_TEST

/* Where one is being written, it is left alone whosever turn it is. */
START_TEST(busy_way_is_left_alone)
{
	uint32_t before[8], i, way, at;
	struct three t;
	struct rig r;

	open_three(&r, &t, _i);
	ck_assert_uint_eq(entry_words(&r), 8);
	for (i = 0; i < 8; i++) {
		way = i / 2 % 2;
		at = t.at + way * 8;
		read_memo(&r);
		r.value[at] |= BUSY;
		memcpy(before, r.value + at, sizeof(before));
		write_memo(&r);
		judge_from(&r, t.saddr[i % 3]);
		read_memo(&r);
		ck_assert_mem_eq(before, r.value + at, sizeof(before));
		r.value[at] &= ~BUSY;
		write_memo(&r);
	}
	rig_close(&r);
}
END_TEST

/* --- which misses are put in --- */

/* How many misses the CPUs have counted. */
static uint32_t misses(struct rig *r)
{
	const uint32_t ncpus = 1u << (r->flow.log_map - r->flow.log_area);
	uint32_t cpu, n = 0;

	read_memo(r);
	for (cpu = 0; cpu < ncpus; cpu++)
		n += r->value[be_flow_counts(&r->flow, cpu) / 4];
	return n;
}

/* How many entries have been written. */
static uint32_t written(struct rig *r)
{
	uint32_t i, n = 0;

	read_memo(r);
	for (i = 0; i < 1u << r->flow.log_map >> 2; i += entry_words(r))
		n += is_good(&r->value[i]) && r->value[i] >= 4;
	return n;
}

static void open_many(struct rig *r, int type, uint32_t counts)
{
	struct ir_table *t = table();
	uint32_t i;

	for (i = 0; i < 60; i++)
		add_value(t, add_rule(t, input(t), i < counts ? IR_CONTINUE :
				      IR_DROP, NULL), IR_SADDR, i);
	rig_open(r, t, type, BE_FLOWS_AUTO);
	ck_assert_int_ge(r->memo, 0);
}

static void judge_flows(struct rig *r, uint32_t first, uint32_t n, uint32_t step)
{
	struct sample s;
	uint32_t i;

	for (i = 0; i < n; i += step) {
		s = tcp(first + i, 2, 3);
		judge(r, &s);
	}
}

/* Where nothing is, each flow is put in at once; else one in so many. */
START_TEST(one_in_so_many)
{
	const uint32_t n = 20, all = n * BE_FLOW_EVERY;
	uint32_t i;
	struct rig r;

	open_many(&r, _i, 0);
	judge_flows(&r, 1000, 50, 1);
	ck_assert_uint_eq(misses(&r), 0);
	ck_assert_uint_eq(written(&r), 50);
	/* Full of flows that never come. */
	memset(r.value, 0, 1u << r.flow.log_map);
	for (i = 0; i < 1u << r.flow.log_map >> 2; i += entry_words(&r))
		r.value[i] = VALID;
	write_memo(&r);
	judge_flows(&r, 1000, all, 1);
	ck_assert_uint_eq(misses(&r), all);
	ck_assert_uint_eq(written(&r), n);
	/* The first of each row; and one that is found is no miss. */
	judge_flows(&r, 1000, all, BE_FLOW_EVERY);
	ck_assert_uint_eq(misses(&r), all);
	rig_close(&r);
}
END_TEST

/* Where a trace may be too long, one that is does not take an empty place each time. */
START_TEST(one_in_so_many_long)
{
	const uint32_t n = 20, all = n * BE_FLOW_EVERY;
	struct rig r;

	open_many(&r, _i, 20);
	ck_assert(!r.flow.fits);
	judge_flows(&r, 1000, all, 1);
	ck_assert_uint_eq(misses(&r), all);
	ck_assert_uint_eq(written(&r), n);
	rig_close(&r);
}
END_TEST

/* --- too many flows --- */

/* The counts of the CPU that this is. */
static struct be_flow_cpu *counts(struct rig *r)
{
	uint32_t cpu = (uint32_t)sched_getcpu() &
		       ((1u << (r->flow.log_map - r->flow.log_area)) - 1);

	read_memo(r);
	return (void *)(r->value + be_flow_counts(&r->flow, cpu) / 4);
}

/* A flow is in the memo with the wrong verdict; what a packet's then says. */
static bool is_asked(struct rig *r, const struct sample *s, uint32_t *entry)
{
	int have;

	read_memo(r);
	*trace(entry) ^= TR_DROP ^ TR_ACCEPT;
	write_memo(r);
	have = run(r, s);
	read_memo(r);
	*trace(entry) ^= TR_DROP ^ TR_ACCEPT;
	write_memo(r);
	return have != model(r, s);
}

/* This many packets into a window, of which so many were missed. */
static void at_window(struct rig *r, uint32_t packets, uint32_t missed)
{
	struct be_flow_cpu *c = counts(r);

	c->packets = packets;
	c->misses = c->before + missed;
	write_memo(r);
}

START_TEST(there_are_pauses)
{
	const uint32_t half = BE_FLOW_WINDOW / 2;
	struct sample s = tcp(1000, 2, 3);
	uint32_t *entry = NULL, i;
	struct rig r;

	open_many(&r, _i, 0);
	ck_assert(r.flow.pauses);
	judge(&r, &s);
	ck_assert_uint_eq(entries(&r, &entry), 1);
	ck_assert(is_asked(&r, &s, entry));
	ck_assert_uint_eq(counts(&r)->packets, 2);
	/* Half of them are not too many, whatever was before. */
	for (i = 0; i < 2; i++) {
		at_window(&r, i * BE_FLOW_WINDOW, half);
		ck_assert(is_asked(&r, &s, entry));
		ck_assert_uint_eq(counts(&r)->before, counts(&r)->misses);
	}
	at_window(&r, BE_FLOW_WINDOW - 1, half + 1);
	ck_assert(is_asked(&r, &s, entry));
	ck_assert(!is_asked(&r, &s, entry));
	ck_assert_uint_eq(counts(&r)->pause, BE_FLOW_PAUSE);
	for (i = 1; i < BE_FLOW_PAUSE; i++) {
		at_window(&r, i * BE_FLOW_WINDOW - 1, 0);
		ck_assert(!is_asked(&r, &s, entry));
		ck_assert(!is_asked(&r, &s, entry));
	}
	at_window(&r, i * BE_FLOW_WINDOW - 1, 0);
	ck_assert(!is_asked(&r, &s, entry));
	ck_assert(is_asked(&r, &s, entry));
	rig_close(&r);
}
END_TEST

/* What is seen of the traffic itself. */
START_TEST(a_flood_is_not_put_in)
{
	struct rig r;
	uint32_t i;

	open_many(&r, _i, 0);
	read_memo(&r);
	for (i = 0; i < 1u << r.flow.log_map >> 2; i += entry_words(&r))
		r.value[i] = VALID;
	write_memo(&r);
	judge_flows(&r, 1000, BE_FLOW_WINDOW + 100, 1);
	ck_assert_uint_eq(misses(&r), BE_FLOW_WINDOW);
	ck_assert_uint_eq(written(&r), BE_FLOW_WINDOW / BE_FLOW_EVERY);
	rig_close(&r);
}
END_TEST

/* --- while another writes --- */

/*
 * One that writes the entry of a flow over and over, as a program that interrupts this
 * one would, but from another CPU.  What is in order on one is so between two of
 * them, too, where stores are never reordered.
 */
struct rival {
	uint32_t	*entry;		/* in the map */
	uint32_t	content[2][32];	/* the flow, and another in its place */
	uint32_t	words;
	bool		stop;
};

#if defined(__x86_64__)
#define STORES_IN_ORDER	true
#else
#define STORES_IN_ORDER	false
#endif

static void rewrite(struct rival *v, const uint32_t *content)
{
	uint32_t head = __atomic_fetch_or(v->entry, BUSY, __ATOMIC_SEQ_CST), i;

	if (head & BUSY)
		return;
	for (i = 1; i < v->words; i++)
		__atomic_store_n(v->entry + i, content[i], __ATOMIC_RELAXED);
	__atomic_store_n(v->entry, ((head & ~(VALID | BUSY)) + 4) | VALID,
			 __ATOMIC_RELEASE);
}

static void *rewrite_all(void *arg)
{
	struct rival *v = arg;
	uint32_t i = 0;
	cpu_set_t set;

	/* Anywhere: where there is but one CPU, that. */
	memset(&set, 0xff, sizeof(set));
	CPU_CLR(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (!__atomic_load_n(&v->stop, __ATOMIC_RELAXED))
		rewrite(v, v->content[i++ % 2]);
	return NULL;
}

static void judge_many(struct rig *r, const struct sample *s, uint32_t n)
{
	uint32_t i;
	int want = 0;

	for (i = 0; i < n; i++)
		want = model(r, s);
	ck_assert_int_eq(run_many(r, s, n), want);
}

/* The flow's entry is another's now and then, and never half of each. */
START_TEST(torn_is_not_believed)
{
	struct sample s, other;
	pthread_t thread;
	struct rival v = { .stop = !STORES_IN_ORDER };
	struct rig r;
	uint32_t *entry = warm(&r, &s, _i), *map, *twin = NULL, i;
	uint32_t at = (uint32_t)(entry - r.value);
	size_t size = be_flow_def(&r.flow).value;

	v.words = entry_words(&r);
	memcpy(v.content[0], entry, v.words * 4);
	/* What the memo has of another flow. */
	other = from(0x0a000003);
	memset(r.value, 0, 1u << r.flow.log_map);
	write_memo(&r);
	judge(&r, &other);
	ck_assert_uint_eq(entries(&r, &twin), 1);
	memcpy(v.content[1], twin, v.words * 4);
	ck_assert_uint_ne(*trace(v.content[0]), *trace(v.content[1]));

	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r.memo, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	memset(map, 0, 1u << r.flow.log_map);
	v.entry = map + at;
	/* The other place in the set is not to be had. */
	if (ways(&r) > 1)
		map[at ^ entry_words(&r)] = BUSY;
	ck_assert(!pthread_create(&thread, NULL, rewrite_all, &v));
	for (i = 0; i < 20; i++)
		judge_many(&r, &s, 10000);
	__atomic_store_n(&v.stop, true, __ATOMIC_RELAXED);
	ck_assert(!pthread_join(thread, NULL));
	munmap(map, size);
	rig_close(&r);
}
END_TEST

static Suite *suite(bool root)
{
	Suite *s = suite_create("flow memo, sets");
	TCase *tc;
	int first;

	if (!root)
		return s;
	first = test_first_type();
	tc = tcase_create("programs");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, two_in_a_set, first, BE_NTYPES);
	tcase_add_loop_test(tc, ways_are_replaced_in_turn, first, BE_NTYPES);
	tcase_add_loop_test(tc, the_useless_is_replaced_first, first,
			    BE_NTYPES);
	tcase_add_loop_test(tc, busy_way_is_left_alone, first, BE_NTYPES);
	tcase_add_loop_test(tc, one_in_so_many, first, BE_NTYPES);
	tcase_add_loop_test(tc, one_in_so_many_long, first, BE_NTYPES);
	tcase_add_loop_test(tc, there_are_pauses, first, BE_NTYPES);
	tcase_add_loop_test(tc, a_flood_is_not_put_in, first, BE_NTYPES);
	tcase_add_loop_test(tc, torn_is_not_believed, 2 * first,
			    2 * BE_NTYPES);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	bool root = test_privileged();

	stay_here();
	test_loops();
	return test_run(suite(root), root);
}
