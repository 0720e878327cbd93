/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports and restart policy, which no runtime specification has: each engine keeps them beside it,
 * in its own words. No I/O here; a document that is not there (NULL) says nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/nerdctl.h"
#include "host/settings_read.h"

#define PORT_MAX 65535
#define PORT_TEXT_SIZE 48

static const struct jval *first_of(const struct jval *object, const char *const *keys)
{
	const struct jval *found = NULL;

	for (size_t i = 0; found == NULL && keys[i] != NULL; i++)
		found = jval_get(object, keys[i]);
	return found;
}

/* Go leaves out a zero, which is TCP; CRI's enumeration. */
static const char *protocol_of(const struct jval *m)
{
	static const char *const keys[] = {"protocol", "Protocol", NULL};
	static const char *const numbers[] = {"tcp", "udp", "sctp"};
	const struct jval *v = first_of(m, keys);
	const char *text = jval_str(v);
	int64_t n;

	if (v == NULL || (text != NULL && text[0] == '\0'))
		return "tcp";
	if (text != NULL)
		return text;
	return jval_i64(v, &n) == 0 && n >= 0 && n < (int64_t)ARRAY_SIZE(numbers) ? numbers[n]
										  : "?";
}

/* "8080", or "9000-9003" of a range. */
static void format_port(char out[PORT_TEXT_SIZE], int64_t first, int64_t count)
{
	if (count > 1)
		(void)snprintf(out, PORT_TEXT_SIZE, "%" PRId64 "-%" PRId64, first,
			       first + count - 1);
	else
		(void)snprintf(out, PORT_TEXT_SIZE, "%" PRId64, first);
}

static bool is_range(int64_t first, int64_t count)
{
	return first > 0 && first <= PORT_MAX && count > 0 && count <= PORT_MAX + 1 - first;
}

/* One mapping. Without a port of the host it is none: Kubernetes lists what a container offers. */
static int add_port(struct sl_settings *out, const struct jval *m, struct sl_error *err)
{
	static const char *const hosts[] = {"host_port", "hostPort", "HostPort", NULL};
	static const char *const insides[] = {"container_port", "containerPort", "ContainerPort",
					      NULL};
	static const char *const addresses[] = {"host_ip", "hostIP", "HostIP", NULL};
	const char *ip = jval_str(first_of(m, addresses)), *protocol = protocol_of(m);
	int64_t host = 0, inside = 0, count = 1;
	char ports[2][PORT_TEXT_SIZE];
	AUTO_FREE char *text = NULL;

	(void)jval_i64(first_of(m, hosts), &host);
	(void)jval_i64(first_of(m, insides), &inside);
	(void)jval_i64(jval_get(m, "range"), &count);
	if (jval_type(m) == JVAL_OBJECT && host == 0)
		return 0;
	if (!is_range(host, count) || !is_range(inside, count))
		return sl_fail(err, SL_EFORMAT, 0, "ports: no such mapping");
	format_port(ports[0], host, count);
	format_port(ports[1], inside, count);
	if (asprintf(&text, "%s:%s:%s/%s", ip != NULL ? ip : "", ports[0], ports[1], protocol) <
	    0) {
		text = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	}
	for (char *at = strrchr(text, '/'); *at != '\0'; at++)
		*at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
	return sl_settings_add(out, SL_SETTING_PORTS, text, err);
}

static int add_ports(struct sl_settings *out, const struct jval *list, struct sl_error *err)
{
	int rc = 0;

	if (list != NULL && !settings_is_list(list))
		return sl_fail(err, SL_EFORMAT, 0, "ports: not a list");
	sl_settings_know(out, SL_SETTING_PORTS);
	for (size_t i = 0; rc == 0 && i < jval_len(list); i++)
		rc = add_port(out, jval_at(list, i), err);
	return rc;
}

/* A list that was written as the text of an annotation or label. */
static int add_quoted_ports(struct sl_settings *out, const char *text, struct sl_error *err)
{
	AUTO_JVAL struct jval *list = NULL;
	int rc;

	if (text == NULL || text[0] == '\0')
		return 0;
	rc = jval_parse_bounded(&list, text, strlen(text), SETTINGS_JSON_VALUES, err);
	return rc < 0 ? sl_wrap(err, rc, "ports") : add_ports(out, list, err);
}

/* Podman leaves out what is empty. */
static int add_restart(struct sl_settings *out, const struct jval *config, struct sl_error *err)
{
	const char *policy = jval_str(jval_get(config, "restart_policy"));
	int64_t tries = 0;
	char text[64];

	if (policy == NULL || policy[0] == '\0')
		policy = "no";
	if (strcmp(policy, "on-failure") != 0)
		return sl_settings_text(out, SL_SETTING_RESTART, policy, err);
	(void)jval_i64(jval_get(config, "restart_retries"), &tries);
	(void)snprintf(text, sizeof(text), "on-failure:%" PRId64, tries);
	return sl_settings_text(out, SL_SETTING_RESTART, text, err);
}

int settings_podman(struct sl_settings *out, const struct jval *config, const struct jval *infra,
		    struct sl_error *err)
{
	/* the second one was its name up to 3.x */
	static const char *const keys[] = {"newPortMappings", "portMappings", NULL};
	const struct jval *with_ports = infra != NULL ? infra : config;
	int rc = 0;

	if (jval_type(with_ports) == JVAL_OBJECT)
		rc = add_ports(out, first_of(with_ports, keys), err);
	if (rc == 0 && jval_type(config) == JVAL_OBJECT)
		rc = add_restart(out, config, err);
	return rc;
}

int settings_crio(struct sl_settings *out, const struct jval *sandbox, struct sl_error *err)
{
	return add_quoted_ports(out,
				jval_str(jval_path(sandbox, "annotations",
						   "io.kubernetes.cri-o.PortMappings", NULL)),
				err);
}

int settings_cri(struct sl_settings *out, const struct jval *sandbox, struct sl_error *err)
{
	const struct jval *config = jval_path(sandbox, "Metadata", "Config", NULL);

	return jval_type(config) == JVAL_OBJECT
		       ? add_ports(out, jval_get(config, "port_mappings"), err)
		       : 0;
}

static bool is_nerdctls(const struct jval *record, const struct jval *labels)
{
	const char *dir = jval_str(jval_get(labels, "nerdctl/state-dir"));
	const char *ns = jval_str(jval_get(record, "namespace"));
	const char *id = jval_str(jval_get(record, "id"));

	return dir != NULL && ns != NULL && id != NULL && nerdctl_is_state_dir(dir, ns, id);
}

/*
 * containerd's restart monitor goes by labels alone, whoever set them: without the one for the
 * state that is wanted it leaves a container alone, and with it, but without a policy, it always
 * restarts it. nerdctl writes these, and up to 2.1.2 its ports.
 */
int settings_containerd(struct sl_settings *out, const struct jval *record, struct sl_error *err)
{
	const struct jval *labels = jval_get(record, "labels");
	const char *policy = jval_str(jval_get(labels, "containerd.io/restart.policy"));
	int rc;

	if (jval_type(labels) != JVAL_OBJECT)
		return 0;
	if (jval_get(labels, "containerd.io/restart.status") == NULL)
		policy = "no";
	else if (policy == NULL || policy[0] == '\0')
		policy = "always";
	rc = sl_settings_text(out, SL_SETTING_RESTART, policy, err);
	return rc < 0 || !is_nerdctls(record, labels)
		       ? rc
		       : add_quoted_ports(out, jval_str(jval_get(labels, "nerdctl/ports")), err);
}
