/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/plot.c - cost against rules, as a picture
 *
 * The numbers go to gnuplot as data in its script, one block for each line of
 * the picture: who was measured, with the rules of one kind.
 */
#include "cmd/bench/plot.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bench/command.h"
#include "cmd/bench/figures.h"

#define MAX_KINDS	16

/* One colour for each, everywhere; ours are the thick lines. */
static const struct style {
	const char	*name;		/* an engine or a program */
	const char	*title;
	const char	*colour;
	int		width;
} styles[] = {
	{ "no-rules", "no firewall", "#999999", 1 },
	{ "xdp-drop", "bare XDP drop", "#444444", 1 },
	{ "bpf-xdp", "iptables-bpf xdp", "#0072b2", 3 },
	{ "bpf-tc", "iptables-bpf tc", "#56b4e9", 3 },
	{ "bpf-netfilter", "iptables-bpf netfilter", "#009e73", 3 },
	{ "iptables-legacy", "iptables-legacy", "#d55e00", 2 },
	{ "iptables-nft", "iptables-nft", "#cc79a7", 2 },
	{ "nftables", "nftables (translated)", "#e69f00", 2 },
	{ "nft-set", "nftables set", "#f0e442", 2 },
	{ "ipset", "ipset, iptables-legacy", "#8c564b", 2 },
	{ "xdp hash", "one hash lookup", "#444444", 1 },
	{ "xdp", "iptables-bpf xdp", "#0072b2", 3 },
	{ "tc", "iptables-bpf tc", "#56b4e9", 3 },
	{ "netfilter", "iptables-bpf netfilter", "#009e73", 3 },
};

#define NSTYLES	(sizeof(styles) / sizeof(*styles))

struct plot {
	struct json_object *rulesets;
	bool		frames;
	const char	*kind[MAX_KINDS];	/* "": files */
	uint32_t	nkinds;
	FILE		*script;
};

/* Of uniform traffic: what @name costs with one ruleset. */
static double cost(const struct plot *p, struct json_object *ruleset,
		   const char *name)
{
	return p->frames ?
	       bench_figure_frame(ruleset, name, BENCH_UNIFORM) :
	       bench_figure_program(ruleset, name, BENCH_UNIFORM);
}

/* The kinds that occur, and whether there are any frames. */
static void survey(struct plot *p)
{
	struct json_object *o;
	const char *kind;
	size_t n = bench_figure_length(p->rulesets), i, s;
	uint32_t k;

	p->frames = true;
	for (i = s = 0; i < n && s < NSTYLES; i++) {
		o = json_object_array_get_idx(p->rulesets, i);
		for (s = 0; s < NSTYLES; s++)
			if (cost(p, o, styles[s].name) > 0)
				break;
	}
	p->frames = s < NSTYLES;
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(p->rulesets, i);
		kind = bench_figure_string(o, "kind");
		for (k = 0; k < p->nkinds; k++)
			if (!strcmp(p->kind[k], kind))
				break;
		if (k == p->nkinds && k < MAX_KINDS)
			p->kind[p->nkinds++] = kind;
	}
}

/* One block of data.  Returns how many points it has. */
static int write_line(const struct plot *p, const char *kind, uint32_t k,
		      size_t style)
{
	struct json_object *o;
	double ns;
	size_t i;
	int n = 0;

	fprintf(p->script, "$d%u_%zu << EOD\n", k, style);
	for (i = 0; i < bench_figure_length(p->rulesets); i++) {
		o = json_object_array_get_idx(p->rulesets, i);
		if (strcmp(bench_figure_string(o, "kind"), kind))
			continue;
		ns = cost(p, o, styles[style].name);
		if (ns <= 0)
			continue;
		fprintf(p->script, "%s %.2f\n", bench_figure_string(o, "rules"), ns);
		n++;
	}
	fputs("EOD\n", p->script);
	return n;
}

static void write_kind(const struct plot *p, uint32_t k)
{
	const char *kind = p->kind[k], *sep = "plot ";
	int n[NSTYLES];
	size_t s;

	for (s = 0; s < NSTYLES; s++)
		n[s] = write_line(p, kind, k, s);
	fprintf(p->script, "set title \"%s\"\n", *kind ? kind : "files");
	for (s = 0; s < NSTYLES; s++) {
		if (!n[s])
			continue;
		fprintf(p->script, "%s$d%u_%zu using 1:2 with %s lc rgb \"%s\" lw %d pt 7 ps 0.5 title \"%s\"",
			sep, k, s, *kind ? "linespoints" : "points",
			styles[s].colour, styles[s].width, styles[s].title);
		sep = ", \\\n\t";
	}
	fputs(*sep == ',' ? "\n" : "", p->script);
}

static void write_script(const struct plot *p)
{
	uint32_t k;

	fprintf(p->script,
		"set terminal svg size 860,%u dynamic background \"white\" font \"sans-serif,13\"\n"
		"set encoding utf8\n"
		"set logscale xy\n"
		"set xlabel \"rules\"\n"
		"set ylabel \"%s\"\n"
		"set format x \"%%.0f\"\n"
		"set format y \"%%.0f\"\n"
		"set grid xtics ytics lc rgb \"#cccccc\"\n"
		"set key outside right top\n"
		"set offsets graph 0.05, graph 0.05\n",
		420 * p->nkinds, p->frames ? "CPU ns per frame, making included" :
		"ns per packet over the null program");
	fprintf(p->script, "set multiplot layout %u,1\n", p->nkinds);
	for (k = 0; k < p->nkinds; k++)
		write_kind(p, k);
	fputs("unset multiplot\n", p->script);
}

static int draw(const char *script, size_t len, FILE *out, struct diag *diag)
{
	struct bench_command c = {
		.arg = { "gnuplot", NULL }, .netns = -1,
		.in = script, .inlen = len,
	};
	int err = bench_command_run(&c);

	if (!err && !c.out[0])
		err = -EPROTO;
	if (err) {
		diag_error(diag, NULL, "cannot plot: %s",
			   bench_command_reason(&c, err));
	} else if (fputs(c.out, out) < 0 || fflush(out)) {
		err = -errno;
		diag_error(diag, NULL, "cannot write the plot: %s",
			   strerror(-err));
	}
	bench_command_free(&c);
	return err;
}

int bench_plot(struct json_object *report, FILE *out, struct diag *diag)
{
	struct plot p = { .rulesets = bench_figure_get(report, "rulesets") };
	char *script = NULL;
	size_t len;
	int err;

	survey(&p);
	if (!p.nkinds) {
		diag_error(diag, NULL, "cannot plot: nothing was measured");
		return -ENODATA;
	}
	p.script = open_memstream(&script, &len);
	if (!p.script)
		return -ENOMEM;
	write_script(&p);
	err = fclose(p.script) ? -ENOMEM : draw(script, len, out, diag);
	free(script);
	return err;
}
