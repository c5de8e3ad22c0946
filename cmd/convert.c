/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/convert.c - xtbpf convert: rulesets become objects that stand alone
 *
 * Each file is tried as `xtbpf check` does, and what can be judged is written as an
 * object for libbpf to load (backend/object.h).  Nothing is attached, and but for
 * --verify no privilege is needed.
 *
 * An object is there only while it is that of its ruleset as it was last read: where
 * that is refused, the object of an earlier run is removed.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/object.h"
#include "cmd/batch.h"
#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "cmd/json.h"
#include "cmd/note.h"
#include "cmd/output.h"
#include "cmd/session.h"
#include "cmd/trial.h"
#include "frontend/xt.h"

#define MAX_JOBS	256

/* With fewer files nobody needs to be told how far it is. */
#define PROGRESS_FROM	20

enum status {
	CONVERTED,
	REFUSED,
	UNREADABLE,
	UNWRITTEN,
	NSTATUSES,
	STATEFUL = 64,		/* with any of these */
};

struct convert {
	/* What is asked for. */
	struct be_attach attach;
	int		family;
	const char	*dir;
	uint32_t	jobs;
	uint32_t	cpus;
	bool		json;
	bool		verify;
	bool		dry;
	bool		stop;		/* at the first that fails */
	int		verbose;	/* -1: quiet */

	struct cmd_inputs in;

	/* In a process that works: the file at hand. */
	struct cmd_trial trial;
	struct be_plan	plan;
	void		*image;		/* of the table "filter"; NULL: none */
	size_t		size;
	bool		stateful;

	/* In the one that tells. */
	uint32_t	count[NSTATUSES];
	uint32_t	nstateful;
	bool		progress;
	bool		shown;		/* a line of it is there */
	struct timespec	last;
};

/* --- one file --- */

static int check_table(void *ctx, struct ir_table *t, struct diag *diag)
{
	struct convert *c = ctx;
	int err;

	err = cmd_table_check(t, NULL, diag);
	if (!err && cmd_table_run(t))
		err = be_attach_check_alone(t, &c->attach, &c->plan, diag);
	return err;
}

static void show(struct convert *c, const struct ir_table *t,
		 const struct tr_classifier *cl, const struct be_object *obj,
		 const struct cmd_verified *v)
{
	struct json_object *o = cmd_trial_describe(&c->trial, t, cl);
	const struct be_object_program *p;
	uint32_t n, i;

	p = be_object_programs(obj, &n);
	if (o) {
		json_object_object_add(o, "programs", cmd_note_programs(obj));
		cmd_json_number(o, "object_bytes", c->size);
	}
	for (i = 0; !o && i < n; i++)
		fprintf(c->trial.report,
			"    program for %s: %u instructions\n", p[i].section,
			p[i].ninsns);
	if (!o)
		fprintf(c->trial.report, "    object %zu bytes\n", c->size);
	if (c->verify)
		cmd_trial_verified(&c->trial, o, v);
}

static int make(struct convert *c, const struct ir_table *t,
		const struct tr_classifier *cl, struct diag *diag)
{
	const struct be_object_opts opts = { .cpus = c->cpus };
	struct be_object *obj = be_object_new(cl, &c->plan, &opts, diag);
	struct cmd_verified v = { 0 };
	char *note = NULL;
	int err;

	if (!obj)
		return -errno;
	note = cmd_note(t, obj, c->trial.file);
	err = note ? be_object_finish(obj, note, &c->image, &c->size, diag) :
	      -ENOMEM;
	if (!err && c->verify)
		err = cmd_verify(t, cl, &c->attach, true, true, &v, diag);
	if (!err)
		show(c, t, cl, obj, &v);
	cmd_verified_free(&v);
	free(note);
	be_object_free(obj);
	return err;
}

static int judge(void *ctx, const struct ir_table *t,
		 const struct tr_classifier *cl, struct diag *diag)
{
	struct convert *c = ctx;

	free(c->image);
	c->image = NULL;
	c->stateful = cmd_table_stateful(t) != NULL;
	return make(c, t, cl, diag);
}

/* What goes to stderr about the file at hand. */
static void say(struct convert *c, FILE *err, const char *what)
{
	fprintf(err, "%s: %s\n", c->trial.file, what);
}

/* The object of an earlier run.  Whether there was one. */
static bool remove_old(struct convert *c, const struct cmd_input *in, FILE *err)
{
	int n = 0;

	if (!c->dry && c->trial.opened)
		n = cmd_output_remove(in->output);
	if (n < 0)
		fprintf(err, "%s: cannot remove the old object: %s\n",
			in->output, strerror(-n));
	return n > 0;
}

static enum status put(struct convert *c, const struct cmd_input *in, FILE *err)
{
	int e;

	if (!c->trial.ok)
		return c->trial.problems ? REFUSED : UNREADABLE;
	if (!c->image) {
		say(c, err, "there is no table 'filter' in it");
		return REFUSED;
	}
	if (c->dry)
		return CONVERTED;
	e = c->dir ? cmd_output_folders(in->output) : 0;
	if (!e)
		e = cmd_output_write(in->output, c->image, c->size);
	if (!e)
		return CONVERTED;
	fprintf(err, "%s: cannot be written: %s\n", in->output, strerror(-e));
	return UNWRITTEN;
}

static void tell_json(struct convert *c, const struct cmd_input *in,
		      enum status s, bool removed, const char *said, FILE *out)
{
	struct json_object *o;

	free(c->trial.said);
	c->trial.said = strdup(said);
	o = cmd_trial_json(&c->trial);
	cmd_json_bool(o, "ok", s == CONVERTED);
	if (s == CONVERTED) {
		cmd_json_string(o, "output", in->output);
		cmd_json_bool(o, "written", !c->dry);
		cmd_json_bool(o, "conntrack", c->stateful);
	} else {
		cmd_json_bool(o, "removed", removed);
	}
	fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE),
	      out);
	json_object_put(o);
}

static void tell_text(struct convert *c, const struct cmd_input *in,
		      enum status s, bool removed, FILE *out)
{
	const char *old = removed ? ", the old object removed" : "";

	if (c->verbose < 0)
		return;
	switch (s) {
	case CONVERTED:
		fprintf(out, "%s: %s%s\n", in->path, in->output,
			c->dry ? " (not written)" : "");
		break;
	case REFUSED:
		fprintf(out, "%s: %u refused%s\n", in->path,
			c->trial.problems ? c->trial.problems : 1, old);
		break;
	case UNREADABLE:
		fprintf(out, "%s: not readable as a ruleset%s\n", in->path, old);
		break;
	default:
		fprintf(out, "%s: not written%s\n", in->path, old);
		break;
	}
	if (c->verbose > 0 && c->trial.text)
		fputs(c->trial.text, out);
}

static void work(void *ctx, uint32_t i, struct cmd_result *r)
{
	struct convert *c = ctx;
	const struct cmd_input *in = &c->in.input[i];
	FILE *out, *err;
	size_t size;
	enum status s;
	bool removed;

	c->trial = (struct cmd_trial){
		.family = c->family, .json = c->json, .capture = true,
		.check = check_table, .judge = judge, .ctx = c,
	};
	c->image = NULL;
	c->stateful = false;
	out = open_memstream(&r->out, &size);
	err = open_memstream(&r->err, &size);
	if (!out || !err || cmd_trial_run(&c->trial, in->path)) {
		perror("xtbpf convert");
		exit(1);
	}
	/* iptables' words name no file. */
	if (c->trial.opened && !c->trial.ok && !c->trial.problems && !c->json)
		say(c, err, "not readable as a ruleset:");
	if (c->trial.said)
		fputs(c->trial.said, err);
	s = put(c, in, err);
	removed = s != CONVERTED && remove_old(c, in, err);
	fclose(err);
	if (c->json)
		tell_json(c, in, s, removed, r->err, out);
	else
		tell_text(c, in, s, removed, out);
	fclose(out);
	r->status = (int)s | (c->stateful && s == CONVERTED ? STATEFUL : 0);
	free(c->image);
	cmd_trial_end(&c->trial);
}

/* --- all of them --- */

static void clear_progress(struct convert *c)
{
	if (c->shown)
		fputs("\r\033[K", stderr);
	c->shown = false;
}

static void progress(void *ctx, uint32_t n)
{
	struct convert *c = ctx;
	struct timespec now;

	if (!c->progress)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - c->last.tv_sec) * 1000 +
	    (now.tv_nsec - c->last.tv_nsec) / 1000000 < 200)
		return;
	c->last = now;
	fprintf(stderr, "\r%u of %u", n, c->in.n);
	fflush(stderr);
	c->shown = true;
}

/* A process died of a file: the others go on. */
static void tell_lost(struct convert *c, uint32_t i, int signal)
{
	const char *path = c->in.input[i].path;
	struct json_object *o;

	c->count[UNREADABLE]++;
	if (!c->json) {
		fprintf(stderr, "%s: the process that read it died%s%s\n", path,
			signal ? ": " : "", signal ? strsignal(signal) : "");
		if (c->verbose >= 0)
			printf("%s: not readable as a ruleset\n", path);
		return;
	}
	o = json_object_new_object();
	cmd_json_string(o, "file", path);
	cmd_json_bool(o, "ok", false);
	cmd_json_string(o, "messages", "the process that read it died");
	fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE),
	      stdout);
	json_object_put(o);
}

static bool done(void *ctx, uint32_t i, const struct cmd_result *r, int signal)
{
	struct convert *c = ctx;
	enum status s = UNREADABLE;

	clear_progress(c);
	if (c->json)
		fputs(i ? ",\n" : "[\n", stdout);
	if (r) {
		s = (enum status)(r->status & ~STATEFUL);
		c->count[s]++;
		c->nstateful += !!(r->status & STATEFUL);
		if (!c->json && r->err)
			fputs(r->err, stderr);
		if (r->out)
			fputs(r->out, stdout);
	} else {
		tell_lost(c, i, signal);
	}
	if (!c->progress)
		fflush(stdout);
	return s == CONVERTED || !c->stop;
}

/* 1234567 as "1,234,567". */
static const char *grouped(uint32_t n, char *buf, size_t size)
{
	if (n < 1000)
		snprintf(buf, size, "%u", n);
	else if (n < 1000000)
		snprintf(buf, size, "%u,%03u", n / 1000, n % 1000);
	else
		snprintf(buf, size, "%u,%03u,%03u", n / 1000000,
			 n / 1000 % 1000, n % 1000);
	return buf;
}

static void summary(const struct convert *c)
{
	static const char *const words[NSTATUSES] = {
		"converted", "refused", "unreadable", "not written",
	};
	uint32_t sum = 0, s;
	char n[32];

	for (s = 0; s < NSTATUSES; s++)
		sum += c->count[s];
	printf("%s files: ", grouped(c->in.n, n, sizeof(n)));
	for (s = 0; s < NSTATUSES; s++)
		if (s < UNWRITTEN || c->count[s])
			printf("%s%s %s", s ? ", " : "",
			       grouped(c->count[s], n, sizeof(n)), words[s]);
	if (sum < c->in.n)
		printf(", %s not tried",
		       grouped(c->in.n - sum, n, sizeof(n)));
	putchar('\n');
	if (c->nstateful)
		printf("%s of them test the state of connections, which is tracked only where something asks for it\n",
		       grouped(c->nstateful, n, sizeof(n)));
}

static int convert(struct convert *c)
{
	const struct cmd_batch b = {
		.n = c->in.n,
		.jobs = c->jobs < c->in.n ? c->jobs : c->in.n,
		.work = work, .done = done, .progress = progress, .ctx = c,
	};
	int err;

	c->progress = c->in.n >= PROGRESS_FROM && c->verbose >= 0 &&
		      isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
	err = c->in.n ? cmd_batch_run(&b) : 0;
	clear_progress(c);
	if (c->json)
		puts(c->in.n ? "\n]" : "[]");
	if (err) {
		fprintf(stderr, "xtbpf convert: %s\n", strerror(-err));
		return 1;
	}
	if (!c->json && c->verbose >= 0 && c->in.n != 1)
		summary(c);
	return c->count[CONVERTED] == c->in.n ? 0 : 1;
}

/* --- the command line --- */

static void usage(FILE *out)
{
	fputs("Usage: xtbpf convert [OPTIONS] FILE|DIR...\n"
	      "\n"
	      "Reads each FILE, and each file in and below DIR, as iptables-bpf-restore does and\n"
	      "writes NAME.bpf.o, an object with BPF programs that bpftool, ip, tc and libbpf load\n"
	      "as it is, on this host or another.  Nothing is attached.\n"
	      "\n"
	      "  -o, --output DIR     write there, DIR's files as they are placed below it\n"
	      "  -4, --ipv4           they are for iptables (the default)\n"
	      "  -6, --ipv6           they are for ip6tables\n"
	      "  -a, --attach HOOK    for netfilter (the default), xdp or tc; also --hook\n"
	      "      --verify         with packets that reach each rule; what was made of the rules\n"
	      "                       has to judge them alike\n"
	      "      --cpus N         the flow memo is for N CPUs at most (64)\n"
	      "  -J, --jobs N         work on N files at a time (one for each CPU)\n"
	      "  -k, --keep-going     go on after a file that cannot be converted (the default)\n"
	      "      --fail-fast      begin no more files then\n"
	      "  -n, --dry-run        write and remove nothing\n"
	      "  -j, --json           all of it as JSON\n"
	      "  -v, --verbose        more about each file\n"
	      "  -q, --quiet          say only what went wrong\n"
	      "\n"
	      "Where a ruleset is refused, the object of an earlier run is removed.  Exit status 1\n"
	      "when any was not converted.\n", out);
}

static int parse_attach(struct convert *c, const char *spec)
{
	struct diag d;
	int err;

	diag_init(&d);
	err = be_attach_parse(spec, &c->attach, &d);
	if (!err && c->attach.ndevs) {
		diag_error(&d, NULL, "an object is given its interfaces where it is attached, not here: '%s'",
			   spec);
		err = -EINVAL;
	}
	diag_print(&d, stderr, "xtbpf convert");
	diag_clear(&d);
	return err;
}

static int parse_number(const char *s, uint32_t max, uint32_t *out)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || !n || n > max) {
		fprintf(stderr, "xtbpf convert: '%s' is not a number from 1 to %u\n",
			s, max);
		return -EINVAL;
	}
	*out = (uint32_t)n;
	return 0;
}

enum { OPT_VERIFY = 256, OPT_CPUS, OPT_FAIL_FAST };

/* 0, 1: nothing left to do, or -EINVAL. */
static int parse_option(struct convert *c, int o)
{
	switch (o) {
	case 'a':
		return parse_attach(c, optarg);
	case 'o':
		c->dir = optarg;
		return 0;
	case '4':
		c->family = AF_INET;
		return 0;
	case '6':
		c->family = AF_INET6;
		return 0;
	case 'J':
		return parse_number(optarg, MAX_JOBS, &c->jobs);
	case OPT_CPUS:
		return parse_number(optarg, BE_OBJECT_CPUS_MAX, &c->cpus);
	case OPT_VERIFY:
		c->verify = true;
		return 0;
	case OPT_FAIL_FAST:
	case 'k':
		c->stop = o == OPT_FAIL_FAST;
		return 0;
	case 'n':
		c->dry = true;
		return 0;
	case 'j':
		c->json = true;
		return 0;
	case 'v':
		c->verbose = 1;
		return 0;
	case 'q':
		c->verbose = -1;
		return 0;
	case 'h':
		usage(stdout);
		return 1;
	default:
		return -EINVAL;
	}
}

static int parse_args(struct convert *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "output",	required_argument,	NULL, 'o' },
		{ "ipv4",	no_argument,		NULL, '4' },
		{ "ipv6",	no_argument,		NULL, '6' },
		{ "attach",	required_argument,	NULL, 'a' },
		{ "hook",	required_argument,	NULL, 'a' },
		{ "verify",	no_argument,		NULL, OPT_VERIFY },
		{ "cpus",	required_argument,	NULL, OPT_CPUS },
		{ "jobs",	required_argument,	NULL, 'J' },
		{ "keep-going",	no_argument,		NULL, 'k' },
		{ "fail-fast",	no_argument,		NULL, OPT_FAIL_FAST },
		{ "dry-run",	no_argument,		NULL, 'n' },
		{ "json",	no_argument,		NULL, 'j' },
		{ "verbose",	no_argument,		NULL, 'v' },
		{ "quiet",	no_argument,		NULL, 'q' },
		{ "help",	no_argument,		NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int o, err = 0;

	while (!err && (o = getopt_long(argc, argv, "o:46a:J:knjvqh", options,
					NULL)) != -1)
		err = parse_option(c, o);
	if (!err && optind == argc) {
		usage(stderr);
		err = -EINVAL;
	}
	return err;
}

/* The files, or -EINVAL told. */
static int collect(struct convert *c, int n, char **path)
{
	const struct cmd_input *a, *b;
	const char *at;
	int i, err = 0;

	for (i = 0; i < n; i++) {
		if (!strcmp(path[i], "-")) {
			fprintf(stderr, "xtbpf convert: standard input has no name for an object\n");
			return -EINVAL;
		}
		err = cmd_inputs_add(&c->in, path[i], c->dir, &at);
		if (!err)
			continue;
		fprintf(stderr, "xtbpf convert: %s: %s\n", at, strerror(-err));
		return -EINVAL;
	}
	err = cmd_inputs_clash(&c->in, &a, &b);
	if (err != -EEXIST)
		return err;
	fprintf(stderr, "xtbpf convert: '%s' and '%s' would both become '%s'\n",
		a->path, b->path, a->output);
	return -EINVAL;
}

int cmd_convert(int argc, char **argv, bool json)
{
	struct convert c = {
		.attach = { .type = BE_NETFILTER }, .family = AF_INET,
		.json = json,
	};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int err;

	c.jobs = cpus < 1 ? 1 : cpus > MAX_JOBS ? MAX_JOBS : (uint32_t)cpus;
	err = parse_args(&c, argc, argv);
	if (err)
		return err < 0 ? 2 : 0;
	err = collect(&c, argc - optind, argv + optind);
	if (!err)
		err = fe_xt_init(c.family, c.family == AF_INET6 ?
				 CMD_RESTORE6 : CMD_RESTORE);
	if (err && err != -EINVAL)
		fprintf(stderr, "xtbpf convert: %s\n", strerror(-err));
	err = err ? 2 : convert(&c);
	cmd_inputs_free(&c.in);
	return err;
}
