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
it "nginx serves" listens nginx 8082
it "PostgreSQL has its tables" up postgres psql -U postgres -c 'SELECT * FROM goods'
it "the application serves" listens python 8000
it "and another one, as root" listens root 8000
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
		nginx postgres python root || got=$?
	[ $got -eq 0 ] && [ -z "$(loud)" ] || { loud >&2; return 1; }
}
for second in 0 3 6; do
	it "under probes every second nothing is at or above low, the first time after $second s" look
	it "no process is a finding" same "$(jq '[.containers[].findings[] | select(.kind == "process")] | length' noise.json)" 0
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
it "nginx has its templates filled in" test "$(findings nginx '.rules | index("config-at-start")')" -eq 2

# ---- what hides in the same places is found all the same
hide() { # CONTAINER COMMAND WHAT: after this, drift
	docker_cli exec "$1" bash -c "$2" || return
	"$STRANDLINE" diff --db db --store "docker=$(docker_data)" --format json -o hidden.json "$1" && return 1
	jq -e --arg p "$3" '.containers[0].findings[] | select(.path == $p and .severity != "info")' hidden.json
}
pg=/var/lib/postgresql/data
it "a script among tables" hide postgres "setpriv --reuid 105 sh -c 'echo import os >$pg/base/1/99999'" $pg/base/1/99999
it "a program among tables" hide postgres "setpriv --reuid 105 cp /bin/true $pg/base/1/3" $pg/base/1/3
it "a table of root's" hide postgres "printf '\\1\\2' >$pg/base/1/99998" $pg/base/1/99998
it "a module without its source" hide root "cp /srv/app/shop/__pycache__/goods.cpython-311.pyc /srv/app/shop/x.pyc" \
	/srv/app/shop/x.pyc
it "a script among logs" hide nginx "echo id >/var/log/nginx/rotate.sh" /var/log/nginx/rotate.sh
it "PHP where bodies are kept" hide nginx "echo '<?php 1;' >/var/lib/nginx/body/1; chown 33 /var/lib/nginx/body/1" \
	/var/lib/nginx/body/1
it "a library by the name of a temporary file" hide nginx 'cp /usr/lib/x86_64-linux-gnu/libc.so.6 /tmp/tmpq1; chmod 600 /tmp/tmpq1' /tmp/tmpq1
it "another program by a common name" hide nginx 'mkdir -p /etc/alternatives; ln -s /srv/x /etc/alternatives/awk' /etc/alternatives/awk
