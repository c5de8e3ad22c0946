/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/diff/lab.c - network namespaces to inject packets into */
#include "config.h"

#include "tests/diff/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/if_tun.h>

#include "backend/bpffs.h"
#include "tests/diff/sight.h"

#define MARK_OURS	0x100	/* of packets sent by the raw socket */
#define MTU		9100
#define TEXT		8192	/* commands for one run of ip or nft */

static const uint8_t mac[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

struct lab {
	int		home;		/* the namespace of the machine */
	int		netns;
	int		raw;
	int		tap[PG_MAX_IFACES];
	char		name[PG_MAX_IFACES][IR_IFNAMSIZ];
	uint32_t	n;
	uint32_t	phase;
	unsigned int	flags;
	struct ir_counter at_taps;
};

int lab_init(void)
{
	if (unshare(CLONE_NEWNS))
		return -1;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	if (mount("lab", "/run", "tmpfs", 0, NULL) || mkdir(BE_RUNDIR, 0700))
		return -1;
	return mount("bpffs", BE_RUNDIR, "bpf", 0, NULL);
}

static int set_sysctl(const char *key, const char *value)
{
	char path[160];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		err = -1;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

static int run(const char *command, const char *input)
{
	FILE *p = popen(command, "w");
	int status;

	if (!p)
		return -1;
	fputs(input, p);
	status = pclose(p);
	if (status)
		fprintf(stderr, "%s: status %d\n%s", command, status, input);
	return status ? -1 : 0;
}

static int open_tap(const char *name)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	strncpy(req.ifr_name, name, IFNAMSIZ - 1);
	if (fd >= 0 && !ioctl(fd, TUNSETIFF, &req))
		return fd;
	fprintf(stderr, "tap '%s': %s\n", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool ipv6(const struct lab *lab)
{
	return lab->flags & LAB_IPV6;
}

static int conf_iface(const struct lab *lab, const char *name)
{
	static const char *const conf4[][2] = {
		{ "rp_filter", "0" }, { "accept_local", "1" },
		{ "route_localnet", "1" }, { "send_redirects", "0" },
		{ "forwarding", "1" },
	};
	/* Nothing the host would send by itself. */
	static const char *const conf6[][2] = {
		{ "accept_ra", "0" }, { "autoconf", "0" },
		{ "accept_dad", "0" }, { "dad_transmits", "0" },
		{ "router_solicitations", "0" }, { "addr_gen_mode", "1" },
		{ "forwarding", "1" },
	};
	const char *const (*conf)[2] = ipv6(lab) ? conf6 : conf4;
	uint32_t i, n = ipv6(lab) ? sizeof(conf6) / sizeof(*conf6) :
				    sizeof(conf4) / sizeof(*conf4);
	char key[100];

	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%s/conf/%s/%s",
			 ipv6(lab) ? "ipv6" : "ipv4", name, conf[i][0]);
		if (set_sysctl(key, conf[i][1]))
			return -1;
	}
	return 0;
}

static int set_sysctls(const struct lab *lab)
{
	uint32_t i;
	int err;

	err = set_sysctl("ipv4/icmp_msgs_per_sec", "1000000") |
	      set_sysctl("ipv4/icmp_msgs_burst", "1000000") |
	      conf_iface(lab, "all") | conf_iface(lab, "default");
	for (i = 0; i < lab->n; i++)
		err |= conf_iface(lab, lab->name[i]);
	if (ipv6(lab))
		return err | set_sysctl("ipv6/icmp/ratelimit", "0");
	err |= set_sysctl("ipv6/conf/all/disable_ipv6", "1") |
	       set_sysctl("ipv6/conf/default/disable_ipv6", "1") |
	       set_sysctl("ipv4/ip_forward", "1") |
	       set_sysctl("ipv4/icmp_ratelimit", "0");
	/* No fragment waits for others: one alone meets no INPUT chain. */
	if (!(lab->flags & LAB_STATEFUL))
		err |= set_sysctl("ipv4/ipfrag_low_thresh", "0") |
		       set_sysctl("ipv4/ipfrag_high_thresh", "0");
	else
		err |= set_sysctl("ipv4/ipfrag_time", "3600");
	return err;
}

/* One command of ip for each interface. */
static int each_iface(const struct lab *lab,
		      void (*say)(FILE *out, const struct lab *lab, uint32_t i))
{
	char text[TEXT] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	uint32_t i;

	if (!out)
		return -1;
	for (i = 0; i < lab->n; i++)
		say(out, lab, i);
	if (fclose(out))
		return -1;
	return run(ipv6(lab) ? "ip -6 -batch -" : "ip -batch -", text);
}

static void say_link(FILE *out, const struct lab *lab, uint32_t i)
{
	const char *name = lab->name[i];

	fprintf(out, "link set %s address 02:00:00:00:00:01\n"
		"link set %s mtu %d arp off txqueuelen 4000\n", name, name,
		MTU);
	if (!ipv6(lab)) {
		fprintf(out, "addr add 10.250.0.%u/32 dev %s\n"
			"link set %s up\n", i + 1, name, name);
		return;
	}
	fprintf(out, "link set %s up\n"
		"addr add " SIGHT_OWN6 "%x/128 dev %s nodad\n"
		"route add local fe80::/10 dev %s table local metric %u\n",
		name, i + 1, name, name, 2000 + i);
}

static int set_links(const struct lab *lab)
{
	return run("ip -batch -", "link set lo mtu 65536\nlink set lo up\n") ||
	       each_iface(lab, say_link) ? -1 : 0;
}

/* One table with a default route, changed from phase to phase. */
static int route_phases(struct lab *lab)
{
	lab->phase = 0;
	return run(ipv6(lab) ? "ip -6 -batch -" : "ip -batch -",
		   "rule add pref 5 lookup 77\n"
		   "route add local default dev lo table 77\n");
}

/* A table for each interface: what comes in there. */
static void say_pair(FILE *out, const struct lab *lab, uint32_t i)
{
	fprintf(out, "rule add iif %s pref 5 lookup %u\n", lab->name[i],
		100 + i);
}

static int rule_pairs(const struct lab *lab)
{
	return each_iface(lab, say_pair);
}

static const char *nft_family(const struct lab *lab)
{
	return ipv6(lab) ? "ip6" : "ip";
}

static int swallow(const struct lab *lab)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "table %s lab {\n"
		 "counter local { }\ncounter sent { }\n"
		 "chain o { type filter hook output priority -300;\n"
		 "meta mark != %u drop\n}\n"
		 "chain i { type filter hook input priority 100;\n"
		 "counter name local drop\n}\n"
		 "chain p { type filter hook postrouting priority 100;\n"
		 "oifname lo accept\n%s\n}\n}\n", nft_family(lab), MARK_OURS,
		 lab->flags & LAB_EGRESS ? "accept" : "counter name sent drop");
	return run("nft -f -", text);
}

/*
 * One packet in 16, by its id or flow label, is not tracked; those of the host's
 * own answers are random, though.  What an IPv6 host says by itself about
 * neighbours, groups and better ways, some time or other, is nobody's traffic.
 */
static int untrack_some(const struct lab *lab)
{
	const char *id = ipv6(lab) ? "ip6 flowlabel" : "ip id";
	char text[1024];

	snprintf(text, sizeof(text), "table %s lab {\n"
		 "chain p { type filter hook prerouting priority -300;\n"
		 "iifname != lo %s & 0xf == 7 notrack\n}\n"
		 "chain o { type filter hook output priority -300;\n"
		 "meta mark %u %s & 0xf == 7 notrack\n%s}\n}\n",
		 nft_family(lab), id, MARK_OURS, id, ipv6(lab) ?
		 "meta mark 0 icmpv6 type { 130, 131, 132, 133, 134, 135, "
		 "136, 137, 143 } drop\n" : "");
	return run("nft -f -", text);
}

static int open_raw(const struct lab *lab)
{
	int fd = socket(ipv6(lab) ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
			IPPROTO_RAW), on = 1;
	int mark = MARK_OURS, off = 0;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) ||
	    (ipv6(lab) && setsockopt(fd, SOL_IPV6, IPV6_MULTICAST_LOOP, &off,
				     sizeof(off))))
		perror("raw socket");
	return fd;
}

static void drain(struct lab *lab)
{
	static uint8_t buf[MTU + 64];
	uint32_t i;
	ssize_t n;

	for (i = 0; i < lab->n; i++)
		while ((n = read(lab->tap[i], buf, sizeof(buf))) > 14) {
			lab->at_taps.packets++;
			lab->at_taps.bytes += n - 14;
		}
}

/* In the new namespace. */
static int build(struct lab *lab)
{
	uint32_t i;

	lab->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	lab->raw = open_raw(lab);
	if (lab->netns < 0 || lab->raw < 0)
		return -1;
	for (i = 0; i < lab->n; i++) {
		lab->tap[i] = open_tap(lab->name[i]);
		if (lab->tap[i] < 0)
			return -1;
	}
	if (set_sysctls(lab) || set_links(lab))
		return -1;
	if (lab->flags & LAB_STATEFUL)
		return rule_pairs(lab) || untrack_some(lab) ? -1 : 0;
	if (route_phases(lab) || swallow(lab))
		return -1;
	drain(lab);		/* what interfaces say when they come up */
	lab->at_taps = (struct ir_counter){ 0 };
	return 0;
}

struct lab *lab_new(const char *const *iface, uint32_t n, unsigned int flags)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	uint32_t i;
	int err;

	if (!lab)
		return NULL;
	lab->flags = flags;
	lab->netns = lab->raw = -1;
	lab->n = n < PG_MAX_IFACES ? n : PG_MAX_IFACES;
	for (i = 0; i < PG_MAX_IFACES; i++)
		lab->tap[i] = -1;
	for (i = 0; i < lab->n; i++)
		strncpy(lab->name[i], iface[i], IR_IFNAMSIZ - 1);
	lab->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	err = lab->home < 0 || unshare(CLONE_NEWNET) ? -1 : 0;
	if (err) {
		perror("network namespace");
	} else {
		err = build(lab);
		err |= lab_leave(lab);
	}
	if (err) {
		lab_free(lab);
		return NULL;
	}
	return lab;
}

void lab_free(struct lab *lab)
{
	uint32_t i;

	if (!lab)
		return;
	for (i = 0; i < lab->n; i++)
		if (lab->tap[i] >= 0)
			close(lab->tap[i]);
	if (lab->raw >= 0)
		close(lab->raw);
	if (lab->netns >= 0)
		close(lab->netns);
	if (lab->home >= 0)
		close(lab->home);
	free(lab);
}

int lab_enter(const struct lab *lab)
{
	return setns(lab->netns, CLONE_NEWNET);
}

int lab_leave(const struct lab *lab)
{
	return setns(lab->home, CLONE_NEWNET);
}

uint32_t lab_ifaces(const struct lab *lab, char (*name)[IR_IFNAMSIZ])
{
	memcpy(name, lab->name, lab->n * sizeof(*name));
	return lab->n;
}

uint32_t lab_nphases(const struct lab *lab)
{
	return 1 + lab->n;
}

int lab_phase(struct lab *lab, uint32_t phase)
{
	char text[160];
	int err;

	if (lab->phase == phase)
		return 0;
	lab->phase = phase;
	snprintf(text, sizeof(text), "route flush table 77\n"
		 "route add %s dev %s table 77\n",
		 phase ? "default" : "local default",
		 phase ? lab->name[phase - 1] : "lo");
	err = lab_enter(lab);
	if (!err)
		err = run(ipv6(lab) ? "ip -6 -batch -" : "ip -batch -", text);
	return err | lab_leave(lab);
}

static struct sight_host host(const struct lab *lab)
{
	return (struct sight_host){
		.n = lab->n, .name = lab->name,
		.out = lab->phase ? lab->name[lab->phase - 1] : NULL,
	};
}

uint32_t lab_predict(const struct lab *lab, const struct pg_packet *p,
		     struct lab_sight sight[2])
{
	const struct sight_host h = host(lab);

	return p->ipv6 ? sight_predict6(&h, p, sight) :
	       sight_predict4(&h, p, sight);
}

static int send_raw(struct lab *lab, const struct pg_packet *p)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	const struct sight_host h = host(lab);
	struct sockaddr *to = (struct sockaddr *)&to4;
	socklen_t size = sizeof(to4);

	memcpy(&to4.sin_addr, p->data + 16, 4);
	if (p->ipv6) {
		sight_send6(&h, p, to6.sin6_addr.s6_addr);
		to = (struct sockaddr *)&to6;
		size = sizeof(to6);
	}
	/* EINVAL: of IPv6 fragments that cannot be put together. */
	if (sendto(lab->raw, p->data, pg_total(p), 0, to, size) >= 0 ||
	    errno == EPERM || (p->ipv6 && errno == EINVAL))
		return 0;
	perror("raw socket: send");
	return -1;
}

static int write_tap(struct lab *lab, const struct pg_packet *p)
{
	static uint8_t frame[sizeof(mac) + 10 + PG_MAX];
	uint32_t i, t, len = sizeof(mac);

	for (i = 0; i < lab->n; i++)
		if (!strncmp(lab->name[i], p->iif, IR_IFNAMSIZ))
			break;
	if (i == lab->n) {
		fprintf(stderr, "no interface '%s' in the lab\n", p->iif);
		return -1;
	}
	memcpy(frame, mac, sizeof(mac));
	for (t = 0; t < p->tags; t++, len += 4) {
		frame[len] = p->tags > 1 && !t ? 0x88 : 0x81;
		frame[len + 1] = p->tags > 1 && !t ? 0xa8 : 0;
		frame[len + 2] = 0xa0;
		frame[len + 3] = p->vid;
	}
	frame[len++] = p->ipv6 ? 0x86 : 8;
	frame[len++] = p->ipv6 ? 0xdd : 0;
	memcpy(frame + len, p->data, p->len);
	if (write(lab->tap[i], frame, len + p->len) >= 0)
		return 0;
	/* An XDP program that drops makes some kernels say so. */
	if (errno == EPERM || errno == EFAULT)
		return 0;
	perror("tap: write");
	return -1;
}

int lab_inject(struct lab *lab, const struct pg_packet *p)
{
	struct lab_sight sight[2];
	int err;

	if (p->hook != IR_HOOK_OUTPUT)
		err = write_tap(lab, p);
	else if (lab->flags & LAB_STATEFUL || lab_predict(lab, p, sight))
		err = send_raw(lab, p);
	else
		err = 0;
	if (lab->flags & LAB_EGRESS)
		drain(lab);
	return err;
}

int lab_route_pairs(struct lab *lab, uint32_t m)
{
	char text[4096];
	size_t n = 0;
	uint32_t i;
	int err;

	for (i = 0; i < lab->n; i++)
		n += snprintf(text + n, sizeof(text) - n,
			      "route replace default dev %s table %u\n",
			      lab->name[lab_pair(i, lab->n, m)], 100 + i);
	snprintf(text + n, sizeof(text) - n, "route replace default dev %s\n",
		 lab->name[m % lab->n]);
	err = lab_enter(lab);
	if (!err)
		err = run(ipv6(lab) ? "ip -6 -batch -" : "ip -batch -", text);
	return err | lab_leave(lab);
}

struct lab_addr lab_address(bool ipv6, uint32_t iface)
{
	if (!ipv6)
		return (struct lab_addr){ { SIGHT_OWN4 + 1 + iface } };
	return (struct lab_addr){ { 0x20010db8, 0x00fa0000, 0, 1 + iface } };
}

static void say_address(FILE *out, bool ipv6, const struct lab_addr *a)
{
	uint32_t i;

	if (!ipv6)
		fprintf(out, "%u.%u.%u.%u", a->w[0] >> 24, a->w[0] >> 16 & 255,
			a->w[0] >> 8 & 255, a->w[0] & 255);
	for (i = 0; ipv6 && i < 4; i++)
		fprintf(out, "%x:%x%s", a->w[i] >> 16, a->w[i] & 0xffff,
			i < 3 ? ":" : "");
}

int lab_own(const struct lab *lab, const struct lab_addr *addr, uint32_t n)
{
	char text[TEXT] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	uint32_t i;
	int err;

	if (!out)
		return -1;
	for (i = 0; i < n; i++) {
		fputs("route replace local ", out);
		say_address(out, ipv6(lab), &addr[i]);
		fputs(" dev lo table local\n", out);
	}
	err = fclose(out) || lab_enter(lab) ? -1 : 0;
	if (!err)
		err = run(ipv6(lab) ? "ip -6 -batch -" : "ip -batch -", text);
	return err | lab_leave(lab);
}

int lab_long_timeouts(const struct lab *lab)
{
	int err = lab_enter(lab);

	if (!err)
		err = run("sh", "cd /proc/sys/net/netfilter || exit 1\n"
			  "for f in nf_conntrack_*timeout*; do\n"
			  "	echo 100000 > $f || exit 1\ndone\n");
	return err | lab_leave(lab);
}

int lab_through(struct lab *lab, struct lab_through *out)
{
	struct ir_counter *c = &out->local;
	char line[256];
	FILE *p;

	memset(out, 0, sizeof(*out));
	if (lab_enter(lab))
		return -1;
	p = popen(ipv6(lab) ? "nft list counters table ip6 lab" :
		  "nft list counters table ip lab", "r");
	while (p && fgets(line, sizeof(line), p)) {
		if (strstr(line, "counter sent"))
			c = &out->sent;
		sscanf(line, " packets %lu bytes %lu", &c->packets, &c->bytes);
	}
	if (lab->flags & LAB_EGRESS)
		out->sent = lab->at_taps;
	return (!p || pclose(p) ? -1 : 0) | lab_leave(lab);
}
