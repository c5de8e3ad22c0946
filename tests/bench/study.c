/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/bench/study.c - the classifier beside other structures
 *
 *	tests/bench/study [KIND:N | FILE]...
 *
 * The tables of doc/classifier.md: what each structure takes, how long it takes
 * to build, what a lookup reads, and how long it takes in C, for rules made up
 * (all kinds with 1,000 and 10,000 rules where nothing is named) or of files.
 * All must find the same first rule for every packet.  For rulesets of one
 * chain whose rules ask for ranges, as those made up do.  Needs no privilege.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/bench/flows.h"
#include "cmd/bench/rulegen.h"
#include "cmd/bench/ruleset.h"
#include "cmd/bench/stat.h"
#include "cmd/cmd.h"
#include "frontend/xt.h"
#include "tests/bench/bits.h"
#include "translator/walk.h"

#define NFLOWS	16384
#define ROUNDS	7
#define BATCH	(1 << 18)	/* lookups, unless they are slow */
#define SEED	1
#define BUDGET	(64u << 20)	/* bytes of a tree that may be large */
#define NTRAFFICS	3
#define NOTHING	UINT32_MAX

enum structure {
	LINEAR,
	BITS,
	TREE,
	WIDE,
	OURS,
	NSTRUCTURES
};

static const char *const names[NSTRUCTURES] = {
	"every rule", "bit vectors", "one tree", "four trees", "classifier",
};

static const enum bench_traffic traffics[NTRAFFICS] = {
	BENCH_UNIFORM, BENCH_HOT, BENCH_NONE,
};

struct study {
	struct bench_ruleset rs;
	struct bits_rule *rule;
	struct bits	*bits;
	struct tr_classifier *tree[NSTRUCTURES];
	double		build_ms[NSTRUCTURES];
	size_t		size[NSTRUCTURES];
	struct bench_flows flows[2];	/* those of rules, and of none */
	uint32_t	(*field[2])[IR_NFIELDS];	/* by flow */
};

struct reads {
	struct tr_visits tree;
	struct bits_visits bits;
	uint64_t	rules;
};

/* Lookups: the first rule's place in its chain ----------------------------- */

static uint32_t find_linear(const struct study *s, const uint32_t *field,
			    struct reads *r)
{
	const struct ir_chain *chain = s->rs.chain;
	uint32_t i, f;

	for (i = 0; i < chain->nrules; i++) {
		for (f = 0; f <= IR_DPORT; f++)
			if (field[f] < s->rule[i].lo[f] ||
			    field[f] > s->rule[i].hi[f])
				break;
		if (f > IR_DPORT)
			break;
	}
	if (r)
		r->rules += i + (i < chain->nrules);
	return i < chain->nrules ? i : NOTHING;
}

/* In all segments of the chain. */
static uint32_t find_tree(const struct study *s, const struct tr_classifier *c,
			  const uint32_t *field, struct reads *r)
{
	const uint32_t *word = c->word;
	uint32_t at = c->hook[s->rs.hook].segment, found;
	const struct tr_segment *seg;

	for (;;) {
		seg = (const void *)(word + at / 4);
		found = tr_find(word, seg->groups, &c->layout, field, 0,
				r ? &r->tree : NULL);
		if (found)
			return (word[found / 4] >> TR_ID_SHIFT) -
			       s->rs.chain->rule[0]->index;
		if ((word[seg->end / 4] & TR_ACTION_MASK) != TR_GOTO)
			return NOTHING;
		at = word[(seg->end + c->layout.target) / 4];
	}
}

static uint32_t find(const struct study *s, enum structure k,
		     const uint32_t *field, struct reads *r)
{
	switch (k) {
	case LINEAR:
		return find_linear(s, field, r);
	case BITS:
		return bits_find(s->bits, field, r ? &r->bits : NULL);
	default:
		return find_tree(s, s->tree[k], field, r);
	}
}

/* Building ----------------------------------------------------------------- */

/* The range of a term: of a prefix, or of whole values. */
static bool narrow(struct bits_rule *r, const struct ir_term *t)
{
	uint32_t max = ir_field_max(t->field), rest = max & ~t->mask;
	uint32_t hi = t->hi | rest;

	if (t->field > IR_DPORT || rest & (rest + 1) ||
	    (rest && t->lo != t->hi))
		return false;
	if (t->lo > r->lo[t->field])
		r->lo[t->field] = t->lo;
	if (hi < r->hi[t->field])
		r->hi[t->field] = hi;
	return true;
}

static bool read_rule(const struct ir_rule *rule, struct bits_rule *r)
{
	const struct ir_pred *p;
	uint32_t m, i, f;

	for (f = 0; f < IR_NFIELDS; f++) {
		r->lo[f] = 0;
		r->hi[f] = ir_field_max(f);
	}
	if (rule->to || rule->target == IR_CONTINUE)
		return false;
	for (m = 0; m < rule->nmatches; m++) {
		for (i = 0; i < rule->match[m].npreds; i++) {
			p = &rule->match[m].pred[i];
			if (p->kind != IR_PRED_TERMS || p->negate ||
			    p->nterms != 1 || !narrow(r, p->term))
				return false;
		}
	}
	return true;
}

static int read_rules(struct study *s)
{
	const struct ir_chain *chain = s->rs.chain;
	uint32_t i;

	s->rule = calloc((size_t)chain->nrules + 1, sizeof(*s->rule));
	if (!s->rule)
		return -ENOMEM;
	for (i = 0; i < chain->nrules; i++)
		if (!read_rule(chain->rule[i], &s->rule[i]))
			return -EOPNOTSUPP;
	return chain->nrules ? 0 : -EOPNOTSUPP;
}

static int build_tree(struct study *s, enum structure k,
		      enum tr_grouping grouping, struct diag *diag)
{
	const struct tr_options opt = {
		.grouping = grouping,
		.budget = grouping == TR_GROUPING_BEST ? 0 : BUDGET,
	};

	s->build_ms[k] = bench_clock_cpu();
	s->tree[k] = tr_translate(s->rs.table, &opt, diag);
	s->build_ms[k] = bench_clock_cpu() - s->build_ms[k];
	if (!s->tree[k])
		return -errno;
	s->size[k] = s->tree[k]->size;
	return 0;
}

static int build(struct study *s, struct diag *diag)
{
	int err;

	s->size[LINEAR] = (size_t)s->rs.chain->nrules * (IR_DPORT + 1) * 8;
	s->build_ms[BITS] = bench_clock_cpu();
	s->bits = bits_new(s->rule, s->rs.chain->nrules);
	s->build_ms[BITS] = bench_clock_cpu() - s->build_ms[BITS];
	if (!s->bits)
		return -ENOMEM;
	s->size[BITS] = bits_size(s->bits);
	err = build_tree(s, TREE, TR_GROUPING_TREE, diag);
	if (!err)
		err = build_tree(s, WIDE, TR_GROUPING_WIDE, diag);
	if (!err)
		err = build_tree(s, OURS, TR_GROUPING_BEST, diag);
	return err;
}

static int draw(struct study *s)
{
	struct bench_flows_opts opts = { .n = NFLOWS, .seed = SEED };
	struct ir_packet p;
	uint32_t i, n;
	int k, err;

	for (k = 0; k < 2; k++) {
		opts.hit = k ? BENCH_HIT_NONE : BENCH_HIT_ANY;
		err = bench_flows_draw(&s->rs, &opts, &s->flows[k]);
		n = s->flows[k].n;
		s->field[k] = calloc((size_t)n + 1, sizeof(*s->field[k]));
		if (err || !s->field[k])
			return -ENOMEM;
		for (i = 0; i < n; i++) {
			bench_flow_packet(&s->rs, &s->flows[k].v[i], &p);
			tr_fields_fill(s->rs.classifier, &p, s->field[k][i]);
		}
	}
	return s->flows[0].n ? 0 : -ENOENT;
}

/* All must say the same of every flow. */
static int check(const struct study *s)
{
	uint32_t i, want, got;
	int k, t;

	for (t = 0; t < 2; t++) {
		for (i = 0; i < s->flows[t].n; i++) {
			want = find(s, LINEAR, s->field[t][i], NULL);
			for (k = BITS; k < NSTRUCTURES; k++) {
				got = find(s, k, s->field[t][i], NULL);
				if (got == want)
					continue;
				fprintf(stderr, "study: %s: %s finds rule %d, not %d\n",
					s->rs.name, names[k], (int)got,
					(int)want);
				return -EBADMSG;
			}
		}
	}
	return 0;
}

/* Measuring ---------------------------------------------------------------- */

/* Reads of a lookup, and those of them that wait for another read. */
static void count_reads(const struct study *s, enum structure k, double *all,
			double *chained)
{
	struct reads r = { .rules = 0 };
	double n = s->flows[0].n;
	uint32_t i;

	for (i = 0; i < s->flows[0].n; i++)
		find(s, k, s->field[0][i], &r);
	*all = (double)(r.rules + r.bits.steps + r.bits.sets + r.bits.words +
			r.tree.groups + r.tree.slots + r.tree.nodes +
			r.tree.records) / n;
	/* The first record of a leaf waits, those after it do not. */
	*chained = (double)(r.bits.steps + 2 * r.bits.sets + 2 * r.tree.slots +
			    r.tree.nodes) / n;
}

/* Those that a lookup may go through. */
static uint32_t count_trees(const struct study *s, const struct tr_classifier *c)
{
	const struct tr_segment *seg;
	const struct tr_group *g;
	uint32_t n = 0;

	seg = (const void *)(c->word + c->hook[s->rs.hook].segment / 4);
	g = (const void *)(c->word + seg->groups / 4);
	while (g[n].min0 != UINT32_MAX)
		n++;
	return n;
}

static double time_lookups(const struct study *s, enum structure k,
			   const struct bench_sequence *seq,
			   uint32_t (*field)[IR_NFIELDS])
{
	uint32_t i, n = k == LINEAR ? 4096 : BATCH;
	volatile uint32_t sink;
	double ms = bench_clock_cpu();

	for (i = 0; i < n; i++)
		sink = find(s, k, field[seq->flow[i & (seq->n - 1)]], NULL);
	(void)sink;
	return (bench_clock_cpu() - ms) * 1e6 / n;
}

/* In rounds, each in turn: medians of ns by structure.  0 or -ENOMEM. */
static int measure(const struct study *s, enum bench_traffic t,
		   double ns[NSTRUCTURES])
{
	struct bench_samples v[NSTRUCTURES] = { { .n = 0 } };
	const int none = t == BENCH_NONE;
	struct bench_sequence seq;
	int round, k, err;

	err = bench_sequence_make(&s->flows[none], t, 1.0, SEED, &seq);
	if (err)
		return err;
	for (round = 0; round < ROUNDS; round++)
		for (k = 0; k < NSTRUCTURES; k++)
			bench_sample_add(&v[k], time_lookups(s, k, &seq,
							     s->field[none]));
	for (k = 0; k < NSTRUCTURES; k++)
		ns[k] = bench_samples_stat(&v[k]).median;
	bench_sequence_free(&seq);
	return 0;
}

static void print_row(const struct study *s, enum structure k,
		      double ns[NTRAFFICS][NSTRUCTURES])
{
	double all, chained;
	uint32_t i;

	count_reads(s, k, &all, &chained);
	printf("%-12s", names[k]);
	if (s->tree[k])
		printf(" %6u", count_trees(s, s->tree[k]));
	else
		printf(" %6s", "");
	printf(" %10.1f %9.1f %9.1f %9.1f", (double)s->size[k] / 1024,
	       s->build_ms[k], all, chained);
	for (i = 0; i < NTRAFFICS; i++)
		if (ns[i][k] > 0)
			printf(" %9.0f", ns[i][k]);
		else
			printf(" %9s", "-");
	putchar('\n');
}

static int print(const struct study *s)
{
	double ns[NTRAFFICS][NSTRUCTURES] = { { 0 } };
	int k, err = 0;
	size_t i;

	for (i = 0; !err && i < NTRAFFICS; i++)
		if (s->flows[traffics[i] == BENCH_NONE].n)
			err = measure(s, traffics[i], ns[i]);
	if (err)
		return err;
	printf("\n%s: %u rules, %u flows\n%-12s %6s %10s %9s %9s %9s %9s %9s %9s\n",
	       s->rs.name, s->rs.chain->nrules, s->flows[0].n, "", "groups",
	       "KiB", "build ms", "reads", "chained", "uniform", "hot",
	       "none");
	for (k = 0; k < NSTRUCTURES; k++)
		print_row(s, k, ns);
	fflush(stdout);
	return 0;
}

/* All of it ---------------------------------------------------------------- */

static int study(const char *name, FILE *in)
{
	struct study s = { .rule = NULL };
	struct diag diag;
	int k, err;

	diag_init(&diag);
	err = bench_ruleset_read(&s.rs, name, in, &diag);
	if (!err)
		err = read_rules(&s);
	if (!err)
		err = build(&s, &diag);
	if (!err)
		err = draw(&s);
	if (!err)
		err = check(&s);
	if (!err)
		err = print(&s);
	if (err)
		fprintf(stderr, "study: %s: %s\n", name,
			diag.set ? diag.msg : strerror(-err));
	for (k = 0; k < NSTRUCTURES; k++)
		tr_classifier_free(s.tree[k]);
	for (k = 0; k < 2; k++) {
		bench_flows_free(&s.flows[k]);
		free(s.field[k]);
	}
	bits_free(s.bits);
	free(s.rule);
	bench_ruleset_free(&s.rs);
	diag_clear(&diag);
	return err;
}

static int study_made_up(const char *kind, uint32_t n)
{
	FILE *f = tmpfile();
	char name[64];
	int err;

	if (!f)
		return -errno;
	snprintf(name, sizeof(name), "%s %u", kind, n);
	err = bench_rulegen_write(f, kind, n, SEED);
	rewind(f);
	if (err)
		fprintf(stderr, "study: %s: %s\n", name, strerror(-err));
	else
		err = study(name, f);
	fclose(f);
	return err;
}

/* KIND:N, or a file. */
static int study_any(char *arg)
{
	char *colon = strchr(arg, ':');
	FILE *f;
	int err;

	if (colon) {
		*colon = '\0';
		return study_made_up(arg, (uint32_t)atoi(colon + 1));
	}
	f = fopen(arg, "re");
	if (!f) {
		perror(arg);
		return -ENOENT;
	}
	err = study(strrchr(arg, '/') ? strrchr(arg, '/') + 1 : arg, f);
	fclose(f);
	return err;
}

/* Rules that ask for more than ranges of addresses and ports are left out. */
static int study_all(void)
{
	const char *const *kind;
	uint32_t n;
	int err = 0;

	for (kind = bench_rulegen_kinds; *kind; kind++) {
		for (n = 1000; !err && n <= 10000; n *= 10)
			err = study_made_up(*kind, n);
		err = err == -EOPNOTSUPP ? 0 : err;
	}
	return err;
}

int main(int argc, char **argv)
{
	int i, err = 0;

	if (fe_xt_init(AF_INET, CMD_RESTORE))
		return 1;
	puts("KiB: of all that a lookup may read.  reads, chained: per lookup of a flow of the\n"
	     "rules, and those that wait for another read.  Then ns per lookup, in C.");
	for (i = 1; i < argc && !err; i++)
		err = study_any(argv[i]);
	if (argc == 1)
		err = study_all();
	return err ? 1 : 0;
}
