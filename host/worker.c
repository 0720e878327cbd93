/* SPDX-License-Identifier: Apache-2.0 */
#include "host/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/halt.h"

/* A message of the worker itself: code, errno, text. */
#define KIND_ERROR (WORKER_KIND_MAX + 1)
#define ERROR_TEXT_MAX 4096
/* How long the kernel may take to end it. */
#define KILL_NS (UINT64_C(200) * 1000000)
#define ROOM_BYTES (1 << 20)
/* As many descriptors may be on their way as a process may have open: how often to try again. */
#define PASS_TRIES 50
#define POLL_MS 100

struct worker_header {
	uint32_t kind, len;
	int32_t fd_sys; /* a descriptor was to come with it and could not be sent */
};

struct worker_error {
	int32_t code, sys;
};

struct worker_out {
	int fd;
};

struct worker {
	pid_t pid;
	int fd;
	bool is_reaped;
	int status; /* as waitpid() has it, when is_reaped */
	struct worker_limits limits;
	uint64_t begin_ns;
	uint8_t *bytes; /* WORKER_MESSAGE_MAX */
};

/* ---- in the worker ---- */

static int send_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -SL_EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The header, with the descriptor in its company. */
static int send_header(int to, const struct worker_header *header, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct iovec part = {(void *)(uintptr_t)header, sizeof(*header)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	struct timespec pause = {.tv_nsec = 2000000};
	ssize_t n = -1;

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	for (int i = 0; i < PASS_TRIES && n < 0; i++) {
		n = sendmsg(to, &message, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR && errno != ETOOMANYREFS)
			return -1;
		if (n < 0)
			(void)nanosleep(&pause, NULL);
	}
	return n == (ssize_t)sizeof(*header) ? 0 : -1;
}

int worker_send_fd(struct worker_out *out, uint32_t kind, const void *bytes, size_t len, int fd)
{
	struct worker_header header = {.kind = kind, .len = (uint32_t)len};

	if (len > WORKER_MESSAGE_MAX)
		return -SL_ELIMIT;
	if (fd < 0 || send_header(out->fd, &header, fd) < 0) {
		header.fd_sys = fd < 0 ? 0 : errno != 0 ? errno : EIO;
		if (send_all(out->fd, &header, sizeof(header)) < 0)
			return -SL_EIO;
	}
	return send_all(out->fd, bytes, len);
}

int worker_send(struct worker_out *out, uint32_t kind, const void *bytes, size_t len)
{
	return worker_send_fd(out, kind, bytes, len, -1);
}

int worker_send_error(struct worker_out *out, int rc, const struct sl_error *why)
{
	char message[sizeof(struct worker_error) + ERROR_TEXT_MAX];
	struct worker_error head = {.code = -rc, .sys = why->sys};
	const char *text = sl_error_text(why);
	size_t len = strlen(text);

	len = len < ERROR_TEXT_MAX ? len : ERROR_TEXT_MAX;
	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), text, len);
	(void)worker_send(out, KIND_ERROR, message, sizeof(head) + len);
	return rc;
}

/* The next one at or above @fd that is kept, else -1. */
static int next_kept(int fd, const int *keep, size_t count)
{
	int next = -1;

	for (size_t i = 0; i < count; i++)
		if (keep[i] >= fd && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

/*
 * Whatever else is open belongs to the caller: a bundle, evidence, the leash of a watchdog that
 * waits for its last holder.
 */
static void close_others(const int *keep, size_t count)
{
	int from = 0;

	for (;;) {
		int next = next_kept(from, keep, count);

		if (next < 0) {
			(void)close_range((unsigned int)from, ~0u, 0);
			return;
		}
		if (next > from)
			(void)close_range((unsigned int)from, (unsigned int)next - 1, 0);
		from = next + 1;
	}
}

static _Noreturn void work(worker_fn fn, void *payload, int fd, const int *keep, size_t count,
			   pid_t parent)
{
	int all[WORKER_KEEP_MAX + 1];
	struct worker_out out = {fd};
	struct rlimit none = {0};

	for (size_t i = 0; i < count; i++)
		all[i] = keep[i];
	all[count] = fd;
	close_others(all, count + 1);
	(void)setrlimit(RLIMIT_CORE, &none);
	/* a caller that is gone does not come back */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	(void)signal(SIGPIPE, SIG_IGN);
	_exit(fn(&out, payload) < 0 ? 1 : 0);
}

/* ---- who waits for it ---- */

int worker_start(struct worker **out, worker_fn fn, void *payload, const int *keep,
		 size_t keep_count, const struct worker_limits *limits, struct sl_error *err)
{
	struct worker *w = calloc(1, sizeof(*w));
	pid_t parent = getpid();
	int ends[2] = {-1, -1};

	if (w != NULL)
		w->bytes = malloc(WORKER_MESSAGE_MAX);
	if (w == NULL || w->bytes == NULL) {
		free(w);
		return sl_fail(err, SL_ENOMEM, 0, "worker");
	}
	w->limits = *limits;
	w->begin_ns = clock_boot_ns();
	w->pid = -1;
	/* a socket, because descriptors go through nothing else */
	if (keep_count <= WORKER_KEEP_MAX &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
		const int room = ROOM_BYTES;

		(void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		w->pid = fork();
	}
	if (w->pid == 0)
		work(fn, payload, ends[1], keep, keep_count, parent);
	if (w->pid < 0) {
		int rc = sl_fail(err, SL_EIO, errno, "worker");

		if (ends[0] >= 0) {
			(void)close(ends[0]);
			(void)close(ends[1]);
		}
		free(w->bytes);
		free(w);
		return rc;
	}
	(void)close(ends[1]);
	w->fd = ends[0];
	*out = w;
	return 0;
}

/* Milliseconds until @w has to have said something; 0: the time is over. */
static int time_left(const struct worker *w, uint64_t silent_since)
{
	uint64_t now = clock_boot_ns();
	uint64_t until = silent_since + (uint64_t)w->limits.silence_ms * 1000000u;
	uint64_t end = w->begin_ns + (uint64_t)w->limits.total_ms * 1000000u;

	if (w->limits.total_ms != 0 && end < until)
		until = end;
	return now >= until ? 0 : (int)((until - now) / 1000000u + 1);
}

static int too_late(const struct worker *w, struct sl_error *err)
{
	bool is_total = w->limits.total_ms != 0 &&
			clock_boot_ns() >= w->begin_ns + (uint64_t)w->limits.total_ms * 1000000u;

	return sl_fail(err, SL_ECANCELLED, ETIMEDOUT, "no answer within %u ms",
		       is_total ? w->limits.total_ms : w->limits.silence_ms);
}

/* The descriptor that came with a message. 0: there was none, or *fd; else errno. */
static int take_passed(struct msghdr *message, int *fd)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);

	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(head), sizeof(*fd));
	/* no room in our own table is all that the kernel drops one for */
	return *fd < 0 && (message->msg_flags & MSG_CTRUNC) != 0 ? EMFILE : 0;
}

/* As read(); @passed: with what came in its company, or NULL. */
static ssize_t read_some(int from, void *bytes, size_t len, struct worker_message *passed)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {bytes, len};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	ssize_t n;

	if (passed == NULL)
		return read(from, bytes, len);
	n = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	if (n > 0 && passed->fd < 0 && passed->fd_sys == 0)
		passed->fd_sys = take_passed(&message, &passed->fd);
	return n;
}

/* 0; 1: the other end was closed; negative. Fewer than @len bytes and then the end is -SL_EIO. */
static int receive(struct worker *w, void *bytes, size_t len, struct worker_message *passed,
		   uint64_t since, struct sl_error *err)
{
	uint8_t *at = bytes;
	size_t done = 0;

	while (done < len) {
		struct pollfd waiting = {.fd = w->fd, .events = POLLIN};
		int left = time_left(w, since);
		ssize_t n;

		if (is_halted(w->limits.stop))
			return halted(w->limits.stop, err);
		if (left == 0)
			return too_late(w, err);
		/* a signal that came just before is seen at the next turn */
		if (poll(&waiting, 1, left < POLL_MS ? left : POLL_MS) <= 0)
			continue;
		n = read_some(w->fd, at + done, len - done, passed);
		if (n < 0 && errno != EINTR)
			return sl_fail(err, SL_EIO, errno, "worker");
		if (n == 0)
			return done == 0 ? 1 : sl_fail(err, SL_EIO, 0, "the worker died");
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

/* Within @ns. True: it is gone, and how is known. */
static bool reap(struct worker *w, uint64_t ns)
{
	uint64_t until = clock_boot_ns() + ns;

	while (!w->is_reaped) {
		struct timespec pause = {.tv_nsec = 500000};
		pid_t got = waitpid(w->pid, &w->status, WNOHANG);

		w->is_reaped = got == w->pid || (got < 0 && errno != EINTR);
		if (w->is_reaped || clock_boot_ns() >= until)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return w->is_reaped;
}

/* Nothing more comes: did it say all it had to say? */
static int ended(struct worker *w, struct sl_error *err)
{
	if (!reap(w, KILL_NS))
		return sl_fail(err, SL_EIO, 0, "the worker does not end");
	if (WIFEXITED(w->status) && WEXITSTATUS(w->status) == 0)
		return 1;
	if (WIFSIGNALED(w->status))
		return sl_fail(err, SL_EIO, 0, "the worker was ended by signal %d",
			       WTERMSIG(w->status));
	return sl_fail(err, SL_EIO, 0, "the worker failed");
}

static int sent_error(const struct worker_message *m, struct sl_error *err)
{
	struct worker_error head;

	if (m->bytes.len < sizeof(head))
		return sl_fail(err, SL_EIO, 0, "the worker failed");
	memcpy(&head, m->bytes.data, sizeof(head));
	(void)sl_fail(err, (enum sl_code)head.code, 0, "%.*s", (int)(m->bytes.len - sizeof(head)),
		      m->bytes.data + sizeof(head));
	if (err != NULL)
		err->sys = head.sys;
	return -head.code;
}

int worker_next(struct worker *w, struct worker_message *out, struct sl_error *err)
{
	uint64_t since = clock_boot_ns();
	struct worker_message passed = {.fd = -1};
	AUTO_CLOSE int fd = -1;
	struct worker_header header;
	int rc = receive(w, &header, sizeof(header), &passed, since, err);

	fd = passed.fd;

	if (rc > 0)
		return ended(w, err);
	if (rc == 0 && header.len > WORKER_MESSAGE_MAX)
		rc = sl_fail(err, SL_EIO, 0, "the worker died");
	if (rc == 0)
		rc = receive(w, w->bytes, header.len, NULL, since, err);
	if (rc != 0)
		return rc < 0 ? rc : sl_fail(err, SL_EIO, 0, "the worker died");
	*out = (struct worker_message){.kind = header.kind,
				       .bytes = {(const char *)w->bytes, header.len},
				       .fd = take_fd(&fd),
				       .fd_sys =
					       header.fd_sys != 0 ? header.fd_sys : passed.fd_sys};
	return header.kind == KIND_ERROR ? sent_error(out, err) : 0;
}

enum worker_end worker_end(struct worker *w)
{
	enum worker_end end = WORKER_ENDED;

	if (w == NULL)
		return end;
	(void)close(w->fd);
	if (!reap(w, 0)) {
		(void)kill(w->pid, SIGKILL);
		end = reap(w, KILL_NS) ? WORKER_KILLED : WORKER_ABANDONED;
	}
	free(w->bytes);
	free(w);
	return end;
}
