/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench.c - xtbpf bench: what packets cost, side by side
 *
 * The command line, and what is done with each ruleset.  The measuring is in
 * cmd/bench/.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/bench/compare.h"
#include "cmd/bench/flows.h"
#include "cmd/bench/machine.h"
#include "cmd/bench/plot.h"
#include "cmd/bench/program.h"
#include "cmd/bench/report.h"
#include "cmd/bench/rulegen.h"
#include "cmd/cmd.h"
#include "frontend/xt.h"

#define MAX_SIZES	32

enum {
	OPT_GEN = 256, OPT_RULES, OPT_SEED, OPT_MEASURE, OPT_TRAFFIC,
	OPT_FLOWS, OPT_ZIPF, OPT_HIT, OPT_ROUNDS, OPT_TIME, OPT_CPU,
	OPT_ENGINE, OPT_SVG, OPT_PRINT,
};

enum {
	MEASURE_FRAMES	= 1 << 0,
	MEASURE_PROGRAM	= 1 << 1,
	MEASURE_LOAD	= 1 << 2,
	MEASURE_ALL	= 7,
};

struct bench {
	bool		json;
	bool		verbose;
	bool		print;		/* rules made up, and nothing else */
	const char	*gen;		/* kinds, comma-separated */
	uint32_t	size[MAX_SIZES];
	uint32_t	nsizes;
	uint32_t	measure;	/* MEASURE_* */
	uint32_t	traffic;	/* bit set of enum bench_traffic */
	double		zipf;
	int		cpu;		/* -1: any */
	struct bench_flows_opts flows;
	struct bench_program_opts program;
	struct bench_compare_opts compare;
	struct bench_report *report;
	const char	*svg;
	FILE		*picture;
	FILE		**file;		/* those on the command line */
};

static void usage(FILE *out)
{
	fputs("Usage: xtbpf bench [OPTIONS] [FILE...]\n"
	      "\n"
	      "What a packet costs with the rules of each FILE (- is standard input), and\n"
	      "with rules made up:\n"
	      "      --gen KIND[,KIND...]  grid, linear, blocklist, acl, fw, ipc, wild,\n"
	      "                            prefixes or ranges\n"
	      "      --rules N[,N...]      how many rules (1,10,100,1000,10000)\n"
	      "      --seed N              of rules, flows and their order (1)\n"
	      "      --print               write the rules made up, and do nothing else\n"
	      "\n"
	      "      --measure WHAT[,...]  frames, program, load, all (all)\n"
	      "      --engine NAME[,...]   no-rules, xdp-drop, bpf-xdp, bpf-tc, bpf-netfilter,\n"
	      "                            iptables-legacy, iptables-nft, nftables, nft-set,\n"
	      "                            ipset\n"
	      "      --traffic KIND[,...]  uniform, zipf, hot, none (all of them)\n"
	      "      --flows N             distinct flows, drawn from the rules (16384)\n"
	      "      --zipf S              exponent of zipf (1.0)\n"
	      "      --hit any|last        the rules that flows are drawn from; last with\n"
	      "                            --gen linear, else any\n"
	      "      --rounds N            measurements of each thing (11)\n"
	      "      --time MS             how long one takes (40)\n"
	      "      --cpu N               run there\n"
	      "      --svg FILE            draw cost against rules, with gnuplot\n"
	      "  -j, --json                for programs to read\n"
	      "  -v, --verbose             say what is going on, also to a file\n"
	      "  -h, --help\n", out);
}

/* What is going on, for who sits and waits. */
static void progress(const struct bench *b, const char *what,
		     const char *name)
{
	if (b->verbose || isatty(STDERR_FILENO))
		fprintf(stderr, "xtbpf bench: %s: %s\n", name, what);
}

/* Measuring --------------------------------------------------------------- */

static void say(void *ctx, const char *what, const char *name)
{
	progress(ctx, what, name);
}

static int measure_programs(struct bench *b, const struct bench_ruleset *rs,
			    const struct bench_sequence *seq, struct diag *diag)
{
	struct bench_program_run *run = calloc(BENCH_NTRAFFICS, sizeof(*run));
	uint32_t n = 0;
	int t, err = run ? 0 : -ENOMEM;

	for (t = 0; !err && t < BENCH_NTRAFFICS; t++) {
		if (!seq[t].n)
			continue;
		progress(b, bench_traffic_name(t), "program alone");
		err = bench_program_measure(rs, &seq[t], &b->program, &run[n],
					    diag);
		run[n++].traffic = t;
	}
	if (!err)
		bench_report_programs(b->report, run, n);
	free(run);
	return err;
}

static int compare(struct bench *b, const struct bench_ruleset *rs,
		   const struct bench_sequence *seq, struct diag *diag)
{
	struct bench_comparison *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (c) {
		b->compare.frames = b->measure & MEASURE_FRAMES;
		b->compare.load = b->measure & MEASURE_LOAD;
		b->compare.rounds = b->program.rounds;
		b->compare.batch_ms = b->program.batch_ms;
		err = bench_compare(rs, seq, &b->compare, c, diag);
		if (!err || err == -EBADMSG)
			bench_report_comparison(b->report, c);
	}
	free(c);
	return err;
}

static int measure(struct bench *b, const struct bench_ruleset *rs,
		   const struct bench_flows *flows,
		   const struct bench_flows *none, struct diag *diag)
{
	struct bench_sequence seq[BENCH_NTRAFFICS];
	const struct bench_flows *f;
	int t, err = 0;

	memset(seq, 0, sizeof(seq));
	for (t = 0; !err && t < BENCH_NTRAFFICS; t++) {
		f = t == BENCH_NONE ? none : flows;
		if (b->traffic >> t & 1 && f->n)
			err = bench_sequence_make(f, t, b->zipf, b->flows.seed,
						  &seq[t]);
	}
	if (!err && b->measure & MEASURE_PROGRAM && b->program.programs)
		err = measure_programs(b, rs, seq, diag);
	if (!err && b->measure & (MEASURE_FRAMES | MEASURE_LOAD))
		err = compare(b, rs, seq, diag);
	for (t = 0; t < BENCH_NTRAFFICS; t++)
		bench_sequence_free(&seq[t]);
	return err;
}

/* Flows, and those that match nothing. */
static int draw(struct bench *b, const struct bench_ruleset *rs,
		const char *kind, struct bench_flows *flows,
		struct bench_flows *none, struct diag *diag)
{
	struct bench_flows_opts opts = b->flows;
	int err;

	progress(b, "drawing flows", rs->name);
	/* Of a linear one, what its last rule costs is the question. */
	if (kind && !strcmp(kind, "linear"))
		opts.hit = BENCH_HIT_LAST;
	err = bench_flows_draw(rs, &opts, flows);
	opts.hit = BENCH_HIT_NONE;
	if (!err && b->traffic >> BENCH_NONE & 1)
		err = bench_flows_draw(rs, &opts, none);
	if (err)
		return err;
	if (!flows->n) {
		diag_error(diag, NULL, "'%s': no packet that could be sent is one that its rules ask for",
			   rs->name);
		return -ENOENT;
	}
	bench_report_ruleset(b->report, rs, kind, flows);
	if (b->traffic >> BENCH_NONE & 1 && !none->n)
		bench_report_skip(b->report, "traffic 'none'",
				  "every packet tried matches a rule");
	return 0;
}

static int draw_and_measure(struct bench *b, const struct bench_ruleset *rs,
			    const char *kind, struct diag *diag)
{
	struct bench_flows flows = { NULL, 0, 0, 0 }, none = flows;
	int err;

	err = draw(b, rs, kind, &flows, &none, diag);
	if (!err)
		err = measure(b, rs, &flows, &none, diag);
	bench_flows_free(&none);
	bench_flows_free(&flows);
	return err;
}

/* @kind: of rules made up; NULL for a file. */
static int bench_stream(struct bench *b, const char *name, FILE *in,
			const char *kind)
{
	struct bench_ruleset rs;
	struct diag diag;
	int err;

	diag_init(&diag);
	progress(b, "reading", name);
	err = bench_ruleset_read(&rs, name, in, &diag);
	if (!err)
		err = draw_and_measure(b, &rs, kind, &diag);
	if (err == -EBADMSG)
		diag_error(&diag, NULL, "'%s': an engine judged otherwise than the model",
			   name);
	else if (err && err != -EINVAL)
		diag_error(&diag, NULL, "'%s': %s", name, strerror(-err));
	diag_print(&diag, stderr, "xtbpf bench");
	diag_clear(&diag);
	bench_ruleset_free(&rs);
	return err;
}

static int bench_file(struct bench *b, const char *path, FILE *in)
{
	const char *slash = strrchr(path, '/');

	return bench_stream(b, slash ? slash + 1 : path, in, NULL);
}

static int bench_made_up(struct bench *b, const char *kind, uint32_t n)
{
	char name[64];
	FILE *f;
	int err;

	if (b->print)
		return bench_rulegen_write(stdout, kind, n, b->flows.seed);
	f = tmpfile();
	if (!f)
		return -errno;
	snprintf(name, sizeof(name), "%s %u", kind, n);
	err = bench_rulegen_write(f, kind, n, b->flows.seed);
	rewind(f);
	if (!err)
		err = bench_stream(b, name, f, kind);
	fclose(f);
	return err;
}

/* All kinds in all sizes. */
static int bench_gen(struct bench *b)
{
	static const uint32_t sizes[] = { 1, 10, 100, 1000, 10000 };
	char *kinds, *kind, *save;
	int err = 0, rc = 0;
	uint32_t i;

	if (!b->gen)
		return 0;
	if (!b->nsizes) {
		b->nsizes = sizeof(sizes) / sizeof(*sizes);
		memcpy(b->size, sizes, sizeof(sizes));
	}
	kinds = strdup(b->gen);
	if (!kinds)
		return -ENOMEM;
	for (kind = strtok_r(kinds, ",", &save); kind;
	     kind = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < b->nsizes; i++) {
			err = bench_made_up(b, kind, b->size[i]);
			rc = rc ? rc : err;
		}
	}
	free(kinds);
	return rc;
}

/* The command line -------------------------------------------------------- */

static int bad(const char *what, const char *value)
{
	fprintf(stderr, "xtbpf bench: %s '%s'\n", what, value);
	return -EINVAL;
}

static int parse_number(const char *s, unsigned long min, unsigned long max,
			unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(s, &end, 10);
	if (errno || end == s || *end || *s == '-' || *out < min || *out > max)
		return bad("not a number that can be used:", s);
	return 0;
}

static int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *out)
{
	unsigned long v;
	int err = parse_number(s, min, max, &v);

	*out = (uint32_t)v;
	return err;
}

/* A comma-separated list of @names (NULL at the end) as a bit set. */
static int parse_set(const char *list, const char *const *names,
		     uint32_t *out)
{
	char *copy = strdup(list), *word, *save;
	int i, err = copy ? 0 : -ENOMEM;

	*out = 0;
	for (word = err ? NULL : strtok_r(copy, ",", &save); word && !err;
	     word = strtok_r(NULL, ",", &save)) {
		for (i = 0; names[i] && strcmp(names[i], word); i++)
			;
		if (names[i])
			*out |= 1u << i;
		else
			err = bad("unknown", word);
	}
	free(copy);
	return err;
}

static int parse_sizes(struct bench *b, char *list)
{
	char *word, *save;
	int err = 0;

	b->nsizes = 0;
	for (word = strtok_r(list, ",", &save); word && !err;
	     word = strtok_r(NULL, ",", &save)) {
		if (b->nsizes == MAX_SIZES)
			return bad("too many sizes, at", word);
		err = parse_u32(word, 1, BENCH_RULES_MAX,
				&b->size[b->nsizes++]);
	}
	return err;
}

static int parse_measure(struct bench *b, const char *list)
{
	static const char *const names[] = {
		"frames", "program", "load", "all", NULL
	};
	uint32_t set;
	int err = parse_set(list, names, &set);

	b->measure = set >> 3 & 1 ? MEASURE_ALL : set;
	return err;
}

static int parse_engines(struct bench *b, const char *list)
{
	const char *names[BENCH_NENGINES + 1] = { NULL };
	int i;

	for (i = 0; i < BENCH_NENGINES; i++)
		names[i] = bench_engine_name(i);
	return parse_set(list, names, &b->compare.engines);
}

/* Of the programs measured alone those of the engines that were asked for. */
static uint32_t programs_of(uint32_t engines)
{
	static const struct {
		enum bench_engine_kind engine;
		uint32_t programs;
	} of[] = {
		{ BENCH_BPF_XDP, BENCH_PROGRAMS_XDP },
		{ BENCH_BPF_TC, BENCH_PROGRAMS_TC },
		{ BENCH_BPF_NETFILTER, BENCH_PROGRAMS_NF },
	};
	uint32_t programs = 0, i;

	for (i = 0; i < sizeof(of) / sizeof(*of); i++)
		if (engines >> of[i].engine & 1)
			programs |= of[i].programs;
	return programs;
}

static int parse_traffic(struct bench *b, const char *list)
{
	const char *names[BENCH_NTRAFFICS + 1] = { NULL };
	int i;

	for (i = 0; i < BENCH_NTRAFFICS; i++)
		names[i] = bench_traffic_name(i);
	return parse_set(list, names, &b->traffic);
}

static int parse_gen(struct bench *b, const char *list)
{
	uint32_t set;

	b->gen = list;
	return parse_set(list, bench_rulegen_kinds, &set);
}

static int parse_hit(struct bench *b, const char *what)
{
	if (strcmp(what, "any") && strcmp(what, "last"))
		return bad("unknown", what);
	b->flows.hit = strcmp(what, "any") ? BENCH_HIT_LAST : BENCH_HIT_ANY;
	return 0;
}

static int parse_option(struct bench *b, int o)
{
	unsigned long v = 0;
	int err;

	switch (o) {
	case OPT_GEN:
		return parse_gen(b, optarg);
	case OPT_RULES:
		return parse_sizes(b, optarg);
	case OPT_SEED:
		err = parse_number(optarg, 0, UINT32_MAX, &v);
		b->flows.seed = v;
		return err;
	case OPT_MEASURE:
		return parse_measure(b, optarg);
	case OPT_ENGINE:
		return parse_engines(b, optarg);
	case OPT_TRAFFIC:
		return parse_traffic(b, optarg);
	case OPT_FLOWS:
		return parse_u32(optarg, 1, 1 << 20, &b->flows.n);
	case OPT_ZIPF:
		b->zipf = atof(optarg);
		return b->zipf > 0 && b->zipf < 10 ? 0 :
		       bad("not an exponent:", optarg);
	case OPT_HIT:
		return parse_hit(b, optarg);
	case OPT_ROUNDS:
		return parse_u32(optarg, 1, BENCH_SAMPLES_MAX,
				 &b->program.rounds);
	case OPT_TIME:
		err = parse_number(optarg, 1, 10000, &v);
		b->program.batch_ms = (double)v;
		return err;
	case OPT_SVG:
		b->svg = optarg;
		return 0;
	case OPT_CPU:
		err = parse_number(optarg, 0, CPU_SETSIZE - 1, &v);
		b->cpu = (int)v;
		return err;
	case OPT_PRINT:
		b->print = true;
		return 0;
	case 'j':
		b->json = true;
		return 0;
	case 'v':
		b->verbose = true;
		return 0;
	default:
		fputs("Try 'xtbpf bench --help'.\n", stderr);
		return -EINVAL;
	}
}

/* 0, 1: nothing left to do, or -EINVAL. */
static int parse_args(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {
		{ "gen",	required_argument,	NULL, OPT_GEN },
		{ "rules",	required_argument,	NULL, OPT_RULES },
		{ "seed",	required_argument,	NULL, OPT_SEED },
		{ "measure",	required_argument,	NULL, OPT_MEASURE },
		{ "engine",	required_argument,	NULL, OPT_ENGINE },
		{ "traffic",	required_argument,	NULL, OPT_TRAFFIC },
		{ "flows",	required_argument,	NULL, OPT_FLOWS },
		{ "zipf",	required_argument,	NULL, OPT_ZIPF },
		{ "hit",	required_argument,	NULL, OPT_HIT },
		{ "rounds",	required_argument,	NULL, OPT_ROUNDS },
		{ "time",	required_argument,	NULL, OPT_TIME },
		{ "cpu",	required_argument,	NULL, OPT_CPU },
		{ "svg",	required_argument,	NULL, OPT_SVG },
		{ "print",	no_argument,		NULL, OPT_PRINT },
		{ "json",	no_argument,		NULL, 'j' },
		{ "verbose",	no_argument,		NULL, 'v' },
		{ "help",	no_argument,		NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int o, err = 0;

	while (!err && (o = getopt_long(argc, argv, "jvh", options,
					NULL)) != -1) {
		if (o == 'h') {
			usage(stdout);
			return 1;
		}
		err = parse_option(b, o);
	}
	if (!err && (optind == argc || b->print) && !b->gen) {
		usage(stderr);
		err = -EINVAL;
	}
	return err;
}

/* One CPU, so that what a batch leaves in the caches is the next one's. */
static int pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		cpu = sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < 0 || !sched_setaffinity(0, sizeof(set), &set))
		return 0;
	fprintf(stderr, "xtbpf bench: CPU %d: %s\n", cpu, strerror(errno));
	return -EINVAL;
}

/* Before we leave: paths may lead elsewhere in another mount namespace. */
static int open_files(struct bench *b, int n, char **names)
{
	int i;

	b->file = calloc((size_t)n + 1, sizeof(*b->file));
	if (!b->file)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		b->file[i] = cmd_open(names[i]);
		if (!b->file[i])
			return -ENOENT;
	}
	if (b->svg) {
		b->picture = fopen(b->svg, "we");
		if (!b->picture) {
			fprintf(stderr, "Can't open %s: %s\n", b->svg,
				strerror(errno));
			return -ENOENT;
		}
	}
	return 0;
}

static void close_files(struct bench *b, int n)
{
	int i;

	for (i = 0; b->file && i < n; i++)
		cmd_close(b->file[i]);
	free(b->file);
	if (b->picture)
		fclose(b->picture);
}

static int plot(struct bench *b)
{
	struct diag diag;
	int err;

	if (!b->svg)
		return 0;
	diag_init(&diag);
	err = bench_plot(bench_report_json(b->report), b->picture, &diag);
	diag_print(&diag, stderr, "xtbpf bench");
	diag_clear(&diag);
	return err;
}

static int start(struct bench *b)
{
	struct bench_machine machine;
	struct diag diag;
	int err;

	err = fe_xt_init(AF_INET, CMD_RESTORE);
	if (err) {
		fprintf(stderr, "xtbpf bench: libxtables: %s\n",
			strerror(-err));
		return err;
	}
	diag_init(&diag);
	err = bench_world_leave(&diag);
	diag_print(&diag, stderr, "xtbpf bench");
	diag_clear(&diag);
	b->report = bench_report_new(b->json);
	if (err || !b->report)
		return err ? err : -ENOMEM;
	bench_machine_read(&machine);
	bench_report_machine(b->report, &machine, b->compare.engines);
	return 0;
}

static int run(struct bench *b, int n, char **names)
{
	int err, rc, i;

	rc = open_files(b, n, names);
	if (!rc)
		rc = start(b);
	if (!rc) {
		rc = bench_gen(b);
		for (i = 0; i < n; i++) {
			err = bench_file(b, names[i], b->file[i]);
			rc = rc ? rc : err;
		}
		err = plot(b);
		rc = rc ? rc : err;
	}
	bench_report_end(b->report);
	close_files(b, n);
	return rc;
}

int cmd_bench(int argc, char **argv, bool json)
{
	struct bench b = {
		.json = json,
		.measure = MEASURE_ALL,
		.traffic = (1u << BENCH_NTRAFFICS) - 1,
		.zipf = 1.0,
		.cpu = -1,
		.flows = { .n = 16384, .seed = 1 },
		.program = {
			.rounds = 11, .batch_ms = 40,
		},
		.compare = { .engines = BENCH_ENGINES_ALL, .say = say },
	};
	int i, err = parse_args(&b, argc, argv);

	if (err)
		return err < 0 ? 2 : 0;
	if (b.print)
		return bench_gen(&b) ? 1 : 0;
	if (geteuid()) {
		fputs("xtbpf bench: must be run as root: it loads BPF programs\n",
		      stderr);
		return 1;
	}
	if (pin(b.cpu))
		return 2;
	b.program.programs = programs_of(b.compare.engines);
	b.compare.ctx = &b;
	i = optind;		/* libxtables uses getopt, too */
	return run(&b, argc - i, argv + i) ? 1 : 0;
}
