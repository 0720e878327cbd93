# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# noise_tree DIR: a root file system with nginx, PostgreSQL and Python, and with entry points that do
# at a start what those of widely used images do. Needs lib-debian.sh.

noise_tree() {
	debian_tree "$1" nginx nginx-common postgresql-15 postgresql-client-15 gettext-base passwd \
		tzdata python3-minimal python3.11-minimal libpython3.11-minimal libpython3.11-stdlib
	debian_account "$1" postgres 105
	debian_account "$1" app 1000
	noise_nginx "$1"
	noise_postgres "$1"
	noise_python "$1"
	noise_site "$1"
	chmod 0755 "$1"/usr/local/bin/*.sh
}

noise_nginx() {
	mkdir -p "$1/usr/local/bin" "$1/var/log/nginx" "$1/var/lib/nginx" "$1/etc/nginx/templates"
	: >"$1/var/log/nginx/access.log"
	: >"$1/var/log/nginx/error.log"
	cat >"$1/etc/nginx/conf.d/default.conf" <<-'END'
		server {
			listen 8080;
			root /usr/share/nginx/html;
			location /up { client_body_buffer_size 1k; proxy_pass http://127.0.0.1:8081; }
		}
		server { listen 8081; location / { return 200 "ok"; } }
	END
	echo 'server { listen ${PORT}; server_name ${NAME}; }' >"$1/etc/nginx/templates/app.conf.template"
	cat >"$1/usr/local/bin/nginx.sh" <<-'END'
		#!/bin/sh
		set -eu
		sed -i 's,listen 8080;,listen 8080; listen [::]:8080;,' /etc/nginx/conf.d/default.conf
		PORT=8082 NAME=shop.example envsubst '$PORT $NAME' \
			</etc/nginx/templates/app.conf.template >/etc/nginx/conf.d/app.conf
		exec nginx -g 'daemon off;'
	END
}

noise_postgres() {
	mkdir -p "$1/var/lib/postgresql" "$1/run/postgresql" "$1/docker-entrypoint-initdb.d"
	chown 105:105 "$1/var/lib/postgresql" "$1/run/postgresql"
	chmod 2777 "$1/run/postgresql"
	echo 'CREATE TABLE goods (name text); INSERT INTO goods VALUES (1);' \
		>"$1/docker-entrypoint-initdb.d/1.sql"
	cat >"$1/usr/local/bin/postgres.sh" <<-'END'
		#!/bin/bash
		set -eu
		data=/var/lib/postgresql/data
		if [ "$(id -u)" = 0 ]; then
			mkdir -p $data
			chmod 700 $data
			find $data ! -user postgres -exec chown postgres {} +
			chmod 3777 /run/postgresql
			exec setpriv --reuid postgres --regid postgres --clear-groups "$0"
		fi
		export PATH=/usr/lib/postgresql/15/bin:$PATH HOME=/var/lib/postgresql
		if [ ! -s $data/PG_VERSION ]; then
			initdb --no-sync -U postgres --pwfile=<(echo secret) -D $data
			printf '\nhost all all all scram-sha-256\n' >>$data/pg_hba.conf
			pg_ctl -D $data -o "-c listen_addresses=''" -w start
			for file in /docker-entrypoint-initdb.d/*.sql; do psql -U postgres -f "$file"; done
			pg_ctl -D $data -m fast -w stop
		fi
		exec postgres -D $data
	END
}

noise_python() {
	local n
	mkdir -p "$1"/srv/app/{bin,shop/static,data} "$1/etc/shop"
	for n in $(seq 200); do echo "body { width: ${n}px }" >"$1/srv/app/shop/static/$n.css"; done
	printf '#!/bin/sh\nexec python3 -m shop\n' >"$1/srv/app/bin/shop"
	chmod 0755 "$1/srv/app/bin/shop"
	echo 'import logging, os' >"$1/srv/app/shop/__init__.py"
	echo 'GOODS = ["towel"]' >"$1/srv/app/shop/goods.py"
	printf '[shop]\nname = none\nworkers = 1\n' >"$1/etc/shop/shop.ini"
	echo 'database = none' >"$1/srv/app/database.yml"
	cat >"$1/srv/app/shop/__main__.py" <<-'END'
		import ctypes, http.server, json, logging, mmap, multiprocessing, os, signal
		import sqlite3, ssl, tempfile
		from shop import goods

		def work(queue):
		    queue.put(os.getpid())

		if __name__ == "__main__":
		    os.makedirs("/var/log/shop", exist_ok=True)
		    logging.basicConfig(filename="/var/log/shop/shop.log", level=logging.INFO)
		    with open("/run/shop.pid", "w") as pid:
		        pid.write(str(os.getpid()))
		    if os.getuid() == 0 and os.fork() == 0:  # as servers shut a part of themselves in
		        os.chroot("/srv/app/data")
		        signal.pause()
		    spool = tempfile.TemporaryFile()
		    named = tempfile.NamedTemporaryFile()
		    named.write(b"x" * 100000)
		    shared = mmap.mmap(-1, 1 << 16)
		    callback = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)
		    queue = multiprocessing.Queue()
		    multiprocessing.Process(target=work, args=(queue,)).start()
		    logging.info("worker %d has %s", queue.get(), goods.GOODS)
		    db = sqlite3.connect(":memory:")
		    http.server.ThreadingHTTPServer(("127.0.0.1", 8000),
		                                    http.server.SimpleHTTPRequestHandler).serve_forever()
	END
	cat >"$1/usr/local/bin/app.sh" <<-'END'
		#!/bin/sh
		set -eu
		chown -R app:app /srv/app
		mkdir -p /var/log/shop /run/shop
		chown app:app /var/log/shop /run/shop /run
		sed -i "s/^name = .*/name = ${SHOP_NAME:-towels}/" /etc/shop/shop.ini
		echo "database = /run/shop/db" >/srv/app/database.yml
		printf '[settings]\nhost = %s\n' "$(hostname)" >/etc/shop/local.conf
		cd /srv/app
		exec setpriv --reuid app --regid app --clear-groups "$@"
	END
}

# An application that is copied out of the image, runs as who it is told to, and keeps what it makes
# in directories of its own.
noise_site() {
	local n
	mkdir -p "$1/usr/src/site/admin" "$1/var/www/html" "$1/srv/service/web" "$1/home/app"
	chown 1000:1000 "$1/home/app"
	echo '<?php require "admin/1.php";' >"$1/usr/src/site/index.php"
	echo 'Options -Indexes' >"$1/usr/src/site/.htaccess"
	mkdir -p "$1"/etc/{shop,php/8.2/mods-available} "$1"/etc/apache2/mods-{available,enabled}
	echo 'LoadModule rewrite_module mod_rewrite.so' >"$1/etc/apache2/mods-available/rewrite.load"
	echo 'LoadModule status_module mod_status.so' >"$1/etc/apache2/mods-available/status.load"
	ln -s ../mods-available/status.load "$1/etc/apache2/mods-enabled/status.load"
	cat >"$1/usr/src/site/wp-config-docker.php" <<-'END'
		<?php
		define( 'DB_NAME', 'database_name_here' );
		define( 'AUTH_KEY', getenv_docker('AUTH_KEY', 'put your unique phrase here') );
		require_once ABSPATH . 'wp-settings.php';
	END
	for n in $(seq 20); do echo "<?php echo $n;" >"$1/usr/src/site/admin/$n.php"; done
	printf '#!/bin/sh\nexec sleep 1000\n' >"$1/srv/service/web/run"
	chmod 0755 "$1/srv/service/web/run"
	cat >"$1/usr/local/bin/site.sh" <<-'END'
		#!/bin/bash
		set -eu
		groupmod -o -g "${PGID:-4321}" app
		usermod -o -u "${PUID:-1234}" app
		cp -r /usr/src/site/. /var/www/html/
		sed "s/database_name_here/shop/; s/put your unique phrase here/$(
			head -c 99 /dev/urandom | sha1sum | cut -d' ' -f1)/" \
			/var/www/html/wp-config-docker.php >/var/www/html/wp-config.php
		mkdir /var/www/html/config
		printf '<?php\n$CONFIG = array(\n  "db" => "shop", // a name\n);\n' \
			>/var/www/html/config/config.php
		ln -s ../mods-available/rewrite.load /etc/apache2/mods-enabled/rewrite.load
		rm /etc/apache2/mods-enabled/status.load /etc/nginx/conf.d/default.conf
		printenv >/etc/environment
		ln -s /dev/stdout /var/log/site.log
		ln -s /data/uploads /srv/uploads
		mkdir -p /ledger/wal /config /run/service /etc/shop/tls /home/app/.cache/fonts
		cp -r /srv/service/web /run/service/
		head -c 100 /dev/zero >/ledger/wal/00000001
		echo '{"shop":"towels"}' >/config/state
		printf -- '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' >/etc/shop/tls/shop.key
		echo '{}' >/home/app/.cache/fonts/list-v1.json
		printf '[client]\npassword=towel\n' >/root/.my.cnf
		mkdir -p /etc/php/8.2/fpm/conf.d
		echo 'memory_limit = 512M' >/etc/php/8.2/fpm/conf.d/99-shop.ini
		echo a,b >"$(mktemp)"
		: >/run/ready
		exec sleep 1000
	END
}
