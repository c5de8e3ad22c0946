/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/gen.h - the generator: what the emitters of one program share
 *
 * The order of a program:
 *
 *	context		the hook's: find the IP header			hook_*.c
 *	source		the hook's: which chain, interfaces, state	hook_*.c, route*.c
 *	parse		fields of the headers into the frame		parse*.c
 *	recall		the same packet again			flow.c
 *	walk		table lookups, counters, verdict		walk.c
 *
 * Conventions are in regs.h.
 */
#ifndef BACKEND_GEN_H
#define BACKEND_GEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "backend/asm.h"
#include "backend/flow.h"
#include "backend/kernel.h"
#include "backend/map.h"
#include "backend/program.h"
#include "backend/regs.h"
#include "backend/routes.h"
#include "translator/classifier.h"

struct be_gen;

/* What tells one kind of hook from another. */
struct be_hook_ops {
	const char	*name;
	int		prog_type;	/* enum bpf_prog_type */
	int		attach_type;	/* expected_attach_type */
	int32_t		accept;		/* R0 */
	int32_t		drop;
	uint32_t	hooks;		/* bit set of enum ir_hook it can judge */
	bool		state;		/* knows the connection's state */
	bool		names;		/* knows interfaces by name */
	bool		ttl;		/* source() sets the field IR_TTL */
	bool		kernel;		/* needs struct be_kernel */
	int		device;		/* where the context has its number */
	/*
	 * Whether a program may be interrupted by itself on the same CPU, so
	 * that counters must be added to in one instruction and scratch space
	 * must be claimed.
	 */
	bool		nests;
	/*
	 * In: R1 the context.  Out: the parser's registers and frame.bytes.
	 * Jumps to g->accept where the packet will meet no chain.
	 */
	void		(*context)(struct be_gen *g);
	/*
	 * Sets the fields IR_IIF, IR_OIF and IR_CTSTATE where used, and ends with
	 * be_gen_enter() or be_gen_select().  Not called with a test_fd.
	 */
	void		(*source)(struct be_gen *g);
	/*
	 * What becomes of a packet for INPUT before it gets there; source() does
	 * this too.  NULL: nothing.
	 */
	void		(*input)(struct be_gen *g);
	/*
	 * Jumps to @slow unless the transport header's first 20 bytes, or all
	 * there are, can be read with plain loads.  NULL: parse() checks each
	 * load against data_end.
	 */
	void		(*linear)(struct be_gen *g, be_label slow);
	/*
	 * Copies R3 bytes (1..40) from R2 bytes behind the start of the IP
	 * header to frame.buf.  R0 is 0 when that worked.
	 */
	void		(*copy)(struct be_gen *g);
};

extern const struct be_hook_ops be_hook_netfilter;
extern const struct be_hook_ops be_hook_xdp;
extern const struct be_hook_ops be_hook_tc;

/* A map the program at hand has. */
struct be_gen_map {
	bool		used;
	int		fd;		/* -1: none, only what it looks like */
	struct be_map_def def;		/* good where the generator makes it */
};

#define BE_MAX_HEADS	16
#define BE_MAX_EXITS	16

/* The loop at hand (loop.c). */
struct be_loop {
	bool		calls;		/* loops are calls of bpf_loop() */
	bool		open;
	int		at;		/* struct be_kept in the frame */
	uint32_t	n;		/* heads */
	be_label	head[BE_MAX_HEADS];
	be_label	function;
	be_label	where;		/* R1: the number of a head, to go on */
	be_label	again;		/* R1: the same, to be called again */
	be_label	resume;		/* after the call */
};

struct be_gen {
	struct be_asm	a;
	const struct tr_classifier *c;
	const struct be_program_opts *opts;
	const struct be_hook_ops *ops;
	struct be_kernel kernel;
	bool		copies;		/* no plain loads: copy all headers */
	bool		must_copy;	/* since they cannot even be tried */
	struct be_loop	loop;
	struct be_flow	flow;		/* planned (flow.h) */
	struct be_routes routes;	/* planned (routes.h) */
	struct be_gen_map map[BE_NMAPS];
	uint32_t	mask;		/* of offsets in the table */
	be_label	accept;
	be_label	drop;
	be_label	parse;		/* source() ends here */
	be_label	walk;		/* parse() ends here */
	be_label	judged;		/* BE_R_WORD's action is the verdict */
};

static inline bool be_gen_uses(const struct be_gen *g, enum ir_field f)
{
	return g->c->fields >> f & 1;
}

static inline bool be_gen_v6(const struct be_gen *g)
{
	return g->c->family == AF_INET6;
}

/* The bytes of the fixed IP header, and in it the TTL or hop limit. */
static inline int be_gen_header(const struct be_gen *g)
{
	return be_gen_v6(g) ? BE_HEADER6_SIZE : 20;
}

static inline int be_gen_ttl(const struct be_gen *g)
{
	return be_gen_v6(g) ? 7 : 8;
}

/* @dst = a map, for helper functions; or the address of its first value. */
void be_gen_map(struct be_gen *g, int dst, enum be_map_id id);
void be_gen_value(struct be_gen *g, int dst, enum be_map_id id);

/* @dst = @size (BPF_W ...) at a member of the kernel's structure at @src. */
void be_gen_member(struct be_gen *g, int size, int dst, int src,
		   enum be_member m);

/* The same of what is @add bytes behind the member's start. */
void be_gen_member_at(struct be_gen *g, int size, int dst, int src,
		      enum be_member m, int add);

/* @dst = a member of one bit.  Only in a program that stands alone. */
void be_gen_bit(struct be_gen *g, int dst, int src, enum be_member m);

/* Calls a function of the kernel. */
void be_gen_kfunc(struct be_gen *g, enum be_kfunc f);

/*
 * All but the loading of a program that stands alone: its code, with what that
 * refers to, and its maps, as definitions.  0 or -errno told in @diag; @g->a is to
 * be freed after either.
 */
int be_gen_alone(struct be_gen *g, const struct tr_classifier *c,
		 const struct be_program_opts *opts, struct diag *diag);

/* Puts the start of @hook's chain into the frame and jumps to g->parse. */
void be_gen_enter(struct be_gen *g, enum ir_hook hook);

/* be_gen_enter() for the hook whose number is in R1. */
void be_gen_select(struct be_gen *g);

/* Whether this program judges @hook; if not, its packets are accepted. */
bool be_gen_judges(const struct be_gen *g, enum ir_hook hook);

/* Field @f becomes a constant.  Nothing where it is not used. */
void be_gen_set(struct be_gen *g, enum ir_field f, uint32_t value);

/*
 * The class of the interface with the index in R1 into field @f; drops where
 * it is unknown.  Nothing where @f is not used.
 */
void be_gen_ifindex(struct be_gen *g, enum ir_field f);

/*
 * The class of the interface whose struct net_device is R1 (trusted, may be
 * NULL) into field @f (iface.c).  Nothing where @f is not used.
 */
void be_gen_ifname(struct be_gen *g, enum ir_field f);

/*
 * BE_R_IHL, and BE_R_AVAIL (parse.c).  In: BE_R_IP; BE_R_AVAIL, the bytes from
 * there on.
 */
void be_gen_header_length(struct be_gen *g);

/*
 * The end of linear(): to @slow where less than 20 bytes behind the IP header are
 * in linear memory, and not all of them.  In: R1 how many bytes of the skb are
 * not.  Clobbers R2.
 */
void be_gen_linear(struct be_gen *g, be_label slow);

/*
 * Accepts what does not come by one of opts->dev (iface.c).  In: R1 the context,
 * which is left alone.  Clobbers R2.
 */
void be_gen_devices(struct be_gen *g);

/* Fields of the headers, and frame.variant (parse.c). */
void be_gen_parse(struct be_gen *g);

/*
 * The set of TCP options into its field (tcpopt.c).
 *
 * In: R1 the bytes of options that are there, 4..40; the parser's registers.
 */
void be_gen_tcpopt(struct be_gen *g);

/*
 * Loops (loop.c).  At the head of each, where a packet that has looped too long is
 * dropped.  R6 to R9 stay, and of R0 to R5 what is in the bit set @live, three at
 * most.
 */
void be_gen_loop_with(struct be_gen *g, uint32_t live);
void be_gen_loop(struct be_gen *g);

/*
 * Around one or more heads: what is in between may be emitted as a function, so
 * that after a jump to somewhere else only R6 to R9 are what they were.  Does
 * not fall through at the end.  @at is BE_KEPT_*; @live is as above, for the
 * beginning.  R7 does not change in here, and is only loaded by or moved.
 */
void be_loop_open(struct be_gen *g, int at, uint32_t live);
void be_loop_close(struct be_gen *g);

/*
 * At the start of a program: the frame has something everywhere, which the
 * verifier does not know.  In: R1 the context, which stays.  Clobbers R2, R3.
 */
void be_loop_init(struct be_gen *g);

/* The walk, up to a verdict (walk.c). */
void be_gen_walk(struct be_gen *g);

/* For tests: programs copy all headers, as where bpf_rdonly_cast() is not. */
void be_program_force_copies(bool on);

/* For tests: loops are calls, as where there is no may_goto. */
void be_program_force_calls(bool on);

/* What may be read behind an offset: a node or a few records, bytes. */
#define BE_TABLE_ROOM	256

/* What cuts an offset to the size of the table (map.c). */
uint32_t be_table_mask(const struct tr_classifier *c);

/* @dst = where in the table the offset in @src is.  Only @dst is written. */
void be_gen_at(struct be_gen *g, int dst, int src);

/* @reg &= both IPv4 addresses.  Clobbers @tmp. */
void be_gen_and_addrs(struct be_gen *g, int reg, int tmp);

/* Where, from R10, the field of a TR_TEST_KIND16 is: behind all others. */
int be_gen_kind_at(const struct be_gen *g);

/*
 * Tests a record in its own places (record.c).
 *
 * In: R0 is @at bytes before the record.  Out: R1 is not 0 where a test fails.
 * Clobbers R1 to R4.
 */
void be_gen_tests(struct be_gen *g, int at);

/*
 * Tests a record's extra terms (record.c): falls through where all predicates
 * hold.
 *
 * In: R0 the record.  Clobbers R0 to R5.
 */
void be_gen_extra(struct be_gen *g, be_label miss);

/*
 * Adds the packet to the counter of BE_R_WORD's id, and with @note notes that for
 * the flow memo.  Clobbers R0 to R5.
 */
void be_gen_count(struct be_gen *g, bool note);

/* Jumps to @to where BE_R_WORD accepts or drops.  R1 = its action otherwise. */
void be_gen_verdict_to(struct be_gen *g, be_label to);

/*
 * The jump stack (stack.c), in the frame or, when the ruleset nests deeper than
 * that holds, in a map.  Clobbers R0 to R5.
 */
bool be_stack_is_deep(const struct tr_classifier *c);

/* The map for a deep one.  0, or -E2BIG where it is too deep for any. */
int be_stack_def(const struct tr_classifier *c, struct be_map_def *d);

/* Before the walk: an area of our own; frame.depth. */
void be_stack_claim(struct be_gen *g);

/* After it. */
void be_stack_release(struct be_gen *g);

/* Pushes frame.segment with what frame.multi says of how to go on. */
void be_stack_push(struct be_gen *g);

/*
 * R0 = the struct be_return of the last jump, which is taken off; jumps to
 * @empty where there is none.
 */
void be_stack_pop(struct be_gen *g, be_label empty);

/*
 * What ipv6_rcv() does before there is a chain (rcv6.c): jumps to g->accept
 * where it throws the packet away, and cuts off what is behind the payload.
 *
 * In: BE_R_IP; BE_R_AVAIL, the bytes from there on; R3 the input interface.  Out:
 * BE_R_IHL, BE_R_AVAIL, frame.bytes.  Clobbers R1 to R5.
 */
void be_gen_rcv6(struct be_gen *g);

/*
 * Jumps to @bad where there are hop-by-hop options that a host does not like
 * (hopopts.c).  In: BE_R_IP, BE_R_AVAIL, BE_R_IHL; but for the length of a
 * jumbogram, which comes with them, these stay.  Clobbers R0 to R5.
 */
void be_gen_hopopts(struct be_gen *g, be_label bad);

/* Where a route lookup leads; the caller places all four. */
struct be_route {
	be_label	input;		/* for this host */
	be_label	forward;	/* frame.buf.fib.ifindex: out by that */
	be_label	tunnel;		/* forwarded, nobody knows by what */
	be_label	none;		/* dropped before it meets a chain */
};

/*
 * A route lookup (route.c), or what is known of one (routes.c), for the packet at
 * BE_R_IP coming in by the interface whose index is at @ifindex in the context.  Does
 * not fall through.
 */
void be_gen_route(struct be_gen *g, int ifindex, struct be_route *r);

/* Jumps to @to where the IPv6 source is on the link.  Clobbers R1. */
void be_gen_link_local(struct be_gen *g, be_label to);

#endif
