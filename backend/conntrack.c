/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/conntrack.c - connection tracking on and off
 *
 * An nft rule holds conntrack for as long as it exists, wherever it is.  Both
 * ways are one nfnetlink batch, which the kernel takes whole or not at all;
 * "on" replaces a table of that name, so it repairs one that was flushed.
 */
#include "backend/conntrack.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "backend/sys.h"

#define TABLE	"iptables-bpf"
#define CHAIN	"conntrack"

/* NF_CT_STATE_BIT(IP_CT_NEW), what nft calls "new". */
#define STATE_NEW	8

/* Far more than the few small messages take. */
#define BATCH_SIZE	8192

struct batch {
	struct mnl_nlmsg_batch *b;
	uint16_t	family;		/* NFPROTO_* */
	uint32_t	seq;
	int		err;		/* the first one sticks */
};

static struct nlmsghdr *start(struct batch *batch, uint16_t type,
			      uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(batch->b), type,
				     batch->family, flags, batch->seq++);
}

static void next(struct batch *batch)
{
	if (!mnl_nlmsg_batch_next(batch->b))
		batch->err = -ENOBUFS;
}

static void add_table(struct batch *batch, uint16_t type, uint16_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();

	if (!t) {
		batch->err = -ENOMEM;
		return;
	}
	nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, batch->family);
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, TABLE);
	nftnl_table_nlmsg_build_payload(start(batch, type, flags), t);
	next(batch);
	nftnl_table_free(t);
}

static void add_chain(struct batch *batch)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c) {
		batch->err = -ENOMEM;
		return;
	}
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, CHAIN);
	nftnl_chain_nlmsg_build_payload(start(batch, NFT_MSG_NEWCHAIN,
					      NLM_F_CREATE), c);
	next(batch);
	nftnl_chain_free(c);
}

/* An expression of @name at the end of @r; NULL: out of memory. */
static struct nftnl_expr *add_expr(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e)
		nftnl_rule_add_expr(r, e);
	return e;
}

/* ct state new */
static int add_exprs(struct nftnl_rule *r)
{
	const uint32_t mask = STATE_NEW, zero = 0;
	struct nftnl_expr *e;

	e = add_expr(r, "ct");
	if (!e)
		return -ENOMEM;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	e = add_expr(r, "bitwise");
	if (!e)
		return -ENOMEM;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &zero, sizeof(zero));
	e = add_expr(r, "cmp");
	if (!e)
		return -ENOMEM;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, NFT_CMP_NEQ);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, &zero, sizeof(zero));
	return 0;
}

static void add_rule(struct batch *batch, uint16_t flags)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r || add_exprs(r)) {
		batch->err = -ENOMEM;
	} else {
		nftnl_rule_set_str(r, NFTNL_RULE_TABLE, TABLE);
		nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, CHAIN);
		nftnl_rule_nlmsg_build_payload(start(batch, NFT_MSG_NEWRULE,
						     flags), r);
		next(batch);
	}
	nftnl_rule_free(r);
}

/*
 * Only the @last message asks for an answer.  Those of messages that fail come
 * before it, and that of the whole batch before all.
 */
static int answers(struct mnl_socket *nl, uint32_t last)
{
	char buf[16384];
	const struct nlmsghdr *h;
	const struct nlmsgerr *e;
	ssize_t n;
	int len;

	for (;;) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		h = (const struct nlmsghdr *)buf;
		for (len = (int)n; mnl_nlmsg_ok(h, len);
		     h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			e = mnl_nlmsg_get_payload(h);
			if (e->error || h->nlmsg_seq == last)
				return e->error;
		}
	}
}

static int exchange(const struct batch *batch, uint32_t last)
{
	struct mnl_socket *nl;
	int err;

	nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(nl, mnl_nlmsg_batch_head(batch->b),
			      mnl_nlmsg_batch_size(batch->b)) < 0)
		err = -errno;
	else
		err = answers(nl, last);
	mnl_socket_close(nl);
	return err;
}

static void fill(struct batch *batch, bool on)
{
	/* Made first, so that it can be deleted whether it was there or not. */
	add_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (!on) {
		add_table(batch, NFT_MSG_DELTABLE, NLM_F_ACK);
		return;
	}
	add_table(batch, NFT_MSG_DELTABLE, 0);
	add_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	add_chain(batch);
	add_rule(batch, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK);
}

static int run(int family, bool on)
{
	struct batch batch = {
		.family	= family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
		.seq	= (uint32_t)time(NULL),
	};
	char buf[2 * BATCH_SIZE];
	uint32_t last;
	int err;

	err = be_fault_gate();
	if (err)
		return err;
	batch.b = mnl_nlmsg_batch_start(buf, BATCH_SIZE);
	if (!batch.b)
		return -ENOMEM;
	nftnl_batch_begin(mnl_nlmsg_batch_current(batch.b), batch.seq++);
	next(&batch);
	fill(&batch, on);
	last = batch.seq - 1;
	nftnl_batch_end(mnl_nlmsg_batch_current(batch.b), batch.seq++);
	next(&batch);
	err = batch.err ? batch.err : exchange(&batch, last);
	mnl_nlmsg_batch_stop(batch.b);
	return err;
}

int be_conntrack_on(int family, struct diag *diag)
{
	int err = run(family, true);

	if (err)
		diag_error(diag, NULL,
			   "cannot switch connection tracking on: %s",
			   strerror(-err));
	return err;
}

int be_conntrack_off(int family, struct diag *diag)
{
	int err = run(family, false);

	if (err)
		diag_error(diag, NULL,
			   "cannot switch connection tracking off: %s",
			   strerror(-err));
	return err;
}
