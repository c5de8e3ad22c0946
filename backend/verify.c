/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/verify.c - witnesses through the evaluator, the walk and the programs
 *
 * The evaluator is ir_boxes_eval(), who is held against ir_eval() for a sample of
 * the packets, and for all that he and a judge do not agree about.  Verdicts are
 * compared packet by packet, counters at the end: the packets have different
 * lengths, so that one rule counted for another shows in the bytes.  Where only
 * counters differ, all packets are made once more to find the first that was
 * counted wrongly.
 *
 * The packets are of rounds.h, the judges of judge.h, and what is said of both of
 * difference.h.
 */
#include "backend/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/difference.h"
#include "backend/judge.h"
#include "backend/rounds.h"
#include "ir/boxes.h"
#include "ir/eval.h"

struct verify {
	const struct be_verify *in;
	struct be_verified *out;
	struct diag	*diag;
	struct be_judges judges;
	struct be_rounds rounds;

	/* Looking for the packet that a counter was wrong about. */
	const struct be_judge *suspect;
	uint32_t	index;
};

/* --- verdicts --- */

/* What @j said, or rather the quick evaluation, if it is that which is wrong. */
static void say_verdict(struct verify *v, const struct be_judge *j,
			const struct ir_probe *p, int got)
{
	const int plain = ir_eval(v->in->table, p->hook, &p->packet, NULL) ==
			  IR_ACCEPT;

	be_difference_say(v->diag, got == plain ? &v->judges.quick : j, p,
			  plain ? "drops what is accepted" :
			  "accepts what is dropped");
}

/* 1 when he says something else, or -errno. */
static int hold_against(struct verify *v, const struct be_judge *j,
			const struct ir_probe *p, int want)
{
	uint32_t i;
	int got;

	for (i = 0; i < j->times; i++) {
		got = be_judge_ask(&v->judges, j, p);
		if (got < 0)
			return got;
		if (got == want)
			continue;
		say_verdict(v, j, p, got);
		return 1;
	}
	return 0;
}

/* Whether the quick evaluation is wrong about a packet. */
static int hold_quick(struct verify *v, const struct ir_probe *p)
{
	const int plain = ir_eval(v->in->table, p->hook, &p->packet,
				  v->judges.quick.want) == IR_ACCEPT;

	v->out->plain++;
	return hold_against(v, &v->judges.quick, p, plain);
}

static int compare(void *ctx, const struct ir_probe *p)
{
	struct verify *v = ctx;
	struct be_judges *js = &v->judges;
	struct be_judge *j = be_judges_find(js, p, v->rounds.number);
	struct be_judge *walk = &js->judge[0];
	int want, first = 0, second = 0, quick = 0;

	if (be_rounds_sampled(&v->rounds))
		quick = hold_quick(v, p);
	want = ir_boxes_eval(js->boxes, p->hook, &p->packet, j->want) ==
	       IR_ACCEPT;
	v->out->packets++;
	v->out->walked += j == walk;
	first = hold_against(v, walk, p, want);
	if (first >= 0 && j != walk)
		second = hold_against(v, j, p, want);
	if (first < 0 || second < 0)
		return first < 0 ? first : second;
	v->out->differences += quick || first || second;
	return 0;
}

/* --- counters --- */

/* Whether @p was one of the packets of @j, and by whom he was judged. */
static bool was_his(struct verify *v, const struct be_judge *j,
		    const struct ir_probe *p)
{
	if (j->type == BE_JUDGE_QUICK)
		return be_rounds_sampled(&v->rounds);
	return j->type == BE_JUDGE_WALK ||
	       j == be_judges_find(&v->judges, p, v->rounds.number);
}

/* How often the suspected counter should count @p. */
static uint64_t should_count(struct verify *v, const struct ir_probe *p,
			     bool plain)
{
	struct be_judge *quick = &v->judges.quick;
	struct ir_counter *c = plain ? quick->want : quick->have;
	const uint64_t before = c[v->index].packets;

	if (plain)
		ir_eval(v->in->table, p->hook, &p->packet, c);
	else
		ir_boxes_eval(v->judges.boxes, p->hook, &p->packet, c);
	return c[v->index].packets - before;
}

/* The packet at which the suspect's counter goes another way: -EILSEQ. */
static int hunt(void *ctx, const struct ir_probe *p)
{
	struct verify *v = ctx;
	const struct be_judge *j = v->suspect;
	const bool quick = j->type == BE_JUDGE_QUICK;
	struct ir_counter have[2];
	uint64_t want, got;
	uint32_t i;
	int err;

	if (!was_his(v, j, p))
		return 0;
	want = should_count(v, p, quick);
	err = be_judge_count(j, v->index, &have[0]);
	for (i = 0; err >= 0 && i < j->times; i++)
		err = be_judge_ask(&v->judges, j, p);
	if (err >= 0)
		err = be_judge_count(j, v->index, &have[1]);
	if (err)
		return err;
	got = have[1].packets - have[0].packets;
	if (got == j->times * want)
		return 0;
	if (!quick && should_count(v, p, true) != want) {
		got = want;
		j = &v->judges.quick;
	}
	be_difference_say(v->diag, j, p, got ?
			  "counts a packet where it should not" :
			  "does not count a packet as it should");
	return -EILSEQ;
}

static int say_counter(struct verify *v, const struct be_judge *j, uint32_t i)
{
	const struct ir_counter have = j->have[i], want = j->want[i];
	int err;

	v->suspect = j;
	v->index = i;
	err = be_rounds_run(&v->rounds, hunt, v);	/* counts them again */
	if (!err)
		be_difference_say_count(v->diag, j, v->in->table, i, have,
					want);
	return err;
}

/* How many counters of @j are wrong, and the first of them. */
static uint32_t count_wrong(const struct be_judge *j, uint32_t n, uint32_t *first)
{
	uint32_t i, wrong = 0;

	for (i = 0; i < n; i++)
		if (memcmp(&j->want[i], &j->have[i], sizeof(*j->want)) &&
		    !wrong++)
			*first = i;
	return wrong;
}

static int compare_counters(struct verify *v)
{
	struct be_judges *js = &v->judges;
	const struct be_judge *j, *bad = NULL;
	uint64_t differences = 0;
	uint32_t i, n, first = 0, at = 0;
	int err;

	err = be_judges_count(js);
	if (err)
		return err;
	for (i = 0; i <= js->njudges; i++) {
		j = i ? &js->judge[i - 1] : &js->quick;
		n = count_wrong(j, js->ncounters, &first);
		if (n && !bad) {
			bad = j;
			at = first;
		}
		differences += n;
	}
	if (!bad || v->out->differences)
		return 0;
	v->out->differences = differences;
	err = say_counter(v, bad, at);
	return err == -EILSEQ ? 0 : err;
}

/* --- all of it --- */

static int set_up(struct verify *v)
{
	const int room = be_rounds_init(&v->rounds, v->in, v->out);
	const int err = be_judges_init(&v->judges, v->in, v->diag);

	v->out->programs = v->judges.programs;
	return room ? room : err;
}

int be_verify(const struct be_verify *in, struct be_verified *out,
	      struct diag *diag)
{
	struct verify v = { .in = in, .out = out, .diag = diag };
	int err;

	memset(out, 0, sizeof(*out));
	err = set_up(&v);
	if (!err)
		err = be_rounds_run(&v.rounds, compare, &v);
	if (!err)
		err = compare_counters(&v);
	if (!err && out->differences)
		err = -EILSEQ;
	if (err)
		diag_error(diag, NULL, "cannot verify the ruleset: %s",
			   strerror(-err));
	be_judges_end(&v.judges);
	be_rounds_end(&v.rounds);
	return err;
}

void be_verified_print(const struct be_verified *r, char *buf, size_t size)
{
	static const struct {
		enum ir_witness_result res;
		const char	*name;
	} others[] = {
		{ IR_WITNESS_SHADOWED, "shadowed" },
		{ IR_WITNESS_NEVER, "never true" },
		{ IR_WITNESS_UNREACHABLE, "in chains never reached" },
		{ IR_WITNESS_UNKNOWN, "without a witness" },
	};
	const bool sampled = r->plain < r->packets;
	const bool alone = r->walked && r->programs;
	size_t i, at;

	at = (size_t)snprintf(buf, size, "%u rules, %u with a witness",
			      r->rules, r->result[IR_WITNESS_FOUND]);
	for (i = 0; i < sizeof(others) / sizeof(*others) && at < size; i++)
		if (r->result[others[i].res])
			at += (size_t)snprintf(buf + at, size - at, ", %u %s",
					       r->result[others[i].res],
					       others[i].name);
	if (at < size)
		at += (size_t)snprintf(buf + at, size - at, ", %llu packets",
				       (unsigned long long)r->packets);
	if (sampled && at < size)
		at += (size_t)snprintf(buf + at, size - at,
				       " (%llu held against every rule%s",
				       (unsigned long long)r->plain,
				       alone ? "" : ")");
	if (alone && at < size)
		at += (size_t)snprintf(buf + at, size - at,
				       "%s%llu walked in C alone)",
				       sampled ? ", " : " (",
				       (unsigned long long)r->walked);
	if (at < size)
		snprintf(buf + at, size - at, ", %llu differences%s",
			 (unsigned long long)r->differences,
			 r->programs ? "" : " (walked in C, no program was run)");
}
