/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/engine.h - what can judge packets, each on a host of its own
 *
 * Engines are loaded by their own commands, as a user would: what is measured
 * is what he waits for.
 */
#ifndef CMD_BENCH_ENGINE_H
#define CMD_BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/bench/host.h"
#include "cmd/bench/ruleset.h"
#include "cmd/bench/stat.h"
#include "ir/diag.h"

enum bench_engine_kind {
	BENCH_NO_RULES,		/* no firewall at all: to compare with */
	BENCH_XDP_DROP,		/* a bare XDP program that drops */
	BENCH_BPF_XDP,
	BENCH_BPF_TC,
	BENCH_BPF_NETFILTER,
	BENCH_LEGACY,
	BENCH_IPTABLES_NFT,
	BENCH_NFTABLES,		/* as iptables-restore-translate says */
	BENCH_NFT_SET,		/* where the ruleset is one set */
	BENCH_IPSET,		/* the same, and one rule of iptables-legacy */
	BENCH_NENGINES
};

#define BENCH_ENGINES_ALL	((1u << BENCH_NENGINES) - 1)

/* "iptables-legacy" ... */
const char *bench_engine_name(enum bench_engine_kind k);

struct bench_engine {
	enum bench_engine_kind kind;
	const struct bench_ruleset *rs;	/* borrowed */
	struct bench_host host;
	bool		works;
	char		reason[512];	/* why not */
	char		*text;		/* what is loaded, where not rs->text */
	size_t		len;
	char		*rule;		/* of BENCH_IPSET, beside the text */
	int		prog;		/* of BENCH_XDP_DROP; -1: none */
	unsigned long	handle;		/* of the rule added, nft */
};

/*
 * Makes a host and everything that is needed to load @rs.  Where that cannot be
 * @e->works is false and the reason is in it.
 */
void bench_engine_new(struct bench_engine *e, enum bench_engine_kind kind,
		      const struct bench_ruleset *rs);
void bench_engine_free(struct bench_engine *e);

/* Whether it has rules: the first two have none. */
bool bench_engine_has_rules(enum bench_engine_kind k);

/*
 * Loads the ruleset in the place of what is there.  What fails makes the engine
 * not work.
 */
void bench_engine_load(struct bench_engine *e, double *ms);

/* Adds a rule that matches no flow, or takes it away again. */
void bench_engine_change(struct bench_engine *e, bool add, double *ms);

/* The sum of the packet counters of all rules.  0 or -errno, in the reason. */
int bench_engine_hits(struct bench_engine *e, uint64_t *hits);

/* Kernel memory of the ruleset in bytes; -1: the kernel does not say. */
int64_t bench_engine_memory(const struct bench_engine *e);

/* Versions of the tools there are: "iptables v1.8.9 (legacy)"; "" for none. */
void bench_engine_version(enum bench_engine_kind k, char *s, size_t len);

#endif
