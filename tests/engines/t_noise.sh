# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Freshly started containers of ordinary programs have nothing at or above low.
need_root
need dockerd jq python3 nginx dpkg
[ -x /usr/lib/postgresql/15/bin/postgres ] || skip "needs postgresql-15"
for part in docker debian noise; do
	# shellcheck source=/dev/null
	. "$TESTS_DIR/engines/lib-$part.sh"
done
docker_start "$PWD/d"
noise_tree tree
tar -C tree --numeric-owner -c . | docker_cli import \
	-c "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin" - noise >/dev/null
rm -r tree
start() { docker_cli run -d --network none "$@" >/dev/null; }
up() { # NAME COMMAND...: true once this works inside
	local name=$1
	shift
	for _ in $(seq 200); do
		docker_cli exec "$name" "$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	docker_cli logs "$name" >&2
	return 1
}
listens() { up "$1" bash -c ": >/dev/tcp/127.0.0.1/$2"; }

start --name nginx --health-interval 1s --health-cmd 'bash -c ": >/dev/tcp/127.0.0.1/8080" && touch /tmp/healthy' \
	noise /usr/local/bin/nginx.sh
start --name postgres --health-interval 1s --health-cmd 'pg_isready -q' noise /usr/local/bin/postgres.sh
start --name python --health-interval 1s --health-cmd 'python3 -c "import urllib.request as r;
r.urlopen(\"http://127.0.0.1:8000/\")"' noise /usr/local/bin/app.sh /srv/app/bin/shop
start --name root --workdir /srv/app noise python3 -m shop
start --name site --init -e SHOP=towels noise /usr/local/bin/site.sh
it "nginx serves" listens nginx 8082
it "PostgreSQL has its tables" up postgres psql -U postgres -c 'SELECT * FROM goods'
it "the application serves" listens python 8000
it "and another one, as root" listens root 8000
it "an application out of the image is where it belongs" up site test -e /run/ready
# work: requests with a body that is written to disk first, rows, compiled modules
docker_cli exec nginx bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "POST /up HTTP/1.0\r\nContent-Length: 20000\r\n\r\n%020000d" 1 >&3
	cat <&3' >served
it "nginx passes a body on" grep -q '200 OK' served
docker_cli exec postgres psql -qU postgres -c 'CREATE INDEX ON goods (name); INSERT INTO goods
	SELECT repeat(g::text, 50) FROM generate_series(1, 20000) g' -c CHECKPOINT -c 'VACUUM goods' >/dev/null

loud() { jq -c '.containers[] | .name as $name | .findings[] | select(.severity != "info" and .explained_by == null)
	| [$name, .kind, .severity, .path // .subject, .rules]' noise.json; }
look() {
	local got=0
	"$STRANDLINE" diff --db db --store "docker=$(docker_data)" --format json -o noise.json \
		nginx postgres python root site || got=$?
	[ $got -eq 0 ] && [ -z "$(loud)" ] || { loud; jq -c '.containers[].gaps[]' noise.json; } >&2
	[ $got -eq 0 ] && [ -z "$(loud)" ]
}
for second in 0 3 6; do
	it "under probes every second nothing is at or above low, the first time after $second s" look
	it "no process is a finding" same "$(jq '[.containers[].findings[] | select(.kind == "process" and .severity != "info")] | length' noise.json)" 0
	sleep 2
done
it "and it was all read" jq -e 'all(.containers[]; .complete and .gaps == [])' noise.json
# the noise is there: this test says something
findings() { jq --arg name "$1" "[.containers[] | select(.name == \$name) | .findings[] | select($2)] | length" noise.json; }
explained() { jq --arg name "$1" '.containers[] | select(.name == $name) | .counts.explained' noise.json; }
it "PostgreSQL made its database" test "$(explained postgres)" -gt 800
it "the entry point gave a tree away" test "$(findings python '.change == "metadata"')" -gt 200
it "and filled in configuration" test "$(findings python '.rules | index("config-at-start")')" -ge 3
it "Python compiled" test "$(findings root '.rules | index("python-bytecode")')" -gt 50
it "an application was copied" test "$(findings site '.rules | index("copy-at-start")')" -ge 20
it "and its account got other ids" test "$(findings site '.rules | index("account-ids-at-start")')" -ge 3
it "which nobody explained" test "$(findings site '.path == "/etc/passwd" and .explained_by == null')" -eq 1
it "what it made is data" test "$(findings site '.rules | index("data-at-start")')" -eq 2
it "what runs in another root directory was looked at" same "$(docker_cli exec root sh -c \
	'for p in /proc/[0-9]*; do readlink "$p/root"; done' | grep -c data)" 1
it "a page was filled in" test "$(findings site '.rules | index("template-at-start")')" -eq 1
it "and one has settings alone" test "$(findings site '.rules | index("settings-at-start")')" -eq 1
it "a module was switched on and another off" test "$(findings site '.path // "" | test("mods-enabled/")')" -eq 2
it "and what is not needed removed" test "$(findings site '.rules | index("config-removed-at-start")')" -eq 1
it "its environment was written down" test "$(findings site '.rules | index("environment-written-at-start")')" -eq 1
it "a log and a directory lead elsewhere" test "$(findings site '.severity == "info" and (.path == "/var/log/site.log" or .path == "/srv/uploads")')" -eq 2
it "nginx has its templates filled in" test "$(findings nginx '.rules | index("config-at-start")')" -eq 2

# ---- what hides in the same places is found all the same
pg=/var/lib/postgresql/data
docker_cli exec -u postgres postgres bash -c "echo 'import os' >$pg/base/1/99999; cp /bin/true $pg/base/1/3
	echo id >$pg/log.sh; printf '\\1\\2' >$pg/base/1/x.py; echo text >$pg/pg_xact/0001.txt"
docker_cli exec postgres bash -c "printf '\\1\\2' >$pg/base/1/99998"
docker_cli exec nginx bash -c 'echo id >/var/log/nginx/rotate.sh; echo "<?php 1;" >/var/lib/nginx/body/1
	chown www-data /var/lib/nginx/body/1; mkdir -p /etc/alternatives; ln -s /srv/x /etc/alternatives/awk
	cp /usr/lib/x86_64-linux-gnu/libc.so.6 /tmp/tmpq1; chmod 600 /tmp/tmpq1; echo x >/tmp/.x; : >/tmp/run.py
	mkdir /srv/jobs; rm -rf /etc/nginx/snippets; ln -s /srv/jobs /etc/nginx/snippets'
docker_cli exec root bash -c 'cd /srv/app/shop; cp __pycache__/goods.cpython-311.pyc x.pyc
	{ head -c 4 x.pyc; printf "\1\0\0\0"; tail -c +9 x.pyc; } >__pycache__/os.cpython-311.pyc; echo 12 evil >/run/y.pid'
# in the first minute of a container
start --name evil noise /usr/local/bin/site.sh
up evil test -e /run/ready
docker_cli exec evil bash -c 'cd /var/www/html; cp admin/1.php renamed.php; echo "<?php f(2);" >admin/2.php
	cp /bin/true /srv/true; cp /srv/service/web/run /usr/local/bin/run; install -m 4755 /srv/service/web/run /srv/run
	sed "s/require_once/require_once \"\/tmp\/a\" ./" wp-config.php >wp-config-local.php; mv wp-config-local.php wp-config.php
	sed "s/array(/array_map(/" config/config.php >config/local.php
	ln -s /tmp/cgi.load /etc/apache2/mods-enabled/cgi.load; ln -s /dev/null /var/log/auth.log; ln -s /etc /srv/etc
	echo EVIL=/tmp/x >>/etc/environment; rm /etc/nginx/nginx.conf
	mkdir /etc/cron.d; cp /srv/service/web/run /etc/cron.d/run; sed -i "s/^app:x:1234:/app:x:0:/" /etc/passwd
	cp /etc/passwd /etc/passwd-; mkdir /root/.ssh; cp /etc/shop/tls/shop.key /root/.ssh/shop.key; cp /etc/shadow /srv/shadow
	echo "auto_prepend_file = /tmp/a" >/etc/php/8.2/fpm/conf.d/99-shop.ini; echo "import os" >/ledger/x.py
	echo "#!/bin/sh" >/ledger/wal/2; mkdir /root/.cache; echo id >/root/.cache/x.sh; echo x >/ledger/.x'
"$STRANDLINE" diff --db db --store "docker=$(docker_data)" --format json -o hidden.json nginx postgres root evil ||
	[ $? -eq 1 ]
hidden() { # PATH: it is a finding at or above low
	jq -e --arg p "$1" '[.containers[].findings[] | select(.path == $p and .explained_by == null)
		| .severity] | index("info") == null and length == 1' hidden.json >/dev/null
}
it "a script among tables is found" hidden $pg/base/1/99999
it "a program among tables" hidden $pg/base/1/3
it "what has the name of a script among a database's files" hidden $pg/base/1/x.py
it "a table that is not the database's" hidden $pg/base/1/99998
it "what is no transaction" hidden $pg/pg_xact/0001.txt
it "a script among logs" hidden /var/log/nginx/rotate.sh
it "PHP where bodies are kept" hidden /var/lib/nginx/body/1
it "a library by the name of a temporary file" hidden /tmp/tmpq1
it "a hidden file" hidden /tmp/.x
it "an empty file that could be run" hidden /tmp/run.py
it "another program by a common name" hidden /etc/alternatives/awk
it "a link in the place of a directory" hidden /etc/nginx/snippets
it "a module without its source" hidden /srv/app/shop/x.pyc
it "one that is not held against its source" hidden /srv/app/shop/__pycache__/os.cpython-311.pyc
it "words by the name of a process id" hidden /run/y.pid
it "a copy by another name" hidden /var/www/html/renamed.php
it "a page that was filled in, and with more than values" hidden /var/www/html/wp-config.php
it "settings that call something" hidden /var/www/html/config/local.php
it "a module from elsewhere that is switched on" hidden /etc/apache2/mods-enabled/cgi.load
it "a log that leads nowhere" hidden /var/log/auth.log
it "a link to the settings of the system" hidden /srv/etc
it "a variable that nobody gave" hidden /etc/environment
it "a server without its settings" hidden /etc/nginx/nginx.conf
it "other bytes where a copy was" hidden /var/www/html/admin/2.php
it "a program of the image elsewhere" hidden /srv/true
it "a copied script in PATH" hidden /usr/local/bin/run
it "a copied script that is setuid" hidden /srv/run
it "a copied script that cron runs" hidden /etc/cron.d/run
it "an account that got the id 0" hidden /etc/passwd
it "what pretends to be the list from before" hidden /etc/passwd-
it "a key among a person's" hidden /root/.ssh/shop.key
it "a copy of the passwords" hidden /srv/shadow
it "settings of PHP that name code" hidden /etc/php/8.2/fpm/conf.d/99-shop.ini
it "code among data" hidden /ledger/x.py
it "a script among data" hidden /ledger/wal/2
it "a script among caches" hidden /root/.cache/x.sh
it "something hidden among data" hidden /ledger/.x
